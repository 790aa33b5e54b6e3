package scaling

import (
	"slices"

	"shardeck/model/metric"
)

// Point is one run in a chart.
type Point struct {
	Run        string  `json:"run"`
	Layout     string  `json:"layout"` // TP2
	X          float64 `json:"x"`
	Y          float64 `json:"y"`
	Spread     float64 `json:"spread"` // % of Y, half range over iterations; 0: not known
	N          int     `json:"n"`
	Speedup    float64 `json:"speedup"`    // against the smallest X of the series; 0: none
	Efficiency float64 `json:"efficiency"` // %, 0: none
	Serial     float64 `json:"serial"`     // Karp–Flatt fraction; negative: none

	Unsure string `json:"unsure,omitempty"` // why Y cannot be told from that of the smallest X; empty: it can, or nothing was sampled
}

// ThroughputMetric is what speed-up and efficiency are made of, whatever is drawn.
const ThroughputMetric = "throughput_tokens_sec"

// pointsOf are the runs of a line that have the metric, compared with the first; one alone
// is compared with nothing.
func pointsOf(runs []Measured, x Axis, y string) []Point {
	var out []Point
	var base *Measured
	for i, m := range runs {
		v := m.Analysis.Metric(y)
		if v.Value == nil {
			continue
		}
		if base == nil {
			base = &runs[i]
		}
		p := Point{Run: m.Run.Name, Layout: m.layout().Short(), X: float64(m.at(x)), Y: *v.Value,
			Spread: spreadOf(m.Analysis, y), N: v.N, Serial: -1}
		if axes[x].gpus {
			p.compare(m, *base)
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
func (p *Point) compare(m, base Measured) {
	now, was := m.Analysis.Metric(ThroughputMetric).Value, base.Analysis.Metric(ThroughputMetric).Value
	if now == nil || was == nil {
		return
	}
	s, ok := ScaleOf(*now, m.layout().GPUs(), *was, base.layout().GPUs())
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
var perIteration = []string{"iteration_wall_clock", ThroughputMetric, "output_tokens_sec", "tokens_sec_per_gpu", "mfu"}

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
	return metric.SpreadOf(least, most, middle)
}
