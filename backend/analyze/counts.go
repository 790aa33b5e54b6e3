package analyze

import (
	"fmt"

	"shardeck/backend/analyze/align"
	"shardeck/backend/analyze/kernelname"
	"shardeck/model/metric"
	"shardeck/model/present/unit"
)

// countMetrics counts launches of communication kernels: in the whole file, in one
// traced iteration, in one forward step.
func countMetrics(f *facts) []metric.Metric {
	iterations, from := f.in.TracedIterations()
	perIteration := callsPer(f, allCalls, func(*align.Rank) (int, string) {
		return iterations, "the number of traced iterations is not known: no run.json and no config with profile_iterations"
	})
	if perIteration.Value != nil {
		perIteration.Note = joinNotes(perIteration.Note, tracedTokens(f, iterations, from))
	}
	return []metric.Metric{
		defined("coll_call_num", perIteration),
		defined("coll_calls_total", callsPer(f, allCalls, func(*align.Rank) (int, string) { return 1, "" })),
		defined("coll_calls_per_step", callsPer(f, func(c *align.Call) bool { return !c.Empty }, func(r *align.Rank) (int, string) {
			const unknown = "the number of forward steps is not known: the trace has no step annotations, and run.json does not say"
			return tracedSteps(f, r), unknown
		})),
	}
}

func allCalls(*align.Call) bool { return true }

// callsPer divides the counted launches of each rank by a number, in all and by type; where
// the number is not known, 0, it says so.
func callsPer(f *facts, counted func(*align.Call) bool, by func(*align.Rank) (n int, unknown string)) metric.Metric {
	sums := map[kernelname.CallType]float64{}
	p := onRanks(f, func(r *align.Rank) (float64, string) {
		n, unknown := by(r)
		if n <= 0 {
			return 0, unknown
		}
		types, all := map[kernelname.CallType]int{}, 0
		for _, c := range r.Calls {
			if counted(c) {
				types[c.Type]++
				all++
			}
		}
		for t, k := range types {
			sums[t] += float64(k) / float64(n)
		}
		return float64(all) / float64(n), ""
	})
	m := p.metric(f.Files())
	m.By = metric.Parts{Types: map[string]float64{}} // they add up to the value
	for t, sum := range sums {
		m.By.Types[t.String()] = withoutRoundingError(sum / float64(len(p.list)))
	}
	return m
}

// withoutRoundingError takes the error of a sum of fractions away.
func withoutRoundingError(v float64) float64 {
	if r := float64(int64(v*1e6+0.5)) / 1e6; r != 0 {
		return r
	}
	return v
}

// tracedTokens says how much of the run one traced iteration is, in words.
func tracedTokens(f *facts, iterations int, from string) string {
	text := fmt.Sprintf("%s (%s)", unit.Plural(iterations, "traced iteration"), from)
	tokens := 0
	if f.in.Info != nil && f.in.Info.Tokens > 0 {
		tokens = f.in.Info.Tokens
	} else if n := f.Ranks[0].MarkedSteps; n%iterations == 0 {
		tokens = n / iterations // a step makes one token of each request, the prefill the first
	}
	if tokens == 0 {
		return text
	}
	text += fmt.Sprintf(", %d output tokens traced in each", tokens)
	if e := f.in.Experiment; e != nil && e.Data.MaxTokens != tokens {
		text += fmt.Sprintf(" of %d", e.Data.MaxTokens)
	}
	return text
}

// tracedSteps is how many forward steps a rank's trace holds; 0: not known.
func tracedSteps(f *facts, r *align.Rank) int {
	if r.MarkedSteps == 0 && f.in.Info != nil {
		return f.in.Info.Traced * f.in.Info.Tokens
	}
	return r.MarkedSteps
}
