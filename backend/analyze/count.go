package analyze

import (
	"fmt"
	"maps"
	"slices"

	"shardeck/model/metric"
)

// countMetrics counts launches of communication kernels: in the whole file, in one
// traced iteration, in one forward step.
func countMetrics(w *world) {
	if !w.traced("coll_call_num", "coll_calls_total", "coll_calls_per_step") {
		return
	}
	w.set("coll_calls_total", w.counts(allCalls, func(*lane) (float64, string) { return 1, "" }))

	iterations, from := w.tracedIterations()
	m := w.counts(allCalls, func(*lane) (float64, string) {
		if iterations == 0 {
			return 0, "the number of traced iterations is not known: no run.json and no config with profile_iterations"
		}
		return float64(iterations), ""
	})
	if m.Value != nil {
		m.Note = joinNotes(m.Note, w.tracedTokens(iterations, from))
	}
	w.set("coll_call_num", m)

	w.set("coll_calls_per_step", w.counts(stepCalls, func(l *lane) (float64, string) {
		if n := w.tracedSteps(l); n > 0 {
			return float64(n), ""
		}
		return 0, "the number of forward steps is not known: the trace has no step annotations, and run.json does not say"
	}))
}

func allCalls(l *lane) []*call { return l.calls }

// counts divides launches of each rank by something, in all and by type.
func (w *world) counts(of func(*lane) []*call, by func(*lane) (float64, string)) metric.Metric {
	parts := map[callType]float64{}
	v := w.eachRank(func(l *lane) (float64, string) {
		n, reason := by(l)
		return float64(len(of(l))) / max(n, 1), reason
	})
	for _, l := range w.lanes {
		if _, ok := v.per[l.rank]; !ok {
			continue
		}
		n, _ := by(l)
		for _, c := range of(l) {
			parts[c.typ] += 1 / (n * float64(len(v.per)))
		}
	}
	m := v.metric(w.traceFiles())
	m.By = metric.Parts{Types: map[string]float64{}} // they add up to the value
	for t, n := range parts {
		m.By.Types[t.String()] = tidy(n)
	}
	return m
}

// tidy takes the rounding error of a sum of many equal fractions away.
func tidy(v float64) float64 {
	if r := float64(int64(v*1e6+0.5)) / 1e6; r != 0 {
		return r
	}
	return v
}

// tracedIterations is how many iterations the traces hold, and who says so; 0: nobody.
func (w *world) tracedIterations() (n int, from string) {
	if w.in.Info != nil && w.in.Info.Traced > 0 {
		return w.in.Info.Traced, "run.json"
	}
	if w.in.Experiment != nil && w.in.Experiment.ProfileIterations > 0 {
		return w.in.Experiment.ProfileIterations, "profile_iterations"
	}
	for _, rank := range slices.Sorted(maps.Keys(w.in.Timing)) {
		if t := w.in.Timing[rank]; len(t.Traced.Iterations) > 0 {
			return len(t.Traced.Iterations), base(t.File)
		}
	}
	return 0, ""
}

// tracedTokens says how much of the run one traced iteration is, in words.
func (w *world) tracedTokens(iterations int, from string) string {
	text := fmt.Sprintf("%s (%s)", plural(iterations, "traced iteration"), from)
	tokens := 0
	if w.in.Info != nil && w.in.Info.Tokens > 0 {
		tokens = w.in.Info.Tokens
	} else if n := countSteps(w.in.Ranks[w.lanes[0].rank].Marks); n > 0 && n%iterations == 0 {
		tokens = n / iterations // a step makes one token of each request, the prefill the first
	}
	if tokens == 0 {
		return text
	}
	text += fmt.Sprintf(", %d output tokens traced in each", tokens)
	if e := w.in.Experiment; e != nil && e.Data.MaxTokens != tokens {
		text += fmt.Sprintf(" of %d", e.Data.MaxTokens)
	}
	return text
}

// tracedSteps is how many forward steps a rank's trace holds; 0: not known.
func (w *world) tracedSteps(l *lane) int {
	if n := countSteps(w.in.Ranks[l.rank].Marks); n > 0 {
		return n
	}
	if i := w.in.Info; i != nil {
		return i.Traced * i.Tokens
	}
	return 0
}

func joinNotes(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "; " + b
}
