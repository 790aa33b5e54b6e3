package align

import (
	"context"
	"slices"
)

const (
	maxOffset    = 64     // calls that one trace may have more at its start
	maxDeviation = 50_000 // ns, median absolute deviation of end times that is still one call
	minPairs     = 3      // pairs that tell one offset from another
)

// offsetOf is o such that call k of a is call k+o of b. Equal counts need none,
// unless one clock shows that both traces started and ended so many calls apart.
// Else it is the offset whose differences of end times deviate least; ok is false
// when even those do not look like one call, or too few are left to tell.
func offsetOf(ctx context.Context, a, b []*Call) (offset int, ok bool) {
	if len(a) == len(b) && (len(a) < minPairs || sameMoment(a[0], b[0], endDifferences(a, b, 0))) {
		return 0, true
	}
	least := int64(maxDeviation + 1)
	need := max(minPairs, (min(len(a), len(b))+1)/2)
	for i := range 2*maxOffset + 1 { // 0, 1, -1, 2, -2 …: of equal fits the nearest one is taken
		o := (i + 1) / 2
		if i%2 == 0 {
			o = -o
		}
		d := endDifferences(a, b, o)
		if len(d) < need || ctx.Err() != nil || !sameMoment(a[0], b[0], d) {
			continue
		}
		if s := medianDeviation(d); s < least {
			least, offset, ok = s, o, true
		}
	}
	return offset, ok
}

// sameMoment guards against a wrong offset: decode steps are so regular that the
// calls of another step fit each other too, only later. On one host, where clocks
// are the same, a call that all ranks must reach ends on all of them at once.
func sameMoment(a, b *Call, differences []int64) bool {
	if a.Rank.Host != b.Rank.Host || !a.Type.MeetsAll() {
		return true
	}
	m := Median(differences)
	return max(m, -m) <= maxDeviation
}

// endDifferences is how much later b's calls end than a's, for one offset.
func endDifferences(a, b []*Call, offset int) []int64 {
	first, last := max(0, -offset), min(len(a), len(b)-offset)
	if last <= first {
		return nil
	}
	out := make([]int64, 0, last-first)
	for k := first; k < last; k++ {
		out = append(out, b[k+offset].End-a[k].End)
	}
	return out
}

// Median of values, which it reorders; of an even number the lower middle one.
func Median(v []int64) int64 {
	slices.Sort(v)
	return v[(len(v)-1)/2]
}

// medianDeviation is the median absolute deviation; it reorders v.
func medianDeviation(v []int64) int64 {
	m := Median(v)
	for i := range v {
		v[i] = max(v[i]-m, m-v[i])
	}
	return Median(v)
}
