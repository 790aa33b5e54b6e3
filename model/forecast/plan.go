package forecast

import (
	"math"
	"slices"

	"shardeck/model"
)

// quantity is a metric that a plan gives.
type quantity int

const (
	ttft quantity = iota
	tpot
	iteration
	quantities
)

// term is a step, or a stage of one, with how often each metric counts it.
type term struct {
	work
	weight [quantities]float64
	steps  [quantities]float64 // how often the host stands between this step and the next
}

// plan is how an engine serves one batch: each metric is a sum of its terms, in µs.
type plan struct {
	terms  []term
	first  [quantities]float64 // how often the first token is waited for
	decode [quantities]float64 // how often the first decode step is
}

// time is every metric by parts, in µs, and how far each is the host's.
func (p *plan) time(v *values) (sums [quantities]shares, hosted [quantities]float64) {
	for i := range p.terms {
		t := &p.terms[i]
		one, h := t.work.time(v)
		whole := one.sum()
		for q, weight := range t.weight {
			if weight > 0 {
				sums[q].add(&one, weight)
				sums[q][Host] += t.steps[q] * v[stepHost]
				hosted[q] += h * weight * whole
			}
		}
	}
	for q := range sums {
		if whole := sums[q].sum(); whole > 0 {
			hosted[q] /= whole
		}
		sums[q][Host] += p.first[q]*v[firstToken] + p.decode[q]*v[firstDecode]
	}
	return sums, hosted
}

// logs are the logarithms of every metric.
func (p *plan) logs(v *values) (out [quantities]float64) {
	sums, _ := p.time(v)
	for q := range sums {
		out[q] = math.Log(sums[q].sum())
	}
	return out
}

// planOf is the plan of a config. Where requests reach the engine one by one, its first step may hold all or any part of them: half
// and half, parts evenly.
func (w worker) planOf(ragged bool) plan {
	p := plan{}
	b := int(w.c.Experiment.RequestsPerReplica())
	if !ragged || b < 2 || w.m.engine.Schedule != "chunked" {
		w.serve(&p, b, 1)
		return p
	}
	const parts = 4
	for i := 1; i < parts; i++ {
		w.serve(&p, model.CeilDiv(b*i, parts), 0.5/(parts-1))
	}
	w.serve(&p, b, 0.5)
	return p
}

// mostChunks is how many steps with prompts are told apart; of more, some are joined.
const mostChunks = 2048

// group is requests that have their first token after the same step.
type group struct {
	n, left, done int // requests, tokens to come, and tokens since the first
}

// serve plays the schedule of one iteration of which so many requests are there for the first step, and adds it to the plan.
func (w worker) serve(p *plan, here int, share float64) {
	d := w.c.Experiment.Data
	all := int(w.c.Experiment.RequestsPerReplica())
	s := schedule{worker: w, plan: p, share: share, requests: float64(all), waiting: all, here: here, part: d.SeqLen, output: d.MaxTokens}
	s.budget = all * d.SeqLen
	if w.m.engine.Schedule == "chunked" {
		s.budget = int(w.c.Experiment.EngineNumber("max_num_batched_tokens", float64(w.c.Batched)))
		s.budget = max(s.budget, all*d.SeqLen/mostChunks)
	}
	for s.waiting > 0 {
		s.prefill()
		s.here = all
	}
	for s.active() > 0 {
		s.decode()
	}
	p.first[ttft] += share
	p.first[iteration] += share
	if d.MaxTokens > 1 {
		p.decode[tpot] += share / float64(d.MaxTokens-1)
		p.decode[iteration] += share
	}
}

// schedule is an iteration under way.
type schedule struct {
	worker
	plan            *plan
	share, requests float64
	waiting, here   int // requests without their first token; how many of all have arrived
	part            int // tokens that are left of the first waiting prompt
	budget, output  int
	chunks          int // steps with prompts so far
	groups          []group
}

func (s *schedule) active() (n int) {
	for _, g := range s.groups {
		if g.left > 0 {
			n += g.n
		}
	}
	return n
}

// prefill is one step with prompts: requests that decode come first, then prompts in order, the last cut where the budget ends.
func (s *schedule) prefill() {
	seq := s.c.Experiment.Data.SeqLen
	b := s.decoding(1)
	left := max(1, s.budget-b.decode)
	ended, gone := 0, int(s.requests)-s.waiting
	for left > 0 && s.waiting > 0 && gone+ended < s.here {
		take := min(left, s.part)
		b.prompts = append(b.prompts, chunk{take, seq - s.part})
		left -= take
		if s.part -= take; s.part == 0 {
			s.part = seq
			ended++
			s.waiting--
		}
	}
	first := float64(s.waiting+ended) / s.requests // requests that wait for their first token meanwhile
	s.add(s.step(b), 1, first, s.wait(), s.chunks > 0)
	s.advance(1)
	if ended > 0 {
		s.groups = append(s.groups, group{n: ended, left: s.output - 1})
	}
	s.chunks++
}

// decode is the steps up to the end of the requests that end first.
func (s *schedule) decode() {
	under := slices.DeleteFunc(slices.Clone(s.groups), func(g group) bool { return g.left <= 0 })
	steps := slices.MinFunc(under, func(a, b group) int { return a.left - b.left }).left
	b := s.decoding(steps)
	if waves := min(s.c.Experiment.Layout.PP, len(s.groups)); waves > 1 { // which fill the stages by turns
		b.decode = model.CeilDiv(b.decode, waves)
	}
	s.add(s.step(b), float64(steps), 0, s.wait(), false)
	s.advance(steps)
}

// decoding is the batch of those that decode, in the middle of so many steps.
func (s *schedule) decoding(steps int) batch {
	b := batch{decode: s.active()}
	d := s.c.Experiment.Data
	if s.m.engine.WholeCache && s.m.engine.inGraph(s.c) {
		b.context = float64(d.SeqLen + d.MaxTokens)
		return b
	}
	for _, g := range s.groups {
		if g.left > 0 {
			b.context += float64(g.n) / float64(b.decode) * (float64(d.SeqLen+g.done) + float64(steps+1)/2)
		}
	}
	return b
}

// wait is the share of a step in the mean time per output token, over the requests.
func (s *schedule) wait() float64 {
	if s.output <= 1 {
		return 0
	}
	return float64(s.active()) / s.requests / float64(s.output-1)
}

func (s *schedule) advance(steps int) {
	for i := range s.groups {
		if g := &s.groups[i]; g.left > 0 {
			g.left, g.done = g.left-steps, g.done+steps
		}
	}
}

// add adds steps: stages one after the other, but those of a chunk that follows another only by the last stage.
func (s *schedule) add(stages []work, steps, first, perToken float64, follows bool) {
	if follows {
		stages = stages[len(stages)-1:]
	}
	for i, k := range stages {
		t := term{work: k, weight: [quantities]float64{ttft: s.share * steps * first, tpot: s.share * steps * perToken,
			iteration: s.share * steps}}
		if i == 0 && first == 0 {
			t.steps = t.weight
		}
		s.plan.terms = append(s.plan.terms, t)
	}
}
