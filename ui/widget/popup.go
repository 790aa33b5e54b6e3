package widget

import (
	"strings"

	"shardeck/model/present/unit"
	"shardeck/ui/theme"
)

// Popup is a question or a text over the pane, whose answer the caller gets.
type Popup struct {
	Title   string
	Body    []string // may hold painted text
	Buttons []string
	Tones   func(line string) theme.Tone // colours lines of the body; nil: none
	Choice  int
	Width   int // wanted; 0: as wide as the text
	first   int // line in sight

	lines, page int // of the body, and of those in sight, as drawn last
}

// Confirm asks a yes-or-no question; No is chosen.
func Confirm(title string, body ...string) *Popup {
	return &Popup{Title: title, Body: body, Buttons: []string{"Yes", "No"}, Choice: 1}
}

// Show shows a text until it is closed.
func Show(title string, body []string) *Popup {
	return &Popup{Title: title, Body: body, Buttons: []string{"Close"}}
}

// letter is the key of a button: its first, and where there are two words the same everywhere, y and n.
func (p *Popup) letter(i int) string {
	if own := strings.ToLower(p.Buttons[i][:1]); len(p.Buttons) != 2 || own < "a" {
		return own
	}
	return "yn"[i : i+1]
}

// Key takes a key: done with the index of a button, which its letter chooses at once, or -1 for Esc; others scroll.
func (p *Popup) Key(key string) (answer int, done bool) {
	switch key {
	case "esc":
		return -1, true
	case "enter":
		return p.Choice, true
	case "left", "shift+tab":
		p.Choice = clamp(p.Choice-1, 0, len(p.Buttons)-1)
	case "right", "tab":
		p.Choice = clamp(p.Choice+1, 0, len(p.Buttons)-1)
	default:
		for i, b := range p.Buttons {
			if key == p.letter(i) || strings.EqualFold(key, b[:1]) {
				return i, true
			}
		}
		if key == "q" {
			return -1, true
		}
		p.first = clamp(p.first+moves(max(p.page, 1), p.lines)[key], 0, p.lines-p.page)
	}
	return 0, false
}

// Hints are the keys of a popup, for the footer.
func (p *Popup) Hints() []Hint {
	if len(p.Buttons) < 2 {
		return []Hint{{Label: "esc", Verb: "close"}, {Label: "↑↓", Verb: "scroll"}}
	}
	hints := []Hint{{Label: "←→", Verb: "choose"}, {Label: "↵", Verb: strings.ToLower(p.Buttons[p.Choice])}}
	for i, b := range p.Buttons {
		hints = append(hints, Hint{Label: p.letter(i), Verb: strings.ToLower(b)})
	}
	return append(hints, Hint{Label: "esc", Verb: "back"})
}

// Over draws the popup in the middle of a pane's lines.
func (p *Popup) Over(th *theme.Theme, base []string, width, height int) []string {
	box := p.box(th, width-4, height-2)
	if len(box) == 0 {
		return base
	}
	return Overlay(Filled(base, height), box, max((width-Width(box[0]))/2, 0), max((height-len(box))/2, 0))
}

// box is the frame, the part of the body that is in sight, and the buttons.
func (p *Popup) box(th *theme.Theme, width, height int) []string {
	inner := max(p.Width, Width(p.Title)+4)
	for _, line := range p.Body {
		inner = max(inner, Width(line))
	}
	inner = min(inner, width-4)
	if inner < 4 || height < 4 {
		return nil
	}
	body := p.wrapped(inner)
	p.lines, p.page = len(body), min(len(body), height-4)
	p.first = clamp(p.first, 0, p.lines-p.page)
	lines := []string{edge(th, th.Corners[0], th.Corners[1], p.Title, inner)}
	for _, text := range body[p.first : p.first+p.page] {
		if p.Tones != nil {
			text = th.Paint(p.Tones(text), text)
		}
		lines = append(lines, side(th, text, inner))
	}
	place := "" // of a long body: how much is in sight
	if p.lines > p.page {
		place = unit.Int(p.first+p.page) + " of " + unit.Int(p.lines) + " lines"
	}
	return append(lines, side(th, "", inner), side(th, p.buttons(th), inner), edge(th, th.Corners[2], th.Corners[3], place, inner))
}

// wrapped breaks long sentences, with their indent; tables and scripts, which have blanks side by side inside, are cut.
func (p *Popup) wrapped(width int) []string {
	var out []string
	for _, line := range p.Body {
		text := strings.TrimLeft(line, " ")
		if Width(line) <= width || p.Tones != nil || strings.Contains(text, "  ") {
			out = append(out, Clip(line, width))
			continue
		}
		indent := line[:len(line)-len(text)]
		for _, l := range Wrap(text, width-len(indent)) {
			out = append(out, indent+l)
		}
	}
	return out
}

// edge is the upper or lower side of a frame.
func edge(th *theme.Theme, left, right, title string, inner int) string {
	if title != "" {
		title = " " + Clip(title, inner-2) + " "
	}
	rule := strings.Repeat(th.Rule, max(inner+1-Width(title), 0))
	return th.Paint(theme.Accent, left+th.Rule+title+rule+right)
}

// side is a line of text in a frame.
func side(th *theme.Theme, text string, inner int) string {
	wall := th.Paint(theme.Accent, th.Wall)
	return wall + " " + Fit(text, inner) + " " + wall
}

func (p *Popup) buttons(th *theme.Theme) string {
	words := make([]string, len(p.Buttons))
	for i, b := range p.Buttons {
		words[i] = "  " + b
	}
	words[p.Choice] = th.Paint(theme.Accent, th.Cursor+words[p.Choice][1:])
	return strings.Join(words, "   ")
}
