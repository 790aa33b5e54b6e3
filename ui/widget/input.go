package widget

import (
	"unicode/utf8"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/ui/theme"
)

// Input is one line of text being typed. Its cursor does not blink.
type Input struct {
	Prompt string
	text   []rune
	at     int
}

// NewInput starts with a text and the cursor behind it.
func NewInput(prompt, text string) *Input {
	return &Input{Prompt: prompt, text: []rune(text), at: utf8.RuneCountInString(text)}
}

// Value is what was typed.
func (in *Input) Value() string { return string(in.text) }

// Set replaces the text.
func (in *Input) Set(text string) { in.text = []rune(text); in.at = len(in.text) }

// Key takes one key; false if it means nothing here (Enter, Esc, Tab …).
func (in *Input) Key(k tea.KeyMsg) bool {
	if (k.Type == tea.KeyRunes || k.Type == tea.KeySpace) && !k.Alt {
		in.insert(k.Runes)
		return true
	}
	edit, ok := inputKeys[k.String()]
	if ok {
		edit(in)
	}
	return ok
}

// inputKeys are the editing keys every shell has taught.
var inputKeys = map[string]func(*Input){
	"left":      func(in *Input) { in.at = max(in.at-1, 0) },
	"right":     func(in *Input) { in.at = min(in.at+1, len(in.text)) },
	"home":      func(in *Input) { in.at = 0 },
	"ctrl+a":    func(in *Input) { in.at = 0 },
	"end":       func(in *Input) { in.at = len(in.text) },
	"ctrl+e":    func(in *Input) { in.at = len(in.text) },
	"backspace": func(in *Input) { in.cut(in.at-1, in.at) },
	"delete":    func(in *Input) { in.cut(in.at, in.at+1) },
	"ctrl+u":    func(in *Input) { in.cut(0, in.at) },
	"ctrl+k":    func(in *Input) { in.cut(in.at, len(in.text)) },
	"ctrl+w":    func(in *Input) { in.cut(in.wordStart(), in.at) },
}

// insert puts typed or pasted text at the cursor; control characters stay out.
func (in *Input) insert(runes []rune) {
	clean := make([]rune, 0, len(runes))
	for _, r := range runes {
		if r >= ' ' && r != 0x7f {
			clean = append(clean, r)
		}
	}
	rest := append(clean, in.text[in.at:]...)
	in.text = append(in.text[:in.at:in.at], rest...)
	in.at += len(clean)
}

func (in *Input) cut(from, to int) {
	from, to = clamp(from, 0, len(in.text)), clamp(to, 0, len(in.text))
	in.text = append(in.text[:from:from], in.text[to:]...)
	in.at = from
}

func (in *Input) wordStart() int {
	i := in.at
	for i > 0 && in.text[i-1] == ' ' {
		i--
	}
	for i > 0 && in.text[i-1] != ' ' {
		i--
	}
	return i
}

// View draws prompt, text and cursor; a long text is shown from where the cursor is in sight.
func (in *Input) View(th *theme.Theme, width int) string {
	room := width - Width(in.Prompt) - 1
	if room <= 0 {
		return Clip(in.Prompt, width)
	}
	before := string(in.text[:in.at])
	for Width(before) > room {
		_, n := utf8.DecodeRuneInString(before)
		before = before[n:]
	}
	after := Clip(string(in.text[in.at:]), room-Width(before))
	return in.Prompt + before + th.Paint(theme.Accent, th.Cursor) + after
}
