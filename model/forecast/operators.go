package forecast

import (
	"cmp"
	"math"
	"slices"

	"shardeck/model"
	"shardeck/model/metric"
	"shardeck/model/xray"
)

// Errors of logarithms of traced times: of products and of what moves a known amount; of attention, whose kernels change with sizes; of
// gaps, which profilers widen.
const (
	operatorError  = 0.05
	attentionError = 0.08
	gapError       = 0.7
)

// Operators of other kernels, by whether TP divides what they move.
var (
	wholeOperators = []string{"norm", "residual"}
	splitOperators = []string{"rope", "cache", "activation", "glue", "qk_norm"}
	otherOperators = slices.Concat(wholeOperators, splitOperators, []string{"input", "embedding", "sampling"})
)

// mostSteps is how many kinds of steps of a trace are looked at: those that come most often.
const mostSteps = 3

// operators are the observations of a run's traced steps: the median time of each operator over steps alike. What an operator is to
// take is the work of the same step with all else left out.
func (f *fitted) operators(r *Run) (all []observation) {
	if len(r.Steps) == 0 || r.Config.Experiment.Layout.PP > 1 {
		return nil
	}
	w := newWorker(r.Config, &f.machine)
	for _, alike := range kindsOf(r.Steps) {
		b, ok := w.batchOf(alike[0])
		if !ok {
			continue
		}
		whole := w.step(b)[0]
		see := func(k work, error float64, of func(xray.Step) int64) {
			values := model.Each(alike, func(s xray.Step) float64 { return float64(of(s)) })
			if ns := metric.Median(values); ns > 0 {
				k.graph, k.prompt = whole.graph, whole.prompt
				p := &plan{terms: []term{{work: k, weight: [quantities]float64{iteration: 1}}}}
				all = append(all, observation{plan: p, q: iteration, log: math.Log(ns / 1e3), error: error, trace: true})
			}
		}
		for name, k := range w.products(b) {
			see(k, operatorError, timeOf(name))
		}
		see(work{decode: whole.decode, prefill: whole.prefill, short: whole.short, heads: whole.heads}, attentionError, timeOf("attention"))
		if b.decode > 0 && len(b.prompts) == 0 {
			see(work{small: whole.small, whole: whole.whole, split: whole.split, alone: whole.alone}, operatorError, timeOf(otherOperators...))
		} else {
			see(work{whole: whole.whole}, operatorError, timeOf(wholeOperators...))
			see(work{split: whole.split}, operatorError, timeOf(splitOperators...))
		}
		if whole.graph {
			see(work{kernels: whole.kernels, calls: whole.calls}, gapError, gaps)
		}
		see(work{fixed: whole.fixed, moving: whole.moving}, operatorError, transfers)
	}
	slices.SortStableFunc(all, func(a, b observation) int { return cmp.Compare(a.log, b.log) }) // maps have no order, and sums of floats one
	return all
}

// kindsOf groups steps of a phase with as many tokens and requests; those kinds that come most often, at most mostSteps.
func kindsOf(steps []xray.Step) [][]xray.Step {
	type kind struct {
		phase            string
		tokens, requests int
	}
	told := slices.DeleteFunc(slices.Clone(steps), func(s xray.Step) bool {
		return s.Repeats <= 0 || s.Tokens <= 0 || s.Requests <= 0 || s.Context <= 0 || s.Phase == metric.Mixed
	})
	kinds := model.Grouped(told, func(s xray.Step) kind { return kind{s.Phase, s.Tokens, s.Requests} })
	all := model.Each(kinds, func(g model.Group[kind, xray.Step]) []xray.Step { return g.All })
	slices.SortStableFunc(all, func(a, b []xray.Step) int { return cmp.Or(len(b)-len(a), b[0].Tokens-a[0].Tokens) })
	return all[:min(len(all), mostSteps)]
}

// batchOf is the batch of a traced step; ok is false of one that nobody can tell.
func (w worker) batchOf(s xray.Step) (b batch, ok bool) {
	d := w.c.Experiment.Data
	switch {
	case s.Phase == metric.Decode && s.Tokens == s.Requests:
		b = batch{decode: s.Requests, context: float64(s.Context) / float64(s.Requests)}
		if w.m.engine.WholeCache && w.m.engine.inGraph(w.c) {
			b.context = float64(d.SeqLen + d.MaxTokens)
		}
	case s.Phase == metric.Prefill && s.Tokens%s.Requests == 0 && s.Context == int64(s.Tokens):
		for range s.Requests {
			b.prompts = append(b.prompts, chunk{s.Tokens / s.Requests, 0})
		}
	}
	return b, b.decode+len(b.prompts) > 0
}

// products are the GEMMs of a step by the names of their operators, the head among them.
func (w worker) products(b batch) map[string]work {
	all, tokens := map[string]work{}, b.tokens()
	for _, m := range w.matrices[0] {
		if !m.Experts && w.c.Shape.MLA == nil {
			of := gemm{float64(m.Bytes), 2 * tokens * float64(m.Out) * float64(m.In), float64(m.Layers)}
			all[m.Name] = work{gemms: append(all[m.Name].gemms, of)}
		}
	}
	head := work{}
	w.head(&head, b)
	all["head"] = work{gemms: head.gemms}
	return all
}

// timeOf gives the time of some operators of a step, in ns, as far as they are told with certainty.
func timeOf(names ...string) func(xray.Step) int64 {
	return func(s xray.Step) (sum int64) {
		for _, o := range s.Operators {
			if slices.Contains(names, o.Name) && o.Certain {
				sum += o.NS
			}
		}
		return sum
	}
}

// gaps is the time between the kernels of a graph, in ns.
func gaps(s xray.Step) (sum int64) {
	for _, g := range s.Gaps {
		if g.Cause == "between" || g.Cause == "graph" || g.Cause == "stream" {
			sum += g.NS
		}
	}
	return sum
}

// transfers is the time of collectives without their waits for other ranks, where those are known, in ns.
func transfers(s xray.Step) (sum int64) {
	for _, o := range s.Operators {
		if o.WaitNS != nil {
			sum += o.DurNS - *o.WaitNS
		}
	}
	return sum
}
