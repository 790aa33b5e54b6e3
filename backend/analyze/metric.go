package analyze

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"shardeck/backend/analyze/align"
	"shardeck/backend/analyze/span"
	"shardeck/model"
	"shardeck/model/metric"
)

// defined gives a metric the name and unit of its definition. Lists and maps are never nil, so that JSON has them.
func defined(name string, m metric.Metric) metric.Metric {
	d, ok := metric.Define(name)
	if !ok {
		panic("analyze: metric " + name + " has no definition")
	}
	m.Name, m.Unit = d.Name, d.Unit
	if m.Value == nil && m.Reason != "none" {
		m.Note, m.Estimate = "", false // they qualify a value
	}
	if m.PerRank == nil {
		m.PerRank = map[int]float64{}
	}
	if m.Source == nil {
		m.Source = []string{}
	}
	return m
}

func withoutValue(reason string, source []string, names ...string) []metric.Metric {
	return model.Each(names, func(name string) metric.Metric { return defined(name, metric.Metric{Reason: reason, Source: source}) })
}

func noTraces(f *facts) string {
	switch {
	case len(f.Ranks) > 0:
		return ""
	case len(f.NoKernels) > 0 && len(f.Losses) > 0:
		return strings.Join(f.NoKernels, ", ") + ": no GPU kernels in what could be read; the warnings say what was lost"
	case len(f.NoKernels) > 0:
		return strings.Join(f.NoKernels, ", ") + ": " + f.WhyNone[0]
	case f.in.NoTraces != "":
		return f.in.NoTraces
	}
	return noTracesAtAll
}

const noTracesAtAll = "no traces: there is no kineto_trace_<rank>.json in this run; set profiling.kineto: true and run it again"

// perRank is what a metric is on each rank, whose mean is the one number for all, and why it is not on others.
type perRank struct {
	values map[int]float64
	list   []float64 // the values, in the order of ranks: sums of floats depend on it
	lacks  []string  // "rank 1: …"
}

// onRanks asks value of every rank; a reason means that there is none.
func onRanks(f *facts, value func(*align.Rank) (v float64, reason string)) perRank {
	p := perRank{values: map[int]float64{}}
	for _, r := range f.Ranks {
		v, reason := value(r)
		if reason != "" {
			p.lacks = append(p.lacks, fmt.Sprintf("rank %d: %s", r.Number, reason))
			continue
		}
		p.values[r.Number] = v
		p.list = append(p.list, v)
	}
	return p
}

func inWindows(f *facts, value func(*align.Rank) (v float64, reason string)) perRank {
	return onRanks(f, func(r *align.Rank) (float64, string) {
		if r.Window.Length() == 0 {
			return 0, "its trace ends before all ranks were recorded"
		}
		return value(r)
	})
}

// metric is the mean over the ranks that have a value, with least and largest; if none has, the reason of the first.
func (p perRank) metric(source []string) metric.Metric {
	m := metric.Metric{PerRank: p.values, N: len(p.list), Source: source}
	lacks := strings.Join(firstTwo(p.lacks), "; ")
	if m.N == 0 {
		m.Reason = lacks
		return m
	}
	m.Value = new(metric.Mean(p.list))
	if m.N > 1 {
		m.By.Stats = map[metric.Stat]float64{metric.Min: slices.Min(p.list), metric.Max: slices.Max(p.list)}
	}
	if lacks != "" {
		m.Note = "no value for " + lacks
	}
	return m
}

// firstTwo keeps a sentence readable when many ranks lack a value for their own reason.
func firstTwo(lacks []string) []string {
	if len(lacks) > 2 {
		return append(lacks[:2:2], fmt.Sprintf("and %d more ranks", len(lacks)-2))
	}
	return lacks
}

// overTime is a metric of a part of a rank's time: of its steady window, and by phase the mean over the ranks that have it.
func overTime(f *facts, value func(r *align.Rank, phase string, part span.List) (v float64, reason string)) metric.Metric {
	m := inWindows(f, func(r *align.Rank) (float64, string) {
		return value(r, align.WholeWindow, span.List{r.Window})
	}).metric(f.Files())
	m.By.Phases = map[string]float64{}
	for _, phase := range metric.PhaseNames {
		var values []float64
		for _, r := range f.Ranks {
			if part := r.Phases[phase]; len(part) > 0 {
				if v, reason := value(r, phase, part); reason == "" {
					values = append(values, v)
				}
			}
		}
		if len(values) > 0 {
			m.By.Phases[phase] = metric.Mean(values)
		}
	}
	return m
}

// shareOfTime is one length as a percentage of another, both inside some part of a rank's time.
func shareOfTime(f *facts, part, of func(r *align.Rank, inside span.List) int64) metric.Metric {
	return overTime(f, func(r *align.Rank, _ string, inside span.List) (float64, string) {
		if n := of(r, inside); n > 0 {
			return percent(part(r, inside), n), ""
		}
		return 0, "no communication in its window"
	})
}

// percent is 100·part/whole, 0 of nothing.
func percent(part, whole int64) float64 { return 100 * float64(part) / float64(max(1, whole)) }

// longestFirst orders what has a length by it, and by name where that is the same.
func longestFirst(aNS, bNS int64, a, b string) int {
	return cmp.Or(cmp.Compare(bNS, aNS), cmp.Compare(a, b))
}

func joinNotes(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "; " + b
}

// getOrAdd is what m has for k, added if it has nothing yet.
func getOrAdd[K comparable, V any](m map[K]*V, k K) *V {
	if m[k] == nil {
		m[k] = new(V)
	}
	return m[k]
}
