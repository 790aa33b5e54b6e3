package kineto

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"strings"

	"shardeck/backend/trace"
	"shardeck/backend/trace/jsonscan"
	"shardeck/backend/trace/stepname"
	"shardeck/model"
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
	Dur     int64  // ns
	Name    uint32 // index into Links.Names, of the range
	RF      uint64 // "Record function id" of the range, that of the execution trace; 0: not given
	Missing string // why no range is known, as it follows "12 kernels"; empty: it is
}

// rangeEvents are the categories of events by the word for what they are, one of metric.Launchers.
var rangeEvents = map[string]string{
	metric.Operator: "cpu_op", metric.Module: "python_function", metric.Frame: "python_function", metric.Annotation: "user_annotation",
}

// isRange says that an event of that category and name is one of those asked for.
func (r *linkReader) isRange(cat string, name []byte) bool {
	step := func() bool { return r.steps.Of(string(jsonscan.Unquote(name))).Kind != stepname.NoStep }
	switch {
	case r.by == callRanges:
		call := string(jsonscan.Unquote(name))
		return strings.HasSuffix(cat, "user_annotation") && strings.HasPrefix(call, callPrefix) || cat == "cpu_op" && call == callOp
	case r.by == stepRanges:
		return (cat == "user_annotation" || cat == "Operator") && step()
	case r.by == metric.Operator && cat == "Operator": // of before 2022, for annotations too
		return !step()
	}
	return cat == rangeEvents[r.by] && (r.by != metric.Module || strings.HasPrefix(string(name), `"nn.Module: `))
}

// OpenLinks reads what launched the kernels of a Kineto trace, by one of metric.Launchers; files and errors are as with Open.
func OpenLinks(ctx context.Context, path, by string, progress func(done, total int64)) (*Links, error) {
	r := newLinkReader(by)
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
	by      string
	names   *trace.Names
	steps   stepname.Names
	threads *trace.Names // process and thread, and processes alone
	key     []byte       // scratch
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
	process     uint32
	thread      uint32
	name        uint32
}

// callRange is a range of the program.
type callRange struct {
	start, end int64
	id         int64 // grows with the time of the call
	rf         uint64
	thread     uint32
	name       uint32
}

// linkEvent is the event being read.
type linkEvent struct {
	cat, name, pid, tid   []byte
	ts, dur, id, corr, rf number
}

func newLinkReader(by string) *linkReader {
	return &linkReader{by: by, names: trace.NewNames(), threads: trace.NewNames()}
}

// event takes the event at b[i].
func (r *linkReader) event(b []byte, i int) {
	if head := b[i:min(len(b), i+ignoredMargin)]; r.by == stepRanges && isIgnored(b[i:]) &&
		!bytes.Contains(head, []byte(`untime"`)) && !bytes.Contains(head, []byte(`driver"`)) { // the most by far
		return
	}
	r.e = linkEvent{}
	e := &r.e
	eachPair(b, i, func(key []byte, inArgs bool, from, to int) { e.set(key, inArgs, b[from:to]) })
	switch cat := string(e.cat); {
	case e.ts.state != given || e.dur.state != given:
	case cat == "kernel" || cat == "Kernel":
		r.kernels = append(r.kernels, kernelRun{e.corr.or(0), e.ts.v, max(0, e.dur.v)})
	case isLaunch(cat):
		r.launches = append(r.launches, launchCall{e.corr.or(0), e.ts.v, -1, r.threads.JSON(e.pid), r.thread(), r.names.JSON(e.name)})
	case r.isRange(cat, e.name):
		r.ranges = append(r.ranges, callRange{
			e.ts.v, e.ts.v + e.dur.v, e.id.or(-1), uint64(max(0, e.rf.or(0))), r.thread(), r.names.JSON(e.name)})
	}
}

// thread numbers the thread of the event.
func (r *linkReader) thread() uint32 {
	r.key = append(append(append(r.key[:0], r.e.pid...), ' '), r.e.tid...)
	return r.threads.JSON(r.key)
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
	r.order()
	return &Links{Names: r.names.List, Launches: model.Each(r.kernels, r.link)}
}

