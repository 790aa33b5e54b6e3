// Package compare sets runs side by side: by metric, with rank tests of what differs (compare.go), judged by rules (gate.go), and by
// where the time of their traces went, and was lost (tracediff.go). What may be compared is told by model/scaling.
package compare

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"shardeck/model"
	"shardeck/model/metric"
	"shardeck/model/scaling"
)

// Comparison sets runs side by side; the first is the base.
type Comparison struct {
	Runs     []string `json:"runs"`
	Rows     []Row    `json:"metrics"`
	Warnings []string `json:"warnings"` // what makes them not comparable, and what was amiss in each
	Notes    []string `json:"notes"`    // what differences were tested over, and where that could not tell

	Differs []ConfigDifference `json:"differs"`        // of each run but the base, whose config is known as the base's is
	Gate    []Judgement        `json:"gate,omitempty"` // of each run but the base, by each rule asked for
}

// ConfigDifference is what a run's config says otherwise than that of the base, of the keys that numbers depend on.
type ConfigDifference struct {
	Run     string        `json:"run"`
	Changes model.Changes `json:"changes"`
}

// Words say what differs: "b differs from a in TP 1 → 2".
func (d ConfigDifference) Words(base string) string {
	if len(d.Changes) == 0 {
		return d.Run + " has the config of " + base
	}
	return d.Run + " differs from " + base + " in " + d.Changes.String()
}

// Row is one metric of all runs.
type Row struct {
	Name  string `json:"name"`
	Unit  string `json:"unit"`
	Cells []Cell `json:"values"` // one a run
}

// Cell is one metric of one run, the number that stands for it everywhere.
type Cell struct {
	Value  *float64 `json:"value"` // nil: none
	Reason string   `json:"reason,omitempty"`
	Guess  bool     `json:"estimate,omitempty"` // not measured: inferred, bounded or forecast
	N      int      `json:"n"`                  // samples tested: runs where there are several, else iterations; 0: not sampled
	Runs   int      `json:"runs"`               // of the config, whose median Value is; 1: Value is the one run's
	Spread float64  `json:"spread_pct"`         // of the samples, (max − min) / median
	Change *float64 `json:"change_pct"`         // against the base, %; nil: the base, or no value
	Same   bool     `json:"indistinguishable"`  // a rank test cannot tell it from the base: shown as ~
	TooFew bool     `json:"n_too_small"`        // the samples are too few for the test ever to tell
	Words  string   `json:"words,omitempty"`    // why not
	Within bool     `json:"within_one_run"`     // tested over iterations of one run a side: another run may differ by more
	P      *float64 `json:"p_value,omitempty"`  // of the test, two-sided; nil: not tested
}

// TraceComparison is two runs' traces side by side, and what was amiss in each.
type TraceComparison struct {
	TraceDiff
	Warnings []string `json:"warnings"`
	Damaged  bool     `json:"damaged"`
}

// Side is one run of a comparison: its analysis, and by metric its samples, those of its repeats with them, and how far runs
// of one config lie apart here.
type Side struct {
	scaling.Measured
	Samples map[string]metric.Samples
	Noise   map[string]metric.Noise
}

// alone are the sides without the repeats of those that share any with another: each then stands for itself.
func alone(sides []Side) []Side {
	out := slices.Clone(sides)
	for i := range out {
		shares := func(o Side) bool {
			return o.Run.Name != out[i].Run.Name && slices.ContainsFunc(metric.Definitions, func(d metric.Definition) bool {
				return o.Samples[d.Name].Shares(sides[i].Samples[d.Name])
			})
		}
		if slices.ContainsFunc(sides, shares) {
			out[i].Samples = map[string]metric.Samples{}
			for name, s := range sides[i].Samples {
				if s[0].Run == out[i].Run.Name {
					out[i].Samples[name] = s[:1]
				}
			}
		}
	}
	return out
}

// repeats says of a side whose numbers are medians over several runs which these are, and of samples that stand apart.
func (s Side) repeats() (said []string) {
	var runs []string
	for _, d := range metric.Definitions {
		samples := s.Samples[d.Name]
		for _, r := range samples {
			if !slices.Contains(runs, r.Run) {
				runs = append(runs, r.Run)
			}
			if d.Name == "iteration_wall_clock" || d.Name == "ttft" || d.Name == "tpot" {
				for _, text := range metric.Odd(r.Iterations) {
					said = append(said, r.Run+": "+d.Name+": "+text+"; it counts")
				}
			}
		}
	}
	if len(runs) > 1 {
		said = slices.Insert(said, 0, fmt.Sprintf("%s: %d runs of its config, whose medians stand there: %s", s.Run.Name, len(runs), strings.Join(runs, ", ")))
	}
	return said
}

// Sides sets runs side by side; the first is the base. A run with repeats stands for all of them.
func Sides(sides []Side) Comparison {
	c := Comparison{Warnings: []string{}, Differs: []ConfigDifference{}}
	sides = alone(sides)
	for _, s := range sides {
		c.Runs = append(c.Runs, s.Run.Name)
		c.Warnings = append(append(c.Warnings, Unlike(sides[0], s)...), Marked(s)...)
	}
	for _, d := range metric.Definitions {
		row := compareRow(d, sides)
		if slices.ContainsFunc(row.Cells, func(c Cell) bool { return c.Value != nil }) {
			c.Rows = append(c.Rows, row)
		}
	}
	c.Notes = c.tested(sides)
	for _, s := range sides {
		c.Notes = append(c.Notes, s.repeats()...)
	}
	return c
}

