package canvas

import (
	"flag"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/muesli/termenv"

	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

func scaling() Chart {
	return Chart{YTitle: "tok/s", XTitle: "GPUs", Cursor: math.NaN(), Series: []Series{
		{Name: "TP", Points: []Point{{X: 4, Y: 24210, Low: 24113, High: 24307}, {X: 1, Y: 11279, Low: 11257, High: 11301},
			{X: 2, Y: 15532, Low: 15517, High: 15547}}},
		{Name: "ideal", Guide: true, Points: []Point{{X: 1, Y: 11279}, {X: 4, Y: 45116}}}}}
}

var bare = theme.New(termenv.Ascii, false)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestChart(t *testing.T) {
	linear, log := scaling(), scaling()
	log.LogX, log.LogY, log.Cursor = true, true, 2
	golden(t, "chart.golden", append(linear.View(bare, 60, 11), log.View(bare, 78, 14)...))
}

// strip drops the blanks at the ends of lines.
func strip(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n")
}

func TestChartAtAnySize(t *testing.T) {
	odd := []Series{{Points: []Point{{X: 1, Y: math.NaN()}, {X: 2, Y: 5}, {X: 0, Y: 3}, {X: 3, Y: math.Inf(1)}, {X: 7, Y: 0}}}}
	for _, c := range []Chart{scaling(), {Cursor: 2, Series: odd}, {LogX: true, LogY: true, Cursor: 2, Series: odd}, {Series: []Series{{}}}} {
		for w := 0; w < 90; w += 9 {
			for h := 0; h < 30; h += 3 {
				for _, line := range c.View(bare, w, h) {
					if widget.Width(line) > w {
						t.Fatalf("%dx%d: line of %d columns: %q", w, h, widget.Width(line), line)
					}
				}
			}
		}
	}
}

func TestChartInASCII(t *testing.T) {
	th := theme.New(termenv.Ascii, true)
	c := scaling()
	for _, line := range c.View(th, 70, 14) {
		for _, r := range th.Plain(line) {
			if r > 126 {
				t.Fatalf("%q in %q", r, line)
			}
		}
	}
}

func TestAxisEndsRoundAndTight(t *testing.T) {
	for high, want := range map[float64]float64{45116: 50000, 24210: 30000, 100: 100, 0.9: 1, 7.5: 7.5, 8.1: 10} {
		if got := newAxis(0, high, 9, false).high; math.Abs(got-want) > 1e-9 {
			t.Errorf("axis for %v ends at %v, want %v", high, got, want)
		}
	}
}

func TestLogTicksAreRound(t *testing.T) {
	for _, tt := range []struct {
		low, high float64
		rows      int
		want      string
	}{
		{11279, 45116, 12, "[10000 15000 20000 25000 40000 50000]"},
		{11279, 45116, 7, "[10000 15000 25000 50000]"},
		{1, 900, 16, "[1 10 100 1000]"},
		{25035, 50070, 8, "[25000 30000 40000 50000 60000]"},
		{0.02, 0.3, 12, "[0.02 0.05 0.1 0.2 0.3]"},
		{7, 7, 8, "[6 8]"},
	} {
		got := newAxis(roundBelow(tt.low), roundUp(tt.high, fine), tt.rows, true).ticks()
		for i, v := range got {
			got[i] = math.Round(v*1e6) / 1e6
		}
		if text := fmt.Sprint(got); text != tt.want {
			t.Errorf("%v to %v in %d rows: %s, want %s", tt.low, tt.high, tt.rows, text, tt.want)
		}
	}
}

func TestMarksAreNamed(t *testing.T) {
	c := scaling()
	c.Mark, c.MarkName = []float64{2}, "node full"
	if text := strings.Join(c.View(bare, 70, 14), "\n"); !strings.Contains(text, "│ node full") {
		t.Error(text)
	}
}

// TestLabels stand beside their points, and give way to what is drawn there.
func TestLabels(t *testing.T) {
	c := Chart{Cursor: math.NaN(), Series: []Series{{Name: "on", Loose: true, Points: []Point{{X: 1, Y: 10, Label: "batch 1"},
		{X: 9, Y: 10, Label: "batch 64"}, {X: 5, Y: 4, Label: "a label for which there is no room at all on this small plot"}}}}}
	text := strings.Join(c.View(theme.New(termenv.Ascii, false), 50, 10), "\n")
	for _, want := range []string{"● batch 1 ", " batch 64 ●"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if strings.Contains(text, "a label") || strings.ContainsAny(strings.Split(text, "\n")[4], "╭╮╰╯") {
		t.Errorf("too much in\n%s", text)
	}
}
