// Package widget draws the parts that panes are made of: tables, forms, bars, charts, popups, text. Widgets are values
// with a View; they know nothing of experiments, hold no data of their own beyond what is on the screen, and do no I/O.
//
// A View returns lines, each at most as wide as asked; Block makes them an exact rectangle. Width is always counted in
// columns of the terminal, never in bytes.
package widget

import (
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"shardeck/ui/theme"
)

// Width of text in columns, escape sequences not counted.
func Width(s string) int { return ansi.StringWidth(s) }

// Clip cuts text to a width, with "…" where something is gone.
func Clip(s string, width int) string {
	if width <= 0 {
		return ""
	}
	if Width(s) <= width {
		return s
	}
	return ansi.Truncate(s, width, "…")
}

// Middle cuts a text to a width in its middle: names differ at their ends.
func Middle(s string, width int) string {
	if Width(s) <= width || width < 8 {
		return Clip(s, width)
	}
	tail := (width - 1) / 3
	return ansi.Truncate(s, width-tail, "…") + ansi.TruncateLeft(s, Width(s)-tail, "")
}

// Fit makes text exactly as wide as asked: cut, or padded on the right.
func Fit(s string, width int) string { return pad(Clip(s, width), width) }

// Right is Fit with the padding on the left.
func Right(s string, width int) string {
	s = Clip(s, width)
	return blank(width-Width(s)) + s
}

func pad(s string, width int) string { return s + blank(width-Width(s)) }

func blank(n int) string { return strings.Repeat(" ", max(n, 0)) }

// Sentence cuts a sentence between words: nothing is cut in the middle of one.
func Sentence(s string, width int) string {
	if Width(s) <= width {
		return s
	}
	lines := Wrap(s, max(width-2, 1))
	return Clip(strings.TrimRight(lines[0], " ,;:·")+" …", width)
}

// Wrap breaks a paragraph into lines between words; a word longer than a line is cut.
func Wrap(s string, width int) []string {
	if width <= 0 {
		return []string{""}
	}
	return strings.Split(ansi.Wrap(s, width, ""), "\n")
}

// Paragraph is Wrap with each line in a tone and so many blanks in, which width does not count.
func Paragraph(th *theme.Theme, tone theme.Tone, s string, indent, width int) []string {
	lines := Wrap(s, max(width, 1))
	for i, line := range lines {
		lines[i] = blank(indent) + th.Paint(tone, line)
	}
	return lines
}

// Block makes lines an exact rectangle: what is missing is blank, what is over is cut.
func Block(lines []string, width, height int) string {
	if width <= 0 || height <= 0 {
		return ""
	}
	out := make([]string, height)
	copy(out, lines)
	for i := range out {
		out[i] = Fit(out[i], width)
	}
	return strings.Join(out, "\n")
}

// Filled makes lines exactly so many.
func Filled(lines []string, height int) []string {
	for len(lines) < height {
		lines = append(lines, "")
	}
	return lines[:max(height, 0)]
}

// Spread puts one text at the left end of a line and one at the right; the left one gives way.
func Spread(left, right string, width int) string {
	if right = Clip(right, width); right == "" {
		return Fit(Sentence(left, width), width)
	}
	room := width - Width(right) - 1
	if room <= 0 {
		return Fit(right, width)
	}
	return Fit(Sentence(left, room), room) + " " + right
}

// Overlay lays a box of lines over others, its corner at column x and row y.
func Overlay(base, box []string, x, y int) []string {
	out := slices.Clone(base)
	for i, line := range box {
		if row := y + i; row >= 0 && row < len(out) {
			under := out[row]
			out[row] = Fit(ansi.Truncate(under, x, ""), x) + line + ansi.TruncateLeft(under, x+Width(line), "")
		}
	}
	return out
}

// runs is a line in the making. Neighbours of one tone are painted as one: fewer bytes on a slow link.
type runs struct {
	th   *theme.Theme
	done strings.Builder
	text strings.Builder
	tone theme.Tone
}

func (r *runs) add(tone theme.Tone, text string) {
	if strings.TrimSpace(text) != "" && tone != r.tone {
		r.flush()
		lead := len(text) - len(strings.TrimLeft(text, " "))
		r.done.WriteString(text[:lead])
		text = text[lead:]
		r.tone = tone
	}
	r.text.WriteString(text)
}

// flush paints what was gathered, the blanks at its end unpainted.
func (r *runs) flush() {
	text := r.text.String()
	trimmed := strings.TrimRight(text, " ")
	r.done.WriteString(r.th.Paint(r.tone, trimmed))
	r.done.WriteString(text[len(trimmed):])
	r.text.Reset()
}

// String is the line, without blanks at its end.
func (r *runs) String() string {
	r.flush()
	return strings.TrimRight(r.done.String(), " ")
}

// Pager shows lines of text with a cursor; lines may be cut or wrapped.
type Pager struct {
	Window
	Lines   []string
	Tone    func(line string) theme.Tone // nil: plain
	Focused bool
	Wrap    bool
	Tail    bool // lines come at its end: where the last leaves the window, that goes on by most of a page, not by a line each time
}

// keep brings the cursor in sight.
func (p *Pager) keep(height int) {
	p.Cursor = clamp(p.Cursor, 0, len(p.Lines)-1)
	switch beyond := p.Cursor - p.First - height; {
	case !p.Tail || p.Cursor < p.First || beyond >= height/2:
		p.Keep(len(p.Lines), height)
	case beyond >= 0:
		p.First = p.Cursor - height/3
	}
}

// View draws the window; a wrapped line takes as many rows as it needs.
func (p *Pager) View(th *theme.Theme, width, height int) []string {
	if height <= 0 {
		return nil
	}
	p.keep(p.fitting(width, height))
	var out []string
	for i := p.First; i < len(p.Lines) && len(out) < height; i++ {
		before, tone := "   ", theme.Plain
		if i == p.Cursor && p.Focused {
			before = " " + th.Paint(theme.Accent, th.Cursor) + " "
		}
		if p.Tone != nil {
			tone = p.Tone(p.Lines[i])
		}
		for _, row := range p.rows(i, width-3) {
			out = append(out, before+th.Paint(tone, row))
		}
	}
	return out[:min(len(out), height)]
}

// fitting is how many lines, counted back from the cursor, fit the height: with Wrap, fewer than there are rows.
func (p *Pager) fitting(width, height int) int {
	if !p.Wrap {
		return height
	}
	rows, n := 0, 0
	for i := clamp(p.Cursor, 0, len(p.Lines)-1); i >= 0 && i < len(p.Lines); i-- {
		rows += len(p.rows(i, width-3))
		if rows > height {
			break
		}
		n++
	}
	return max(n, 1)
}

func (p *Pager) rows(i, width int) []string {
	if p.Wrap {
		return Wrap(p.Lines[i], width)
	}
	return []string{Clip(p.Lines[i], width)}
}

// Find moves the cursor to the next line that holds the text, in any case, going round at the end; false if none does.
func (p *Pager) Find(text string, back bool) bool {
	n := len(p.Lines)
	text = strings.ToLower(text)
	step := 1
	if back {
		step = n - 1
	}
	for i := 1; i <= n && text != ""; i++ {
		at := (p.Cursor + i*step) % n
		if strings.Contains(strings.ToLower(p.Lines[at]), text) {
			p.Cursor = at
			return true
		}
	}
	return false
}
