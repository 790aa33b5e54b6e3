package align

import (
	"cmp"
	"iter"
	"slices"

	"shardeck/backend/analyze/span"
	"shardeck/backend/trace"
)

// A trace may hold millions of kernels. Their records are all that is kept of them:
// lists of what is made of them, of compute above all, would cost as much again and
// more. So they are walked over whenever a metric asks, which takes milliseconds.

// sortByTime leaves records of the same time in the order of the file, and so gives
// the same order however often it is done.
func sortByTime(records []trace.Record) {
	byTime := func(a, b trace.Record) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.End(), b.End()))
	}
	if !slices.IsSortedFunc(records, byTime) {
		slices.SortStableFunc(records, byTime)
	}
}

// BusiestDevice is the device with most kernel time, and how many others have kernels.
func BusiestDevice(records []trace.Record) (device int16, others int) {
	time := map[int16]int64{}
	for i := range records {
		if records[i].Kind == trace.KindKernel {
			time[records[i].Device] += records[i].Dur + 1
		}
	}
	for d, t := range time {
		if t > time[device] || t == time[device] && d < device {
			device = d
		}
	}
	return device, max(0, len(time)-1)
}

// Sorts of records.
func isKernel(k *trace.Record) bool           { return k.Kind == trace.KindKernel }
func isCopy(k *trace.Record) bool             { return k.Kind != trace.KindKernel }
func (r *Rank) isComm(k *trace.Record) bool   { return isKernel(k) && r.Names[k.Name].IsComm() }
func (r *Rank) isCall(k *trace.Record) bool   { return isKernel(k) && r.Names[k.Name].IsCall() }
func (r *Rank) computes(k *trace.Record) bool { return isKernel(k) && !r.Names[k.Name].IsComm() }

// Kernels are the launches on the rank's device, by start.
func (r *Rank) Kernels() iter.Seq2[span.Span, *trace.Record] { return r.of(isKernel) }

// of are the wanted records of the rank's device, by start.
func (r *Rank) of(want func(*trace.Record) bool) iter.Seq2[span.Span, *trace.Record] {
	return func(yield func(span.Span, *trace.Record) bool) {
		for i := range r.records {
			k := &r.records[i]
			if k.Device == r.device && want(k) && !yield(r.spanOf(k), k) {
				return
			}
		}
	}
}

// spanOf is the time of a record on the common clock.
func (r *Rank) spanOf(k *trace.Record) span.Span {
	return span.Span{Start: k.Start + r.ahead, End: k.End() + r.ahead}
}

// Compute is when the device computed: disjoint spans, in order, inside the window.
func (r *Rank) Compute() iter.Seq[span.Span] { return r.united(r.computes) }

// united is the union of the records that are wanted, inside the window.
func (r *Rank) united(want func(*trace.Record) bool) iter.Seq[span.Span] {
	return func(yield func(span.Span) bool) {
		r.unite(0, want, func(s span.Span, _ int) bool { return yield(s) })
	}
}

// unite yields that union from record from on: each span and its first record.
func (r *Rank) unite(from int, want func(*trace.Record) bool, yield func(s span.Span, first int) bool) {
	var open span.Span
	first := from
	for i := from; i < len(r.records); i++ {
		k := &r.records[i]
		if k.Device != r.device || k.Dur <= 0 || !want(k) {
			continue
		}
		s := r.spanOf(k)
		if open.Length() > 0 && s.Start <= open.End {
			open.End = max(open.End, s.End)
			continue
		}
		if c := open.Clip(r.Window); c.Length() > 0 && !yield(c, first) {
			return
		}
		open, first = s, i
	}
	if c := open.Clip(r.Window); c.Length() > 0 {
		yield(c, first)
	}
}

// ComputeIndex answers how much a rank computed in a piece of its window. It remembers
// only some spans of compute, and walks over the records between them.
type ComputeIndex struct {
	rank  *Rank
	marks []mark
}

// mark is a place where compute begins.
type mark struct {
	start  int64 // of a span of compute
	first  int   // its first record
	before int64 // ns of compute before it
}

// markEvery is how many spans of compute lie between two marks.
const markEvery = 64

// NewComputeIndex walks over the rank once.
func NewComputeIndex(r *Rank) ComputeIndex {
	x := ComputeIndex{rank: r}
	n, sum := 0, int64(0)
	r.unite(0, r.computes, func(s span.Span, first int) bool {
		if n%markEvery == 0 {
			x.marks = append(x.marks, mark{s.Start, first, sum})
		}
		n, sum = n+1, sum+s.Length()
		return true
	})
	return x
}

// before is how much was computed before t.
func (x ComputeIndex) before(t int64) int64 {
	i, _ := slices.BinarySearchFunc(x.marks, t, func(m mark, t int64) int { return cmp.Compare(m.start, t) })
	if i == 0 {
		return 0
	}
	m := x.marks[i-1]
	sum := m.before
	x.rank.unite(m.first, x.rank.computes, func(s span.Span, _ int) bool {
		sum += max(0, min(s.End, t)-s.Start)
		return s.End < t
	})
	return sum
}

// Within is how much was computed in s.
func (x ComputeIndex) Within(s span.Span) int64 {
	return max(0, x.before(s.End)-x.before(s.Start))
}
