package kineto

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"shardeck/backend/trace"
	"shardeck/backend/trace/jsonscan"
	"shardeck/backend/trace/stepname"
	"shardeck/model/metric"
)

// Links says what launched the kernels of a Kineto trace; metrics ask for none of it.
type Links struct {
	Launches []Launch
	Names    []string // of what launched them
	Damaged  bool     // as with Open, which says how
}

// Launch is one kernel, and the innermost range of the program around its launch.
type Launch struct {
	Dur     int64   // ns
	Missing Missing // why no range is known
	Name    uint32  // index into Links.Names, of the range; of the launch where a graph was replayed
	RF      uint64  // "Record function id" of the range, that of the execution trace; 0: not given
}

// Missing is why it is not known what launched a kernel.
type Missing uint8

// Reasons, the first that applies.
const (
	Known       Missing = iota
	NoLaunches          // the trace has no launches
	NoLaunch            // it has none with the kernel's correlation id
	GraphReplay         // the launch replayed a graph, whose kernels no range launches one by one
	NoRanges            // the trace has no ranges of the kind
	OutsideAll          // the launch lies in none on its thread
)

// RangeKind is a kind of ranges of the program, one of metric.Launchers.
type RangeKind string

// rangeEvents are the categories of the ranges of a kind.
var rangeEvents = map[RangeKind]string{
	metric.Operator: "cpu_op", metric.Module: "python_function", metric.Frame: "python_function", metric.Annotation: "user_annotation",
}

// Events is the category of the events that are ranges of the kind.
func (k RangeKind) Events() string { return rangeEvents[k] }

// has says that an event of that category and name is a range of the kind.
func (k RangeKind) has(cat string, name []byte) bool {
	if k == metric.Operator && cat == "Operator" { // of before 2022, for annotations too
		return !stepname.Named(string(jsonscan.Unquote(name)))
	}
	return cat == k.Events() && (k != metric.Module || strings.HasPrefix(string(name), `"nn.Module: `))
}

// OpenLinks reads what ranges of a kind launched the kernels of a Kineto trace; files and errors are as with Open.
func OpenLinks(ctx context.Context, path string, kind RangeKind, progress func(done, total int64)) (*Links, error) {
	r := newLinkReader(kind)
	d, err := openReader(ctx, path, progress, blockSize, splitting{}, r.event)
	if err != nil {
		return nil, err
	}
	l := r.links()
	l.Damaged = len(d.Damage()) > 0
	return l, nil
}

// linkReader collects, event by event, what links are made of.
type linkReader struct {
	kind    RangeKind
	names   *trace.Names
	threads map[string]int32 // by process and thread, as in the text
	key     []byte           // scratch
	e       linkEvent

	kernels  []kernelRun
	launches []launchCall
	ranges   []callRange
}

// kernelRun is a kernel on the device.
type kernelRun struct{ corr, start, dur int64 }

// launchCall is a call that launched kernels.
type launchCall struct {
	corr, start int64
	around      int32 // the innermost range; -1: none
	thread      int32
	name        uint32
}

// callRange is a range of the program.
type callRange struct {
	start, end int64
	id         int64 // grows with the time of the call
	rf         uint64
	thread     int32
	name       uint32
}

// linkEvent is the event being read.
type linkEvent struct {
	cat, name, pid, tid   []byte
	ts, dur, id, corr, rf number
}

func newLinkReader(kind RangeKind) *linkReader {
	return &linkReader{kind: kind, names: trace.NewNames(), threads: map[string]int32{}}
}

// event takes the event at b[i].
func (r *linkReader) event(b []byte, i int) {
	r.e = linkEvent{}
	e := &r.e
	eachPair(b, i, func(key []byte, inArgs bool, from, to int) { e.set(key, inArgs, b[from:to]) })
	switch cat := string(e.cat); {
	case e.ts.state != given || e.dur.state != given:
	case cat == "kernel" || cat == "Kernel":
		r.kernels = append(r.kernels, kernelRun{e.corr.or(0), e.ts.v, max(0, e.dur.v)})
	case cat == "Runtime" || strings.HasSuffix(cat, "_runtime") || strings.HasSuffix(cat, "_driver"):
		r.launches = append(r.launches, launchCall{e.corr.or(0), e.ts.v, -1, r.thread(), r.names.JSON(e.name)})
	case r.kind.has(cat, e.name):
		c := callRange{e.ts.v, e.ts.v + e.dur.v, e.id.or(-1), uint64(max(0, e.rf.or(0))), r.thread(), r.names.JSON(e.name)}
		r.ranges = append(r.ranges, c)
	}
}

