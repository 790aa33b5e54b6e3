package align

import (
	"cmp"
	"iter"
	"path/filepath"
	"slices"

	"shardeck/backend/analyze/kernelname"
	"shardeck/backend/analyze/span"
	"shardeck/backend/trace"
)

// Rank is what the device of one rank did, in order of time, on the clock of the lowest rank with the same Clock.
type Rank struct {
	Number    int
	File      string       // base name of its trace
	Device    trace.Device // zero: the trace does not list it
	Host      string
	Clock     int               // ranks with the same number share a clock
	Names     []kernelname.Name // by Record.Name
	Calls     []*Call           // by start
	Unmatched string            // why some of its calls were not matched; empty: all were that could be
	Samples   []trace.Sample    // of multiprocessors' activity, in order of time; nil: not recorded

	Steps       []Step // by start, each with the time that it claims; see claimTime
	MarkedSteps int    // forward steps that the trace has annotations of, on the device or the CPU; 0: none
	EmptyPasses int    // forward passes without requests

	Window    span.Span  // steady window
	Component *Component // nil: none of its calls was matched
	Skew      int64      // ns cut of its first matched call: T0 − its start

	// Time inside the window.
	Comm       span.List
	HiddenComm span.List // under compute
	Transfers  span.List // part of Comm: matched calls that move data
	Waits      span.List // part of Comm: matched calls that wait for a peer
	Copies     span.List
	Phases     map[string]span.List // by phase; empty without annotations
	Computed   int64                // ns of compute; its spans are too many to keep, see Compute

	records []trace.Record // the trace's own, by start, of all devices
	device  int16          // whose records are the rank's
	ahead   int64          // the common clock before that of the records
	kernels int            // launches
	matched int            // calls
	extent  span.Span      // from the start of the first to the last end
}

// newRank reads one trace, and puts its records in order of time. It takes the kernels of the busiest device: others
// says how many more have kernels.
func newRank(number int, src *trace.Rank) (r *Rank, others int) {
	r = &Rank{Number: number, File: filepath.Base(src.File), Names: kernelname.Table(src.Names), records: src.Records}
	r.device, others = BusiestDevice(src.Records)
	if i := slices.IndexFunc(src.Info.Devices, func(d trace.Device) bool { return d.ID == int(r.device) }); i >= 0 {
		r.Device = src.Info.Devices[i]
	}
	sortByTime(r.records)
	r.listCalls(src.Colls)
	r.readSteps(src.Marks)
	r.Samples = slices.Clone(src.SMs)
	return r, others
}

// listCalls counts the kernels, finds their extent and lists the calls among them, in one piece of memory.
func (r *Rank) listCalls(colls []trace.Coll) {
	n := 0
	for s, k := range r.Kernels() {
		if r.kernels == 0 {
			r.extent = s
		}
		r.kernels++
		r.extent.End = max(r.extent.End, s.End)
		if r.isCall(k) {
			n++
		}
	}
	all := make([]Call, 0, n)
	r.Calls = make([]*Call, 0, n)
	for s, k := range r.of(r.isCall) {
		all = append(all, Call{Span: s, Rank: r, Type: r.Names[k.Name].Call, Bytes: -1, peer: -1})
		c := &all[len(all)-1]
		if k.Coll >= 0 && int(k.Coll) < len(colls) {
			c.meta = &colls[k.Coll]
		}
		r.Calls = append(r.Calls, c)
	}
}

// shift moves a rank to another clock.
func (r *Rank) shift(by int64) {
	r.ahead += by
	r.extent.Shift(by)
	for _, c := range r.Calls {
		c.Shift(by)
	}
	for i := range r.Steps {
		r.Steps[i].Shift(by)
	}
	for i := range r.Samples {
		r.Samples[i].At += by
	}
}

// TraceStart is the start of the window on the clock of the rank's own trace.
func (r *Rank) TraceStart() int64 { return r.Window.Start - r.ahead }

// divideWindow finds what the device did inside the window.
func (r *Rank) divideWindow() {
	r.Comm = slices.AppendSeq(make(span.List, 0, len(r.Calls)), r.united(r.isComm))
	r.Copies = span.Collect(r.united(isCopy))
	r.HiddenComm = span.Intersect(r.Compute(), r.Comm)
	r.Computed = span.Length(r.Compute())
	r.Phases = map[string]span.List{}
	for _, s := range r.Steps {
		r.Phases[s.Phase] = r.Phases[s.Phase].Add(s.Clip(r.Window))
	}
	for phase, parts := range r.Phases {
		r.Phases[phase] = span.Union(parts)
	}
}

// A trace may hold millions of kernels. Their records are all that is kept of them: lists of what is made of them
// would cost as much again. So they are walked over whenever a metric asks, which takes milliseconds.

// sortByTime leaves records of the same time in the order of the file: the order is the same each time.
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
