package analyze

import (
	"cmp"
	"iter"
	"slices"

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

// Sorts of records. Calls are kernels of communication that transfer something.
func isKernel(r *trace.Record) bool           { return r.Kind == trace.KindKernel }
func isCopy(r *trace.Record) bool             { return r.Kind != trace.KindKernel }
func (l *lane) isComm(r *trace.Record) bool   { return isKernel(r) && l.names[r.Name].comm != notComm }
func (l *lane) isCall(r *trace.Record) bool   { return l.isComm(r) && l.names[r.Name].comm != control }
func (l *lane) computes(r *trace.Record) bool { return isKernel(r) && l.names[r.Name].comm == notComm }

// launches are the kernels of the lane's device, by start.
func (l *lane) launches() iter.Seq2[span, *trace.Record] { return l.of(isKernel) }

// of are the records of the lane's device that are wanted, by start.
func (l *lane) of(want func(*trace.Record) bool) iter.Seq2[span, *trace.Record] {
	return func(yield func(span, *trace.Record) bool) {
		for i := range l.records {
			r := &l.records[i]
			if r.Device == l.deviceID && want(r) && !yield(l.spanOf(r), r) {
				return
			}
		}
	}
}

// spanOf is the time of a record on the lane's clock.
func (l *lane) spanOf(r *trace.Record) span { return span{r.Start + l.ahead, r.End() + l.ahead} }

// compute is what the device computed, in disjoint spans, in order, inside the window.
func (l *lane) compute() iter.Seq[span] { return l.united(l.computes) }

// united is the union of the records that are wanted, inside the window.
func (l *lane) united(want func(*trace.Record) bool) iter.Seq[span] {
	return func(yield func(span) bool) {
		l.unite(0, want, func(s span, _ int) bool { return yield(s) })
	}
}

// unite tells that union from record from on: each span and its first record.
func (l *lane) unite(from int, want func(*trace.Record) bool, yield func(s span, first int) bool) {
	var open span
	first := from
	for i := from; i < len(l.records); i++ {
		r := &l.records[i]
		if r.Device != l.deviceID || r.Dur <= 0 || !want(r) {
			continue
		}
		s := l.spanOf(r)
		if open.length() > 0 && s.start <= open.end {
			open.end = max(open.end, s.end)
			continue
		}
		if c := open.clip(l.window); c.length() > 0 && !yield(c, first) {
			return
		}
		open, first = s, i
	}
	if c := open.clip(l.window); c.length() > 0 {
		yield(c, first)
	}
}

// computing answers how much was computed in a piece of time, from marks on the way.
type computing struct {
	lane  *lane
	marks []mark
}

// mark is a place where compute begins.
type mark struct {
	start  int64 // of a span of compute
	first  int   // its first record
	before int64 // ns of compute before it
}

// apart is how many spans of compute lie between two marks.
const apart = 64

// computing sets the marks.
func (l *lane) computing() computing {
	c := computing{lane: l}
	n, sum := 0, int64(0)
	l.unite(0, l.computes, func(s span, first int) bool {
		if n%apart == 0 {
			c.marks = append(c.marks, mark{s.start, first, sum})
		}
		n, sum = n+1, sum+s.length()
		return true
	})
	return c
}

// before is how much was computed before t.
func (c computing) before(t int64) int64 {
	i, _ := slices.BinarySearchFunc(c.marks, t, func(m mark, t int64) int { return cmp.Compare(m.start, t) })
	if i == 0 {
		return 0
	}
	m := c.marks[i-1]
	sum := m.before
	c.lane.unite(m.first, c.lane.computes, func(s span, _ int) bool {
		sum += max(0, min(s.end, t)-s.start)
		return s.end < t
	})
	return sum
}

func (c computing) within(s span) int64 {
	if s.end <= s.start {
		return 0
	}
	return c.before(s.end) - c.before(s.start)
}
