package scaling

import (
	"strings"
	"testing"

	"shardeck/model"
)

func TestIdealIsNamedWhereItIsDrawn(t *testing.T) {
	c := Chart{Series: []ChartSeries{{Points: []ChartPoint{{Value: 1, Ideal: 1}, {Value: 2, Ideal: 0}}}}}
	if !c.HasIdeal() {
		t.Error("a chart over GPUs has an ideal")
	}
	c.Series[0].Points = c.Series[0].Points[1:] // its ideal is not known
	if c.HasIdeal() {
		t.Error("no point has an ideal")
	}
}

func TestQuantitiesOfPoints(t *testing.T) {
	s := Series{Name: "a", Points: []Point{{Run: "one", Y: 100, Spread: 3, Speedup: 1, Efficiency: 100},
		{Run: "two", Y: 150, Spread: 2, Speedup: 1.5, Efficiency: 75}, {Run: "other", Y: 7}}}
	for title, want := range map[string][2]ChartPoint{
		"throughput":     {{Value: 150, Spread: 2, Ideal: 200}, {Value: 7}},
		"iteration time": {{Value: 150, Spread: 2, Ideal: 112.5}, {Value: 7}},
		"TTFT":           {{Value: 150, Spread: 2}, {Value: 7}},
		"speed-up":       {{Value: 1.5, Ideal: 2}},
		"efficiency":     {{Value: 75, Ideal: 100}},
	} {
		q := QuantityOf(title)
		got := append(q.Draw(s).Points, ChartPoint{})
		for i, w := range want {
			if g := got[i+1]; g.Value != w.Value || g.Spread != w.Spread || g.Ideal != w.Ideal || q.HasIdeal() != (want[0].Ideal > 0) {
				t.Errorf("%s: %+v, want %+v", title, g, w)
			}
		}
	}
}

func TestNamesAreFactored(t *testing.T) {
	names := []string{"Llama · batch 4 · TP", "Llama · batch 4 · PP"}
	if c := CommonName(names); c != "Llama · batch 4" || OwnName(names[1], c) != "PP" || OwnName(c, c) != "" || CommonName(nil) != "" {
		t.Errorf("%q", c)
	}
}

// TestTelling: the axis is that on which most points of one work stand side by side; of equals that of GPUs.
func TestTelling(t *testing.T) {
	twoOf := func(n int) func(*model.Experiment) {
		return func(e *model.Experiment) { e.Layout.TP, e.Data.BatchSize = 2, n }
	}
	one, two := ran("one", 100, tp(1)), ran("two", 180, tp(2))
	grid := []Measured{one, two, ran("one-16", 300, batch(16)), ran("two-16", 500, twoOf(16)), ran("one-64", 600, batch(64)),
		ran("two-64", 900, twoOf(64))}
	for want, all := range map[Axis][]Measured{AxisGPUs: {one, two}, AxisBatch: grid} {
		if got := Telling(all, ThroughputMetric); got != want {
			t.Errorf("%d runs: %s, want %s", len(all), got, want)
		}
	}
	if got := Telling(nil, ThroughputMetric); got != AxisGPUs {
		t.Errorf("of nothing: %q", got)
	}
}

// TestKeysAreAxes: a number in the configs that varies may be an axis; runs that differ in another key too are on other lines.
func TestKeysAreAxes(t *testing.T) {
	with := func(name string, v float64, seqs, mode string) Measured {
		m := ran(name, v, tp(1))
		m.Values = []model.Edit{{Path: "vllm.max_num_seqs", Value: seqs}, {Path: "comm.all_reduce", Value: mode},
			{Path: "parallelism.tp", Value: "1"}}
		return m
	}
	all := []Measured{with("a", 100, "16", "auto"), with("b", 150, "64", "auto"), with("c", 160, "64", "nccl"),
		with("d", 90, "none", "auto"), ran("e", 1, tp(1))}
	if got := Keys(all); len(got) != 1 || got[0] != "vllm.max_num_seqs" {
		t.Errorf("keys %v", got)
	}
	series := SeriesOf(all, "vllm.max_num_seqs", ThroughputMetric)
	if len(series) != 2 || len(series[0].Points) != 2 || series[0].Points[1].X != 64 || !strings.HasSuffix(series[1].Name, "all_reduce nccl") {
		t.Errorf("series %+v", series)
	}
}

// TestForecastsStandAmongRuns where nothing was measured, and are no base.
func TestForecastsStandAmongRuns(t *testing.T) {
	told := func(name string, tp func(*model.Experiment)) Measured {
		m := ran(name, 300, tp)
		m.Foretold = map[string][2]float64{ThroughputMetric: {250, 350}}
		return m
	}
	points := SeriesOf([]Measured{ran("one", 100, tp(1)), told("again", tp(1)), told("four", tp(4)), told("four-too", tp(4))},
		AxisGPUs, ThroughputMetric)[0].Points
	if len(points) != 2 || points[0].Foretold || !points[1].Foretold || points[1].High != 350 || points[1].Speedup != 3 {
		t.Errorf("points %+v", points)
	}
	points = SeriesOf([]Measured{told("one", tp(1)), ran("two", 180, tp(2))}, AxisGPUs, ThroughputMetric)[0].Points
	if len(points) != 2 || points[1].Speedup != 0 {
		t.Errorf("a forecast is the base of %+v", points)
	}
}
