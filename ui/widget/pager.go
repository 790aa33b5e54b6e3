package widget

import (
	"strings"

	"shardeck/ui/theme"
)

// Pager shows lines of text with a cursor; lines may be cut or wrapped.
type Pager struct {
	Window
	Lines   []string
	Tone    func(line string) theme.Tone // nil: plain
	Focused bool
	Wrap    bool
}

// View draws the window; a wrapped line takes as many rows as it needs.
func (p *Pager) View(th *theme.Theme, width, height int) []string {
	if height <= 0 {
		return nil
	}
	p.Keep(len(p.Lines), p.fitting(width, height))
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
