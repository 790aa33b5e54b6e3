package report

import (
	"bytes"
	"fmt"
	"image/color"
	"image/png"
	"math"
	"strings"
	"testing"

	"shardeck/model"
	"shardeck/model/figure"
	"shardeck/model/scaling"
	"shardeck/templates"
)

// TestPaper writes each format at its width, with its fonts; what was foretold is hollow.
func TestPaper(t *testing.T) {
	solid := line("a → b", 1, 100, 2, 170)
	solid.Points[1].Spread = 0
	hollow := line("a → b", 1, 100, 2, 170)
	hollow.Points[1].Point = scaling.Point{X: 2, Y: 170, Foretold: true, Low: 160, High: 175}
	write := func(s scaling.ChartSeries, inches float64, format string) []byte {
		var out bytes.Buffer
		if err := Paper(&out, figure.Figure{Panels: []figure.Panel{{Title: "T", Series: []scaling.ChartSeries{s}, Ideal: true},
			{Bars: []figure.Bar{{Name: "x"}}}}}, inches, format); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	if text := string(write(solid, 3.3, "svg")); !strings.Contains(text, `width="237.6pt"`) || !strings.Contains(text, "@font-face") {
		t.Errorf("%.200s", text)
	}
	if text := string(write(solid, 7, "pdf")); !strings.Contains(text, "FontFile2") || !strings.Contains(text, "504.00") {
		t.Errorf("%.200s", text)
	}
	inked := func(s scaling.ChartSeries) (n int) {
		img, err := png.Decode(bytes.NewReader(write(s, 3.3, "png")))
		if err != nil || img.Bounds().Dx() < 980 || img.Bounds().Dx() > 1000 {
			t.Fatal(img.Bounds(), err)
		}
		for y := range img.Bounds().Dy() {
			for x := range img.Bounds().Dx() {
				if color.RGBAModel.Convert(img.At(x, y)) == hues[0] {
					n++
				}
			}
		}
		return n
	}
	if a, b := inked(solid), inked(hollow); b >= a {
		t.Errorf("%d pixels hollow, %d solid", b, a)
	}
	if err := Paper(&bytes.Buffer{}, figure.Figure{}, 3.3, "jpg"); err == nil {
		t.Error("jpg")
	}
}

// TestLegendsOfLoosePoints have no line.
func TestLegendsOfLoosePoints(t *testing.T) {
	s := line("beaten", 1, 2)
	s.Loose = true
	if look := stylesFor([]figure.Panel{{Series: []scaling.ChartSeries{s}}})["beaten"]; look.line.Width != 0 {
		t.Error(look.line.Width)
	}
}

// TestGrey: neighbouring series, and neighbouring parts of bars, differ in lightness; a text on a part is read on it, in the page's themes too.
func TestGrey(t *testing.T) {
	light := func(c color.RGBA) float64 { // relative luminance of WCAG 2
		of := func(v uint8) float64 {
			if x := float64(v) / 255; x > 0.04045 {
				return math.Pow((x+0.055)/1.055, 2.4)
			}
			return float64(v) / 255 / 12.92
		}
		return 0.2126*of(c.R) + 0.7152*of(c.G) + 0.0722*of(c.B)
	}
	contrast := func(a, b color.RGBA) float64 {
		x, y := light(a)+0.05, light(b)+0.05
		return max(x/y, y/x)
	}
	for i, c := range hues {
		if x := contrast(c, hues[(i+1)%len(hues)]); x < 1.5 {
			t.Errorf("series %d and the next: %.2f", i, x)
		}
	}
	css, err := templates.FS.ReadFile("report/page.css")
	if err != nil {
		t.Fatal(err)
	}
	themes := strings.Split(string(css), ":root{")[1:]
	for name, c := range partHues {
		for k, theme := range themes {
			of := func(name string) (c color.RGBA) {
				at := strings.Index(theme, "--"+name+":#")
				code := theme[at+len(name)+4:]
				code = code[:strings.IndexAny(code, ";}")]
				if len(code) == 3 {
					code = string([]byte{code[0], code[0], code[1], code[1], code[2], code[2]})
				}
				fmt.Sscanf(code, "%2x%2x%2x", &c.R, &c.G, &c.B)
				return c
			}
			text := "paper"
			if onColour(c) == color.Color(ink) {
				text = "ink"
			}
			if x := contrast(of(text), of(model.Slug(name, "-"))); x < 4.5 {
				t.Errorf("%s of theme %d: text at %.2f", name, k, x)
			}
		}
	}
}
