package kineto

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"shardeck/backend/trace"
	"shardeck/backend/trace/stepname"
	"shardeck/model/metric"
)

// rangeKind is what a range of the program may be asked for as, a bit each: one range may be several.
type rangeKind uint8

const (
	operatorRange rangeKind = 1 << iota
	moduleRange
	frameRange
	annotationRange
	stepRange // an annotation of a step
	callRange // of a collective
)

// launchers are the kinds by which links are told.
const launchers = operatorRange | moduleRange | frameRange | annotationRange

// rangeKinds are those of metric.Launchers, and the categories of their events.
var rangeKinds = map[string]struct {
	kind     rangeKind
	category string
}{
	metric.Operator: {operatorRange, "cpu_op"}, metric.Module: {moduleRange, "python_function"},
	metric.Frame: {frameRange, "python_function"}, metric.Annotation: {annotationRange, "user_annotation"},
}

// Why a kernel has no launch, by number.
const (
	noLaunch int32 = -1 - iota
	manyProcesses
)

// links gives each kernel to the innermost range around its launch, on the launch's thread. The external id that some
// writers give a kernel is not asked: it may be that of another operator, or the correlation id once more.
func (r *hostReader) links(records []trace.Record) *trace.Links {
	r.order()
	launches := make([]int32, len(records))
	for i := range records {
		launches[i] = r.launchOf(int64(records[i].Corr), records[i].Start)
	}
	out, names := &trace.Links{By: map[string][]trace.Launch{}, Runs: r.runs(records, launches)}, trace.NewNames()
	if r.want == stepRange {
		return out
	}
	for _, by := range metric.Launchers {
		l := linker{hostReader: r, by: by, around: r.nest(rangeKinds[by].kind), names: names, numbers: map[launcher]int32{},
			of: make([]int32, len(r.launches)-int(manyProcesses))}
		for i := range records {
			if k := &records[i]; k.Kind == trace.KindKernel {
				l.add(k.Dur, launches[i])
			}
		}
		out.By[by] = l.found
	}
	out.Names = names.List
	return out
}

// runs are the records in order of time, those in a row of one launch together.
func (r *hostReader) runs(records []trace.Record, launches []int32) (out []trace.LaunchRun) {
	if len(r.launches) == 0 {
		return nil
	}
	order := make([]int32, len(records))
	for i := range order {
		order[i] = int32(i)
	}
	sortStable(order, func(i, j int32) int { // as columns are
		a, b := &records[i], &records[j]
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.End(), b.End()))
	})
	last := int32(0)
	for _, i := range order {
		launch := launches[i]
		if len(out) > 0 && (launch == last || launch < 0 && last < 0) {
			out[len(out)-1].Count++
			continue
		}
		run := trace.LaunchRun{Count: 1, Lead: -1}
		if last = launch; launch >= 0 {
			call := &r.launches[launch]
			run.Lead, run.Call = max(0, records[i].Start-call.start), call.dur
			run.Graph = strings.Contains(r.known.List[call.name], "GraphLaunch")
		}
		out = append(out, run)
	}
	return out
}

// linker sums up kernels by what launched them.
type linker struct {
	*hostReader
	by      string  // one of metric.Launchers
	around  []int32 // by launch
	names   *trace.Names
	found   []trace.Launch
	numbers map[launcher]int32 // in found, plus one
	of      []int32            // the same by launch, behind the reasons for none
}

// launcher is a range by its name, or the reason why it is missing, which may lie in the name of the launch.
type launcher struct {
	missing string
	name    uint32
	rf      uint64
}

// Why no range is known; %by and %call stand for what is asked for and the name of the launch.
const (
	missingLaunch  = "whose launch is not in the trace (no event has its correlation id)"
	missingProcess = "whose correlation id several processes used"
	missingCalls   = "whose launches were not recorded (no cuda_runtime events)"
	missingGraph   = "replayed from CUDA graphs (%call), not launched by any %by"
	missingEvents  = "in a trace without %bys (no %cat events)"
	missingOutside = "launched outside any %by"
)

// add adds a kernel of a launch.
func (l *linker) add(dur int64, launch int32) {
	number := &l.of[launch-manyProcesses]
	if *number == 0 {
		by := l.launcherOf(launch)
		if l.numbers[by] == 0 {
			name := l.known.List[by.name]
			if by.missing != "" {
				name = strings.NewReplacer("%by", l.by, "%call", name, "%cat", rangeKinds[l.by].category).Replace(by.missing)
			}
			l.found = append(l.found, trace.Launch{Name: l.names.ID(name), RF: by.rf, Missing: by.missing != ""})
			l.numbers[by] = int32(len(l.found))
		}
		*number = l.numbers[by]
	}
	sum := &l.found[*number-1]
	sum.Dur, sum.Count = sum.Dur+dur, sum.Count+1
}

// launcherOf is what made a launch, or why it is not known.
func (l *linker) launcherOf(launch int32) launcher {
	switch {
	case len(l.launches) == 0:
		return launcher{missing: missingCalls}
	case launch == noLaunch:
		return launcher{missing: missingLaunch}
	case launch == manyProcesses:
		return launcher{missing: missingProcess}
	}
	call := l.launches[launch].name
	switch {
	case l.by != metric.Annotation && strings.Contains(l.known.List[call], "GraphLaunch"): // cuda, cu, hip; a replay lies in an annotation
		return launcher{missing: missingGraph, name: call}
	case l.seen&rangeKinds[l.by].kind == 0:
		return launcher{missing: missingEvents}
	case l.around[launch] < 0:
		return launcher{missing: missingOutside}
	}
	r := &l.ranges[l.around[launch]]
	return launcher{name: r.name, rf: r.rf}
}

