package forecast

import (
	"math"
	"testing"
)

// Runs are forecast from one another: those of two GPUs from those of one alone, with one trace of these; none knows its own point.
func TestCrossValidate(t *testing.T) {
	runs := tp1Runs(t, "torch")
	runs[4].Steps = runs[2].Steps // a second trace
	for _, w := range [][2]int{{4, 2048}, {16, 512}} {
		runs = append(runs, measuredBy(t, config("torch", 2, w[0], w[1], 64), truth(t), "two"))
	}
	one := ofOneGPU(runs)
	if len(one) != 8 || len(one[2].Steps) == 0 || len(one[4].Steps) != 0 || len(runs[4].Steps) == 0 {
		t.Errorf("of one GPU: %d runs", len(one))
	}
	byMode := map[string]int{}
	for _, x := range CrossValidate(table(), nil, runs) {
		if byMode[x.Mode]++; x.Refused != "" || math.Abs(x.Error) > 6 || !x.Inside {
			t.Errorf("%s of %s: %+v", x.Mode, x.Run, x)
		}
	}
	if byMode[ByOne] != 2*3 || byMode[ByOthers] != 10*3 {
		t.Errorf("%v", byMode)
	}
}

func TestSummaries(t *testing.T) {
	trial := func(point string, off float64, inside, bound bool) Trial {
		return Trial{Mode: ByOne, Point: point, Error: off, Inside: inside,
			Metric: Metric{Name: "tpot", Value: 100, Low: 95, High: 105, LaunchBound: bound}}
	}
	all := []Trial{{Mode: ByOne, Refused: "why"}, trial("a", 1, true, false), trial("a", -3, true, false),
		trial("b", 40, false, true), trial("c", 2, true, false)}
	got := Summaries(all)[0]
	if got.N != 4 || got.Bound != 1 || got.Mean != 2 || got.Worst != 3 || got.Coverage != 75 || got.HalfWidth != 5 || got.P != 1 {
		t.Errorf("%+v", got)
	}
	for _, c := range []struct{ held, n, p float64 }{{48, 60, 1}, {60, 60, 2e-4}, {38, 60, 2.2e-3}, {14, 14, 0.12}} {
		if p := chance(c.held, c.n); math.Abs(p-c.p) > 0.1*c.p {
			t.Errorf("%v of %v: p = %v, want %v", c.held, c.n, p, c.p)
		}
	}
}
