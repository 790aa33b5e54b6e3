package nsys

import (
	"cmp"
	"slices"

	"shardeck/backend/trace"
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

// readSteps reads the NVTX ranges that name steps, and gives them to the ranks of
// their process. The name stands in the row or in StringIds.
func (p *report) readSteps() error {
	err := p.each(nvtxTable, []string{"start", "end", "text", "textId", "globalTid"}, "", func(r row) {
		start, ok := r.int(0)
		end, ended := r.int(1)
		if !ok || !ended || end < start || start < -maxTime || end > maxTime {
			return // a mark, or a range that never ended
		}
		name, ok := p.stepName(r)
		if ok {
			p.steps = append(p.steps, step{name: name, tid: r.or(4, 0), start: p.absolute(start), end: p.absolute(end)})
		}
	})
	p.eachStep(func(g *group, s step) {
		g.marks = append(g.marks, trace.Mark{Name: p.names[s.name], Start: s.start, Dur: s.end - s.start})
	})
	return err
}

// stepName is the name of a range, if it is one that names a step.
func (p *report) stepName(r row) (uint32, bool) {
	if text, ok := r.text(2); ok {
		if !trace.IsStep(text) {
			return 0, false
		}
		return p.intern(text), true
	}
	id, ok := r.int(3)
	if !ok {
		return 0, false
	}
	name, ok := p.stringOf(id)
	return name, ok && trace.IsStep(p.names[name])
}

// eachStep visits every step with each group of its process; kernels of old exports do
// not name their process.
func (p *report) eachStep(visit func(g *group, s step)) {
	for _, g := range p.groups {
		for _, s := range p.steps {
			if g.process == 0 || processOf(s.tid) == g.process {
				visit(g, s)
			}
		}
	}
}

// projectSteps lays the steps on the GPU's time line: from the start of the first to the
// end of the last kernel that was launched inside them, found by correlation.
func (p *report) projectSteps() error {
	if len(p.steps) == 0 || !p.has(runtimeTable, "start", "correlationId", "globalTid") {
		return nil
	}
	byTid := p.sortSteps()
	for _, g := range p.groups {
		g.sortByCorr()
	}
	spans := map[spanKey]*trace.Mark{}
	err := p.each(runtimeTable, []string{"start", "correlationId", "globalTid"}, "", func(r row) {
		at, tid := p.absolute(r.or(0, 0)), r.or(2, 0)
		within(byTid[tid], at, func(s *step) { p.launch(spans, s, tid, r.or(1, -1)) })
	})
	for key, m := range spans {
		key.g.marks = append(key.g.marks, *m)
	}
	for _, g := range p.groups {
		slices.SortFunc(g.marks, func(a, b trace.Mark) int {
			return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(b.Dur, a.Dur), cmp.Compare(a.Name, b.Name))
		})
	}
	return err
}

// spanKey is a step on the time line of one device.
type spanKey struct {
	s *step
	g *group
}

// sortSteps puts the steps of each thread in order.
func (p *report) sortSteps() map[int64][]step {
	byTid := map[int64][]step{}
	for _, s := range p.steps {
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

// within visits the steps of a thread that a moment is in.
func within(list []step, at int64, visit func(s *step)) {
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

// launch stretches the span of a step over the kernels of one launch.
func (p *report) launch(spans map[spanKey]*trace.Mark, s *step, tid, corr int64) {
	if corr < 0 || corr > 1<<32-1 {
		return
	}
	for _, g := range p.groups {
		if g.process != 0 && g.process != processOf(tid) {
			continue
		}
		for _, r := range g.launched(uint32(corr)) {
			rec := &g.records[r]
			key := spanKey{s, g}
			m := spans[key]
			if m == nil {
				m = &trace.Mark{Name: p.names[s.name], Start: rec.Start, Dur: rec.Dur, GPU: true}
				spans[key] = m
			}
			end := max(m.Start+m.Dur, rec.End())
			m.Start = min(m.Start, rec.Start)
			m.Dur = end - m.Start
		}
	}
}

// sortByCorr makes the order that launched searches.
func (g *group) sortByCorr() {
	g.byCorr = make([]int32, len(g.records))
	for i := range g.byCorr {
		g.byCorr[i] = int32(i)
	}
	slices.SortStableFunc(g.byCorr, func(a, b int32) int { return cmp.Compare(g.records[a].Corr, g.records[b].Corr) })
}

// launched is the numbers of the records of one launch; a graph's are many.
func (g *group) launched(corr uint32) []int32 {
	at := func(corr uint64) int {
		i, _ := slices.BinarySearchFunc(g.byCorr, corr, func(r int32, corr uint64) int {
			return cmp.Compare(uint64(g.records[r].Corr), corr)
		})
		return i
	}
	return g.byCorr[at(uint64(corr)):at(uint64(corr)+1)]
}
