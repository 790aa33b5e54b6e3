// Package explain says where the time of a layout went, against another: each number that was measured as a sum of parts that is exact,
// what each operator was to gain by the split of its work, and what a run could gain at most if something were otherwise. It is pure:
// steps taken apart come from model/xray, times from timings without a profiler.
package explain

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"shardeck/model"
	"shardeck/model/metric"
	"shardeck/model/xray"
)

// Run is a run of which steps were taken apart. Times that were not measured are 0: then steps are explained as they were traced.
type Run struct {
	Name      string
	Steps     xray.Report
	TTFT      float64 // ms
	TPOT      float64 // ms
	Iteration float64 // s
	Requests  int     // of a replica; 0: not known
	Prompt    int     // tokens; 0: not known
	Output    int     // tokens of a request; 0: not known
}

// Waterfall is one run beside another: of each metric the parts whose changes add up to what was measured.
type Waterfall struct {
	Before  Side     `json:"before"`
	After   Side     `json:"after"`
	Metrics []Metric `json:"metrics"`
	Notes   []string `json:"notes"` // what a reader must know, a sentence each
}

// Side is a run as it is named on a page.
type Side struct {
	Run    string       `json:"run"`
	Layout model.Layout `json:"layout"`
	Ranks  []int        `json:"ranks"` // whose time it is, one of each stage: those that the others wait for
}

// Metric is a number of both runs, in its unit. The sums of the parts are Before and After, to rounding.
type Metric struct {
	Name   string  `json:"name"` // ttft, tpot, iteration_wall_clock; step where nothing tells phases
	Unit   string  `json:"unit"`
	Before float64 `json:"before"`
	After  float64 `json:"after"`
	Parts  []Part  `json:"parts"`
}

// Part is what a metric is made of, in its unit.
type Part struct {
	Name     string   `json:"name"` // an operator, a collective, the cause of a gap
	Group    Group    `json:"group"`
	Before   float64  `json:"before"`
	After    float64  `json:"after"`
	Expected *float64 `json:"expected"` // After, if time had followed the work of one GPU; nil: not known, or no such work before
}

// Change is what a part adds.
func (p Part) Change() float64 { return p.After - p.Before }

// Add takes another part into this one; what is expected is known where it is of both.
func (p *Part) Add(o Part) {
	p.Before, p.After = p.Before+o.Before, p.After+o.After
	if p.Expected != nil && o.Expected != nil {
		p.Expected = new(*p.Expected + *o.Expected)
	} else {
		p.Expected = nil
	}
}

// Group is what kind of time a part is.
type Group string

// Groups of parts. Outside is measured time less that of traced steps: what the profiler costs, what passes before the first kernel and
// after the last, and what differs between traced iterations and those that were timed.
const (
	Operator Group = "operator"
	Transfer Group = "transfer"
	Wait     Group = "wait" // for other ranks; over stages, what these do not overlap
	Gap      Group = "gap"
	Between  Group = "between"  // steps
	Schedule Group = "schedule" // whose first token waits for whose prompt, and whose next token
	Outside  Group = "outside"
)

// Compare sets a run beside another. It is an error where one has no step to take apart.
func Compare(a, b Run) (Waterfall, error) {
	var sides [2]*side
	for i, r := range []*Run{&a, &b} {
		s, err := newSide(r)
		if err != nil {
			return Waterfall{}, err
		}
		sides[i] = s
	}
	w := Waterfall{Metrics: []Metric{}, Notes: []string{}}
	sides[0].sameRanks(sides[1])
	for i, s := range sides {
		s.takeApart()
		ranks := model.Each(s.stages, func(k *xray.Rank) int { return k.Rank })
		*[]*Side{&w.Before, &w.After}[i] = Side{s.Name, s.Steps.Layout, ranks}
		w.Notes = append(w.Notes, s.notes...)
	}
	prompt, decode := rows(sides[0].prompt, sides[1].prompt), rows(sides[0].decode, sides[1].decode)
	for _, q := range quantities {
		if m, ok := q.metric(sides[0], sides[1], prompt, decode); ok {
			w.Metrics = append(w.Metrics, m)
		}
	}
	return w, nil
}

// quantity is a metric that is explained: so many times the steps of the prompts, and so many decode steps.
type quantity struct {
	name, unit string
	ns         float64 // nanoseconds in the unit
	of         func(*Run) float64
	prompts    float64
	decodes    func(*side) float64
	schedule   func(*side) float64 // ns
}

