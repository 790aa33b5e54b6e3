package analyze

import (
	"cmp"
	"path/filepath"
	"slices"

	"shardeck/backend/trace"
)

// kernel is one launch on a lane's time line.
type kernel struct {
	span
	name   uint32 // index into lane.names
	blocks float32
}

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
	kernels []kernel       // by start
	copies  []span         // by start
	calls   []*call        // by start
	steps   []step         // by start
	window  span           // steady window
	samples []trace.Sample // of multiprocessors' activity, in order of time; nil: not recorded

	// Disjoint, in order, inside the window; see fill.
	busy, comm, compute, copied []span
	moving, waiting             []span // parts of comm: of matched calls, see split
	byPhase                     map[phase][]span
}

// newLane sorts out one trace. It takes the kernels of one device, the busiest:
// others says how many more devices the trace has kernels of.
func newLane(rank int, src *trace.Rank) (l *lane, others int) {
	l = &lane{rank: rank, file: filepath.Base(src.File), host: src.Info.Hostname, names: nameTable(src.Names)}
	device, others := busiest(src.Records)
	l.device = deviceOf(src.Info.Devices, device)
	for i := range src.Records {
		if r := &src.Records[i]; r.Device == device {
			l.add(r, src.Colls)
		}
	}
	byStart := func(a, b span) int { return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.end, b.end)) }
	slices.SortStableFunc(l.kernels, func(a, b kernel) int { return byStart(a.span, b.span) })
	slices.SortStableFunc(l.copies, byStart)
	slices.SortStableFunc(l.calls, func(a, b *call) int { return byStart(a.span, b.span) })
	l.steps = steps(src.Marks)
	l.samples = slices.Clone(src.SMs)
	return l, others
}

func (l *lane) add(r *trace.Record, colls []trace.Coll) {
	s := span{r.Start, r.End()}
	if r.Kind != trace.KindKernel {
		l.copies = append(l.copies, s)
		return
	}
	l.kernels = append(l.kernels, kernel{s, r.Name, r.Blocks})
	comm := l.names[r.Name].comm
	if comm == notComm || comm == control {
		return
	}
	c := &call{span: s, lane: l, typ: comm}
	if r.Coll >= 0 && int(r.Coll) < len(colls) {
		c.meta = &colls[r.Coll]
	}
	l.calls = append(l.calls, c)
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
	for i := range l.samples {
		l.samples[i].At += by
	}
	move := func(s *span) { s.start += by; s.end += by }
	for i := range l.kernels {
		move(&l.kernels[i].span)
	}
	for i := range l.copies {
		move(&l.copies[i])
	}
	for _, c := range l.calls {
		move(&c.span)
	}
	for i := range l.steps {
		move(&l.steps[i].span)
	}
}

// fill works out what the device did inside the window.
func (l *lane) fill() {
	var all, comm, compute []span
	for i := range l.kernels {
		s := l.kernels[i].span
		all = append(all, s)
		if l.names[l.kernels[i].name].comm != notComm {
			comm = append(comm, s)
		} else {
			compute = append(compute, s)
		}
	}
	l.busy = clipAll(union(all), l.window)
	l.comm = clipAll(union(comm), l.window)
	l.compute = clipAll(union(compute), l.window)
	l.copied = clipAll(union(l.copies), l.window)
	l.byPhase = l.phases()
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
