package compare

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"shardeck/model/metric"
	"shardeck/model/present/unit"
)

// TraceDiff sets the traces of two runs side by side: where the time of one rank went. Times are nanoseconds, the mean over
// a run's ranks; of one forward step where PerStep, else of the whole window. The largest difference comes first.
type TraceDiff struct {
	Runs        [2]TraceSide `json:"runs"` // the base first
	PerStep     bool         `json:"per_step"`
	Notes       []string     `json:"notes"` // what a reader must know of the comparison
	Parts       []DiffRow    `json:"parts"` // of the window, in the order of a rank's bar, the window itself first
	Classes     []DiffRow    `json:"classes"`
	Kernels     []DiffRow    `json:"kernels"` // distinct ones
	Collectives []DiffRow    `json:"collectives"`
	Loss        *Loss        `json:"loss"` // where the runs have different numbers of ranks; nil: nothing to say
}

// TraceSide is what a run brings to a comparison.
type TraceSide struct {
	Run      string `json:"run"`
	Ranks    int    `json:"ranks"`
	Steps    int    `json:"steps"` // forward steps of a rank; 0: not annotated
	WindowNS int64  `json:"window_ns"`
}

// DiffRow is one thing in both runs, or in one of them.
type DiffRow struct {
	Name      string      `json:"name"`
	Class     string      `json:"class,omitempty"` // of a kernel
	Bytes     metric.Size `json:"bytes,omitempty"` // of a call of a collective
	Sides     [2]DiffCell `json:"sides"`
	ChangeNS  *float64    `json:"change_ns"`         // the second less the base; nil: one of them is not known
	ChangePct *float64    `json:"change_pct"`        // of the base, %; nil: one of them has none of it
	OnlyIn    string      `json:"only_in,omitempty"` // the run that alone has it
}

// DiffCell is one thing in one run. A run without it has zeros and a Count of 0.
type DiffCell struct {
	NS        *float64 `json:"ns"`    // nil: not known
	Count     float64  `json:"count"` // launches
	Share     *float64 `json:"share"` // %: of the window for parts, of summed kernel time for the rest; nil as NS
	*CallCell          // of collectives
}

// CallCell divides the time of calls, which is NS of the cell around it.
type CallCell struct {
	TransferNS  *float64 `json:"transfer_ns"` // nil: no call was matched
	WaitNS      *float64 `json:"wait_ns"`
	UnmatchedNS float64  `json:"unmatched_ns"`
	Matched     float64  `json:"matched"` // launches that TransferNS and WaitNS sum over
}

// DiffTraces compares two summaries; the first is the base. Times are of one step where
// the runs have different numbers of steps, or of ranks' steps known to both.
func DiffTraces(runs [2]string, traces [2]*metric.TraceSummary) TraceDiff {
	d := TraceDiff{Notes: []string{}}
	for i, t := range traces {
		d.Runs[i] = TraceSide{Run: runs[i], Ranks: len(t.Ranks), Steps: t.Steps(), WindowNS: t.WindowNS}
	}
	a, b := d.Runs[0].Steps, d.Runs[1].Steps
	switch {
	case a != b && a > 0 && b > 0:
		d.PerStep = true
		d.Notes = append(d.Notes, fmt.Sprintf("times are of one forward step: %s has %d, %s %d", runs[0], a, runs[1], b))
	case a != b:
		d.Notes = append(d.Notes, "times are of the whole window: only one run has step annotations, so steps cannot be counted")
	}
	if r := d.Runs; r[0].Ranks != r[1].Ranks {
		d.Notes = append(d.Notes, fmt.Sprintf("times are of one rank, the mean: %s has %d, %s %d",
			runs[0], r[0].Ranks, runs[1], r[1].Ranks))
	}
	for i, t := range traces {
		d.add(i, t)
	}
	for _, list := range [][]DiffRow{d.Parts, d.Classes, d.Kernels, d.Collectives} {
		d.change(list)
	}
	if d.Loss = lossOf(d); d.Loss != nil {
		if why := d.unlikeWork(); why != "" {
			d.Loss, d.Notes = nil, append(d.Notes, why)
		}
	}
	for _, list := range [][]DiffRow{d.Classes, d.Kernels, d.Collectives} {
		slices.SortStableFunc(list, func(a, b DiffRow) int {
			return cmp.Or(cmp.Compare(b.Change(), a.Change()), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Bytes, b.Bytes))
		})
	}
	return d
}

