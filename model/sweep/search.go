package sweep

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"shardeck/model"
	"shardeck/model/metric"
	"shardeck/model/scaling"
)

// shape is how a metric can get better at most while one number of an experiment changes by a factor r.
type shape func(r float64) float64

// slack is what a law may be passed by: caches, tiles and chunks make steps (measured: a quarter of the batch has a TTFT of
// less than a quarter by 2 %).
const slack = 1.25

func flat(float64) float64     { return 1 }
func nearly(float64) float64   { return slack }
func linear(r float64) float64 { return r * slack }
func square(r float64) float64 { return r * r * slack }

// law is how a metric can get better at most where a number goes up, and where it goes down; nil: nothing is known.
type law struct{ up, down shape }

// Numbers of an experiment that laws are about.
const (
	batch = iota
	prompt
	output
	gpus
	load // of a server: its rate, else how many are served at once
)

func numbersOf(e model.Experiment) [5]float64 {
	n := [5]float64{float64(e.Data.BatchSize), float64(e.Data.SeqLen), float64(e.Data.MaxTokens), float64(e.Layout.GPUs()), 1}
	if e.Load.On() {
		n[batch], n[load] = 1, cmp.Or(e.Load.Rate, float64(e.Load.Concurrency))
	}
	return n
}

var (
	more = law{linear, flat} // the metric gets better with more of it, at most as much more
	less = law{flat, linear}

	// Twice the GPUs of a layout are at most twice as fast. Half of them may be faster: a short prefill is bound by launches, and
	// has no calls to wait for (measured: TTFT of 512 tokens is 19 ms at TP1, 41 ms at TP2).
	faster = law{linear, nil}

	// Requests that come more often are served no sooner, but for the noise of their percentiles; seldom ones may not queue at all.
	queued = law{nearly, nil}
)

// laws say what monotony bounds, by metric: more requests at once never serve each sooner. A number without a law bounds nothing.
var laws = map[string]map[int]law{
	"throughput_tokens_sec": {batch: more, prompt: more, gpus: faster, load: more},
	"output_tokens_sec":     {batch: more, prompt: less, output: more, gpus: faster, load: more},
	scaling.PerGPU:          {batch: more, prompt: more, gpus: {nearly, linear}, load: more},
	scaling.PerUser:         {batch: less, prompt: less, gpus: faster, load: queued},
	"tpot":                  {batch: less, prompt: less, gpus: faster, load: queued},
	"ttft":                  {batch: less, prompt: {flat, square}, output: {flat, flat}, gpus: faster, load: queued},
	"itl":                   {load: queued},
	"e2e":                   {load: queued},
	"goodput":               {load: {linear, nil}},
	"requests_sec":          {load: more},
	"iteration_wall_clock":  {batch: less, prompt: {flat, square}, output: less, gpus: faster},
}

// baseOf is the metric of a statistic: what moves a metric moves its percentiles.
func baseOf(name string) string {
	if at := strings.LastIndexByte(name, '_'); at > 0 && slices.Contains(metric.Stats, metric.Stat(name[at+1:])) {
		return name[:at]
	}
	return name
}

// spot is where a point lies among the others.
type spot struct {
	numbers [5]float64
	layout  model.Layout
	engine  string // equal for points that differ in their workload and their layout alone
}

func spotOf(e model.Experiment) spot {
	s := spot{numbersOf(e), e.Layout, ""}
	e.Layout = model.Layout{}
	s.engine = engineKey(e) + loadKind(e.Load)
	return s
}

// loadKind is equal for loads that differ in their number alone.
func loadKind(l model.Load) string {
	if l.Rate > 0 {
		l.Rate = 1
	} else {
		l.Concurrency = min(l.Concurrency, 1)
	}
	return l.String() + l.Shape
}

// comparable reports whether two points differ in their workload and in the size of one kind of parallelism alone.
func (s spot) comparable(t spot) bool {
	kinds := 0
	for _, d := range [][2]int{{s.layout.TP, t.layout.TP}, {s.layout.PP, t.layout.PP}, {s.layout.DP(), t.layout.DP()}} {
		if d[0] != d[1] {
			kinds++
		}
	}
	return kinds < 2 && s.engine == t.engine
}