// thread numbers the thread of the event.
func (r *linkReader) thread() int32 {
	r.key = append(append(append(r.key[:0], r.e.pid...), ' '), r.e.tid...)
	n, ok := r.threads[string(r.key)]
	if !ok {
		n = int32(len(r.threads))
		r.threads[string(r.key)] = n
	}
	return n
}

// set takes one value of the event or of its args.
func (e *linkEvent) set(key []byte, inArgs bool, val []byte) {
	switch name := string(key); {
	case !inArgs && name == "cat":
		e.cat = jsonscan.Unquote(val)
	case !inArgs && name == "name":
		e.name = val
	case !inArgs && name == "pid":
		e.pid = jsonscan.Unquote(val)
	case !inArgs && name == "tid":
		e.tid = jsonscan.Unquote(val)
	case !inArgs && name == "ts":
		e.ts.set(val, jsonscan.Micros)
	case !inArgs && name == "dur":
		e.dur.set(val, jsonscan.Micros)
	case inArgs && (name == "External id" || name == "external id" || name == "Python id"):
		e.id.set(val, jsonscan.Integer)
	case inArgs && name == "correlation":
		e.corr.set(val, jsonscan.Integer)
	case inArgs && name == "Record function id":
		e.rf.set(val, jsonscan.Integer)
	}
}

// links gives each kernel to the innermost range around its launch, on the launch's thread. The external id that some
// writers give a kernel is not asked: it may be that of another operator, or the correlation id once more.
func (r *linkReader) links() *Links {
	r.nest()
	slices.SortStableFunc(r.launches, func(a, b launchCall) int {
		return cmp.Or(cmp.Compare(a.corr, b.corr), cmp.Compare(a.start, b.start))
	})
	l := &Links{Names: r.names.List}
	for _, k := range r.kernels {
		l.Launches = append(l.Launches, r.link(k))
	}
	return l
}

// nest finds the innermost range around each launch: of those of its thread that began before it and did not end before
// it, the last. Of ranges of the same time the one that was called last is the inner one.
func (r *linkReader) nest() {
	slices.SortStableFunc(r.ranges, func(a, b callRange) int {
		return cmp.Or(cmp.Compare(a.thread, b.thread), cmp.Compare(a.start, b.start), cmp.Compare(b.end, a.end), cmp.Compare(a.id, b.id))
	})
	slices.SortStableFunc(r.launches, func(a, b launchCall) int {
		return cmp.Or(cmp.Compare(a.thread, b.thread), cmp.Compare(a.start, b.start))
	})
	var open []int32 // ranges that began, the innermost last
	next := 0
	for i := range r.launches {
		l := &r.launches[i]
		for ; next < len(r.ranges) && !r.ranges[next].after(l); next++ {
			open = append(open, int32(next))
		}
		for n := len(open); n > 0 && !r.ranges[open[n-1]].around(l); n-- {
			open = open[:n-1]
		}
		if n := len(open); n > 0 {
			l.around = open[n-1]
		}
	}
}

// after says that c comes after l in the order of threads and time.
func (c *callRange) after(l *launchCall) bool {
	return c.thread > l.thread || c.thread == l.thread && c.start > l.start
}

// around says that c, which is not after l, holds it.
func (c *callRange) around(l *launchCall) bool { return c.thread == l.thread && c.end > l.start }

// link is what launched k.
func (r *linkReader) link(k kernelRun) Launch {
	out := Launch{Dur: k.dur}
	l := r.launchOf(k)
	switch {
	case len(r.launches) == 0:
		out.Missing = NoLaunches
	case l == nil:
		out.Missing = NoLaunch
	case strings.Contains(r.names.List[l.name], "GraphLaunch"): // cuda, cu, hip
		out.Missing, out.Name = GraphReplay, l.name
	case len(r.ranges) == 0:
		out.Missing = NoRanges
	case l.around < 0:
		out.Missing = OutsideAll
	default:
		out.Name, out.RF = r.ranges[l.around].name, r.ranges[l.around].rf
	}
	return out
}

// launchOf is the launch of k, nil if there is none. Of several with its correlation id, as profilers leave them that
// were started again, it is the last that began before it. 0 is CUPTI's word for an id that it does not know.
func (r *linkReader) launchOf(k kernelRun) *launchCall {
	at, found := slices.BinarySearchFunc(r.launches, k.corr, func(l launchCall, corr int64) int { return cmp.Compare(l.corr, corr) })
	if !found || k.corr <= 0 {
		return nil
	}
	for at+1 < len(r.launches) && r.launches[at+1].corr == k.corr && r.launches[at+1].start <= k.start {
		at++
	}
	return &r.launches[at]
}
