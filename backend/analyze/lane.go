package analyze

import (
	"cmp"
	"iter"
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
	rank    int
	file    string // base name
	device  trace.Device
	host    string
	clock   int // ranks with the same number share a clock
	names   []kernelName
	records []trace.Record // the trace's own, by start, of all devices; see launches
	ahead   int64          // this lane's clock before that of the records
	kernels int            // how many launches there are
	extent  span           // from the start of the first to the last end
	calls   []*call        // by start
	steps   []step         // by start
	window  span           // steady window
	samples []trace.Sample // of multiprocessors' activity, in order of time; nil: not recorded

	// Disjoint, in order, inside the window; see fill.
	comm, compute, copied []span
	hidden                []span // comm under compute
	moving, waiting       []span // parts of comm: of matched calls, see split
	byPhase               map[phase][]span
}

// newLane sorts out one trace, and puts its records in order of time: a copy of
// them would double what the trace costs in memory. It takes the kernels of one device, the
// busiest: others says how many more devices the trace has kernels of.
func newLane(rank int, src *trace.Rank) (l *lane, others int) {
	l = &lane{rank: rank, file: filepath.Base(src.File), host: src.Info.Hostname, names: nameTable(src.Names), records: src.Records}
	device, others := busiest(src.Records)
	l.device = deviceOf(src.Info.Devices, device)
	l.device.ID = int(device)
	sortByTime(l.records)
	l.measure()
	l.findCalls(src.Colls)
	l.steps = steps(src.Marks)
	l.samples = slices.Clone(src.SMs)
	return l, others
}

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

// launches are the kernels of the lane's device, by start.
func (l *lane) launches() iter.Seq2[span, *trace.Record] {
	return l.of(func(r *trace.Record) bool { return r.Kind == trace.KindKernel })
}

// of are the records of the lane's device that are wanted, by start.
func (l *lane) of(want func(*trace.Record) bool) iter.Seq2[span, *trace.Record] {
	device := int16(l.device.ID)
	return func(yield func(span, *trace.Record) bool) {
		for i := range l.records {
			r := &l.records[i]
			if r.Device == device && want(r) && !yield(span{r.Start + l.ahead, r.End() + l.ahead}, r) {
				return
			}
		}
	}
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

// isCall tells the kernels that are calls.
func (l *lane) isCall(r *trace.Record) bool {
	comm := l.names[r.Name].comm
	return comm != notComm && comm != control
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
	isComm := func(r *trace.Record) bool { return l.names[r.Name].comm != notComm }
	l.comm = l.unite(func(r *trace.Record) bool { return r.Kind == trace.KindKernel && isComm(r) })
	l.compute = l.unite(func(r *trace.Record) bool { return r.Kind == trace.KindKernel && !isComm(r) })
	l.copied = l.unite(func(r *trace.Record) bool { return r.Kind != trace.KindKernel })
	l.hidden = intersect(l.comm, l.compute)
	l.byPhase = l.phases()
}

// unite is the union of the records that are wanted, inside the window. They are
// counted first, so that no list of millions has to grow.
func (l *lane) unite(want func(*trace.Record) bool) []span {
	n := 0
	l.united(want, func(span) { n++ })
	out := make([]span, 0, n)
	l.united(want, func(s span) { out = append(out, s) })
	return out
}

// united tells the disjoint spans of that union, in order.
func (l *lane) united(want func(*trace.Record) bool, tell func(span)) {
	var open span
	end := func() {
		if c := open.clip(l.window); c.length() > 0 {
			tell(c)
		}
	}
	for s := range l.of(want) {
		switch {
		case s.length() == 0:
		case open.length() > 0 && s.start <= open.end:
			open.end = max(open.end, s.end)
		default:
			end()
			open = s
		}
	}
	end()
}

// split divides the time of matched calls. Where calls overlap and one of them moves
// data, nobody waits.
func (l *lane) split() {
	var moving, waiting []span
	for _, c := range l.calls {
		moving = append(moving, c.moving())
		waiting = append(waiting, c.waiting())
	}
	l.moving = unionOf(moving)
	l.waiting = subtract(unionOf(waiting), l.moving)
}
