// Package suggest says which layouts are best at a goal, by what was measured and, where nothing was, by forecasts, and which few runs
// would settle what these leave open. It is pure.
package suggest

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"shardeck/model"
	"shardeck/model/forecast"
	"shardeck/model/metric"
)

// Goal is what the best layout is best at.
type Goal string

// The goals.
const (
	Latency    Goal = "latency"    // ms of a request: ttft, and tpot for every token after the first
	Throughput Goal = "throughput" // tokens a second of the whole layout
	NodeHours  Goal = "node-hours" // tokens a node hour
)

// Goals are all of them, in the order of help.
var Goals = []Goal{Latency, Throughput, NodeHours}

// Lower says that less is better.
func (g Goal) Lower() bool { return g == Latency }

// Question is what is asked of some layouts.
type Question struct {
	Goal      Goal           `json:"goal"`
	TTFT      float64        `json:"ttft_limit,omitempty"` // ms; 0: no limit
	GPUs      int            `json:"gpus"`                 // at most
	NodeHours float64        `json:"node_hours,omitempty"` // for the runs that settle; 0: no limit
	Prior     bool           `json:"prior,omitempty"`      // ask public constants where forecasts are refused
	Data      model.Workload `json:"data"`
	Keep      bool           `json:"-"`             // keep what is forecast, to be held against runs that come
	PerNode   int            `json:"gpus_per_node"` // 0: not known, hours are of a GPU
}

// Candidate is a layout with what is known of it.
type Candidate struct {
	Layout   model.Layout      `json:"layout"`
	Runs     []string          `json:"runs"` // that measured it; none: it is forecast
	TTFT     float64           `json:"ttft"` // ms
	TPOT     float64           `json:"tpot"` // ms; 0: not known
	Value    float64           `json:"value"`
	Low      float64           `json:"low"` // what was measured least, or the interval of the forecast
	High     float64           `json:"high"`
	Price    *float64          `json:"price_node_hours"` // of a run, about; nil: the site has no prices
	Refused  string            `json:"refused"`          // why nothing is known of it; empty: something is
	Misses   Miss              `json:"misses_limit"`
	Forecast forecast.Forecast `json:"-"` // of the layout, also where it was measured
}

// Miss is whether a candidate keeps the limit of the first token.
type Miss string

// Misses.
const (
	Keeps    Miss = ""
	MayMiss  Miss = "may miss"
	DoesMiss Miss = "misses"
)

// Measured says that runs tell of it.
func (c *Candidate) Measured() bool { return len(c.Runs) > 0 }

// Answer is the candidates in order: measured, forecast, refused; the best first.
type Answer struct {
	Question   Question     `json:"question"`
	Engine     model.Engine `json:"engine"`
	Candidates []Candidate  `json:"candidates"`
	Best       *Candidate   `json:"best"`   // of all; nil: nothing is known, or all miss the limit
	Rivals     []Candidate  `json:"rivals"` // that cannot be told from it, or may keep the limit and be better
	Runs       []Candidate  `json:"settle"` // whose runs would settle that, the most promising first, within the node hours
	Price      *float64     `json:"settle_node_hours"`
	Left       int          `json:"left"` // rivals beyond these runs
}

// value is the goal by the times of a run.
func (q Question) value(gpus int, t forecast.Run) float64 {
	if q.Goal == Latency {
		if t.TTFT == 0 || t.TPOT == 0 && q.Data.MaxTokens > 1 {
			return 1e3 * t.Iteration
		}
		return t.TTFT + float64(max(0, q.Data.MaxTokens-1))*t.TPOT
	}
	if t.Iteration == 0 {
		return 0
	}
	rate := float64(q.Data.BatchSize*(q.Data.SeqLen+q.Data.MaxTokens)) / t.Iteration
	if q.Goal == NodeHours {
		return 3600 * rate * float64(max(1, q.PerNode)) / float64(gpus)
	}
	return rate
}

