package analyze

import (
	"cmp"
	"slices"

	"shardeck/backend/analyze/align"
	"shardeck/backend/analyze/kernelname"
	"shardeck/model/metric"
)

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
			sumOf(sums, size{c.Type, c.Bytes}).add(c)
		}
	}
	var out []metric.CollStat
	for k, s := range sums {
		n := len(ranks[k.typ])
		out = append(out, metric.CollStat{Type: k.typ.String(), Bytes: k.bytes, Inferred: s.inferred, Ranks: n, Count: max(1, (s.calls+n/2)/n),
			Matched: float64(s.matched) / float64(n), TransferNS: s.transfer / int64(n), WaitNS: s.wait / int64(n), AlgBW: s.algBW(), BusBW: s.busBW()})
	}
	slices.SortFunc(out, func(a, b metric.CollStat) int {
		return cmp.Or(cmp.Compare(b.TransferNS+b.WaitNS, a.TransferNS+a.WaitNS), cmp.Compare(a.Type, b.Type), cmp.Compare(a.Bytes, b.Bytes))
	})
	return out
}
