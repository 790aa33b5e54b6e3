package theme

import (
	"math"
	"strconv"
	"testing"

	"github.com/muesli/termenv"
)

// luminance is that of WCAG 2.2, "relative luminance": 0 is black, 1 white.
func luminance(t *testing.T, ink256 string) float64 {
	t.Helper()
	n, err := strconv.Atoi(ink256)
	if err != nil {
		t.Fatal(err)
	}
	c := termenv.ConvertToRGB(termenv.ANSI256Color(n))
	linear := func(v float64) float64 {
		if v <= 0.04045 {
			return v / 12.92
		}
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c.R) + 0.7152*linear(c.G) + 0.0722*linear(c.B)
}

// TestInksAreReadOnLightAndDark: at least 3 to 1 on black and on white, what WCAG 2.2 asks
// of bold text and signs. The ground is never asked for, so each ink must do on both.
func TestInksAreReadOnLightAndDark(t *testing.T) {
	inks := map[string]bool{}
	for _, p := range palette {
		inks[p.ink256] = true
	}
	for _, s := range series {
		inks[s.ink256] = true
	}
	delete(inks, "") // the text's own colour
	for ink := range inks {
		l := luminance(t, ink)
		onBlack, onWhite := (l+0.05)/0.05, 1.05/(l+0.05)
		if onBlack < 3 || onWhite < 3 {
			t.Errorf("ink %s: %.1f on black, %.1f on white", ink, onBlack, onWhite)
		}
	}
}
