package pane

import (
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/model"
	"shardeck/ui/widget"
)

// On is an entry for keys named with blanks between; a blank itself is space.
func On(keys, label, verb, help string) Key {
	names := strings.Fields(keys)
	if i := slices.Index(names, "space"); i >= 0 {
		names[i] = " "
	}
	return Key{Keys: names, Label: label, Verb: verb, Help: help}
}

// Foot is On for what is worth its place in the footer.
func Foot(keys, label, verb, help string) Key {
	k := On(keys, label, verb, help)
	k.Foot = true
	return k
}

// Hint is a word for the footer about keys that another table answers to.
func Hint(label, verb string) Key { return Key{Label: label, Verb: verb, Foot: true} }

// Bind is a key and what it does to a pane of type P.
type Bind[P any] struct {
	Key
	Do  func(P) tea.Cmd
	Why func(P) string // why it cannot act now; nil or empty: it can
}

// Table is the keys of a pane: dispatch, footer, help and manual all come from it.
type Table[P any] []Bind[P]

// Dispatch does what a key says, or says why it cannot act; false: the table lacks the key.
func (t Table[P]) Dispatch(p P, key string) (tea.Cmd, bool) {
	for _, b := range t {
		if b.Do == nil || !slices.Contains(b.Keys, key) {
			continue
		}
		if b.Why != nil {
			if why := b.Why(p); why != "" {
				return Warn(why), true
			}
		}
		return b.Do(p), true
	}
	return nil, false
}

// WhyNot is why a key cannot act where that is so; empty: it can.
func WhyNot(so bool, why string) string {
	if so {
		return why
	}
	return ""
}

// Keys is the table without its functions.
func (t Table[P]) Keys() []Key { return model.Each(t, func(b Bind[P]) Key { return b.Key }) }

// Within is Keys with where they mean that before their help, for the manual.
func (t Table[P]) Within(where string) []Key {
	out := t.Keys()
	for i := range out {
		if out[i].Help != "" {
			out[i].Help = where + ": " + out[i].Help
		}
	}
	return out
}

// KeysFor is the table without its functions; what cannot act now is not worth the footer.
func (t Table[P]) KeysFor(p P) []Key {
	keys := t.Keys()
	for i, b := range t {
		keys[i].Foot = b.Foot && (b.Why == nil || b.Why(p) == "")
	}
	return keys
}

// OnlyFoot is Keys, of which only some still help in an empty pane: those stay in the footer.
func (t Table[P]) OnlyFoot(keep ...string) []Key {
	all := t.Keys()
	for i := range all {
		all[i].Foot = len(all[i].Keys) > 0 && slices.Contains(keep, all[i].Keys[0])
	}
	return all
}

func keysOf(hints []widget.Hint) []Key {
	return model.Each(hints, func(h widget.Hint) Key { return Key{Label: h.Label, Verb: h.Verb, Help: h.Help, Foot: true} })
}

// MoveKeys are the entries for moving in a list, which widget.Window answers.
func MoveKeys() []Key {
	return []Key{
		{Keys: []string{"up", "k", "down", "j"}, Label: "↑↓ k j", Verb: "move", Help: "move the cursor"},
		{Keys: []string{"pgup", "pgdown", "ctrl+u", "ctrl+d"}, Label: "PgUp PgDn ^u ^d", Verb: "page", Help: "move by a screen, or half of one"},
		{Keys: []string{"home", "end", "g", "G"}, Label: "g G", Verb: "ends", Help: "go to the first or the last row"},
	}
}
