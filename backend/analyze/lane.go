package analyze

import (
	"path/filepath"
	"slices"

	"shardeck/backend/trace"
)

// kernelName is what is known of all launches of one name.
type kernelName struct {
	full, short string
	comm        callType
	class       class
}

// lane is one rank as this package sees it: what its device did, in order of time.
// Times are the trace's own until clocks are aligned, then those of the lowest
// rank of its clock.
type lane struct {
	rank       int
	file       string // base name
	device     trace.Device
	host       string
	clock      int // ranks with the same number share a clock
	names      []kernelName
	records    []trace.Record // the trace's own, by start, of all devices; see kernels.go
	deviceID   int16          // whose records are the lane's
	ahead      int64          // this lane's clock before that of the records
	kernels    int            // how many launches there are
	extent     span           // from the start of the first to the last end
	calls      []*call        // by start
	steps      []step         // by start
	idlePasses int            // forward passes without requests; see findIdle
	window     span           // steady window
	samples    []trace.Sample // of multiprocessors' activity, in order of time; nil: not recorded

	// Disjoint, in order, inside the window; see fill.
	comm, copied    []span
	hidden          []span // comm under compute
	moving, waiting []span // parts of comm: of matched calls, see split
	byPhase         map[phase][]span

	computed int64 // ns of compute inside the window; its spans are too many to keep, see compute
}

// newLane sorts out one trace, and puts its records in order of time. It takes the
// kernels of one device, the busiest: others says how many more devices the trace
// has kernels of.
func newLane(rank int, src *trace.Rank) (l *lane, others int) {
	l = &lane{rank: rank, file: filepath.Base(src.File), host: src.Info.Hostname, names: nameTable(src.Names), records: src.Records}
	device, others := busiest(src.Records)
	l.device = deviceOf(src.Info.Devices, device)
	l.deviceID = device
	sortByTime(l.records)
	l.measure()
	l.findCalls(src.Colls)
	l.steps = steps(src.Marks)
	l.samples = slices.Clone(src.SMs)
	return l, others
}

// measure counts the lane's kernels and finds their extent.
func (l *lane) measure() {
	for s := range l.launches() {
		if l.kernels == 0 {
			l.extent = s
		}
		l.kernels++
		l.extent.end = max(l.extent.end, s.end)
	}
}

// findCalls lists the calls, all of them in one piece of memory.
func (l *lane) findCalls(colls []trace.Coll) {
	n := 0
	for _, r := range l.launches() {
		if l.isCall(r) {
			n++
		}
	}
	all := make([]call, 0, n)
	l.calls = make([]*call, 0, n)
	for s, r := range l.launches() {
		if !l.isCall(r) {
			continue
		}
		all = append(all, call{span: s, lane: l, typ: l.names[r.Name].comm})
		c := &all[len(all)-1]
		if r.Coll >= 0 && int(r.Coll) < len(colls) {
			c.meta = &colls[r.Coll]
		}
		l.calls = append(l.calls, c)
	}
}

// nameTable classifies each kernel name once.
func nameTable(names []string) []kernelName {
	out := make([]kernelName, len(names))
	for i, full := range names {
		f := functionName(full)
		comm := commOf(f)
		out[i] = kernelName{full, shortName(full, f), comm, classOf(full, comm)}
	}
	return out
}

// busiest is the device with most kernel time, and how many others have kernels.
func busiest(records []trace.Record) (device int16, others int) {
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

// deviceOf finds a device by its id; the zero Device if the trace does not list it.
func deviceOf(devices []trace.Device, id int16) trace.Device {
	for _, d := range devices {
		if d.ID == int(id) {
			return d
		}
	}
	return trace.Device{}
}

// shift moves a lane to another clock.
func (l *lane) shift(by int64) {
	move := func(s *span) { s.start += by; s.end += by }
	l.ahead += by
	move(&l.extent)
	for _, c := range l.calls {
		move(&c.span)
	}
	for i := range l.steps {
		move(&l.steps[i].span)
	}
	for i := range l.samples {
		l.samples[i].At += by
	}
}

// fill works out what the device did inside the window.
func (l *lane) fill() {
	l.comm = slices.AppendSeq(make([]span, 0, len(l.calls)), l.united(l.isComm))
	l.copied = collect(l.united(isCopy))
	l.hidden = meeting(l.compute(), l.comm)
	l.computed = total(l.compute())
	l.byPhase = l.phases()
}

// matched counts the calls that were found on other ranks too.
func (l *lane) matched() (n int) {
	for _, c := range l.calls {
		if c.met != nil {
			n++
		}
	}
	return n
}

// split divides the time of matched calls. Where calls overlap and one of them moves
// data, nobody waits.
func (l *lane) split() {
	moving, waiting := make([]span, 0, l.matched()), make([]span, 0, l.matched())
	for _, c := range l.calls {
		moving = addSpan(moving, c.moving())
		waiting = addSpan(waiting, c.waiting())
	}
	l.moving = unionOf(moving)
	l.waiting = subtract(unionOf(waiting), l.moving)
}
