package nsys

import (
	"cmp"
	"slices"

	"shardeck/backend/trace"
	"shardeck/backend/trace/stepname"
)

const (
	nvtxTable    = "NVTX_EVENTS"
	runtimeTable = "CUPTI_ACTIVITY_KIND_RUNTIME"
)

// step is a range of the program that names a step, on one of its threads.
type step struct {
	name       uint32
	tid        int64
	start, end int64 // ns, absolute
	reach      int64 // latest end of this step and those before it on its thread
}

type steps struct {
	*export
	list  []step
	named stepname.Names
}

// read gives the NVTX ranges that name steps, in their row or in StringIds, to the ranks of their process.
func (x *steps) read() error {
	err := x.rows(nvtxTable, []string{"start", "end", "text", "textId", "globalTid"}, "", func(r row) {
		start, ok := r.int(0)
		end, ended := r.int(1)
		if !ok || !ended || end < start || start < -maxTime || end > maxTime {
			return // a mark, or a range that never ended
		}
		name, ok := x.nameOf(r)
		if ok {
			x.list = append(x.list, step{name: name, tid: r.or(4, 0), start: x.absolute(start), end: x.absolute(end)})
		}
	})
	for _, w := range x.all {
		for _, s := range x.list {
			if w.owner == 0 || processOf(s.tid) == w.owner { // kernels of old exports do not name their process
				w.marks = append(w.marks, trace.Mark{Name: x.names.List[s.name], Start: s.start, Dur: s.end - s.start})
			}
		}
	}
	return err
}

func (x *steps) nameOf(r row) (uint32, bool) {
	if text, ok := r.text(2); ok {
		if x.named.Of(text).Kind == stepname.NoStep {
			return 0, false
		}
		return x.names.ID(text), true
	}
	id, ok := r.int(3)
	if !ok {
		return 0, false
	}
	name, ok := x.strings.name(id)
	return name, ok && x.named.Of(x.names.List[name]).Kind != stepname.NoStep
}

// project lays the steps on the GPU's time line, over the kernels launched inside them, found by correlation.
func (x *steps) project() error {
	if len(x.list) == 0 || !x.has(runtimeTable, "start", "correlationId", "globalTid") {
		return nil
	}
	byTid := x.byThread()
	for _, w := range x.all {
		w.sortByCorr()
	}
	spans := map[spanKey]*trace.Mark{}
	err := x.rows(runtimeTable, []string{"start", "correlationId", "globalTid"}, "", func(r row) {
		at, tid := x.absolute(r.or(0, 0)), r.or(2, 0)
		stepsAround(byTid[tid], at, func(s *step) { x.extend(spans, s, tid, r.or(1, -1)) })
	})
	for key, m := range spans {
		key.w.marks = append(key.w.marks, *m)
	}
	for _, w := range x.all {
		slices.SortFunc(w.marks, func(a, b trace.Mark) int {
			return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(b.Dur, a.Dur), cmp.Compare(a.Name, b.Name))
		})
	}
	return err
}

type spanKey struct {
	s *step
	w *deviceWork
}

func (x *steps) byThread() map[int64][]step {
	byTid := map[int64][]step{}
	for _, s := range x.list {
		byTid[s.tid] = append(byTid[s.tid], s)
	}
	for _, list := range byTid {
		slices.SortFunc(list, func(a, b step) int { return cmp.Compare(a.start, b.start) })
		reach := int64(-maxTime)
		for i := range list {
			reach = max(reach, list[i].end)
			list[i].reach = reach
		}
	}
	return byTid
}

// stepsAround visits the steps of a thread that a moment is in.
func stepsAround(list []step, at int64, visit func(s *step)) {
	i, _ := slices.BinarySearchFunc(list, at, func(s step, at int64) int {
		if s.start <= at {
			return -1
		}
		return 1
	})
	for i--; i >= 0 && list[i].reach >= at; i-- {
		if list[i].end >= at {
			visit(&list[i])
		}
	}
}

// extend stretches the span of a step over the kernels of one launch.
func (x *steps) extend(spans map[spanKey]*trace.Mark, s *step, tid, corr int64) {
	if corr < 0 || corr > 1<<32-1 {
		return
	}
	for _, w := range x.all {
		if w.owner != 0 && w.owner != processOf(tid) {
			continue
		}
		for _, r := range w.recordsOf(uint32(corr)) {
			rec := &w.records[r]
			key := spanKey{s, w}
			m := spans[key]
			if m == nil {
				m = &trace.Mark{Name: x.names.List[s.name], Start: rec.Start, Dur: rec.Dur, GPU: true}
				spans[key] = m
			}
			end := max(m.Start+m.Dur, rec.End())
			m.Start = min(m.Start, rec.Start)
			m.Dur = end - m.Start
		}
	}
}

// sortByCorr makes the order that launched searches.
func (w *deviceWork) sortByCorr() {
	w.byCorr = make([]int32, len(w.records))
	for i := range w.byCorr {
		w.byCorr[i] = int32(i)
	}
	slices.SortStableFunc(w.byCorr, func(a, b int32) int { return cmp.Compare(w.records[a].Corr, w.records[b].Corr) })
}

// recordsOf is the numbers of the records of one launch; a graph's are many.
func (w *deviceWork) recordsOf(corr uint32) []int32 {
	at := func(corr uint64) int {
		i, _ := slices.BinarySearchFunc(w.byCorr, corr, func(r int32, corr uint64) int {
			return cmp.Compare(uint64(w.records[r].Corr), corr)
		})
		return i
	}
	return w.byCorr[at(uint64(corr)):at(uint64(corr)+1)]
}