// tested says what the differences were tested over, and each number of samples that is too few.
func (c Comparison) tested(sides []Side) []string {
	out, seen := []string{}, map[string]bool{}
	say := func(text, more string) {
		if !seen[text] {
			seen[text], out = true, append(out, text+more)
		}
	}
	for _, r := range c.Rows {
		for _, cell := range r.Cells[1:] {
			if cell.N == 0 || cell.Change == nil {
				continue
			}
			over, unknown := "the iterations within one run a side", ""
			if !cell.Within {
				over = "the runs of each config"
			} else if sides[0].Noise[r.Name].Configs == 0 {
				unknown = oneRunEach
			}
			say("differences are tested over "+over+"; ~: chance alone can make them", unknown)
			words, advice, _ := strings.Cut(cell.Words, "; ")
			if advice != "" {
				advice = "; of " + r.Name + " " + advice
			}
			switch {
			case cell.TooFew:
				say("?: "+words, advice) // the advice for the first metric: each has its own
			case strings.HasPrefix(words, metric.AsRuns):
				say("~: "+words, advice)
			}
		}
	}
	return out
}

// oneRunEach is what differences within one run do not tell.
const oneRunEach = "; by how much another run would differ is not known: no config was run twice here"

// Differences are the cells of runs beside a base, by metric, for what both sampled.
func Differences(base, other Side) map[string]Cell {
	out, sides := map[string]Cell{}, alone([]Side{base, other})
	for _, d := range metric.Definitions {
		if cells := compareRow(d, sides).Cells; cells[0].N > 0 && cells[1].N > 0 {
			out[d.Name] = cells[1]
		}
	}
	return out
}

// Marked says of a run why its numbers may not be those of its row, and that it is a replay.
func Marked(s Side) (said []string) {
	if doubts := s.Run.Doubts(); doubts != "" {
		said = append(said, s.Run.Name+": "+doubts)
	}
	if s.Analysis.Replay && s.Run.Forecast == nil { // which is among the doubts
		said = append(said, s.Run.Name+" is "+model.Reemitted(true, nil))
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

func compareRow(d metric.Definition, sides []Side) Row {
	r := Row{Name: d.Name, Unit: d.Unit}
	for i, s := range sides {
		c := s.cell(d.Name)
		if i > 0 && d.Name != "straggler" { // ranks are names, not amounts
			c.against(r.Cells[0], metric.Tell(sides[0].Samples[d.Name], s.Samples[d.Name], s.Noise[d.Name]))
		}
		r.Cells = append(r.Cells, c)
	}
	return r
}

func (s Side) cell(name string) Cell {
	m, samples := s.Analysis.Metric(name), s.Samples[name]
	c := Cell{Value: m.Value, Reason: m.Reason, Guess: m.Estimate && m.Value != nil, Runs: len(samples), Spread: metric.OrZero(m.Spread)}
	switch len(samples) {
	case 0:
	case 1:
		c.N = len(samples[0].Iterations)
	default:
		v := samples.Values()
		c.Value, c.N = new(metric.Median(v)), len(v)
		c.Spread = metric.OrZero(metric.SpreadOf(v, *c.Value))
	}
	return c
}

func (c *Cell) against(base Cell, d metric.Difference) {
	if c.Value == nil || base.Value == nil {
		return
	}
	change, ok := metric.Change(*base.Value, *c.Value)
	if !ok {
		return
	}
	c.Change = &change
	if d.N[0]*d.N[1] > 0 {
		c.N, c.P, c.Same, c.TooFew, c.Words, c.Within = d.N[1], &d.P, !d.Sure && !d.TooFew, d.TooFew, d.Words, d.Within
	}
}

// Sampler gives the samples of a run in a metric, those of its repeats with them, and how far runs of one config lie apart
// where it ran; none of a run that has none.
type Sampler func(run, name string) (metric.Samples, metric.Noise)

// tell compares two runs in a metric.
func (of Sampler) tell(a, b, name string) metric.Difference {
	was, _ := of(a, name)
	now, noise := of(b, name)
	return metric.Tell(was, now, noise)
}

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
	d, _, _ := metric.FindStat(c.Metric)
	for _, run := range c.Runs[min(1, len(c.Runs)):] {
		test := of.tell(c.Runs[0], run, c.Metric)
		better := test.Higher == (d.Better == metric.Lower) // the first, over its repeats too
		if test.N[0]*test.N[1] == 0 || test.Sure && better {
			break
		}
		if test.Sure {
			test.Words = "over their repeats " + run + " is the better"
		}
		t.Words = cmp.Or(t.Words, test.Words)
		if test.TooFew {
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
func MarkUnsure(all []scaling.Series, y string, of Sampler) {
	for _, s := range all {
		for i := 1; i < len(s.Points); i++ {
			if s.Points[0].Foretold || s.Points[i].Foretold {
				continue
			}
			if d := of.tell(s.Points[0].Run, s.Points[i].Run, y); d.N[0]*d.N[1] > 0 {
				s.Points[i].Unsure, s.Points[i].TooFew = d.Words, d.TooFew
			}
		}
	}
}
