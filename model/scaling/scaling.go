// Package scaling says how runs compare: which may stand in one series and what more GPUs bring (scaling.go), what differs
// between the traces of two runs, and where the time went that a layout did not win (tracediff.go).
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
		GPU: gpu, Engine: e.Engine, Replay: e.Engine == model.EngineReplay,
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
		{"batch size", k.BatchSize, o.BatchSize}, {"prompt length", k.SeqLen, o.SeqLen}, {"output length", k.MaxTokens, o.MaxTokens},
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
	parts := []string{model.ShortModel(k.Model), fmt.Sprintf("batch %d", k.BatchSize),
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

// Scale is how a run did against a smaller one of the same series.
type Scale struct {
	Speedup    float64 // throughput(n) / throughput(base)
	Efficiency float64 // %: speed-up × n_base / n
	Serial     float64 // Karp–Flatt serial fraction; -1 where the GPUs are those of the base, or fewer
}

// ScaleOf compares the throughput of n GPUs with that of base GPUs: e = (1/S − 1/p) / (1 − 1/p), p = n / n_base; not ok where a
// number is missing or not positive.
func ScaleOf(throughput float64, n int, baseThroughput float64, base int) (s Scale, ok bool) {
	if !(throughput > 0) || !(baseThroughput > 0) || n <= 0 || base <= 0 {
		return Scale{}, false
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
}

// ThroughputMetric is what speed-up and efficiency are made of, whatever is drawn.
const ThroughputMetric = "throughput_tokens_sec"

// pointsOf are the runs of a line that have the metric, compared with the first; one alone is compared with nothing.
func pointsOf(runs []Measured, x Axis, y string) []Point {
	var out []Point
	runs = slices.DeleteFunc(slices.Clone(runs), func(m Measured) bool { return m.Analysis.Metric(y).Value == nil })
	for _, m := range runs {
		v := m.Analysis.Metric(y)
		p := Point{Run: m.Run.Name, Layout: m.layout().Short(), X: float64(m.at(x)), Y: *v.Value,
			N: v.N, Serial: -1, Changed: m.Run.Doubts()}
		if v.Spread != nil {
			p.Spread = *v.Spread
		}
		if axes[x].gpus && len(runs) > 1 {
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
	if s, ok := ScaleOf(*now, m.layout().GPUs(), *was, base.layout().GPUs()); ok {
		p.Speedup, p.Efficiency, p.Serial = s.Speedup, s.Efficiency, s.Serial
	}
}

// Comparison sets runs side by side; the first is the base.
type Comparison struct {
	Runs     []string     `json:"runs"`
	Rows     []CompareRow `json:"metrics"`
	Warnings []string     `json:"warnings"` // what makes them not comparable, and what was amiss in each
	Notes    []string     `json:"notes"`    // what differences were tested over, and where that could not tell
}

// CompareRow is one metric of all runs.
type CompareRow struct {
	Name     string        `json:"name"`
	Unit     string        `json:"unit"`
	Decimals int           `json:"-"`
	Cells    []CompareCell `json:"values"` // one a run
}

// CompareCell is one metric of one run, the number that stands for it everywhere.
type CompareCell struct {
	Value  *float64 `json:"value"` // nil: none
	Reason string   `json:"reason,omitempty"`
	N      int      `json:"n"`                 // samples tested; 0: not sampled
	Spread float64  `json:"spread_pct"`        // of the samples, (max − min) / median
	Change *float64 `json:"change_pct"`        // against the base, %; nil: the base, or no value
	Same   bool     `json:"indistinguishable"` // a rank test cannot tell it from the base: shown as ~
	TooFew bool     `json:"n_too_small"`       // the samples are too few for the test ever to tell
	Words  string   `json:"words,omitempty"`   // why not
}

// TraceComparison is two runs' traces side by side, and what was amiss in each.
type TraceComparison struct {
	TraceDiff
	Warnings []string `json:"warnings"`
	Damaged  bool     `json:"damaged"`
}

// Side is one run of a comparison: its analysis, and its samples by metric.
type Side struct {
	Measured
	Samples map[string][]float64
}

// Compare sets runs side by side; the first is the base.
func Compare(sides []Side) Comparison {
	c := Comparison{Warnings: []string{}}
	for _, s := range sides {
		c.Runs = append(c.Runs, s.Run.Name)
		c.Warnings = append(append(c.Warnings, Unlike(sides[0], s)...), Marked(s)...)
	}
	for _, d := range metric.Definitions {
		row := compareRow(d, sides)
		if slices.ContainsFunc(row.Cells, func(c CompareCell) bool { return c.Value != nil }) {
			c.Rows = append(c.Rows, row)
		}
	}
	c.Notes = c.tested()
	return c
}

// tested says what the differences were tested over, no more than one run a side, and each number of samples that is too few.
func (c Comparison) tested() []string {
	out := []string{}
	for _, r := range c.Rows {
		for _, cell := range r.Cells[1:] {
			text := "?: " + cell.Words
			if cell.N > 0 && cell.Change != nil && len(out) == 0 {
				out = append(out, "differences are tested over the iterations within one run a side; ~: chance alone can make them")
			}
			if cell.TooFew && !slices.Contains(out, text) {
				out = append(out, text)
			}
		}
	}
	return out
}

// Differences are the cells of runs beside a base, by metric, for what both sampled.
func Differences(base, other Side) map[string]CompareCell {
	out := map[string]CompareCell{}
	for _, d := range metric.Definitions {
		if len(base.Samples[d.Name]) > 0 && len(other.Samples[d.Name]) > 0 {
			out[d.Name] = compareRow(d, []Side{base, other}).Cells[1]
		}
	}
	return out
}

// Marked says of a run why its numbers may not be those of its row, and that it is a replay.
func Marked(s Side) (said []string) {
	if doubts := s.Run.Doubts(); doubts != "" {
		said = append(said, s.Run.Name+": "+doubts)
	}
	if s.Analysis.Replay {
		said = append(said, s.Run.Name+" is a replay of a recording, not a measurement of this machine")
	}
	return said
}

// Unlike says why a run may not be compared with the base, and what was lost of it.
func Unlike(base, s Side) []string {
	var out []string
	if why := s.Measured.Unlike(base.Measured); why != "" && s.Run.Name != base.Run.Name {
		out = append(out, fmt.Sprintf("%s is not comparable with %s: %s", s.Run.Name, base.Run.Name, why))
	}
	if s.Analysis.Damaged {
		out = append(out, s.Run.Name+" has damaged files: see shardeck metrics "+s.Run.Name)
	}
	return out
}

func compareRow(d metric.Definition, sides []Side) CompareRow {
	r := CompareRow{Name: d.Name, Unit: d.Unit, Decimals: d.Decimals}
	for i, s := range sides {
		c := s.cell(d.Name)
		if i > 0 && d.Name != "straggler" { // ranks are names, not amounts
			c.against(r.Cells[0], sides[0].Samples[d.Name], s.Samples[d.Name])
		}
		r.Cells = append(r.Cells, c)
	}
	return r
}

func (s Side) cell(name string) CompareCell {
	m := s.Analysis.Metric(name)
	c := CompareCell{Value: m.Value, Reason: m.Reason, N: len(s.Samples[name])}
	if m.Spread != nil {
		c.Spread = *m.Spread
	}
	return c
}

func (c *CompareCell) against(base CompareCell, was, now []float64) {
	if c.Value == nil || base.Value == nil {
		return
	}
	change, ok := metric.Change(*base.Value, *c.Value)
	if !ok {
		return
	}
	c.Change = &change
	if len(was) > 0 && len(now) > 0 {
		d := test(was, now)
		c.Same, c.TooFew, c.Words = !d.Sure && !d.TooFew, d.TooFew, d.Words
	}
}

func test(was, now []float64) metric.Difference {
	d := metric.Compare(was, now)
	if d.Words != "" {
		d.Words += " within one run"
	}
	return d
}

// Sampler gives the samples of a run by metric, which are its iterations; nil of a run that has none.
type Sampler func(run string) map[string][]float64

// Contest is runs that may be compared in a metric, the best value first.
type Contest struct {
	Metric string
	Runs   []string
}

// Tie is what a rank test leaves of a contest: the runs, the best first, that it cannot tell from the best one.
type Tie struct {
	Runs  []string // more than one, or none: the best stands apart, is no matter of chance, or cannot be known
	Words string   // why the second cannot be told from the best; without Runs: the samples are too few to tell any
}

// Judge tests the runs from the best down to the first that is told apart. A metric without samples has no ties.
func (c Contest) Judge(of Sampler) Tie {
	var t Tie
	for _, run := range c.Runs[min(1, len(c.Runs)):] {
		best, now := of(c.Runs[0])[c.Metric], of(run)[c.Metric]
		d := test(best, now)
		if len(best) == 0 || len(now) == 0 || d.Sure {
			break
		}
		t.Words = cmp.Or(t.Words, d.Words)
		if d.TooFew {
			break
		}
		t.Runs = append(t.Runs, run)
	}
	if len(t.Runs) > 0 {
		t.Runs = slices.Insert(t.Runs, 0, c.Runs[0])
	}
	return t
}

// MarkUnsure says of each point, where the metric y is sampled, why a rank test cannot tell it from its series' first.
func MarkUnsure(all []Series, y string, of Sampler) {
	for _, s := range all {
		for i := 1; i < len(s.Points); i++ {
			was, now := of(s.Points[0].Run)[y], of(s.Points[i].Run)[y]
			if len(was) > 0 && len(now) > 0 {
				d := test(was, now)
				s.Points[i].Unsure, s.Points[i].TooFew = d.Words, d.TooFew
			}
		}
	}
}
