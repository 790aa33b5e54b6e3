package theme

import (
	"testing"

	"github.com/charmbracelet/x/ansi"
)

func TestSignsOfRungs(t *testing.T) {
	for _, tt := range []struct {
		dots                        byte
		octant, braille, block, asc string
	}{
		{0, "", "", "", ""}, {0xFF, "█", "⣿", "█", "|"}, {0x04, "\U0001CD00", "⠂", "▘", "|"}, {0x0F, "▀", "⠛", "▀", "|"},
		{0xC0, "▂", "⣀", "▄", "|"}, {0x55, "▌", "⡇", "▌", "|"}, {0xFE, "\U0001CDE5", "⣾", "█", "|"}, {0x09, "\U0001CD04", "⠑", "▀", "|"},
	} {
		got := [4]string{Octant.Sign(tt.dots), Braille.Sign(tt.dots), Block.Sign(tt.dots), ASCII.Sign(tt.dots)}
		if want := [4]string{tt.octant, tt.braille, tt.block, tt.asc}; got != want {
			t.Errorf("%08b: %q, want %q", tt.dots, got, want)
		}
	}
	seen := map[string]bool{}
	for d := range 256 {
		sign := Octant.Sign(byte(d))
		if seen[sign] || d > 0 && ansi.StringWidth(sign) != 1 {
			t.Errorf("pattern %08b: %q is another's, or %d columns wide", d, sign, ansi.StringWidth(sign))
		}
		seen[sign] = true
	}
}

func TestRungOf(t *testing.T) {
	for _, tt := range []struct {
		set  string
		env  map[string]string
		want Rung
	}{
		{"", nil, Braille}, {"auto", map[string]string{"LANG": "en_US.UTF-8", "TERM": "xterm-256color"}, Braille},
		{"octant", map[string]string{"LANG": "C"}, Octant}, {"auto", map[string]string{"LC_ALL": "C", "LANG": "de_DE.utf8"}, Block},
		{"auto", map[string]string{"TERM": "linux"}, Block}, {"auto", map[string]string{"TERM": "dumb"}, ASCII},
		{"auto", map[string]string{"LANG": "C.utf8", "TERM": "tmux-256color"}, Braille},
	} {
		if got := RungOf(tt.set, func(key string) string { return tt.env[key] }); got != tt.want {
			t.Errorf("%q in %v: %v, want %v", tt.set, tt.env, got, tt.want)
		}
	}
}
