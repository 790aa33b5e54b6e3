package report

import (
	"slices"
	"testing"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"shardeck/model/scaling"
)

func labelStyle() text.Style { return textStyle(9, ink, draw.XLeft, draw.YBottom) }

// TestPlace: a name stands right of its mark, elsewhere where that is taken, and nowhere where all places are.
func TestPlace(t *testing.T) {
	at, page := vg.Point{X: 100, Y: 100}, around(vg.Point{X: 100, Y: 100}, 90)
	first, ok := place(labelStyle(), "TP2", at, page, nil, nil)
	if !ok || first.Min.X <= at.X {
		t.Errorf("%v, %v: want it right of the mark", first, ok)
	}
	second, ok := place(labelStyle(), "TP2", at, page, nil, []vg.Rectangle{around(vg.Point{X: 150, Y: 100}, 45)})
	if !ok || second.Max.X >= at.X {
		t.Errorf("%v, %v: want it left of the mark, where the right is taken", second, ok)
	}
	if third, ok := place(labelStyle(), "TP2", at, page, nil, []vg.Rectangle{page}); ok {
		t.Errorf("%v: want no place on a page that is taken", third)
	}
	lined, _ := place(labelStyle(), "TP2", at, page, []vg.Rectangle{first}, nil)
	if lined == first {
		t.Error("a name stands over a line although another place is free")
	}
}

// TestNamesInTheirRoom: a name that is too wide loses its middle, and a title is folded where its parts end.
func TestNamesInTheirRoom(t *testing.T) {
	const long = "scan-of-llama-tp2-pp2-b64-s512"
	style := labelStyle()
	if got := fitted(style, long, vg.Points(80)); style.Width(got) > vg.Points(80) || got[:2] != "sc" || got[len(got)-3:] != "512" {
		t.Errorf("%q is %v wide", got, style.Width(got))
	}
	if got := fitted(style, "tp2", vg.Points(80)); got != "tp2" {
		t.Errorf("%q: want a short name whole", got)
	}
	parts := "model a" + scaling.NameSign + "output 64" + scaling.NameSign + "engine vllm"
	if got, want := folded(style, parts, vg.Points(85)), "model a"+scaling.NameSign+"output 64\nengine vllm"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestHidden counts the boxes that another lies over.
func TestHidden(t *testing.T) {
	boxes := []vg.Rectangle{around(vg.Point{}, 1), around(vg.Point{X: 1.5}, 1), around(vg.Point{X: 9}, 1)}
	got := []int{hidden(around(vg.Point{}, 1), boxes), hidden(around(vg.Point{X: 5}, 1), boxes)}
	if !slices.Equal(got, []int{2, 0}) {
		t.Errorf("%v", got)
	}
}
