package report

import (
	"bytes"
	"image/color"
	"image/png"
	"strings"
	"testing"

	"shardeck/model/figure"
	"shardeck/model/scaling"
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
