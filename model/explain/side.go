package explain

import (
	"cmp"
	"math"
	"slices"

	"shardeck/model"
	"shardeck/model/metric"
	"shardeck/model/xray"
)

// part is one kind of time in some steps, in nanoseconds.
type part struct {
	name         string
	group        Group
	ns           float64
	flops, bytes float64 // 0: not known
	gain         float64 // of ns, above the floor
	compute      bool    // arithmetic sets its floor
}

func (p *part) same(o part) bool { return p.name == o.name && p.group == o.group }

// work is what the time of an operator is to grow with.
func (p *part) work() float64 {
	if p.compute {
		return p.flops
	}
	return p.bytes
}

// ratio is how much of the work of p another one has.
func (p *part) ratio(o *part) float64 {
	if p.compute && o.flops > 0 {
		return o.flops / p.flops
	}
	if p.bytes > 0 && o.bytes > 0 {
		return o.bytes / p.bytes
	}
	return 1
}

// sum is steps by part.
type sum struct {
	parts []part
	ns    float64 // all
}

func (s *sum) find(p part) *part {
	if i := slices.IndexFunc(s.parts, p.same); i >= 0 {
		return &s.parts[i]
	}
	return nil
}

func (s *sum) add(p part) {
	if p.ns == 0 && p.group != Operator {
		return
	}
	s.ns += p.ns
	was := s.find(p)
	if was == nil {
		s.parts = append(s.parts, p)
		return
	}
	was.ns, was.flops, was.bytes, was.gain, was.compute = was.ns+p.ns, was.flops+p.flops, was.bytes+p.bytes, was.gain+p.gain,
		was.compute || p.compute
}

// total is the time of a group.
func (s *sum) total(g Group) (ns float64) {
	for _, p := range s.parts {
		if p.group == g {
			ns += p.ns
		}
	}
	return ns
}

// step adds a step of a stage, without the time that it waited for others, which it returns.
func (s *sum) step(x *xray.Step) (wait float64) {
	for _, o := range x.Operators {
		p := part{name: o.Name, group: Operator, ns: float64(o.NS), flops: metric.OrZero(o.FLOPs), bytes: metric.OrZero(o.Bytes),
			compute: o.Floor == "compute"}
		if o.WaitNS != nil || slices.Contains(calls, o.Name) {
			p.group, p.flops, p.bytes = Transfer, 0, 0
			w := waitOf(&o)
			wait, p.ns = wait+w, p.ns-w
		} else if o.FloorNS != nil {
			p.gain = float64(o.CeilingNS())
		}
		s.add(p)
	}
	for _, g := range x.Gaps {
		s.add(part{name: g.Cause, group: Gap, ns: float64(g.NS)})
	}
	return wait
}

// calls are the operators in which ranks talk.
var calls = []string{"all_reduce", "all_gather", "reduce_scatter", "all_to_all", "send", "recv", "send_recv", "broadcast", "control"}

// waitOf is how much of the time of a call was spent waiting for others.
func waitOf(o *xray.Operator) float64 { return float64(min(metric.OrZero(o.WaitNS), o.NS)) }

// busy is a step without waiting.
func busy(x *xray.Step) float64 {
	ns := float64(x.WallNS)
	for i := range x.Operators {
		ns -= waitOf(&x.Operators[i])
	}
	return ns
}

// side is a run whose steps are added up.
type side struct {
	*Run
	prompts
	stages []*xray.Rank // one rank of each stage: the busiest
	phase  string       // of the steps in decode: decode, or what else there is
	decode *sum         // of one step; nothing: there are none
	mid    *xray.Step   // that step
	next   float64      // from it to the next
	notes  []string
}

// prompts is the steps up to the last prompt of an iteration. Times are nanoseconds.
type prompts struct {
	at     []int   // their places in stages[0].Steps
	prompt *sum    // without decode steps among them; nil: no iteration was traced
	sooner float64 // what a first token is sooner than the end of all; below 0
	slower float64 // what a token is later because prompts come between
	early  float64 // decode steps between prompts
}

func newSide(r *Run) (*side, error) {
	s := &side{Run: r}
	for stage := 0; ; stage++ {
		var best *xray.Rank
		for i := range r.Steps.Ranks {
			k := &r.Steps.Ranks[i]
			if k.Stage == stage && len(k.Steps) > 0 && (best == nil || busy(k.Kinds()[0].Median) > busy(best.Kinds()[0].Median)) {
				best = k
			}
		}
		if best == nil {
			break
		}
		s.stages = append(s.stages, best)
	}
	if len(s.stages) == 0 {
		return nil, errNoSteps(r)
	}
	return s, nil
}

// sameRanks takes the same ranks of two runs of one layout: those of the slower run.
func (s *side) sameRanks(o *side) {
	if s.Steps.Layout != o.Steps.Layout {
		return
	}
	slow, fast := o, s
	if s.TPOT+s.TTFT > o.TPOT+o.TTFT {
		slow, fast = s, o
	}
	for i, k := range slow.stages {
		for j := range fast.Steps.Ranks {
			if r := &fast.Steps.Ranks[j]; r.Rank == k.Rank && len(r.Steps) > 0 && i < len(fast.stages) {
				fast.stages[i] = r
			}
		}
	}
}

