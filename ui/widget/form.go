package widget

import (
	"cmp"
	"slices"
	"unicode/utf8"

	"github.com/charmbracelet/bubbles/cursor"
	"github.com/charmbracelet/bubbles/key"
	"github.com/charmbracelet/bubbles/textinput"
	tea "github.com/charmbracelet/bubbletea"

	"shardeck/ui/theme"
)

// Field is one line of a form.
type Field struct {
	Label string
	Value string
	Hint  string     // what it means, or what it may be
	Tone  theme.Tone // of the value: Bad or Warn when something is wrong with it
	Step  bool       // ←→ go through values: drawn ◂ 4 ▸ under the cursor
}

// Form is a list of fields, one of which has the cursor and may be being typed into.
type Form struct {
	Window
	Fields  []Field
	Input   *Input // typing into the field under the cursor; nil: not
	Focused bool
}

const (
	labelWidth = 15
	valueWidth = 10
)

// View draws the fields in the window.
func (f *Form) View(th *theme.Theme, width, height int) []string {
	f.Keep(len(f.Fields), height)
	var lines []string
	for i := f.First; i < min(f.First+height, len(f.Fields)); i++ {
		lines = append(lines, f.line(th, i, width))
	}
	return lines
}

func (f *Form) line(th *theme.Theme, i, width int) string {
	field, under, bright := f.Fields[i], i == f.Cursor, theme.Plain
	line := "   "
	if under && f.Focused {
		bright = theme.Accent
	}
	if under {
		line = " " + th.Paint(cmp.Or(bright, theme.Dim), th.Cursor) + " "
	}
	line += th.Paint(bright, Fit(field.Label, labelWidth))
	var room int
	if under && f.Input != nil {
		text := f.Input.View(th, max(width-Width(line)-1, 1))
		if room = max(width-Width(line)-1, 1) - Width(text) - valueWidth; room < 6 || field.Hint == "" {
			return line + text
		}
		line += pad("  "+text, valueWidth+4)
	} else {
		line += field.value(th, under, bright)
		if room = width - Width(line) - 3; room < 6 || field.Hint == "" {
			return Clip(line, width)
		}
	}
	return line + "  " + th.Paint(theme.Dim, Sentence(field.Hint, room))
}

// value is drawn in its column; a longer one pushes the hint along. A stepper's arrows stand in the blanks around it.
func (field Field) value(th *theme.Theme, under bool, bright theme.Tone) string {
	left, right := "  ", "  "
	if under && field.Step {
		left, right = th.Paint(bright, th.Left+" "), th.Paint(bright, " "+th.Right)
	}
	return pad(left+th.Paint(cmp.Or(field.Tone, bright), field.Value)+right, valueWidth+4)
}

// Input is one line of text being typed, edited with the keys of bubbles' textinput. Its cursor does not blink.
type Input struct {
	Prompt  string
	History *History // what ↑ and ↓ go through; nil: nothing
	line    textinput.Model
}

// NewInput starts with a text and the cursor behind it.
func NewInput(prompt, text string) *Input {
	line := textinput.New()
	line.Cursor.SetMode(cursor.CursorStatic)
	// Pasting by key would start a program; a terminal's own paste arrives as text.
	line.KeyMap.Paste = key.NewBinding(key.WithDisabled())
	line.Focus()
	in := &Input{Prompt: prompt, line: line}
	in.Set(text)
	return in
}

// Value is what was typed.
func (in *Input) Value() string { return in.line.Value() }

// Set replaces the text.
func (in *Input) Set(text string) {
	in.line.SetValue(text)
	in.line.CursorEnd()
}

// leaving are the keys that mean something to the owner of the field, not in it.
var leaving = map[string]bool{
	"enter": true, "esc": true, "tab": true, "shift+tab": true, "up": true, "down": true,
	"pgup": true, "pgdown": true, "ctrl+c": true, "ctrl+n": true, "ctrl+p": true,
}

// Key takes one key; false if it means nothing here (Enter, Esc, Tab …).
func (in *Input) Key(k tea.KeyMsg) bool {
	if text, ok := in.History.Key(k.String()); ok {
		in.Set(text)
		return true
	}
	if leaving[k.String()] {
		return false
	}
	before, at := in.line.Value(), in.line.Position()
	in.line, _ = in.line.Update(k)
	typed := k.Type == tea.KeyRunes || k.Type == tea.KeySpace
	return typed || in.line.Value() != before || in.line.Position() != at
}

// View draws prompt, text and cursor; a long text is shown from where the cursor is in sight.
func (in *Input) View(th *theme.Theme, width int) string {
	room := width - Width(in.Prompt) - 1
	if room <= 0 {
		return Clip(in.Prompt, width)
	}
	text, at := []rune(in.line.Value()), in.line.Position()
	before := string(text[:at])
	for Width(before) > room {
		_, n := utf8.DecodeRuneInString(before)
		before = before[n:]
	}
	after := Clip(string(text[at:]), room-Width(before))
	return in.Prompt + before + th.Paint(theme.Accent, th.Cursor) + after
}

// Below puts the field on the last of height lines, in place of what stood there; nothing where nothing is typed (nil).
func (in *Input) Below(th *theme.Theme, lines []string, width, height int) []string {
	if in == nil || height <= 0 {
		return lines
	}
	return append(Filled(lines, height-1), " "+in.View(th, width-2))
}

// History is what was typed into fields, the newest last; ↑ and ↓ go through it. A nil History remembers nothing.
type History struct {
	texts []string
	at    int // of the text shown; len(texts): what is being typed
}

const mostTexts = 50

// Add remembers a text, once.
func (h *History) Add(text string) {
	if h == nil || text == "" {
		return
	}
	h.texts = append(slices.DeleteFunc(h.texts, func(t string) bool { return t == text }), text)
	h.texts = h.texts[max(len(h.texts)-mostTexts, 0):]
	h.at = len(h.texts)
}

// Key goes back and forth with ↑ and ↓; false for other keys, and where nothing is.
func (h *History) Key(key string) (text string, ok bool) {
	step, known := map[string]int{"up": -1, "down": 1}[key]
	if h == nil || !known || len(h.texts) == 0 {
		return "", false
	}
	h.at = clamp(h.at+step, 0, len(h.texts))
	if h.at == len(h.texts) {
		return "", true
	}
	return h.texts[h.at], true
}

// Rest forgets how far back the user went: the next field begins with the newest.
func (h *History) Rest() {
	if h != nil {
		h.at = len(h.texts)
	}
}

// Texts are all that is remembered, the newest last.
func (h *History) Texts() []string {
	if h == nil {
		return nil
	}
	return slices.Clone(h.texts)
}