// better is by which factor a metric of one point can be better than of another at most; +Inf: nothing is known.
func better(name string, from, to spot) float64 {
	if !from.comparable(to) {
		return math.Inf(1)
	}
	factor, a, b, law := 1.0, from.numbers, to.numbers, laws[baseOf(name)]
	for i := range a {
		l, known := law[i]
		switch {
		case a[i] == b[i]:
			continue
		case !known || a[i] <= 0 || b[i] <= 0:
			return math.Inf(1)
		case b[i] > a[i] && l.up != nil:
			factor *= l.up(b[i] / a[i])
		case b[i] < a[i] && l.down != nil:
			factor *= l.down(a[i] / b[i])
		default:
			return math.Inf(1)
		}
	}
	return factor
}

// search is what the points that are done tell of the others.
type search struct {
	goal   Goal
	best   *Status
	middle float64 // of how far the points go the goal's way
	done   []known
}

// known is a point that is done, with its values of the goal's metric and of those of its constraints.
type known struct {
	spot
	values map[string]float64
}

func (p Plan) search() search {
	s := search{goal: *p.Sweep.Goal, best: p.Best()}
	var scores []float64
	for _, x := range p.Points {
		at := spotOf(x.Experiment)
		if scores = append(scores, s.way(at)); x.State != Done {
			continue
		}
		k := known{at, map[string]float64{}}
		for _, name := range s.metrics() {
			if v := x.Value(name); v != nil {
				k.values[name] = *v
			}
		}
		s.done = append(s.done, k)
	}
	s.middle = metric.Median(scores)
	return s
}

// metrics are those of the goal and of its constraints.
func (s search) metrics() []string {
	all := []string{s.goal.Metric}
	for _, c := range s.goal.Constraints {
		all = append(all, c.Names()...)
	}
	return all
}

// bound is what a metric of a point can be at best, from the points that are done.
func (s search) bound(x spot, name string, highest bool) float64 {
	best := math.Inf(1)
	if !highest {
		best = math.Inf(-1)
	}
	for _, y := range s.done {
		v, ok := y.values[name]
		switch factor := better(name, y.spot, x); {
		case ok && highest:
			best = min(best, v*factor)
		case ok:
			best = max(best, v/factor)
		}
	}
	return best
}

// Tolerance is how much better than the best a point that was not run may be, when the best counts as decided.
const Tolerance = 0.05

// Bound is why a point cannot be the best: what the points that are done leave it at best.
type Bound struct {
	Metric  string
	Reach   float64 // of Metric, at best
	AtLeast bool    // Reach is the least, else the most
	Breaks  string  // the constraint that Reach does not keep; empty: it is the goal's metric that is not better than the best
	Best    string  // the best point so far
	BestHas float64 // of the goal's metric
}

// canWin says whether a point that is not done can still be better than the best by more than Tolerance, by what is known.
func (s search) canWin(x spot) bool { return s.bounds(x) == nil }

// bounds is why a point that is not done cannot be better than the best by more than Tolerance, by what is known; nil: it can.
func (s search) bounds(x spot) *Bound {
	for _, c := range s.goal.Constraints {
		names := c.Names()
		if len(names) != 1 {
			continue
		}
		// the most favourable value decides: where even that does not hold, none does
		highest := higherIsBetter(names[0])
		if v := s.bound(x, names[0], highest); !math.IsInf(v, 0) && !holdsAt(c, names[0], v) {
			return &Bound{Metric: names[0], Reach: v, AtLeast: !highest, Breaks: c.String()}
		}
	}
	if s.best == nil {
		return nil
	}
	top, reach := *s.best.Value(s.goal.Metric), s.bound(x, s.goal.Metric, s.goal.Highest)
	if s.goal.Highest && reach > top*(1+Tolerance) || !s.goal.Highest && reach < top*(1-Tolerance) {
		return nil
	}
	return &Bound{Metric: s.goal.Metric, Reach: reach, AtLeast: !s.goal.Highest, Best: s.best.ID, BestHas: top}
}

// Judge gives what says why a point that is not done cannot be the best any more; it says nil of one that can, and of any
// without a goal.
func (p Plan) Judge() func(Status) *Bound {
	if p.Sweep.Goal == nil {
		return func(Status) *Bound { return nil }
	}
	s := p.search()
	return func(x Status) *Bound {
		if s.repeatsBest(x) {
			return nil
		}
		return s.bounds(spotOf(x.Experiment))
	}
}

// repeatsBest reports whether a point is another run of the best so far: it tells how sure the answer is, so it is run, but last.
func (s search) repeatsBest(x Status) bool {
	return s.best != nil && s.best.ID != x.ID && slices.Equal(s.best.Edits, x.Edits)
}