var quantities = []quantity{
	{"tpot", "ms", 1e6, func(r *Run) float64 { return r.TPOT }, 0, func(*side) float64 { return 1 },
		func(s *side) float64 { return s.slower }},
	{"ttft", "ms", 1e6, func(r *Run) float64 { return r.TTFT }, 1, func(*side) float64 { return 0 },
		func(s *side) float64 { return s.sooner }},
	{"iteration_wall_clock", "s", 1e9, func(r *Run) float64 { return r.Iteration }, 1, (*side).decodes,
		func(s *side) float64 { return s.early }},
	{"step", "ms", 1e6, func(*Run) float64 { return 0 }, 0, func(*side) float64 { return 1 }, func(*side) float64 { return 0 }},
}

// decodes is how many decode steps an iteration has: by its config, else by its times.
func (s *side) decodes() float64 {
	if s.Output == 0 && s.TPOT > 0 && s.Iteration > 0 {
		return max(0, math.Round((1e3*s.Iteration-s.TTFT)/s.TPOT))
	}
	return float64(max(0, s.Output-1))
}

// there reports whether a run has what a quantity is made of.
func (q *quantity) there(s *side) bool {
	if q.name == "step" {
		return s.phase != metric.Decode && s.prompt == nil
	}
	return (q.prompts == 0 || s.prompt != nil) && (q.decodes(s) == 0 || s.phase == metric.Decode)
}

// metric adds up a quantity.
func (q *quantity) metric(a, b *side, prompt, decode []row) (m Metric, ok bool) {
	if !q.there(a) || !q.there(b) {
		return m, false
	}
	m = Metric{Name: q.name, Unit: q.unit}
	na, nb := q.decodes(a), q.decodes(b)
	var sum [2]float64
	add := func(r row, na, nb float64) {
		if na == 0 && nb == 0 {
			return
		}
		at := slices.IndexFunc(m.Parts, func(p Part) bool { return p.Name == r.name && p.Group == r.group })
		p := Part{Name: r.name, Group: r.group, Before: r.before * na / q.ns, After: r.after * nb / q.ns}
		if r.expected != nil {
			p.Expected = new(*r.expected * nb / q.ns)
		}
		if sum[0], sum[1] = sum[0]+p.Before, sum[1]+p.After; at < 0 {
			m.Parts = append(m.Parts, p)
		} else {
			m.Parts[at].Add(p)
		}
	}
	for _, r := range decode {
		add(r, na, nb)
	}
	for _, r := range prompt {
		add(r, q.prompts, q.prompts)
	}
	if x, y := q.schedule(a), q.schedule(b); x != 0 || y != 0 {
		add(row{name: "schedule", group: Schedule, before: x, after: y}, 1, 1)
	}
	m.Before, m.After = q.of(a.Run), q.of(b.Run)
	if m.Before == 0 || m.After == 0 {
		m.Before, m.After = sum[0], sum[1]
		return m, true
	}
	add(row{name: "outside", group: Outside, before: (m.Before - sum[0]) * q.ns, after: (m.After - sum[1]) * q.ns}, 1, 1)
	return m, true
}

// row is a part of both runs in nanoseconds.
type row struct {
	name          string
	group         Group
	before, after float64
	expected      *float64
}

// rows joins the parts of two runs: those of the first in their order, then what only the second has.
func rows(a, b *sum) (all []row) {
	if a == nil || b == nil {
		return nil
	}
	names := append(slices.Clone(a.parts), b.parts...)
	for i, p := range names {
		if slices.ContainsFunc(names[:i], p.same) {
			continue
		}
		x, y := cmp.Or(a.find(p), &part{}), cmp.Or(b.find(p), &part{})
		r := row{name: p.name, group: p.group, before: x.ns, after: y.ns}
		if x.work() > 0 && y.work() > 0 && p.group == Operator {
			r.expected = new(x.ns * x.ratio(y))
		}
		all = append(all, r)
	}
	slices.SortStableFunc(all, func(x, y row) int { return slices.Index(groups, x.group) - slices.Index(groups, y.group) })
	return all
}

// groups are all of them, in the order of a page.
var groups = []Group{Operator, Transfer, Wait, Gap, Between, Schedule, Outside}

// errNoSteps says why a run cannot be explained.
func errNoSteps(r *Run) error {
	why := "no step was found in its traces"
	if len(r.Steps.Warnings) > 0 {
		why = r.Steps.Warnings[len(r.Steps.Warnings)-1]
	}
	return model.Failed(r.Name+": nothing to explain", fmt.Errorf("%s", why), "shardeck trace "+r.Name)
}
