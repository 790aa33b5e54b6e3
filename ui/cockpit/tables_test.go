package cockpit

import (
	"context"
	"io"
	"slices"
	"testing"

	"shardeck/ui/pane"
	"shardeck/ui/panetest"
)

// modes are the ways to every key table there is.
var modes = map[string][]string{
	"experiments": nil, "marked": {"space", "space"}, "config": {"e"}, "changed": {"e", "right"}, "script": {"e", "p"},
	"jobs": {"3"}, "failed job": {"down", "down", "down", "enter"}, "log": {"3", "enter"},
	"metrics": {"4"}, "run": {"4", "enter"}, "columns": {"4", "c"}, "charts": {"5"}, "traces": {"down", "t"}, "skew": {"down", "t", "S"},
}

// TestNoKeyMeansTwoThings looks at the tables as the help shows them in each mode.
func TestNoKeyMeansTwoThings(t *testing.T) {
	for mode, way := range modes {
		d, m := cockpitOf(t, panetest.New(), nil)
		d.Press(way...)
		means := map[string]string{}
		for _, k := range slices.Concat(m.focused().Keys(), m.general()) {
			for _, key := range k.Keys {
				if other, taken := means[key]; taken {
					t.Errorf("%s: %s is %q and %q", mode, key, other, k.Verb)
				}
				means[key] = k.Verb
			}
		}
	}
}

// TestReadOnlyWritesNothing presses every key of every table, alone and answered, and
// runs every command of the palette. Without --read-only the same presses write all
// that can be written.
func TestReadOnlyWritesNothing(t *testing.T) {
	free := map[string]bool{}
	for mode, way := range modes {
		for _, call := range written(t, true, way) {
			t.Errorf("%s: %s was called with --read-only", mode, call)
		}
		for _, call := range written(t, false, way) {
			free[call] = true
		}
	}
	for _, call := range append(panetest.Writes(), "editor") {
		if !free[call] {
			t.Errorf("no press leads to %s: this test does not see it refused", call)
		}
	}
}

// written lists the calls that presses in one mode lead to.
func written(t *testing.T, locked bool, way []string) []string {
	t.Helper()
	found := map[string]bool{}
	try := func(do func(*panetest.Driver)) {
		l, away := panetest.New(), &lent{}
		l.Locked = locked
		d, _ := cockpitOf(t, l, away)
		do(d.Press(way...))
		for _, call := range panetest.Writes() {
			found[call] = found[call] || l.Called(call) > 0
		}
		found["editor"] = found["editor"] || away.left > 0
	}
	keys, names := means(t, way)
	for _, key := range keys {
		try(func(d *panetest.Driver) { d.Press(key, "enter", "enter") })
		try(func(d *panetest.Driver) { d.Press(key, "y") })
	}
	try(func(d *panetest.Driver) { d.Press("q") }) // keeps the screen
	for _, name := range names {
		try(func(d *panetest.Driver) { d.Press(":").Type(name).Press("enter", "enter") })
	}
	var calls []string
	for call, yes := range found {
		if yes {
			calls = append(calls, call)
		}
	}
	return calls
}

// means are the keys and the commands of a mode, but for those that leave.
func means(t *testing.T, way []string) (keys, names []string) {
	d, m := cockpitOf(t, panetest.New(), nil)
	d.Press(way...)
	for _, k := range slices.Concat(m.focused().Keys(), []pane.Key{{Keys: []string{"P"}}}) {
		keys = append(keys, k.Keys...)
	}
	for _, c := range commands(m) {
		if c.name != "quit" {
			names = append(names, c.name)
		}
	}
	return keys, names
}

// cockpitOf starts a cockpit of 80x24.
func cockpitOf(t *testing.T, l *panetest.Lab, o outside) (*panetest.Driver, *Model) {
	t.Helper()
	options := testOptions(l)
	options.outside = o
	options.Editor = []string{"true"}
	m := New(context.Background(), l, options)
	return panetest.Drive(t, whole{m}, 80, 24), m
}

// lent is a terminal that counts how often somebody else was to have it.
type lent struct{ left int }

func (o *lent) Away(func(io.Reader, io.Writer) error) error { return nil }
func (o *lent) Suspend() error                              { return nil }
func (o *lent) Pause()                                      { o.left++ }
