package lab

import (
	"slices"

	"shardeck/model/metric"
	"shardeck/model/scaling"
)

// pointsOf are the runs of a line that have the metric, compared with the first; one alone
// is compared with nothing.
func pointsOf(figures []figure, x Axis, y string) []Point {
	var out []Point
	var base *figure
	for i, f := range figures {
		m := f.analysis.Metric(y)
		if m.Value == nil {
			continue
		}
		if base == nil {
			base = &figures[i]
		}
		p := Point{Run: f.run.Name, Layout: f.e.Layout.Short(), X: float64(axes[x].at(f.e)), Y: *m.Value,
			Spread: spreadOf(f.analysis, y), N: m.N, Serial: -1}
		if axes[x].gpus {
			p.compare(f, *base)
		}
		out = append(out, p)
	}
	if len(out) == 1 {
		out[0].Speedup, out[0].Efficiency = 0, 0
	}
	return out
}

// compare adds speed-up, efficiency and the serial part, which come from throughput
// whatever the chart shows.
func (p *Point) compare(f, base figure) {
	now, was := f.analysis.Metric(throughputMetric).Value, base.analysis.Metric(throughputMetric).Value
	if now == nil || was == nil {
		return
	}
	s, ok := scaling.ScaleOf(*now, f.e.Layout.GPUs(), *was, base.e.Layout.GPUs())
	if !ok {
		return
	}
	p.Speedup, p.Efficiency = s.Speedup, s.Efficiency
	if s.HasSerial {
		p.Serial = s.Serial
	}
}

// perIteration are the metrics that follow from the time of an iteration, and so
// have its spread.
var perIteration = []string{"iteration_wall_clock", throughputMetric, "output_tokens_sec", "tokens_sec_per_gpu", "mfu"}

// ownSpread are the metrics that are sampled themselves.
var ownSpread = []string{"ttft", "tpot"}

// spreadOf is half the range over iterations, for latencies over requests, in % of the
// median; 0: not known.
func spreadOf(a *metric.Analysis, name string) float64 {
	from := name
	switch {
	case slices.Contains(perIteration, name):
		from = "iteration_wall_clock"
	case !slices.Contains(ownSpread, name):
		return 0
	}
	m := a.Metric(from)
	least, most, middle := m.By.Stats[metric.Min], m.By.Stats[metric.Max], m.By.Stats[metric.P50]
	if m.N < 2 || middle <= 0 || most <= 0 {
		return 0
	}
	return 100 * (most - least) / 2 / middle
}
