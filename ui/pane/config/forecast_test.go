package config

import (
	"strings"
	"testing"

	"shardeck/ui/panetest"
)

// TestForecastFollowsEdits: once the laws are known, the panel says what the layout is to take, anew after every edit.
func TestForecastFollowsEdits(t *testing.T) {
	w := panetest.Analysed(t)
	if _, err := w.App.Fit(t.Context()); err != nil {
		t.Fatal(err)
	}
	line := func(d *panetest.Driver) string {
		for _, l := range strings.Split(d.Frame(), "\n") {
			if strings.Contains(l, "Forecast") {
				return l
			}
		}
		return ""
	}
	d := drive(t, w, "E1.1", 100, 24)
	one := line(d)
	if !strings.Contains(one, "ttft ≈") || !strings.Contains(one, "tpot ≈") {
		t.Fatalf("no forecast in\n%s", d.Frame())
	}
	if two := line(d.Press("right")); two == one || !strings.Contains(two, "ttft ≈") {
		t.Errorf("TP2 is forecast as %q, 1 GPU as %q", two, one)
	}
}
