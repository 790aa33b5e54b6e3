package align

import (
	"cmp"
	"iter"
	"maps"
	"path/filepath"
	"slices"

	"shardeck/backend/analyze/kernelname"
	"shardeck/backend/analyze/span"
	"shardeck/backend/trace"
	"shardeck/model"
)

// Rank is what the device of one rank did, in order of time, on the clock of the lowest rank with the same Clock.
type Rank struct {
	Number       int
	File         string       // base name of its trace
	Device       trace.Device // zero: the trace does not list it
	Host         string
	Clock        int               // ranks with the same number share a clock
	Names        []kernelname.Name // by Record.Name
	Calls        []*Call           // by start
	WhyUnmatched string            // why some of its calls were not matched; empty: all were that could be
	Samples      []trace.Sample    // of multiprocessors' activity, in order of time; nil: not recorded

	Steps       []Step // by start, each with the time that it claims; see claimTime
	MarkedSteps int    // forward steps that the trace has annotations of, on the device or the CPU; 0: none
	EmptyPasses int    // forward passes without requests
	emptyFirst  bool   // they come before the first step
	UnknownStep string // says which annotation, the first, looks like a step and is not understood; empty: none

	Window    span.Span  // steady window
	Component *Component // nil: none of its calls was matched
	Skew      int64      // ns cut of its first matched call: T0 − its start
	Drift     float64    // µs a second that its clock gained on that of the lowest rank; 0: none was found
	NoDrift   string     // why none was; empty: it was looked for

	// Time inside the window.
	Comm       span.List
	HiddenComm span.List // under compute
	Transfers  span.List // part of Comm: matched calls that move data
	Waits      span.List // part of Comm: matched calls that wait for a peer
	Unmatched  span.List // the rest of Comm: calls without a partner, and control
	Copies     span.List
	Phases     map[string]span.List // by phase; empty without annotations
	Computed   int64                // ns of compute; its spans are too many to keep as a list, see Compute
	ComputedIn map[string]int64     // the same by phase, and in the WholeWindow

	HiddenCopies span.List // under compute

	records *trace.Columns // the trace's own, of all devices
	is      sorts          // of each sort of them
	compute trace.Pieces   // when the device computed: disjoint, on the clock of the trace
	comm    span.List      // the same of communication, and of copies
	copies  span.List
	clock   clock          // from that of the trace to the common one
	apart   map[int]string // ranks whose clock moves against its own beyond correction, and how
	kernels int            // launches
	matched int            // calls
	extent  span.Span      // from the start of the first to the last end
}

// sortFlags are what records of one sort are to their rank: nothing, if they are of another device.
type sortFlags uint8

// sorts are those of all sorts of records of a trace.
type sorts []sortFlags

const (
	isCompute sortFlags = 1 << iota
	isComm
	isCall // isComm too
	isCopy
	isKernel = isCompute | isComm
)

// newRank reads one trace, whose records are in columns. It takes the kernels of the busiest device of others+1.
func newRank(number int, src *trace.Rank, names *kernelname.Names) (r *Rank, others int) {
	r = &Rank{Number: number, File: filepath.Base(src.File), records: src.Columns, Names: model.Each(src.Names, names.Of),
		NoDrift: untold, apart: map[int]string{}}
	device, others := BusiestDevice(src.Columns)
	if i := slices.IndexFunc(src.Info.Devices, func(d trace.Device) bool { return d.ID == int(device) }); i >= 0 {
		r.Device = src.Info.Devices[i]
	}
	r.is = sortsOf(r.records.Sorts, r.Names, device)
	r.kernels = r.is.count(r.records.Sorts, isKernel)
	r.readRecords(src.Colls)
	r.readSteps(src.Marks)
	r.Samples = slices.Clone(src.SMs)
	return r, others
}

// BusiestDevice is the device with most kernel time, and how many others have kernels.
func BusiestDevice(records *trace.Columns) (device int16, others int) {
	time := map[int16]int64{}
	for _, s := range records.Sorts {
		if s.Kind == trace.KindKernel {
			time[s.Device] += s.Dur + int64(s.Count)
		}
	}
	for d, t := range time {
		if t > time[device] || t == time[device] && d < device {
			device = d
		}
	}
	return device, max(0, len(time)-1)
}

