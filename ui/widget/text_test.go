package widget

import (
	"math"
	"strings"
	"testing"
	"time"
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

func TestNumbers(t *testing.T) {
	tests := []struct{ got, want string }{
		{Number(11279.3, 0), "11 279"}, {Number(8.514, 2), "8.51"}, {Number(-0.001, 1), "0.0"},
		{Number(-1234567, 0), "-1 234 567"}, {Number(math.NaN(), 1), "–"}, {Number(999, 0), "999"},
		{Short(0.4521), "0.452"}, {Short(402.3), "402"}, {Short(6.64), "6.64"},
		{Bytes(32 << 10), "32 KiB"}, {Bytes(100), "100 B"}, {Bytes(149 << 20), "149 MiB"}, {Bytes(3<<29 + 1), "1.5 GiB"},
		{Millis(4900), "4.90 µs"}, {Millis(402_000_000), "402 ms"}, {Millis(500), "500 ns"},
		{Clock(112 * time.Second), "1:52"}, {Clock(3845 * time.Second), "1:04:05"}, {Clock(51 * time.Hour), "2-03:00:00"}, {Clock(-time.Second), "0:00"},
		{Plural(1, "run"), "1 run"}, {Plural(2000, "run"), "2 000 runs"},
	}
	for _, tt := range tests {
		if tt.got != tt.want {
			t.Errorf("got %q, want %q", tt.got, tt.want)
		}
	}
}

func TestAgo(t *testing.T) {
	now := time.Date(2026, 11, 23, 14, 2, 0, 0, time.UTC)
	for back, want := range map[time.Duration]string{time.Second: "just now", 5 * time.Minute: "5 min ago", 2 * time.Hour: "2 h ago", 72 * time.Hour: "3 days ago"} {
		if got := Ago(now.Add(-back), now); got != want {
			t.Errorf("%v: %q, want %q", back, got, want)
		}
	}
	if got := Moment(now.Add(-48*time.Hour), now); got != "21 Nov 14:02" {
		t.Errorf("moment %q", got)
	}
}

// What was measured and is not 0 never reads as 0.
func TestFigure(t *testing.T) {
	for _, tt := range []struct {
		v        float64
		decimals int
		want     string
	}{{0, 2, "0.00"}, {0.004, 2, "0.004"}, {0.00004, 3, "0.00004"}, {-0.04, 1, "-0.04"}, {0.06, 1, "0.1"}, {15532.4, 0, "15 532"}, {1e-30, 1, "0.000000000"}, {250591.765, 3, "250 591.765"}} {
		if got := Figure(tt.v, tt.decimals); got != tt.want {
			t.Errorf("%v with %d: %q, want %q", tt.v, tt.decimals, got, tt.want)
		}
	}
}
