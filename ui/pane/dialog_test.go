package pane

import (
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/muesli/termenv"

	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

var dialogKeys = map[string]tea.KeyMsg{"enter": {Type: tea.KeyEnter}, "esc": {Type: tea.KeyEsc}, "up": {Type: tea.KeyUp},
	"left": {Type: tea.KeyLeft}}

// press gives a dialog keys; false: it was closed before one of them.
func press(d *Dialog, keys ...string) bool {
	for _, key := range keys {
		msg, special := dialogKeys[key]
		if !special {
			msg = tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(key)}
		}
		if _, ok := d.Key(msg); !ok {
			return false
		}
	}
	return true
}

func TestDialogAnswers(t *testing.T) {
	for _, c := range []struct{ keys, yes, no, do string }{
		{"y", "yes", "", "0"}, {"left enter", "yes", "", "0"}, {"enter", "", "no", "no"}, {"esc", "", "no", "no"},
	} {
		for _, several := range []bool{false, true} {
			got := ""
			say := func(text string) func() tea.Cmd { return func() tea.Cmd { got = text; return nil } }
			ask := &Ask{Popup: widget.Confirm("sure?"), Yes: say("yes"), No: say("no")}
			want := c.yes + c.no
			if several {
				ask.Yes, ask.Do, want = nil, func(n int) tea.Cmd { got = string(rune('0' + n)); return nil }, c.do
			}
			var d Dialog
			d.Ask(ask)
			if !d.Open() || !press(&d, strings.Fields(c.keys)...) || d.Open() || got != want {
				t.Errorf("%s, several %v: %q, want %q", c.keys, several, got, want)
			}
		}
	}
}

// An answer may open the next question.
func TestDialogGoesOn(t *testing.T) {
	var d Dialog
	d.Ask(&Ask{Popup: widget.Confirm("one?"), Yes: func() tea.Cmd { d.Ask(&Ask{Popup: widget.Confirm("two?")}); return nil }})
	th := theme.New(termenv.Ascii, false)
	frame := func() string { return strings.Join(d.Over(th, nil, 40, 9), "\n") }
	if press(&d, "x", "y"); !strings.Contains(frame(), "two?") {
		t.Errorf("%s", frame())
	}
	if press(&d, "n"); d.Open() || press(&d, "n") || strings.Contains(frame(), "?") {
		t.Error("a closed dialog has the keys")
	}
}

func TestDialogIsTypedInto(t *testing.T) {
	var d Dialog
	var each []string
	taken, left := "", 0
	h := &widget.History{}
	field := Field{Prompt: "/ ", Text: "a", History: h, Keys: []Key{{Label: "tp:4"}},
		Each:  func(text string) tea.Cmd { each = append(each, text); return nil },
		Take:  func(text string) tea.Cmd { taken = text; return nil },
		Leave: func() tea.Cmd { left++; return nil }}
	d.Type(field)
	if keys := d.Keys(); len(keys) != 3 || keys[2].Label != "tp:4" {
		t.Errorf("%+v", keys)
	}
	press(&d, "b", "enter")
	if strings.Join(each, " ") != "ab" || taken != "ab" || d.Open() {
		t.Errorf("each %v, taken %q, open %v", each, taken, d.Open())
	}
	d.Type(field)
	press(&d, "up", "enter")
	if taken = ""; strings.Join(h.Texts(), " ") != "ab" || each[len(each)-1] != "ab" {
		t.Errorf("history %v, each %v", h.Texts(), each)
	}
	d.Type(field)
	if press(&d, "z", "esc"); left != 1 || taken != "" || d.Open() {
		t.Errorf("left %d times, taken %q", left, taken)
	}
	d.Type(Field{Take: func(string) tea.Cmd { return nil }})
	if press(&d, "z", "esc"); d.Open() {
		t.Error("Esc closes any field")
	}
}