// sortsOf tells what the sorts of records are on a device.
func sortsOf(all []trace.Sort, names []kernelname.Name, device int16) sorts {
	is := make(sorts, len(all))
	for i, s := range all {
		name := &names[s.Name]
		switch {
		case s.Device != device:
		case s.Kind != trace.KindKernel:
			is[i] = isCopy
		case name.IsCall():
			is[i] = isComm | isCall
		case name.IsComm():
			is[i] = isComm
		default:
			is[i] = isCompute
		}
	}
	return is
}

// count is how many records are any of those.
func (s sorts) count(all []trace.Sort, flags sortFlags) (n int) {
	for i, is := range s {
		if is&flags != 0 {
			n += int(all[i].Count)
		}
	}
	return n
}

// readRecords goes over the records once. A trace may hold millions of them: so it keeps when the device computed, sent
// and copied, merged, which all metrics share, and lists the calls, in one piece of memory.
func (r *Rank) readRecords(colls []trace.Coll) {
	calls := make([]Call, 0, r.is.count(r.records.Sorts, isCall))
	r.Calls = make([]*Call, 0, cap(calls))
	r.compute = trace.NewPieces(r.is.count(r.records.Sorts, isCompute))
	var open span.Span // compute that may yet grow
	closeCompute := func() {
		if n := open.Length(); n > 0 {
			r.compute.Add(open.Start, n)
		}
	}
	first := true
	r.records.Each(0, func(i int, start, end int64) bool {
		s, sort := span.Span{Start: start, End: end}, r.records.SortOf(i)
		is := r.is[sort]
		if is&isKernel != 0 {
			if first {
				r.extent, first = s, false
			}
			r.extent.End = max(r.extent.End, end)
		}
		switch {
		case is&isCompute != 0 && s.Start <= open.End && open.Length() > 0:
			open.End = max(open.End, s.End)
		case is&isCompute != 0 && s.Length() > 0:
			closeCompute()
			open = s
		case is&isComm != 0:
			r.comm = r.comm.Join(s)
		case is&isCopy != 0:
			r.copies = r.copies.Join(s)
		}
		if is&isCall != 0 {
			of := &r.records.Sorts[sort]
			calls = append(calls, Call{Span: s, Rank: r, Type: r.Names[of.Name].Call, Bytes: -1, peer: -1})
			c := &calls[len(calls)-1]
			if of.Coll >= 0 && int(of.Coll) < len(colls) {
				c.meta = &colls[of.Coll]
			}
			r.Calls = append(r.Calls, c)
		}
		return true
	})
	closeCompute()
}

// setClock moves a rank from its present clock to another.
func (r *Rank) setClock(c clock) {
	r.clock = c.after(r.clock)
	r.extent = c.span(r.extent)
	for _, call := range r.Calls {
		call.Span = c.span(call.Span)
	}
	for i := range r.Steps {
		r.Steps[i].Span, r.Steps[i].Marked = c.span(r.Steps[i].Span), c.span(r.Steps[i].Marked)
	}
	for i := range r.Samples {
		r.Samples[i].At = c.at(r.Samples[i].At)
	}
}

// TraceStart is the start of the window on the clock of the rank's own trace.
func (r *Rank) TraceStart() int64 { return r.clock.inverse().at(r.Window.Start) }

// spanOf is a time of the trace on the common clock.
func (r *Rank) spanOf(start, end int64) span.Span {
	return r.clock.span(span.Span{Start: start, End: end})
}

// divideWindow finds what the device did inside the window.
func (r *Rank) divideWindow() {
	r.Comm, r.Copies = r.inWindow(r.comm), r.inWindow(r.copies)
	r.comm, r.copies, r.Phases = nil, nil, map[string]span.List{}
	for _, s := range r.Steps {
		r.Phases[s.Phase] = r.Phases[s.Phase].Add(s.Clip(r.Window))
	}
	for phase, parts := range r.Phases {
		r.Phases[phase] = span.Union(parts)
	}
	r.divideCompute()
}

