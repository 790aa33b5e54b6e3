package forecast

import (
	"cmp"
	"math"
	"slices"

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
		see := func(k work, error float64, names ...string) {
			k.graph, k.prompt = whole.graph, whole.prompt
			all = appendSeen(all, k, error, medianOf(alike, names))
		}
		for name, k := range w.products(b) {
			see(k, operatorError, name)
		}
		see(work{decode: whole.decode, prefill: whole.prefill, short: whole.short, heads: whole.heads}, attentionError, "attention")
		if b.decode > 0 && len(b.prompts) == 0 {
			see(work{small: whole.small, whole: whole.whole, split: whole.split, alone: whole.alone}, operatorError, otherOperators...)
		} else {
			see(work{whole: whole.whole}, operatorError, wholeOperators...)
			see(work{split: whole.split}, operatorError, splitOperators...)
		}
		if whole.graph {
			all = appendSeen(all, work{graph: true, kernels: whole.kernels, calls: whole.calls}, gapError, medianGap(alike))
		}
		all = appendSeen(all, work{fixed: whole.fixed, moving: whole.moving}, operatorError, medianTransfer(alike))
	}
	slices.SortStableFunc(all, func(a, b observation) int { return cmp.Compare(a.log, b.log) }) // maps have no order, and sums of floats one
	return all
}

// appendSeen adds an observation of so many ns, if there are any.
func appendSeen(all []observation, k work, error, ns float64) []observation {
	p := &plan{terms: []term{{work: k, weight: [quantities]float64{iteration: 1}}}}
	if o := (observation{plan: p, q: iteration, error: error, trace: true}); ns > 0 {
		o.log = math.Log(ns / 1e3)
		return append(all, o)
	}
	return all
}

// kindsOf groups steps of a phase with as many tokens and requests; those kinds that come most often, at most mostSteps.
func kindsOf(steps []xray.Step) [][]xray.Step {
	type kind struct {
		phase            string
		tokens, requests int
	}
	byKind := map[kind][]xray.Step{}
	for _, s := range steps {
		if s.Repeats > 0 && s.Tokens > 0 && s.Requests > 0 && s.Context > 0 && s.Phase != metric.Mixed {
			k := kind{s.Phase, s.Tokens, s.Requests}
			byKind[k] = append(byKind[k], s)
		}
	}
	var all [][]xray.Step
	for _, list := range byKind {
		all = append(all, list)
	}
	slices.SortFunc(all, func(a, b []xray.Step) int {
		return cmp.Or(len(b)-len(a), b[0].Tokens-a[0].Tokens, a[0].Index-b[0].Index)
	})
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
	default:
		return b, false
	}
	return b, true
}

// products are the GEMMs of a step by the names of their operators, the head among them.
func (w worker) products(b batch) map[string]work {
	all, tokens := map[string]work{}, b.tokens()
	for _, m := range w.matrices[0] {
		if !m.Experts && w.c.Shape.MLA == nil {
			k := all[m.Name]
			k.gemms = append(k.gemms, gemm{float64(m.Bytes), 2 * tokens * float64(m.Out) * float64(m.In), float64(m.Layers)})
			all[m.Name] = k
		}
	}
	head := work{}
	w.head(&head, b)
	all["head"] = work{gemms: head.gemms}
	return all
}

// medianOf is the median over steps of the time of some operators, in ns; 0: one of the steps is not told with certainty, or has none.
func medianOf(steps []xray.Step, names []string) float64 {
	return medianBy(steps, func(s xray.Step) (sum float64) {
		for _, o := range s.Operators {
			if slices.Contains(names, o.Name) && o.Certain {
				sum += float64(o.NS)
			}
		}
		return sum
	})
}

// medianGap is that of the time between kernels of a graph.
func medianGap(steps []xray.Step) float64 {
	return medianBy(steps, func(s xray.Step) (sum float64) {
		for _, g := range s.Gaps {
			if g.Cause == "between" || g.Cause == "graph" || g.Cause == "stream" {
				sum += float64(g.NS)
			}
		}
		return sum
	})
}

// medianTransfer is that of collectives without their waits for other ranks, where those are known.
func medianTransfer(steps []xray.Step) float64 {
	return medianBy(steps, func(s xray.Step) (sum float64) {
		for _, o := range s.Operators {
			if o.WaitNS != nil {
				sum += float64(o.DurNS - *o.WaitNS)
			}
		}
		return sum
	})
}

func medianBy(steps []xray.Step, of func(xray.Step) float64) float64 {
	values := make([]float64, len(steps))
	for i, s := range steps {
		values[i] = of(s)
	}
	return metric.Median(values)
}
