// Package theme is how the cockpit looks: one accent colour, a few tones, the glyphs of bars and rules, ASCII for all of them.
//
// The colours are data (templates/themes.yaml), of the 256-colour palette with a 16-colour fallback; the first are read on light and
// dark grounds alike, so the terminal is never asked for its background. Nothing is told by colour alone: a tone only underlines a word.
package theme

import (
	"strings"
	"sync/atomic"

	"github.com/muesli/termenv"
)

// Tone is what a piece of text is for; the theme decides how that looks.
type Tone int

// Tones, from the quietest.
const (
	Plain  Tone = iota
	Dim         // second lines, units, what can wait
	Strong      // bold, in the text's own colour
	Accent      // the focus and the cursor row: nothing else
	Good
	Busy // moving: running, loading
	Warn
	Bad
	toneCount
)

// toneNames are the tones as templates/themes.yaml names them, and how they stand out beside their colours.
var toneNames = [toneCount]struct {
	name        string
	bold, faint bool
}{
	Dim:    {name: "dim", faint: true},
	Strong: {name: "strong", bold: true},
	Accent: {name: "accent", bold: true},
	Good:   {name: "good"},
	Busy:   {name: "busy"},
	Warn:   {name: "warn"},
	Bad:    {name: "bad", bold: true},
}

// Theme draws tones and knows the glyphs. But for its colours (see Wear) it is read-only once made; every pane may share it.
type Theme struct {
	Glyphs
	ASCII   bool
	Rung    Rung // of pictures; Braille, or ASCII where all is
	profile termenv.Profile
	coat    atomic.Pointer[coat]
}

// New makes a theme for a colour profile (see Profile), in the first colours of All; it asks the terminal nothing.
func New(profile termenv.Profile, ascii bool) *Theme {
	t := &Theme{Glyphs: unicodeGlyphs, ASCII: ascii, Rung: Braille, profile: profile}
	if ascii {
		t.Glyphs, t.Rung = asciiGlyphs, ASCII
	}
	t.Wear("")
	return t
}

// Paint draws one line of text in a tone.
func (t *Theme) Paint(tone Tone, text string) string {
	if tone == Plain || text == "" || tone < 0 || tone >= toneCount {
		return text
	}
	return t.coat.Load().tones[tone].Render(text)
}

// Series draws text in the colour of the i-th line of a chart.
func (t *Theme) Series(i int, text string) string {
	if text == "" {
		return text
	}
	series := t.coat.Load().series
	return series[i%len(series)].Render(text)
}

// Heat draws text, such as a value between blanks, on the ground of a level from 0 to 1; without colours for that a sign of the level
// takes its first column.
func (t *Theme) Heat(level float64, text string) string {
	level = min(max(level, 0), 1)
	if heat := t.coat.Load().heat; len(heat) > 0 {
		return heat[int(level*float64(len(heat)-1)+0.5)].Render(text)
	}
	levels := t.Levels[1:]
	return levels[int(level*float64(len(levels)-1)+0.5)] + strings.TrimPrefix(text, " ")
}

// Profile chooses the colours: colour is auto, always or never; tty: a terminal has the output. NO_COLOR is no-color.org's.
func Profile(colour string, getenv func(string) string, tty bool) termenv.Profile {
	term := getenv("TERM")
	switch {
	case colour == "never", colour != "always" && (!tty || getenv("NO_COLOR") != "" || term == "dumb"):
		return termenv.Ascii
	case strings.Contains(term, "256color"), getenv("COLORTERM") != "":
		return termenv.ANSI256
	}
	return termenv.ANSI
}

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
	Down    string   // of what is open, and that there is more below
	Up      string   // that there is more above
	Marks   []string // of the points of lines in a chart, in their order
	Hollow  []string // the same of points that were not measured
	Guide   string   // a line of a chart to compare with
	Full    string   // bars: the parts in order of worth
	Transit string
	Wait    string
	Unknown string // transfer or wait
	Idle    string
	Empty   string   // the part of a bar that is not filled
	Levels  []string // from nearly nothing to all
	Eighths []string // the same from the left
	Corners [4]string
	Axis    AxisGlyphs
}

// AxisGlyphs draw the axes of a chart.
type AxisGlyphs struct{ Tick, Corner, Line, Under string }

var unicodeGlyphs = Glyphs{
	Cursor: "▌", Mark: "•", Rule: "─", Wall: "│", Best: "▲", Missing: "–", More: "…", Left: "◂", Right: "▸", Down: "▾", Up: "▴", Guide: "·",
	Marks: []string{"●", "■", "▲", "◆", "▼", "◉"}, Hollow: []string{"○", "□", "△", "◇", "▽", "◎"},
	Full: "█", Transit: "▓", Wait: "░", Unknown: "▒", Idle: "·", Empty: "▁",
	Levels:  []string{" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"},
	Eighths: []string{" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"},
	Corners: [4]string{"┌", "┐", "└", "┘"},
	Axis:    AxisGlyphs{Tick: "┤", Corner: "└", Line: "─", Under: "┬"},
}

var asciiGlyphs = Glyphs{
	Cursor: ">", Mark: "*", Rule: "-", Wall: "|", Best: "^", Missing: "-", More: "~", Left: "<", Right: ">", Down: "v", Up: "^", Guide: ".",
	Marks: []string{"A", "B", "C", "D", "E", "F"}, Hollow: []string{"a", "b", "c", "d", "e", "f"},
	Full: "#", Transit: "+", Wait: ":", Unknown: "?", Idle: ".", Empty: "_",
	Levels:  []string{" ", ".", ".", ":", "-", "=", "+", "*", "#"},
	Eighths: []string{" ", " ", " ", " ", "#", "#", "#", "|", "#"},
	Corners: [4]string{"+", "+", "+", "+"},
	Axis:    AxisGlyphs{Tick: "|", Corner: "+", Line: "-", Under: "+"},
}

// plain spells every sign that a pane or a message may hold with one ASCII character, so that no column moves.
var plain = strings.NewReplacer(
	"–", "-", "—", "-", "−", "-", "·", "|", "×", "x", "…", "~", "±", "~", "µ", "u", "•", "*", "°", "o",
	"█", "#", "▓", "+", "░", ".", "▒", "?", "▁", "_", "▇", "#", "▌", ">", "●", "o", "▲", "^", "→", ">", "←", "<", "↑", "^", "↓", "v",
	"≥", ">", "≤", "<", "≈", "~", "≠", "/", "\u202f", " ", "\u00a0", " ", "◂", "<", "▸", ">", "▾", "v", "↵", "E", "✓", "v",
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

// Plain is the last filter of a frame: with --ascii, signs become ASCII of the same width, any other character a "?".
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
