package canvas

import (
	"bytes"
	"encoding/base64"
	"image"
	"image/png"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/muesli/termenv"

	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

func golden(t *testing.T, name string, lines []string) {
	t.Helper()
	got := strip(strings.Join(lines, "\n")) + "\n"
	if *update {
		if err := os.WriteFile("testdata/"+name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Error(diff)
	}
}

// TestRungs draws one chart in all four: a line, a hollow end, a bar, an ideal, a crosshair.
func TestRungs(t *testing.T) {
	c := scaling()
	c.LogX, c.Cursor = true, 2
	c.Series[0].Points = append(c.Series[0].Points, Point{X: 8, Y: 33000, Low: 28000, High: 38000, Hollow: true})
	var lines []string
	for _, rung := range []theme.Rung{theme.Octant, theme.Braille, theme.Block, theme.ASCII} {
		th := theme.New(termenv.Ascii, rung == theme.ASCII)
		th.Rung = rung
		lines = append(append(lines, rung.String()), c.View(th, 60, 12)...)
	}
	golden(t, "rungs.golden", lines)
}

// TestLinesAreWhole: one that is wider than high has a dot in every column of dots, whatever its length.
func TestLinesAreWhole(t *testing.T) {
	for width := 40; width < 120; width++ {
		points := []Point{{X: 1, Y: 30}, {X: 2, Y: 40}, {X: 4, Y: 10}}
		c := Chart{LogX: true, Series: []Series{{Points: points}}}
		f := c.frame(bare, points, width, 12)
		c.line(bare, f, 0)
		for x := 2*f.x.at(1) + 1; x < 2*f.x.at(4); x++ {
			dots := byte(0)
			for row := range f.Rows {
				dots |= f.at(x/2, row).dots & (0x55 << (x % 2))
			}
			if dots == 0 {
				t.Fatalf("%d columns: no dot in column %d", width, x)
			}
		}
	}
}

// TestNamesGiveWay: where lines end at one place their names stand below each other; what finds no room stands over the chart.
func TestNamesGiveWay(t *testing.T) {
	c := Chart{Cursor: math.NaN()}
	for _, name := range []string{"one", "two", "three", "four", "five", "six"} {
		c.Series = append(c.Series, Series{Name: name, Points: []Point{{X: 1, Y: 1}, {X: 2, Y: 10}}})
	}
	lines := c.View(bare, 60, 12)
	text := strings.Join(lines[1:], "\n")
	for _, name := range []string{"one", "two", "three"} {
		if strings.Count(text, name) != 1 {
			t.Errorf("%s stands %d times in\n%s", name, strings.Count(text, name), text)
		}
	}
	if !strings.Contains(lines[0], "◆ four") || !strings.Contains(lines[0], "◉ six") {
		t.Error(lines[0])
	}
}

func heat() Heat {
	return Heat{Title: "seq_len 512", Corner: "tp", Rows: []string{"1", "2"}, Columns: []string{"batch 1", "batch 64"}, Row: 1,
		Cells: [][]HeatCell{
			{{Text: "1 110", Known: true}, {Text: "25 035", Level: 0.5, Known: true}},
			{{Text: "failed", Tone: theme.Bad}, {Text: "▲ 51 535", Level: 1, Known: true}}}}
}

func TestHeat(t *testing.T) {
	h := heat()
	golden(t, "heat.golden", append(h.View(bare, 60, 8), h.View(theme.New(termenv.Ascii, true), 40, 4)...))
	if colour := strings.Join(h.View(theme.New(termenv.ANSI256, false), 60, 8), ""); !strings.Contains(colour, "48;5;") {
		t.Errorf("no grounds in %q", colour)
	}
	if h.View(bare, 20, 8) != nil || h.View(bare, 60, 3) != nil {
		t.Error("a map without room")
	}
}

func TestWaterfall(t *testing.T) {
	bars := []Bar{{"before", 0, 9, "9.00 ms", true}, {"gate_up", 9, 7.5, "-1.50", false}, {"all_reduce", 7.5, 8, "+0.50", false},
		{"norm", 8, 7.999, "-0.00", false}, {"after", 0, 7.999, "8.00 ms", true}}
	near := []Bar{{"before", 0, 100, "100", true}, {"down", 100, 99, "-1", false}, {"after", 0, 99, "99", true}}
	golden(t, "waterfall.golden", append(append(Waterfall(bare, bars, 70, 8), Waterfall(bare, bars, 60, 4)...),
		Waterfall(bare, near, 60, 8)...))
	for w := range 80 {
		for _, line := range Waterfall(bare, bars, w+20, 3) {
			if widget.Width(line) > w+20 {
				t.Fatalf("%d columns in %d: %q", widget.Width(line), w+20, line)
			}
		}
	}
}

func TestProtocolOf(t *testing.T) {
	for _, tt := range []struct {
		set  string
		env  map[string]string
		want Protocol
	}{
		{"auto", map[string]string{"TERM": "xterm-256color"}, ""}, {"auto", map[string]string{"TERM": "xterm-kitty"}, Kitty},
		{"auto", map[string]string{"TERM": "xterm-256color", "KITTY_WINDOW_ID": "1"}, Kitty}, {"auto", map[string]string{"TERM": "foot"}, Sixel},
		{"auto", map[string]string{"TERM": "screen-256color", "KITTY_WINDOW_ID": "1"}, ""},
		{"auto", map[string]string{"TERM": "xterm-kitty", "TMUX": "/tmp/x"}, ""}, {"sixel", map[string]string{"TMUX": "/tmp/x"}, Sixel},
		{"none", map[string]string{"TERM": "xterm-kitty"}, ""}, {"", map[string]string{"TERM_PROGRAM": "WezTerm"}, Kitty},
	} {
		if got := ProtocolOf(tt.set, func(key string) string { return tt.env[key] }); got != tt.want {
			t.Errorf("%q in %v: %q, want %q", tt.set, tt.env, got, tt.want)
		}
	}
}

// TestImages: what is sent in pieces is the very picture, and nothing asks for an answer.
func TestImages(t *testing.T) {
	img := image.NewRGBA(image.Rect(0, 0, 90, 90))
	for i, v := 0, uint32(1); i < len(img.Pix); i++ {
		v = v*1664525 + 1013904223
		img.Pix[i] = byte(v >> 24)
	}
	var picture bytes.Buffer
	if err := png.Encode(&picture, img); err != nil {
		t.Fatal(err)
	}
	text, err := Kitty.Image(picture.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	data := ""
	pieces := strings.Split(strings.TrimSuffix(text, "\x1b\\"), "\x1b\\")
	for i, piece := range pieces {
		head, part, _ := strings.Cut(strings.TrimPrefix(piece, "\x1b_G"), ";")
		if last := i == len(pieces)-1; strings.Contains(head, "m=0") != last || len(part) > 4096 || strings.Contains(head, "q=2") != (i == 0) {
			t.Errorf("piece %d of %d: %s, %d bytes", i, len(pieces), head, len(part))
		}
		data += part
	}
	if got, _ := base64.StdEncoding.DecodeString(data); !bytes.Equal(got, picture.Bytes()) || len(pieces) < 2 {
		t.Errorf("%d bytes in %d pieces, not the %d of the picture", len(got), len(pieces), picture.Len())
	}
	if text, err = Sixel.Image(picture.Bytes()); err != nil || !strings.HasPrefix(text, "\x1bP0;1q\"1;1;90;90") ||
		!strings.HasSuffix(text, "\x1b\\") {
		t.Errorf("%.40q, %v", text, err)
	}
	if _, err = Sixel.Image([]byte("no picture")); err == nil {
		t.Error("no error for what is no picture")
	}
}
