package analyze

import (
	"cmp"
	"slices"

	"shardeck/backend/analyze/align"
	"shardeck/backend/analyze/kernelname"
	"shardeck/model/metric"
)

// bandwidthMetrics finds how large calls are and how fast they go.
func bandwidthMetrics(f *facts) []metric.Metric {
	all, ranks, types := &callSum{}, map[int]*callSum{}, map[string]*callSum{}
	for _, r := range f.Ranks {
		own := getOrAdd(ranks, r.Number)
		for _, c := range r.Calls {
			all.add(c)
			own.add(c)
			getOrAdd(types, c.Type.String()).add(c)
		}
	}
	metricOf := func(name, missing string, of func(*callSum) (float64, bool)) metric.Metric {
		m := metric.Metric{PerRank: knownValues(ranks, of), N: all.sized, Source: f.Files(), Estimate: all.inferred}
		v, ok := of(all)
		if !ok {
			m.Reason = missing
			return defined(name, m)
		}
		m.Value, m.By.Types = &v, knownValues(types, of)
		if all.inferred {
			m.Note = "some sizes inferred from model shape, phase and layout"
		}
		return defined(name, m)
	}
	const unsized = "the size of no call is known: kernels launched from CUDA graphs carry no metadata, " +
		"and the model's shape or the steps are not known"
	const unmatched = "no matched call of known size"
	return []metric.Metric{
		metricOf("coll_bytes", unsized, func(s *callSum) (float64, bool) { return s.bytes / float64(max(1, s.sized)), s.sized > 0 }),
		metricOf("coll_algbw", unmatched, func(s *callSum) (float64, bool) { return s.algBW(), s.ns > 0 }),
		metricOf("coll_busbw", unmatched, func(s *callSum) (float64, bool) { return s.busBW(), s.ns > 0 }),
	}
}

// callSum sums calls. Bytes per nanosecond are GB/s.
type callSum struct {
	calls          int
	matched        int     // of calls, inside the window
	transfer, wait int64   // ns of matched calls
	sized          int     // calls of known size
	bytes          float64 // of those
	inferred       bool    // some size comes from the model's shape
	ns             int64   // transfer of matched calls of known size
	moved, bus     float64 // bytes of those, as they are and as they load the links
}

func (s *callSum) add(c *align.Call) {
	s.calls++
	s.transfer, s.wait = s.transfer+c.Transfer, s.wait+c.Wait
	if c.Match != nil && c.Clipped().Length() > 0 {
		s.matched++
	}
	if c.Bytes < 0 {
		return
	}
	s.sized++
	s.bytes += float64(c.Bytes)
	s.inferred = s.inferred || c.Inferred
	if c.Match != nil && c.Transfer > 0 {
		s.ns += c.Transfer
		s.moved += float64(c.Bytes)
		s.bus += float64(c.Bytes) * busFactor(c.Type, len(c.Match.Sequence.Ranks))
	}
}

// algBW and busBW are GB/s; 0 where no matched call has a known size.
func (s *callSum) algBW() float64 { return s.moved / float64(max(1, s.ns)) }
func (s *callSum) busBW() float64 { return s.bus / float64(max(1, s.ns)) }

// busFactor turns algorithm bandwidth into bus bandwidth among n ranks.
// [nccl-tests, doc/PERFORMANCE.md]
func busFactor(t kernelname.CallType, n int) float64 {
	share := float64(n-1) / float64(n)
	switch t {
	case kernelname.AllReduce:
		return 2 * share
	case kernelname.AllGather, kernelname.ReduceScatter, kernelname.AllToAll:
		return share
	}
	return 1
}

// knownValues are the values of the sums that have one.
func knownValues[K comparable](sums map[K]*callSum, of func(*callSum) (float64, bool)) map[K]float64 {
	out := map[K]float64{}
	for k, s := range sums {
		if v, ok := of(s); ok {
			out[k] = v
		}
	}
	return out
}

// collectives sums the calls of one type and size, the mean over the ranks that make
// calls of the type, the longest first: on one rank alone the wait would be that of
// the rank that comes last, or that of the others, as it happens.
func collectives(f *facts) []metric.CollStat {
	type size struct {
		typ   kernelname.CallType
		bytes int64
	}
	sums := map[size]*callSum{}
	ranks := map[kernelname.CallType]map[*align.Rank]bool{}
	for _, r := range f.Ranks {
		for _, c := range r.Calls {
			if ranks[c.Type] == nil {
				ranks[c.Type] = map[*align.Rank]bool{}
			}
			ranks[c.Type][r] = true
			getOrAdd(sums, size{c.Type, c.Bytes}).add(c)
		}
	}
	var out []metric.CollStat
	for k, s := range sums {
		n := len(ranks[k.typ])
		out = append(out, metric.CollStat{
			Type: k.typ.String(), Bytes: k.bytes, Inferred: s.inferred, Ranks: n,
			Count: max(1, (s.calls+n/2)/n), Matched: float64(s.matched) / float64(n),
			TransferNS: s.transfer / int64(n), WaitNS: s.wait / int64(n), AlgBW: s.algBW(), BusBW: s.busBW(),
		})
	}
	slices.SortFunc(out, func(a, b metric.CollStat) int {
		return cmp.Or(cmp.Compare(b.TransferNS+b.WaitNS, a.TransferNS+a.WaitNS), cmp.Compare(a.Type, b.Type), cmp.Compare(a.Bytes, b.Bytes))
	})
	return out
}
