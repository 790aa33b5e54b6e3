package analyze

import (
	"maps"
	"path/filepath"
	"slices"

	"shardeck/backend/analyze/align"
	"shardeck/backend/analyze/kernelname"
	"shardeck/backend/trace/et"
	"shardeck/model/metric"
)

// What is said of values that no kernel stands behind, and of those that need times.
const (
	askedNote = "as the program asked torch.distributed for them: without what CUDA graphs replay, and what an engine sends by itself"
	timeless  = "execution traces alone: they have counts, sizes and groups of calls, and no times; profile with kineto on for those"
)

// AddAsked gives an analysis without kernels what the execution traces of its ranks tell of calls; none: nothing.
func AddAsked(a *metric.Analysis, in Input, traces map[int]*et.Trace) {
	if len(traces) == 0 {
		return
	}
	all, ranks, types := &callSum{}, map[int]*callSum{}, map[string]*callSum{}
	var files []string
	for _, rank := range slices.Sorted(maps.Keys(traces)) {
		files = append(files, filepath.Base(traces[rank].File))
		own := getOrAdd(ranks, rank)
		for _, c := range traces[rank].Collectives() {
			if t := kernelname.OfMetadata(c.Name); !c.Control {
				for _, s := range []*callSum{all, own, getOrAdd(types, t.String())} {
					s.addAsked(c, align.CollBytes(t, &c.Coll))
				}
			}
		}
	}
	calls := func(by int) metric.Metric {
		of := func(n int) func(*callSum) (float64, bool) {
			return func(s *callSum) (float64, bool) { return float64(s.calls) / float64(n), true }
		}
		m := metric.Metric{PerRank: knownValues(ranks, of(by)), N: len(ranks), Source: files, Note: askedNote}
		m.By.Types = knownValues(types, of(by*len(ranks)))
		m.Value = new(float64(all.calls) / float64(by*len(ranks)))
		return m
	}
	mean := func(s *callSum) (float64, bool) { return s.bytes / float64(max(1, s.sized)), s.sized > 0 }
	sizes := metric.Metric{PerRank: knownValues(ranks, mean), N: all.sized, Source: files, Note: askedNote}
	sizes.By.Types = knownValues(types, mean)
	if v, sized := mean(all); sized {
		sizes.Value = &v
	}
	iterations, _ := in.TracedIterations()
	told := map[string]metric.Metric{"coll_calls_total": calls(1), "coll_bytes": sizes}
	if iterations > 0 {
		told["coll_call_num"] = calls(iterations)
	}
	for i, m := range a.Metrics {
		if own, ok := told[m.Name]; ok && own.Value != nil {
			a.Metrics[i] = defined(m.Name, own)
		} else if m.Reason == noTracesAtAll {
			a.Metrics[i].Reason = timeless
		}
	}
	a.Ranks, a.Trace = slices.Sorted(maps.Keys(traces)), &metric.TraceSummary{}
	a.Warnings = append([]string{timeless}, a.Warnings...)
}

// addAsked adds the calls of one sort, each of so many bytes; negative: not known.
func (s *callSum) addAsked(c et.Collective, bytes int64) {
	s.calls += c.Calls
	if bytes >= 0 {
		s.sized += c.Calls
		s.bytes += float64(bytes) * float64(c.Calls)
	}
}