// Open are the points that are not done and can still change the answer, the most promising first. Without a goal they are all
// that are not done, in the order of the sweep.
func (p Plan) Open() []Status {
	waits := slices.DeleteFunc(slices.Clone(p.Points), func(x Status) bool { return !slices.Contains([]State{Ready, Submitted}, x.State) })
	if p.Sweep.Goal == nil {
		return waits
	}
	type candidate struct {
		x       Status
		promise float64
	}
	s, all := p.search(), []candidate(nil)
	for _, x := range waits {
		switch at := spotOf(x.Experiment); {
		case s.repeatsBest(x):
			all = append(all, candidate{x, math.Inf(-1)})
		case s.canWin(at):
			all = append(all, candidate{x, s.promise(at)})
		}
	}
	slices.SortStableFunc(all, func(a, b candidate) int { return cmp.Compare(b.promise, a.promise) })
	return model.Each(all, func(c candidate) Status { return c.x })
}

// trends are about how a metric moves with the numbers of an experiment, as exponents, in the recordings of Llama-3.1-8B on one
// and two H100. They only choose which point is tried first; what is left out, laws decide.
var trends = map[string][5]float64{
	"throughput_tokens_sec": {batch: 0.7, prompt: 0.6, output: 0.1, gpus: 0.5, load: 0.8},
	"output_tokens_sec":     {batch: 0.7, prompt: -0.2, output: 0.2, gpus: 0.5, load: 0.8},
	scaling.PerGPU:          {batch: 0.7, prompt: 0.6, output: 0.1, gpus: -0.5, load: 0.8},
	scaling.PerUser:         {batch: -0.1, prompt: -0.05, gpus: 0.4, load: -0.2},
	"tpot":                  {batch: 0.1, prompt: 0.05, gpus: -0.4, load: 0.2},
	"ttft":                  {batch: 1, prompt: 1, gpus: -0.7, load: 0.5},
	"itl":                   {gpus: -0.4, load: 0.2},
	"e2e":                   {output: 1, gpus: -0.4, load: 0.2},
	"goodput":               {load: 0.5},
	"requests_sec":          {load: 0.8},
	"iteration_wall_clock":  {batch: 0.4, prompt: 0.3, output: 0.8, gpus: -0.4},
}

// expected is about what a metric of a point will be, by the trend from the nearest point that is done; NaN: none is comparable.
func (s search) expected(x spot, name string) float64 {
	near, value := math.Inf(1), math.NaN()
	for _, y := range s.done {
		v, ok := y.values[name]
		if !ok || !y.comparable(x) {
			continue
		}
		far, log := 0.0, 0.0
		for i := range x.numbers {
			step := math.Log(x.numbers[i] / y.numbers[i])
			far, log = far+math.Abs(step), log+trends[baseOf(name)][i]*step
		}
		if far < near {
			near, value = far, v*math.Exp(log)
		}
	}
	return value
}

// way is how far a point's numbers go the goal's way.
func (s search) way(x spot) (sum float64) {
	for i, n := range x.numbers {
		sum += trends[baseOf(s.goal.Metric)][i] * math.Log(max(n, 1))
	}
	if !s.goal.Highest {
		sum = -sum
	}
	return sum
}

// promise orders points. First come those of which nothing comparable is done: the one that goes the goal's way furthest, and
// under a constraint the middle one, which tells most of both sides; then those that are expected to keep the constraints, by
// what the goal is expected to be; last the others, from the limit on, for those nearest to it tell of all beyond.
func (s search) promise(x spot) float64 {
	v := s.expected(x, s.goal.Metric)
	if !s.goal.Highest {
		v = -v
	}
	switch {
	case math.IsNaN(v) && len(s.goal.Constraints) > 0:
		return 1e15 - math.Abs(s.way(x)-s.middle)
	case math.IsNaN(v):
		return 1e15 + s.way(x)
	}
	for _, c := range s.goal.Constraints {
		if names := c.Names(); len(names) == 1 {
			if e := s.expected(x, names[0]); !math.IsNaN(e) && !holdsAt(c, names[0], e) {
				return -v - 1e12
			}
		}
	}
	return v
}

// Decided reports whether no point that is left can change the answer to the sweep's goal.
func (p Plan) Decided() bool {
	return p.Sweep.Goal != nil && p.Best() != nil && len(p.Open()) == 0
}