// Candidate judges a layout by its runs, or where there are none by its forecast.
func (q Question) Candidate(l model.Layout, f forecast.Forecast, runs []forecast.Run) Candidate {
	c := Candidate{Layout: l, Forecast: f, Runs: []string{}}
	var first, each, values []float64
	for _, t := range runs {
		if v := q.value(l.GPUs(), t); v > 0 {
			c.Runs, values, first, each = append(c.Runs, t.Name), append(values, v), append(first, t.TTFT), append(each, t.TPOT)
		}
	}
	if c.Measured() {
		slices.Sort(c.Runs)
		c.Low, c.High = slices.Min(values), slices.Max(values)
		c.TTFT, c.TPOT, c.Value = metric.Median(first), metric.Median(each), metric.Median(values)
		c.Misses = q.misses(c.TTFT, c.TTFT)
		return c
	}
	if c.Refused = f.Refused; c.Refused != "" {
		return c
	}
	token, whole := f.Metric("ttft"), f.Metric("iteration_wall_clock")
	t := forecast.Run{TTFT: token.Value, TPOT: f.Metric("tpot").Value, Iteration: whole.Value}
	c.TTFT, c.TPOT, c.Value, c.Misses = t.TTFT, t.TPOT, q.value(l.GPUs(), t), q.misses(token.Low, token.High)
	switch low, high := whole.Low/whole.Value, whole.High/whole.Value; {
	case whole.Value == 0:
		c.Refused = "its forecast has no time of an iteration"
	case q.Goal.Lower():
		c.Low, c.High = c.Value*low, c.Value*high
	default:
		c.Low, c.High = c.Value/high, c.Value/low
	}
	return c
}

// misses is whether a time of the first token keeps the limit.
func (q Question) misses(low, high float64) Miss {
	switch {
	case q.TTFT == 0 || high <= q.TTFT:
		return Keeps
	case low > q.TTFT, low == high:
		return DoesMiss
	}
	return MayMiss
}

// Decide orders candidates, and says what is best and what is open. Of layouts that take as long the one of fewer GPUs is the better.
func (q Question) Decide(all []Candidate) Answer {
	// measured, forecast, refused; of each those that miss the limit last
	class := func(c Candidate) (n int) {
		for i, worse := range []bool{c.Misses == DoesMiss, !c.Measured(), c.Refused != ""} {
			if worse {
				n += 1 << i
			}
		}
		return n
	}
	sign := map[bool]float64{true: 1, false: -1}[q.Goal.Lower()]
	slices.SortStableFunc(all, func(a, b Candidate) int {
		return cmp.Or(class(a)-class(b), cmp.Compare(sign*a.Value, sign*b.Value), a.Layout.GPUs()-b.Layout.GPUs())
	})
	a := Answer{Question: q, Candidates: all, Rivals: []Candidate{}, Runs: []Candidate{}}
	for i := range all {
		c := &all[i]
		if c.Refused == "" && c.Misses != DoesMiss && (a.Best == nil || sign*c.Value < sign*a.Best.Value) {
			a.Best = c
		}
	}
	if a.Best != nil {
		a.settle(sign)
	}
	return a
}

// mostRuns is how many runs are a few.
const mostRuns = 3

// settle finds the rivals of the best, and the runs that would tell them apart.
func (a *Answer) settle(sign float64) {
	best := a.Best
	worst := math.Max(sign*best.Low, sign*best.High) // how bad the best may be
	for _, c := range a.Candidates {
		if c.Refused == "" && c.Misses != DoesMiss && c.Layout != best.Layout && math.Min(sign*c.Low, sign*c.High) < worst {
			a.Rivals = append(a.Rivals, c)
		}
	}
	slices.SortStableFunc(a.Rivals, func(x, y Candidate) int { return cmp.Compare(sign*x.Value, sign*y.Value) })
	spent := 0.0
	known := true
	for _, c := range append([]Candidate{*best}, a.Rivals...) {
		if c.Measured() {
			continue
		}
		dear := c.Price != nil && a.Question.NodeHours > 0 && spent+*c.Price > a.Question.NodeHours
		if dear || len(a.Runs) == mostRuns {
			a.Left++
			continue
		}
		known = known && c.Price != nil
		if a.Runs = append(a.Runs, c); c.Price != nil {
			spent += *c.Price
		}
	}
	if known && len(a.Runs) > 0 {
		a.Price = &spent
	}
}

// Layouts are those of up to so many GPUs that powers of two make, the smallest first; those of experts only where a model has some.
func Layouts(gpus int, experts bool) (all []model.Layout) {
	for n := 1; n <= gpus; n *= 2 {
		for pp := 1; pp <= n; pp *= 2 {
			for dp := 1; dp*pp <= n; dp *= 2 {
				l := model.Layout{TP: n / pp / dp, PP: pp, DPReplicate: dp, DPShard: 1, EP: 1}
				all = append(all, l)
				if l.EP = l.TP * dp; experts && l.EP > 1 {
					all = append(all, l)
				}
			}
		}
	}
	return all
}

// ParseGoal reads a goal by its name.
func ParseGoal(name string) (Goal, error) {
	if g := Goal(name); slices.Contains(Goals, g) {
		return g, nil
	}
	return "", model.Invalid(fmt.Sprintf("goal %.20q is not known", name), "goals are latency, throughput and node-hours")
}