func (d *TraceDiff) add(side int, t *metric.TraceSummary) {
	ranks, steps := float64(max(1, len(t.Ranks))), 1.0
	if d.PerStep {
		steps = float64(t.Steps())
	}
	d.addParts(side, t, ranks*steps)
	kernels := 0.0 // time of all ranks
	for _, c := range t.Classes {
		kernels += float64(c.TotalNS)
		if c.Count > 0 {
			row(&d.Classes, c.Name, "", 0).Sides[side] = DiffCell{NS: new(float64(c.TotalNS) / ranks / steps),
				Count: float64(c.Count) / ranks / steps, Share: &c.Share}
		}
	}
	for _, k := range t.Kernels {
		cell := &row(&d.Kernels, k.Distinct, k.Class, 0).Sides[side]
		*cell.NS += float64(k.TotalNS) / ranks / steps
		cell.Count += float64(k.Count) / ranks / steps
		*cell.Share += k.Share
	}
	for _, c := range t.Collectives {
		whole := float64(c.WholeNS())
		row(&d.Collectives, c.Type, "", c.Bytes).Sides[side] = DiffCell{NS: new(whole / steps), Count: float64(c.Count) / steps,
			Share: new(100 * whole * ranks / max(1, kernels)), CallCell: &CallCell{TransferNS: over(c.TransferNS, steps),
				WaitNS: over(c.WaitNS, steps), UnmatchedNS: float64(c.UnmatchedNS) / steps, Matched: c.Matched / steps}}
	}
}

func over(ns *int64, by float64) *float64 {
	if ns == nil {
		return nil
	}
	return new(float64(*ns) / by)
}

// addParts divides the mean window of a run's ranks. A part is not known if no rank knows it.
func (d *TraceDiff) addParts(side int, t *metric.TraceSummary, by float64) {
	var window float64
	for _, r := range t.Ranks {
		window += float64(r.WindowNS)
	}
	for i, name := range metric.SplitNames {
		var sum *int64
		for _, r := range t.Ranks {
			if ns := r.Parts()[i]; ns != nil {
				sum = new(metric.OrZero(sum) + *ns)
			}
		}
		cell := DiffCell{NS: over(sum, by), Count: 1}
		if sum != nil {
			cell.Share = new(100 * float64(*sum) / max(1, window))
		}
		row(&d.Parts, name, "", 0).Sides[side] = cell
	}
}

func row(list *[]DiffRow, name, class string, bytes metric.Size) *DiffRow {
	for i := range *list {
		if r := &(*list)[i]; r.Name == name && r.Class == class && r.Bytes == bytes {
			return r
		}
	}
	nothing := func() DiffCell { return DiffCell{NS: new(0.0), Share: new(0.0)} }
	*list = append(*list, DiffRow{Name: name, Class: class, Bytes: bytes, Sides: [2]DiffCell{nothing(), nothing()}})
	return &(*list)[len(*list)-1]
}

func (d *TraceDiff) change(list []DiffRow) {
	for i := range list {
		r := &list[i]
		a, b := r.Sides[0], r.Sides[1]
		if a.NS != nil && b.NS != nil {
			r.ChangeNS = new(*b.NS - *a.NS)
		}
		switch {
		case a.Count == 0:
			r.OnlyIn = d.Runs[1].Run
		case b.Count == 0:
			r.OnlyIn = d.Runs[0].Run
		case metric.OrZero(a.NS) > 0 && metric.OrZero(b.NS) > 0:
			percent, _ := metric.Change(*a.NS, *b.NS)
			r.ChangePct = &percent
		}
	}
}

