package theme

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/lucasb-eyer/go-colorful"
	"github.com/muesli/termenv"
)

func rgb(ink int) colorful.Color { return termenv.ConvertToRGB(termenv.ANSI256Color(ink)) }

// luminance is that of WCAG 2.2, "relative luminance": 0 is black, 1 white.
func luminance(ink int) float64 {
	r, g, b := rgb(ink).LinearRgb()
	return 0.2126*r + 0.7152*g + 0.0722*b
}

// contrast is that of WCAG 2.2, from 1 to 21.
func contrast(a, b int) float64 {
	l, m := luminance(a), luminance(b)
	return (max(l, m) + 0.05) / (min(l, m) + 0.05)
}

const black, white = 16, 231

// grounds are those that a theme is read on, and the contrast they ask for: of text 4.5 to 1 (WCAG 2.2, 1.4.3); on both no ink has that,
// so 3 to 1, what is asked of bold text and signs.
var grounds = map[string]struct {
	on    []int
	least float64
}{"both": {[]int{black, white}, 3}, "dark": {[]int{black}, 4.5}, "light": {[]int{white}, 4.5}}

func (c Colours) all() []int {
	all := slices.Clone(c.Series)
	for _, ink := range c.Tones {
		all = append(all, ink)
	}
	return all
}

func TestInksStandOutFromTheirGround(t *testing.T) {
	for _, c := range All() {
		g, ok := grounds[c.Ground]
		if !ok {
			t.Errorf("%s: no ground %q", c.Name, c.Ground)
		}
		for _, on := range g.on {
			for _, ink := range c.all() {
				if got := contrast(ink, on); got < max(g.least, c.Contrast) {
					t.Errorf("%s: ink %d has %.1f to 1 on %d", c.Name, ink, got, on)
				}
			}
		}
		for i, p := range c.Heat {
			if got := contrast(p[0], p[1]); got < 4.5 {
				t.Errorf("%s: heat %v has %.1f to 1", c.Name, p, got)
			}
			rises := luminance(c.Heat[len(c.Heat)-1][0]) > luminance(c.Heat[0][0])
			if i > 0 && (luminance(p[0]) > luminance(c.Heat[i-1][0])) != rises {
				t.Errorf("%s: heat %v is out of order without colour", c.Name, p)
			}
		}
	}
}

// eyes are how colours are seen, in linear RGB: by all cones, without those for green and without those for red, of Machado,
// Oliveira and Fernandes (2009), severity 1.
var eyes = map[string][3][3]float64{
	"normal":       {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
	"deuteranopia": {{0.367322, 0.860646, -0.227968}, {0.280085, 0.672501, 0.047413}, {-0.011820, 0.042940, 0.968881}},
	"protanopia":   {{0.152286, 1.052583, -0.204868}, {0.114503, 0.786281, 0.099216}, {-0.003882, -0.048116, 1.051998}},
}

func seen(ink int, by [3][3]float64) colorful.Color {
	r, g, b := rgb(ink).LinearRgb()
	var out [3]float64
	for i, row := range by {
		out[i] = math.Min(math.Max(row[0]*r+row[1]*g+row[2]*b, 0), 1)
	}
	return colorful.LinearRgb(out[0], out[1], out[2])
}

// apart is the least distance of inks in Lab, of 100 from black to white.
func apart(all []int, by [3][3]float64) (least float64, pair string) {
	least = math.Inf(1)
	for i, a := range all {
		for _, b := range all[:i] {
			if d := 100 * seen(a, by).DistanceLab(seen(b, by)); d < least {
				least, pair = d, fmt.Sprint(b, " and ", a)
			}
		}
	}
	return least, pair
}

// TestInksAreToldApart: what is good, moving, warned of and bad, and the lines of a chart. 20 is some ten times the least that an eye sees.
func TestInksAreToldApart(t *testing.T) {
	for _, c := range All() {
		for name, by := range eyes {
			if name != "normal" && c.Eyes != "all" {
				continue
			}
			tones := []int{c.Tones["good"], c.Tones["busy"], c.Tones["warn"], c.Tones["bad"]}
			for _, inks := range [][]int{tones, c.Series} {
				if d, pair := apart(inks, by); d < 20 {
					t.Errorf("%s, %s: %s are %.0f apart", c.Name, name, pair, d)
				}
			}
		}
	}
}

func TestTableOfThemes(t *testing.T) {
	safe := 0
	for _, c := range append(All(), Colours{Name: "sixteen", Title: "-", inks: table().Sixteen}) {
		for name := range c.Tones {
			if !slices.ContainsFunc(toneNames[:], func(n struct {
				name        string
				bold, faint bool
			}) bool {
				return n.name == name
			}) {
				t.Errorf("%s: there is no tone %q", c.Name, name)
			}
		}
		if c.Title == "" || len(c.Series) != 6 || c.Name != "sixteen" && len(c.Heat) != 6 {
			t.Errorf("%s: %d lines, %d grounds, title %q", c.Name, len(c.Series), len(c.Heat), c.Title)
		}
		if c.Eyes == "all" {
			safe++
		}
	}
	if safe < 2 {
		t.Errorf("%d themes for eyes without red or green", safe)
	}
}

func TestWear(t *testing.T) {
	for _, tt := range []struct {
		profile termenv.Profile
		name    string
		want    string
	}{
		{termenv.ANSI256, "dark", "\x1b[38;5;78mx\x1b[0m"}, {termenv.ANSI256, "", "\x1b[38;5;28mx\x1b[0m"}, {termenv.ANSI256, "mono", "\x1b[38;5;28mx\x1b[0m"},
		{termenv.ANSI, "dark", "\x1b[32mx\x1b[0m"}, {termenv.Ascii, "dark", "x"},
	} {
		th := New(tt.profile, false)
		th.Wear(tt.name)
		if got := th.Paint(Good, "x"); got != tt.want {
			t.Errorf("%v %q: %q, want %q", tt.profile, tt.name, got, tt.want)
		}
	}
}
