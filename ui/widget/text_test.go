package widget

import (
	"strings"
	"testing"
)

func TestFitIsExact(t *testing.T) {
	for _, s := range []string{"", "a", "longer than ten columns", "ünïcödé", "漢字漢字漢字漢字", "\x1b[31mred and long enough\x1b[0m"} {
		for _, w := range []int{0, 1, 5, 10} {
			if got := Width(Fit(s, w)); got != w {
				t.Errorf("Fit(%q, %d) is %d columns", s, w, got)
			}
			if got := Width(Right(s, w)); got != w {
				t.Errorf("Right(%q, %d) is %d columns", s, w, got)
			}
		}
	}
}

func TestSentenceKeepsWords(t *testing.T) {
	tests := []struct {
		in    string
		width int
		want  string
	}{
		{"all of it", 20, "all of it"},
		{"set parallelism.tp to 4", 12, "set …"},
		{"one two, three", 10, "one two …"},
	}
	for _, tt := range tests {
		if got := Sentence(tt.in, tt.width); got != tt.want {
			t.Errorf("Sentence(%q, %d) = %q, want %q", tt.in, tt.width, got, tt.want)
		}
	}
}

func TestSpread(t *testing.T) {
	if got := Spread("left", "right", 12); got != "left   right" {
		t.Errorf("%q", got)
	}
	for w := range 30 {
		if got := Width(Spread("a rather long left side", "right", w)); got != w {
			t.Errorf("width %d: %d columns", w, got)
		}
	}
}

func TestOverlay(t *testing.T) {
	got := Overlay([]string{"abcdefgh", "ijklmnop", "q"}, []string{"XY", "Z "}, 3, 1)
	want := "abcdefgh|ijkXYnop|q  Z "
	if strings.Join(got, "|") != want {
		t.Errorf("%q, want %q", strings.Join(got, "|"), want)
	}
}

func TestMiddle(t *testing.T) {
	for width, want := range map[int]string{20: "nvjet_tst_64x8_v_TNT", 12: "nvjet_ts…TNT", 7: "nvjet_…", 0: ""} {
		if got := Middle("nvjet_tst_64x8_v_TNT", width); got != want {
			t.Errorf("%d: %q, want %q", width, got, want)
		}
	}
}