// order puts the ranges in the order in which nest goes over them, and the launches in that in which launchOf looks for them.
func (r *hostReader) order() {
	sortStable(r.ranges, func(a, b hostRange) int {
		return cmp.Or(cmp.Compare(a.thread, b.thread), cmp.Compare(a.start, b.start), cmp.Compare(b.end, a.end), cmp.Compare(a.id, b.id))
	})
	sortStable(r.launches, func(a, b hostLaunch) int { return cmp.Or(cmp.Compare(a.corr, b.corr), cmp.Compare(a.start, b.start)) })
	r.byTime = make([]int32, len(r.launches))
	for i := range r.byTime {
		r.byTime[i] = int32(i)
	}
	sortStable(r.byTime, func(i, j int32) int {
		a, b := &r.launches[i], &r.launches[j]
		return cmp.Or(cmp.Compare(a.thread, b.thread), cmp.Compare(a.start, b.start))
	})
}

// sortStable sorts what mostly is in order already.
func sortStable[T any](list []T, by func(a, b T) int) {
	if !slices.IsSortedFunc(list, by) {
		slices.SortStableFunc(list, by)
	}
}

// nest finds the innermost range of a kind around each launch, -1: none: of those of its thread that began before it and
// did not end before it, the last. Of ranges of the same time the one that was called last is the inner one.
func (r *hostReader) nest(kind rangeKind) []int32 {
	around := make([]int32, len(r.launches))
	var open []int32 // ranges that began, the innermost last
	next := 0
	for _, at := range r.byTime {
		l := &r.launches[at]
		for ; next < len(r.ranges); next++ {
			c := &r.ranges[next]
			if c.thread > l.thread || c.thread == l.thread && c.start > l.start {
				break
			}
			if c.kinds&kind != 0 {
				open = append(open, int32(next))
			}
		}
		for around[at] = -1; len(open) > 0; open = open[:len(open)-1] {
			if c := &r.ranges[open[len(open)-1]]; c.thread == l.thread && c.end > l.start {
				around[at] = open[len(open)-1]
				break
			}
		}
	}
	return around
}

// launchOf is the number of the launch of a kernel; negative: why there is none. Of several with its correlation id, as a profiler
// leaves them that was started again, it is the last that began before it. 0 is CUPTI's word for an id that it does not know.
func (r *hostReader) launchOf(corr, start int64) (launch int32) {
	at, found := r.find(corr)
	if !found || corr <= 0 {
		return noLaunch
	}
	launch = noLaunch
	for i := at; i < len(r.launches) && r.launches[i].corr == corr; i++ {
		switch c := &r.launches[i]; {
		case launch >= 0 && r.rows[r.launches[launch].thread].pid != r.rows[c.thread].pid:
			return manyProcesses
		case launch < 0 || c.start <= start:
			launch = int32(i)
		}
	}
	return launch
}

// find is the first launch with a correlation id: mostly that of the kernel asked for before, or the next one.
func (r *hostReader) find(corr int64) (at int, found bool) {
	for at = r.hint; at < min(r.hint+2, len(r.launches)); at++ {
		if r.launches[at].corr == corr && (at == 0 || r.launches[at-1].corr != corr) {
			r.hint = at
			return at, true
		}
	}
	r.hint, found = slices.BinarySearchFunc(r.launches, corr, func(l hostLaunch, corr int64) int { return cmp.Compare(l.corr, corr) })
	return r.hint, found
}

// onCPUAlone says that there are steps among the marks, all on the CPU's time line.
func onCPUAlone(marks []trace.Mark) bool {
	has := func(gpu bool) bool {
		return slices.ContainsFunc(marks, func(m trace.Mark) bool { return m.GPU == gpu && stepname.Of(m.Name).Kind == stepname.OfStep })
	}
	return has(false) && !has(true)
}

// placeSteps gives r its steps on the device's time line too, which many profilers leave out: from the start of the first to the
// end of the last thing that was launched inside a step. Without the host's events, which h has else, the file is read once more
// for them. It fails only when ctx ends.
func placeSteps(ctx context.Context, r *trace.Rank, h *hostReader, base int64) error {
	if h == nil {
		h = newHostReader(stepRange)
		if _, err := openReader(ctx, r.File, nil, reading{everyEvent: func(b []byte, i int, _ int64) { h.event(b, i) }}); err != nil {
			return ctx.Err()
		}
		h.order()
	}
	around, placed := h.nest(stepRange), map[int32]int{} // index into r.Marks, by range
	for _, k := range r.Records {
		launch := h.launchOf(int64(k.Corr), k.Start-base)
		if launch < 0 || around[launch] < 0 {
			continue
		}
		step := around[launch]
		if _, seen := placed[step]; !seen {
			placed[step] = len(r.Marks)
			r.Marks = append(r.Marks, trace.Mark{Name: h.known.List[h.ranges[step].name], Start: k.Start, GPU: true})
		}
		m := &r.Marks[placed[step]]
		end := max(m.Start+m.Dur, k.End())
		m.Start = min(m.Start, k.Start)
		m.Dur = end - m.Start
	}
	return nil
}
