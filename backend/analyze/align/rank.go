package align

import (
	"path/filepath"
	"slices"

	"shardeck/backend/analyze/kernelname"
	"shardeck/backend/analyze/span"
	"shardeck/backend/trace"
)

// Rank is what the device of one rank did, in order of time. Times are on the common
// clock: that of the lowest rank with the same Clock.
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

// newRank reads one trace, and puts its records in order of time. It takes the kernels of
// one device, the busiest: others says how many more devices the trace has kernels of.
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

// listCalls counts the kernels, finds their extent and lists the calls among them, all in
// one piece of memory.
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