// takeApart adds up the steps; of traced iterations the one whose first tokens come when those that were timed did.
func (s *side) takeApart() {
	first := s.stages[0]
	kind := first.Kinds()[0]
	s.phase, s.mid, s.next = kind.Phase, kind.Median, s.idle(kind)
	if s.decode = (&sum{}); kind.Phase != metric.Prefill {
		s.decode.chain(model.Each(s.stages, func(k *xray.Rank) *xray.Step { return like(k, kind) }), s.next)
	}
	best := math.Inf(1)
	for _, at := range s.iterations() {
		t := s.upTo(at)
		if far := math.Abs(s.TTFT*1e6 - t.prompt.ns - t.sooner); t.prompt.ns > 0 && (s.TTFT > 0 && far < best || s.prompt == nil) {
			best, s.prompts = far, t
		}
	}
}

// like is the step of a rank that is of a kind.
func like(r *xray.Rank, k xray.Kind) *xray.Step {
	kinds := r.Kinds()
	at := slices.IndexFunc(kinds, func(o xray.Kind) bool { return o.Phase == k.Phase && o.Tokens == k.Tokens && o.Requests == k.Requests })
	return kinds[max(at, 0)].Median
}

// idle is how long the device usually waits from a step of a kind to the next.
func (s *side) idle(k xray.Kind) float64 {
	var all []int64
	for _, x := range s.stages[0].Steps {
		if x.Phase == k.Phase && x.Tokens == k.Tokens && x.Requests == k.Requests && !x.Cut && x.NextNS >= 0 {
			all = append(all, x.NextNS)
		}
	}
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return float64(all[(len(all)-1)/2])
}

// sameStep is a step of the first stage as every stage did it.
func (s *side) sameStep(at int) (steps []*xray.Step) {
	for _, k := range s.stages {
		x := &s.stages[0].Steps[at]
		if i := slices.IndexFunc(k.Steps, func(o xray.Step) bool { return o.Index == x.Index }); i >= 0 {
			steps = append(steps, &k.Steps[i])
		}
	}
	return steps
}

// chain adds a step that goes through stages: the time is that of the first, which is all that they do and the wait that is left.
func (s *sum) chain(stages []*xray.Step, next float64) {
	before := s.ns
	wait := 0.0
	for _, x := range stages {
		wait = s.step(x)
	}
	if len(stages) > 1 {
		wait = float64(stages[0].WallNS) - (s.ns - before)
	}
	s.add(part{name: "wait", group: Wait, ns: wait})
	s.add(part{name: "between steps", group: Between, ns: next})
}

// iterations finds the steps up to the last prompt of each traced iteration, by their places: those that are whole where there are some,
// the shortest first.
func (s *side) iterations() [][]int {
	type found struct {
		at  []int
		ns  int64
		cut bool
	}
	var all []found
	steps, tokens := s.stages[0].Steps, 0
	for i := range steps {
		x := &steps[i]
		if x.Phase != metric.Prefill && x.Phase != metric.Mixed {
			continue
		}
		if x.Phase == metric.Prefill && (i == 0 || steps[i-1].Phase != metric.Prefill || s.Prompt > 0 && tokens >= s.Requests*s.Prompt) {
			all, tokens = append(all, found{at: []int{i}}), 0
		}
		if len(all) == 0 {
			continue // it began before the trace
		}
		f := &all[len(all)-1]
		for j := f.at[len(f.at)-1] + 1; j <= i; j++ {
			f.at = append(f.at, j)
		}
		tokens += max(0, x.Tokens)
		f.ns, f.cut = f.ns+x.WallNS, f.cut || x.Cut
	}
	if whole := slices.DeleteFunc(slices.Clone(all), func(f found) bool { return f.cut }); len(whole) > 0 {
		all = whole
	} else if len(all) > 0 {
		s.notes = append(s.notes, s.Name+": every prompt began before all ranks were recorded: its waits are those of profilers")
	}
	slices.SortStableFunc(all, func(a, b found) int { return cmp.Compare(a.ns, b.ns) })
	return model.Each(all, func(f found) []int { return f.at })
}

// upTo adds up the steps of an iteration with its schedule: what the order of prompts does to first and to next tokens, by how many
// requests have their first token before a step.
func (s *side) upTo(at []int) (p prompts) {
	p.at, p.prompt = at, &sum{}
	done, tokens, all := 0, 0, float64(s.Requests)
	token := float64(s.mid.WallNS) + s.next
	for _, i := range at {
		x := &s.stages[0].Steps[i]
		if x.Phase != metric.Decode {
			p.prompt.chain(s.sameStep(i), float64(max(0, x.NextNS)))
		}
		if s.Requests == 0 || s.Prompt == 0 {
			continue
		}
		took := float64(x.WallNS + max(0, x.NextNS))
		waiting := max(0, all-float64(done)) / all
		p.sooner += waiting * took
		if x.Phase == metric.Decode {
			p.early += took
		} else {
			p.sooner -= took
			tokens += max(0, x.Tokens-done)
		}
		if s.Output > 1 && s.phase == metric.Decode {
			p.slower += (1 - waiting) * (took - token) / float64(s.Output-1)
		}
		done = min(s.Requests, tokens/s.Prompt)
	}
	return p
}
