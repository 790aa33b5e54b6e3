package cockpit

import (
	"io"
	"maps"
	"os"
	"slices"
	"strings"
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
		w := panetest.Open(t)
		d, m := cockpitOf(t, w, w.App, nil)
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

// writes are all that a session can change, and how one knows that it did.
var writes = map[string]func(w *panetest.Workspace, changed []string) bool{
	"a config":                wrote("experiments/configs/"),
	"the state of the screen": wrote(stateFile),
	"unsaved changes": func(w *panetest.Workspace, _ []string) bool { // dropped when they are saved
		_, err := os.Stat(w.Path(".shardeck/drafts"))
		return err == nil
	},
	"a submission":            wrote(".shardeck/submitted/"),
	"a chart":                 wrote("experiments/chart_"),
	"the results":             wrote("experiments/results_summary.csv"),
	"a job that is cancelled": func(w *panetest.Workspace, _ []string) bool { return len(w.Scheduler.Did("cancel")) > 0 },
	"a job that is submitted": func(w *panetest.Workspace, _ []string) bool { return len(w.Scheduler.Did("submit")) > 0 },
}

func wrote(path string) func(*panetest.Workspace, []string) bool {
	return func(_ *panetest.Workspace, changed []string) bool {
		return slices.ContainsFunc(changed, func(c string) bool { return strings.HasPrefix(c, path) })
	}
}

// locked is a backend that could write, under a screen that is told not to.
type locked struct{ Backend }

func (locked) ReadOnly() bool { return true }

// TestReadOnlyWritesNothing presses every key of every table, alone and answered, and
// runs every command of the palette.
func TestReadOnlyWritesNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("looks at files alone; the next presses the same keys, and writes")
	}
	w, tried := panetest.Open(t), map[string]bool{}
	before := w.Digest()
	for mode, way := range modes {
		if left := pressAll(t, w, locked{w.App}, way, tried); left > 0 {
			t.Errorf("%s: an editor was started with --read-only", mode)
		}
		if changed := w.Changed(before); len(changed) > 0 {
			t.Fatalf("%s: written with --read-only: %v", mode, changed)
		}
		unchanged(t, w)
	}
}

// TestWhatPressesCanWrite: without --read-only the same presses write all that can be written.
func TestWhatPressesCanWrite(t *testing.T) {
	left, tried, editors := maps.Clone(writes), map[string]bool{}, 0
	for _, mode := range []string{"experiments", "changed", "jobs", "charts"} {
		w := panetest.Open(t)
		before := w.Digest()
		editors += pressAll(t, w, w.App, modes[mode], tried)
		changed := w.Changed(before)
		maps.DeleteFunc(left, func(_ string, done func(*panetest.Workspace, []string) bool) bool { return done(w, changed) })
	}
	if len(left) > 0 || editors == 0 {
		t.Errorf("no press leads to %v, %d to an editor: the test above does not see it refused", slices.Collect(maps.Keys(left)), editors)
	}
}

// pressAll goes to one mode again and again, each time for another key, or for a command of
// its pane that was not tried yet, and counts how often an editor was started.
func pressAll(t *testing.T, w *panetest.Workspace, l Backend, way []string, tried map[string]bool) int {
	t.Helper()
	away := &lent{}
	d, m := cockpitOf(t, w, l, away)
	d.Press(way...)
	keys, names := meant(m)
	try := func(presses ...string) {
		if d.Press("esc", "esc", "esc", "1", "esc", "home"); d.Quit || m.focus != pane.Experiments {
			d, m = cockpitOf(t, w, l, away)
		}
		d.Press(way...).Press(presses...)
	}
	for _, key := range keys {
		try(key, "enter", "enter")
		try(key, "y")
	}
	for _, name := range names {
		of := string(m.focus) + " " + name
		if !tried[of] {
			try(append(strings.Split(":"+name, ""), "enter", "enter")...)
		}
		tried[of] = true
	}
	if !tried["P"] {
		try("P", "y")
	}
	tried["P"] = true
	try("q") // keeps the screen
	return away.left
}

// meant are the keys and the commands of the mode that a cockpit is in, but for those that
// leave or only move.
func meant(m *Model) (keys, names []string) {
	for _, k := range m.focused().Keys() {
		if !slices.ContainsFunc(pane.MoveKeys(), func(move pane.Key) bool { return slices.Equal(move.Keys, k.Keys) }) {
			keys = append(keys, k.Keys...)
		}
	}
	for _, c := range commands(m) {
		if c.name != "quit" {
			names = append(names, c.name)
		}
	}
	return keys, names
}

// cockpitOf starts a cockpit of 80x24.
func cockpitOf(t *testing.T, w *panetest.Workspace, l Backend, o outside) (*panetest.Driver, *Model) {
	t.Helper()
	options := testOptions(w)
	options.outside = o
	options.Editor = []string{"true"}
	m := New(t.Context(), l, options)
	return panetest.Drive(t, whole{m}, 80, 24), m
}

// lent is a terminal that counts how often somebody else was to have it.
type lent struct{ left int }

func (o *lent) Away(func(io.Reader, io.Writer) error) error { return nil }
func (o *lent) Suspend() error                              { return nil }
func (o *lent) Pause()                                      { o.left++ }
func (o *lent) Mouse(bool) error                            { return nil }
