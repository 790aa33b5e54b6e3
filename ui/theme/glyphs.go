package theme

import "strings"

// Glyphs are the signs that are not letters, each one column wide in every terminal: no emoji, nothing of ambiguous width.
type Glyphs struct {
	Cursor  string // before the row under the cursor
	Mark    string // a marked row
	Rule    string // horizontal line
	Wall    string // vertical line between panes
	Best    string // the best of a row or column
	Missing string
	More    string // cut here
	Left    string // of a stepper
	Right   string
	Point   string // a measured point in a chart
	Guide   string // a line of a chart to compare with
	Full    string // bars: the parts in order of worth
	Transit string
	Wait    string
	Unknown string // transfer or wait
	Idle    string
	Empty   string   // the part of a bar that is not filled
	Levels  []string // from nearly nothing to all
	Corners [4]string
	Axis    AxisGlyphs
}

// AxisGlyphs draw the axes of a chart.
type AxisGlyphs struct{ Tick, Corner, Line, Under string }

var unicodeGlyphs = Glyphs{
	Cursor: "▌", Mark: "•", Rule: "─", Wall: "│", Best: "▲", Missing: "–", More: "…", Left: "◂", Right: "▸", Point: "●", Guide: "·",
	Full: "█", Transit: "▓", Wait: "░", Unknown: "▒", Idle: "·", Empty: "▁",
	Levels:  []string{" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"},
	Corners: [4]string{"┌", "┐", "└", "┘"},
	Axis:    AxisGlyphs{Tick: "┤", Corner: "└", Line: "─", Under: "┬"},
}

var asciiGlyphs = Glyphs{
	Cursor: ">", Mark: "*", Rule: "-", Wall: "|", Best: "^", Missing: "-", More: "~", Left: "<", Right: ">", Point: "o", Guide: ".",
	Full: "#", Transit: "+", Wait: ":", Unknown: "?", Idle: ".", Empty: "_",
	Levels:  []string{" ", ".", ".", ":", "-", "=", "+", "*", "#"},
	Corners: [4]string{"+", "+", "+", "+"},
	Axis:    AxisGlyphs{Tick: "|", Corner: "+", Line: "-", Under: "+"},
}

// plain spells every sign that a pane or a message may hold with one ASCII character, so that no column moves.
var plain = strings.NewReplacer(
	"–", "-", "—", "-", "−", "-", "·", "|", "×", "x", "…", "~", "±", "~", "µ", "u", "•", "*", "°", "o",
	"█", "#", "▓", "+", "░", ".", "▒", "?", "▁", "_", "▇", "#", "▌", ">", "●", "o", "▲", "^", "→", ">", "←", "<", "↑", "^", "↓", "v",
	"≥", ">", "≤", "<", "≈", "~", "≠", "/", "\u202f", " ", "\u00a0", " ", "◂", "<", "▸", ">", "↵", "E", "✓", "v",
	"─", "-", "│", "|", "┌", "+", "┐", "+", "└", "+", "┘", "+", "├", "+", "┤", "|", "┬", "+", "┴", "+", "┼", "+",
	"╭", ".", "╮", ".", "╯", "'", "╰", "'", "’", "'", "“", "\"", "”", "\"",
)

// keyNames are keys whose signs have no ASCII of their own; spelled are all signs that are clearer in several characters.
var (
	keyNames = strings.NewReplacer("↵", "Enter", "↑↓", "up/down", "←→", "left/right")
	spelled  = strings.NewReplacer("↵", "Enter", "↑↓", "up/down", "←→", "left/right",
		"…", "...", "±", "+-", "≈", "~=", "≥", ">=", "≤", "<=", "→", "->", "←", "<-", "≠", "/=")
)

// SpellKeys writes the names of keys in a text with --ascii, where it may grow longer.
func (t *Theme) SpellKeys(text string) string {
	if !t.ASCII {
		return text
	}
	return keyNames.Replace(text)
}

// Spell is SpellKeys for a text in which nothing stands below anything: all signs that are clearer so are written out.
func (t *Theme) Spell(text string) string {
	if !t.ASCII {
		return text
	}
	return spelled.Replace(text)
}

// Plain is the last filter of a frame: with --ascii, signs that are left become ASCII of the same width, and any other
// character a "?". Otherwise it changes nothing.
func (t *Theme) Plain(frame string) string {
	if !t.ASCII {
		return frame
	}
	return strings.Map(func(r rune) rune {
		if r > 126 {
			return '?'
		}
		return r
	}, plain.Replace(frame))
}