// Change is the size of the difference; 0 where it is not known.
func (r DiffRow) Change() float64 { return math.Abs(metric.OrZero(r.ChangeNS)) }

// Loss says where the time went that more ranks should have saved: a TraceDiff's second run against the base divided among them.
type Loss struct {
	Ranks    [2]int     `json:"ranks"`
	IdealNS  float64    `json:"ideal_ns"`   // the window, had the base's work been divided among the ranks
	WindowNS float64    `json:"window_ns"`  // as it was
	Percent  float64    `json:"efficiency"` // ideal / window, %: of the traced passes, which the profiler slows
	Parts    []LossPart `json:"parts"`      // what is over the ideal, the largest first; their sum is window − ideal
}

// LossPart is how much longer one part of the window is than its ideal; negative: shorter.
type LossPart struct {
	Name   string  `json:"name"` // as in metric.SplitNames
	OverNS float64 `json:"over_ns"`
}

// lossOf is nil for as many ranks, or for unknown steps, whose windows cannot be compared.
func lossOf(d TraceDiff) *Loss {
	a, b := d.Runs[0], d.Runs[1]
	if a.Ranks == b.Ranks || a.Ranks*b.Ranks*a.Steps*b.Steps == 0 || len(d.Parts) == 0 {
		return nil
	}
	l := &Loss{Ranks: [2]int{a.Ranks, b.Ranks}}
	share := float64(a.Ranks) / float64(b.Ranks)
	l.IdealNS, l.WindowNS = *d.Parts[0].Sides[0].NS*share, *d.Parts[0].Sides[1].NS
	for _, p := range d.Parts[1:] {
		l.Parts = append(l.Parts, LossPart{p.Name, metric.OrZero(p.Sides[1].NS) - metric.OrZero(p.Sides[0].NS)*share})
	}
	if l.IdealNS <= 0 || l.WindowNS <= 0 {
		return nil
	}
	l.Percent = 100 * l.IdealNS / l.WindowNS
	slices.SortStableFunc(l.Parts, func(a, b LossPart) int { return cmp.Compare(b.OverNS, a.OverNS) })
	return l
}

// Words say in a sentence how far from the ideal a run is, and what took the rest:
// "72.6 % of ideal in the traces: transfer +4.31, idle +3.69, wait +2.67 ms".
func (l Loss) Words() string {
	over := math.Abs(l.WindowNS - l.IdealNS)
	var parts []string
	for _, p := range l.Parts {
		if p.OverNS != 0 && math.Abs(p.OverNS) >= over/50 {
			parts = append(parts, p.Name+" "+unit.Signed(p.OverNS/1e6, 2))
		}
	}
	return unit.Number(l.Percent, 1) + " % of ideal in the traces: " + strings.Join(parts, ", ") + " ms"
}

// leastWork is the share of the base's computing that a run must show for the ideal to be
// that of the same work: where profilers began apart, the start of a run is cut.
const leastWork = 0.95

// unlikeWork says why the windows of two runs do not hold the same work; empty: they may.
func (d TraceDiff) unlikeWork() string {
	compute := d.Parts[slices.Index(metric.SplitNames, "compute")].Sides
	was, now := *compute[0].NS*float64(d.Runs[0].Ranks), *compute[1].NS*float64(d.Runs[1].Ranks)
	if was <= 0 || now >= was*leastWork {
		return ""
	}
	return fmt.Sprintf("no ideal: all ranks of %s compute %.0f %% as long as those of %s, "+
		"so its window holds less of the work: was its start cut?",
		d.Runs[1].Run, 100*now/was, d.Runs[0].Run)
}