// order nests the ranges, and puts the launches in the order in which launchOf looks for them.
func (r *linkReader) order() {
	r.nest()
	slices.SortStableFunc(r.launches, func(a, b launchCall) int {
		return cmp.Or(cmp.Compare(a.corr, b.corr), cmp.Compare(a.start, b.start))
	})
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
		for ; next < len(r.ranges); next++ {
			if c := &r.ranges[next]; c.thread > l.thread || c.thread == l.thread && c.start > l.start {
				break
			}
			open = append(open, int32(next))
		}
		for ; len(open) > 0 && l.around < 0; open = open[:len(open)-1] {
			if c := &r.ranges[open[len(open)-1]]; c.thread == l.thread && c.end > l.start {
				l.around = open[len(open)-1]
				break
			}
		}
	}
}

// link is what launched k.
func (r *linkReader) link(k kernelRun) Launch {
	l, missing := r.launchOf(k)
	switch {
	case len(r.launches) == 0:
		missing = "whose launches were not recorded (no cuda_runtime events)"
	case l == nil:
	case r.by != metric.Annotation && strings.Contains(r.names.List[l.name], "GraphLaunch"): // cuda, cu, hip; a replay lies in an annotation
		missing = "replayed from CUDA graphs (" + r.names.List[l.name] + "), not launched by any " + r.by
	case len(r.ranges) == 0:
		missing = "in a trace without " + r.by + "s (no " + rangeEvents[r.by] + " events)"
	case l.around < 0:
		missing = "launched outside any " + r.by
	default:
		return Launch{Dur: k.dur, Name: r.ranges[l.around].name, RF: r.ranges[l.around].rf}
	}
	return Launch{Dur: k.dur, Missing: missing}
}

// launchOf is the launch of k, or why there is none. Of several with its correlation id, as a profiler leaves them that
// was started again, it is the last that began before it. 0 is CUPTI's word for an id that it does not know.
func (r *linkReader) launchOf(k kernelRun) (l *launchCall, missing string) {
	at, found := slices.BinarySearchFunc(r.launches, k.corr, func(l launchCall, corr int64) int { return cmp.Compare(l.corr, corr) })
	if !found || k.corr <= 0 {
		return nil, "whose launch is not in the trace (no event has its correlation id)"
	}
	for i := at; i < len(r.launches) && r.launches[i].corr == k.corr; i++ {
		switch c := &r.launches[i]; {
		case l != nil && l.process != c.process:
			return nil, "whose correlation id several processes used"
		case l == nil || c.start <= k.start:
			l = c
		}
	}
	return l, ""
}

// stepRanges is what a linkReader is asked for: annotations of steps.
const stepRanges = "step"

// onCPUAlone says that there are steps among the marks, all on the CPU's time line.
func onCPUAlone(marks []trace.Mark) bool {
	has := func(gpu bool) bool {
		return slices.ContainsFunc(marks, func(m trace.Mark) bool { return m.GPU == gpu && stepname.Of(m.Name).Kind == stepname.OfStep })
	}
	return has(false) && !has(true)
}

// placeSteps gives r its steps on the device's time line too, which many profilers leave out: from the start of the first to the
// end of the last thing that was launched inside a step. The file is read once more for it. It fails only when ctx ends.
func placeSteps(ctx context.Context, r *trace.Rank) error {
	l := newLinkReader(stepRanges)
	d, err := openReader(ctx, r.File, nil, blockSize, splitting{}, l.event)
	if err != nil {
		return ctx.Err()
	}
	l.order()
	placed := map[int32]int{} // index into r.Marks, by range
	for _, k := range r.Records {
		c, _ := l.launchOf(kernelRun{corr: int64(k.Corr), start: k.Start - d.baseTime})
		if c == nil || c.around < 0 {
			continue
		}
		if _, seen := placed[c.around]; !seen {
			placed[c.around] = len(r.Marks)
			r.Marks = append(r.Marks, trace.Mark{Name: l.names.List[l.ranges[c.around].name], Start: k.Start, GPU: true})
		}
		m := &r.Marks[placed[c.around]]
		end := max(m.Start+m.Dur, k.End())
		m.Start = min(m.Start, k.Start)
		m.Dur = end - m.Start
	}
	return nil
}