// divideCompute goes once over the compute inside the window.
func (r *Rank) divideCompute() {
	comm, copied := span.Cursor(r.Comm), span.Cursor(r.Copies)
	names := slices.Collect(maps.Keys(r.Phases))
	phases, sums := model.Each(names, func(n string) span.Cursor { return span.Cursor(r.Phases[n]) }), make([]int64, len(names))
	for s := range r.Compute() {
		r.Computed += s.Length()
		r.HiddenComm, r.HiddenCopies = comm.Meet(s, r.HiddenComm), copied.Meet(s, r.HiddenCopies)
		for i := range phases {
			sums[i] += phases[i].Within(s)
		}
	}
	r.ComputedIn = map[string]int64{WholeWindow: r.Computed}
	for i, name := range names {
		r.ComputedIn[name] = sums[i]
	}
}

// WholeWindow stands where phases have names.
const WholeWindow = ""

// inWindow is the part inside the window of times of the trace, whose memory it takes.
func (r *Rank) inWindow(times span.List) span.List {
	out := times[:0]
	for _, s := range times {
		out = out.Add(r.spanOf(s.Start, s.End).Clip(r.Window))
	}
	return out
}

// Kernels are the launches on the rank's device, by start.
func (r *Rank) Kernels() iter.Seq2[span.Span, *trace.Sort] {
	return func(yield func(span.Span, *trace.Sort) bool) {
		r.records.Each(0, func(i int, start, end int64) bool {
			sort := r.records.SortOf(i)
			return r.is[sort]&isKernel == 0 || yield(r.spanOf(start, end), &r.records.Sorts[sort])
		})
	}
}

// Activity is Kernels with copies and fills among them, each with its number among the records of the trace.
func (r *Rank) Activity(yield func(i int, s span.Span, sort *trace.Sort) bool) {
	r.records.Each(0, func(i int, start, end int64) bool {
		sort := r.records.SortOf(i)
		return r.is[sort] == 0 || yield(i, r.spanOf(start, end), &r.records.Sorts[sort])
	})
}

// Records is how many records the trace has.
func (r *Rank) Records() int { return r.records.Len() }

// Forget lets the launches go: Kernels is not to be called any more.
func (r *Rank) Forget() { r.records = nil }

// Compute is when the device computed: disjoint spans, in order, inside the window.
func (r *Rank) Compute() iter.Seq[span.Span] {
	return func(yield func(span.Span) bool) { r.computeFrom(0, func(_ int, s span.Span) bool { return yield(s) }) }
}

// computeFrom is Compute from a piece on, by its number.
func (r *Rank) computeFrom(from int, yield func(i int, s span.Span) bool) {
	r.compute.Each(from, func(i int, start, end int64) bool {
		s := r.spanOf(start, end).Clip(r.Window)
		return s.Length() == 0 || yield(i, s)
	})
}

// ComputeIndex answers how much a rank computed in a piece of its window. It goes forward over the compute from the time
// it was last asked about, so that who asks in order of time pays for one walk; for a step back it begins at the last mark before.
type ComputeIndex struct {
	rank  *Rank
	marks []mark
	last  mark // where it is
}

// mark is a place where compute begins.
type mark struct {
	start  int64 // of a span of compute
	number int   // of it
	before int64 // ns of compute before it
}

// markEvery is how many spans of compute lie between two marks.
const markEvery = 1024

// NewComputeIndex is at the beginning of the rank's window.
func NewComputeIndex(r *Rank) *ComputeIndex {
	first := mark{start: r.Window.Start}
	return &ComputeIndex{rank: r, last: first, marks: []mark{first}}
}

// before is how much was computed before t.
func (x *ComputeIndex) before(t int64) int64 {
	if t < x.last.start {
		i, _ := slices.BinarySearchFunc(x.marks, t, func(m mark, t int64) int { return cmp.Compare(m.start, t) })
		x.last = x.marks[max(0, i-1)]
	}
	sum := int64(0)
	x.rank.computeFrom(x.last.number, func(i int, s span.Span) bool {
		if s.End > t {
			sum = max(0, t-s.Start)
			return false
		}
		x.last = mark{s.End, i + 1, x.last.before + s.Length()}
		if n := x.marks[len(x.marks)-1].number; x.last.number >= n+markEvery {
			x.marks = append(x.marks, x.last)
		}
		return true
	})
	return x.last.before + sum
}

// Within is how much was computed in s.
func (x *ComputeIndex) Within(s span.Span) int64 {
	from := x.before(s.Start)
	return max(0, x.before(s.End)-from)
}
