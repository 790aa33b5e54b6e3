package timeline

import (
	"cmp"
	"slices"
	"sort"
)

// Call is a call of communication that ties ranks together.
type Call struct {
	Type     string // all_reduce
	Bytes    int64  // -1: not known
	Inferred bool   // Bytes are worked out, not read
	Number   int    // among the matched calls of its type in its group, from 1
	At       int64  // when the last rank came
	Last     int    // place of that rank in Run.Ranks
	LateNS   int64  // it came so long after the second latest; 0 where calls do not meet, as a send and its receipt
	SpreadNS int64  // and after the first
	Parts    []Part // by rank
}

// Part is a call on one rank.
type Part struct {
	Rank       int // place in Run.Ranks
	Start, End int64
}

// On is the part of a rank; nil: it has none.
func (c *Call) On(rank int) *Part {
	i, ok := slices.BinarySearchFunc(c.Parts, rank, func(p Part, rank int) int { return cmp.Compare(p.Rank, rank) })
	if !ok {
		return nil
	}
	return &c.Parts[i]
}

// CallsIn are the calls whose last rank came in a piece of time.
func (r *Run) CallsIn(from, to int64) []Call {
	first := sort.Search(len(r.Calls), func(i int) bool { return r.Calls[i].At >= from })
	n := sort.Search(len(r.Calls)-first, func(i int) bool { return r.Calls[first+i].At >= to })
	return r.Calls[first : first+n]
}

// LatestIn is, for each of n equal cells of a piece of time, the call to which a rank came latest; nil: none there had a last one.
func (r *Run) LatestIn(from, to int64, n int) []*Call {
	out := make([]*Call, n)
	calls := r.CallsIn(from, to)
	for i := range calls {
		c := &calls[i]
		at := min(int(float64(c.At-from)/float64(to-from)*float64(n)), n-1)
		if c.LateNS > 0 && (out[at] == nil || c.LateNS > out[at].LateNS) {
			out[at] = c
		}
	}
	return out
}
