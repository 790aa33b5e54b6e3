// Package scaling says which runs may stand together and what more GPUs bring: as series of a chart (series.go), and among
// experiments that differ in some fields (entry.go) as tables, frontiers, pairs and phases.
package scaling

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"shardeck/model"
	"shardeck/model/metric"
)

// ScalingKey says which runs may be compared: those with the same key. The layout is what differs between them.
type ScalingKey struct {
	Model                        string
	Layers                       int // 0: the model's own
	Precision                    string
	BatchSize, SeqLen, MaxTokens int
	Load                         string // requests that arrive, in place of a batch; empty: none
	GPU                          string // name as the run found it; empty: not known
	Engine                       model.Engine
	Replay                       bool // a recording played back is no measurement of this machine
}

// KeyOf is the key of a run of an experiment on a kind of GPU. Replays differ from what they re-emit, and from each other
// by the engine that was recorded. A depth that is the model's own, as its shape tells, is no depth of its own.
func KeyOf(e model.Experiment, shape *model.Shape, gpu string) ScalingKey {
	k := ScalingKey{
		Model: e.Model.Name, Layers: e.Model.Layers, Precision: e.Model.Precision,
		BatchSize: e.Data.BatchSize, SeqLen: e.Data.SeqLen, MaxTokens: e.Data.MaxTokens,
		Load: e.Load.String(), GPU: gpu, Engine: e.Engine, Replay: e.Engine == model.EngineReplay,
	}
	if e.Load.On() {
		k.BatchSize = 0
	}
	if k.Replay {
		k.Engine = cmp.Or(e.Replay.Engine, k.Engine)
	}
	if shape != nil && shape.Layers == k.Layers {
		k.Layers = 0
	}
	return k
}

// Equal reports whether two runs may be compared, and if not names what differs first.
func (k ScalingKey) Equal(o ScalingKey) (bool, string) {
	for _, part := range []struct {
		name string
		a, b any
	}{
		{"model", k.Model, o.Model}, {"layers", k.Layers, o.Layers}, {"precision", k.Precision, o.Precision},
		{"load", k.Load, o.Load}, {"batch size", k.BatchSize, o.BatchSize}, {"prompt length", k.SeqLen, o.SeqLen}, {"output length", k.MaxTokens, o.MaxTokens},
		{"GPU", k.GPU, o.GPU}, {"engine", k.Engine, o.Engine}, {"replay", k.Replay, o.Replay},
	} {
		if part.a != part.b {
			return false, fmt.Sprintf("%s differs: %v and %v", part.name, part.a, part.b)
		}
	}
	return true, ""
}

// String names a series: "Llama-3.1-8B · batch 4 · 2048+512 · vllm · A100-40GB".
func (k ScalingKey) String() string {
	parts := []string{model.ShortModel(k.Model), cmp.Or(k.Load, fmt.Sprintf("batch %d", k.BatchSize)),
		fmt.Sprintf("%d+%d", k.SeqLen, k.MaxTokens), string(k.Engine)}
	if k.Layers > 0 {
		parts[0] += fmt.Sprintf(" (%d layers)", k.Layers)
	}
	if k.Precision != "" && k.Precision != "bfloat16" {
		parts = append(parts, k.Precision)
	}
	if k.GPU != "" {
		parts = append(parts, k.GPU)
	}
	return strings.Join(parts, NameSign)
}

// scale is how a run did against a smaller one of the same series.
type scale struct {
	Speedup    float64 // throughput(n) / throughput(base)
	Efficiency float64 // %: speed-up × n_base / n
	Serial     float64 // Karp–Flatt serial fraction; -1 where the GPUs are those of the base, or fewer
}

// scaleOf compares the throughput of n GPUs with that of base GPUs: e = (1/S − 1/p) / (1 − 1/p), p = n / n_base; not ok where a
// number is missing or not positive.
func scaleOf(throughput float64, n int, baseThroughput float64, base int) (s scale, ok bool) {
	if !(throughput > 0) || !(baseThroughput > 0) || n <= 0 || base <= 0 {
		return scale{}, false
	}
	p := float64(n) / float64(base)
	s.Speedup, s.Serial = throughput/baseThroughput, -1
	s.Efficiency = 100 * s.Speedup / p
	if p > 1 {
		s.Serial = (1/s.Speedup - 1/p) / (1 - 1/p)
	}
	return s, true
}

// Point is one run in a chart.
type Point struct {
	Run        string  `json:"run"`
	Layout     string  `json:"layout"` // TP2
	X          float64 `json:"x"`
	Y          float64 `json:"y"`
	Spread     float64 `json:"spread"` // (max − min) / Y over iterations, %; 0: not known
	N          int     `json:"n"`
	Speedup    float64 `json:"speedup"`    // against the smallest X of the series; 0: none
	Efficiency float64 `json:"efficiency"` // %, 0: none
	Serial     float64 `json:"serial"`     // Karp–Flatt fraction; negative: none

	Changed string `json:"config_changed,omitempty"` // why Y may not be that of the config that writes there, as a sentence
	Unsure  string `json:"unsure,omitempty"`         // why Y cannot be told from that of the smallest X; empty: it can, or nothing was sampled
	TooFew  bool   `json:"n_too_small,omitempty"`    // so few samples that it never could

	Foretold bool    `json:"foretold,omitempty"` // it was not measured: Y has the interval from Low to High
	Low      float64 `json:"low,omitempty"`
	High     float64 `json:"high,omitempty"`
}

// ThroughputMetric is what speed-up and efficiency are made of, whatever is drawn.
const ThroughputMetric = "throughput_tokens_sec"

// pointsOf are the runs of a line that have the metric, compared with the first; one alone is compared with nothing.
func pointsOf(runs []Measured, x Axis, y string) []Point {
	var out []Point
	runs = slices.DeleteFunc(slices.Clone(runs), func(m Measured) bool { return m.Analysis.Metric(y).Value == nil })
	for _, m := range runs {
		v := m.Analysis.Metric(y)
		p := Point{Run: m.Run.Name, Layout: m.layout().Short(), X: m.at(x), Y: *v.Value,
			Spread: metric.OrZero(v.Spread), N: v.N, Serial: -1, Changed: m.Run.Doubts()}
		if m.Foretold != nil {
			p.Changed = m.Run.Changed.Sentence(false)
			p.Foretold, p.Low, p.High = true, m.Foretold[y][0], m.Foretold[y][1]
		}
		if axes[x].gpus && len(runs) > 1 && runs[0].Foretold == nil {
			p.compare(m, runs[0])
		}
		out = append(out, p)
	}
	return out
}

// compare adds speed-up, efficiency and the serial part, which come from throughput whatever the chart shows.
func (p *Point) compare(m, base Measured) {
	now, was := m.Analysis.Metric(ThroughputMetric).Value, base.Analysis.Metric(ThroughputMetric).Value
	if now == nil || was == nil {
		return
	}
	if s, ok := scaleOf(*now, m.layout().GPUs(), *was, base.layout().GPUs()); ok {
		p.Speedup, p.Efficiency, p.Serial = s.Speedup, s.Efficiency, s.Serial
	}
}
