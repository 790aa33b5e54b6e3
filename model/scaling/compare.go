package scaling

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"shardeck/model/metric"
)

// Comparison sets runs side by side; the first is the base.
type Comparison struct {
	Runs     []string     `json:"runs"`
	Rows     []CompareRow `json:"metrics"`
	Warnings []string     `json:"warnings"` // what makes them not comparable, and what was amiss in each
}

// CompareRow is one metric of all runs.
type CompareRow struct {
	Name     string        `json:"name"`
	Unit     string        `json:"unit"`
	Decimals int           `json:"-"`
	Cells    []CompareCell `json:"values"` // one a run
}

// CompareCell is one metric of one run: over iterations or requests the median, else the value itself.
type CompareCell struct {
	Value  *float64 `json:"value"` // nil: none
	Reason string   `json:"reason,omitempty"`
	N      int      `json:"n"`                 // samples; 0: not sampled
	Spread float64  `json:"spread_pct"`        // half range over samples, % of the median
	Change *float64 `json:"change_pct"`        // against the base, %; nil: the base, or no value
	Same   bool     `json:"indistinguishable"` // a rank test cannot tell it from the base: shown as ~
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
		c.Warnings = append(append(c.Warnings, Unlike(sides[0], s)...), Replayed(s)...)
	}
	for _, d := range metric.Definitions {
		row := compareRow(d, sides)
		if slices.ContainsFunc(row.Cells, func(c CompareCell) bool { return c.Value != nil }) {
			c.Rows = append(c.Rows, row)
		}
	}
	c.Warnings = append(c.Warnings, c.tooFew()...)
	return c
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

// tooFew says once why differences are marked "~", for each reason there is.
func (c Comparison) tooFew() []string {
	var out []string
	for _, r := range c.Rows {
		for _, cell := range r.Cells {
			text := "~: " + cell.Words
			if cell.Same && strings.HasPrefix(cell.Words, "too few") && !slices.Contains(out, text) {
				out = append(out, text)
			}
		}
	}
	return out
}

// Replayed says of a run that it is a replay.
func Replayed(s Side) []string {
	if !s.Analysis.Replay {
		return nil
	}
	return []string{s.Run.Name + " is a replay of a recording, not a measurement of this machine"}
}

// Unlike says why a run may not be compared with the base, and what was lost of it.
func Unlike(base, s Side) []string {
	var out []string
	if base.Run.Experiment != nil && s.Run.Experiment != nil {
		if ok, why := base.traced().Equal(s.traced()); !ok {
			out = append(out, fmt.Sprintf("%s is not comparable with %s: %s", s.Run.Name, base.Run.Name, why))
		}
	}
	if s.Analysis.Damaged {
		out = append(out, s.Run.Name+" has damaged files: see shardeck metrics "+s.Run.Name)
	}
	return out
}

// traced is the key with the GPU as the traces name it.
func (s Side) traced() ScalingKey { return KeyOf(*s.Run.Experiment, s.Shape, s.Analysis.Device()) }

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
	if list := s.Samples[name]; len(list) > 0 {
		middle := metric.Median(list)
		c := CompareCell{Value: &middle, N: len(list)}
		if spread := metric.Spread(list); spread == spread { // NaN has no place in JSON
			c.Spread = spread
		}
		return c
	}
	m := s.Analysis.Metric(name)
	return CompareCell{Value: m.Value, Reason: m.Reason}
}

// against compares a cell with that of the base.
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
		d := metric.Compare(was, now)
		c.Same, c.Words = !d.Sure, d.Words
	}
}

// Sampler gives the samples of a run by metric: iterations and requests; nil of a run that has none.
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
		d := metric.Compare(best, now)
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
				s.Points[i].Unsure = metric.Compare(was, now).Words
			}
		}
	}
}
