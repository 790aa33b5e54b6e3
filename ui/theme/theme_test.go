package theme

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"github.com/muesli/termenv"
)

func TestProfile(t *testing.T) {
	tests := []struct {
		name, colour, term, no string
		tty                    bool
		want                   termenv.Profile
	}{
		{"256", "auto", "xterm-256color", "", true, termenv.ANSI256},
		{"16", "auto", "xterm", "", true, termenv.ANSI},
		{"NO_COLOR of any value", "auto", "xterm-256color", "yes", true, termenv.Ascii},
		{"NO_COLOR=0 counts too", "auto", "xterm-256color", "0", true, termenv.Ascii},
		{"dumb", "auto", "dumb", "", true, termenv.Ascii},
		{"pipe", "auto", "xterm-256color", "", false, termenv.Ascii},
		{"always beats all", "always", "xterm-256color", "1", false, termenv.ANSI256},
		{"never", "never", "xterm-256color", "", true, termenv.Ascii},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			env := map[string]string{"TERM": tt.term, "NO_COLOR": tt.no}
			if got := Profile(tt.colour, func(k string) string { return env[k] }, tt.tty); got != tt.want {
				t.Errorf("profile %v, want %v", got, tt.want)
			}
		})
	}
}

func TestPaintKeepsText(t *testing.T) {
	for _, p := range []termenv.Profile{termenv.Ascii, termenv.ANSI, termenv.ANSI256} {
		th := New(p, false)
		for tone := Plain; tone < toneCount; tone++ {
			got := th.Paint(tone, "two  blanks")
			if ansi.Strip(got) != "two  blanks" {
				t.Errorf("profile %v tone %d changed the text: %q", p, tone, got)
			}
			if p == termenv.Ascii && strings.Contains(got, "\x1b") {
				t.Errorf("tone %d: escape sequence without colours: %q", tone, got)
			}
		}
	}
}

func TestGlyphsAreOneColumn(t *testing.T) {
	for _, g := range []Glyphs{unicodeGlyphs, asciiGlyphs} {
		all := append([]string{g.Cursor, g.Mark, g.Rule, g.Wall, g.Best, g.Missing, g.More, g.Left, g.Right, g.Marks[0], g.Hollow[0], g.Guide,
			g.Full, g.Transit, g.Wait, g.Idle, g.Empty, g.Axis.Tick, g.Axis.Corner, g.Axis.Line, g.Axis.Under}, g.Levels...)
		for _, s := range append(all, g.Corners[:]...) {
			if ansi.StringWidth(s) != 1 {
				t.Errorf("%q is %d columns wide", s, ansi.StringWidth(s))
			}
		}
	}
}

func TestPlainKeepsWidth(t *testing.T) {
	th := New(termenv.Ascii, true)
	in := "▌ E1.2 · 2 × A100 ± 0.2 µs – “done” ╭─╮ ↵ ≥ ∑…"
	got := th.Plain(in)
	if ansi.StringWidth(got) != ansi.StringWidth(in) {
		t.Errorf("width %d became %d: %q", ansi.StringWidth(in), ansi.StringWidth(got), got)
	}
	for _, r := range got {
		if r > 126 {
			t.Errorf("%q left in %q", r, got)
		}
	}
}

func TestSpell(t *testing.T) {
	ascii := New(termenv.Ascii, true)
	if got := ascii.Spell("↵ opens, ←→ change, 1…6, ≈ 3 ± 1 ≥ 2"); got != "Enter opens, left/right change, 1...6, ~= 3 +- 1 >= 2" {
		t.Errorf("%q", got)
	}
	if got := ascii.SpellKeys("↵ opens, ±…"); got != "Enter opens, ±…" {
		t.Errorf("%q", got)
	}
	if got := New(termenv.Ascii, false).Spell("↵"); got != "↵" {
		t.Errorf("%q", got)
	}
}
