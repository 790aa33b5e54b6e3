package analyze

import "shardeck/model/metric"

// pipelineMetrics finds the time that a pipeline's stages wait for each other.
func pipelineMetrics(w *world) {
	if !w.traced("bubble") {
		return
	}
	if w.layout.PP == 1 {
		w.none("PP=1: no pipeline", w.traceFiles(), "bubble")
		return
	}
	v := w.eachLane(func(l *lane) (float64, string) {
		waits, why := w.pipelineWaits(l)
		return percent(length(waits), l.window.length()), why
	})
	m := v.metric(w.traceFiles())
	stage, idle, all := map[int][]float64{}, map[int][]float64{}, []float64{}
	for _, l := range w.lanes {
		if bubble, ok := v.per[l.rank]; ok {
			pp, free := w.layout.Coord(l.rank).PP, w.idle(l)
			stage[pp] = append(stage[pp], bubble)
			idle[pp] = append(idle[pp], free)
			all = append(all, free)
		}
	}
	m.By.Stages = map[int]metric.Stage{}
	for pp := range stage {
		m.By.Stages[pp] = metric.Stage{Bubble: mean(stage[pp]), Idle: mean(idle[pp])}
	}
	if len(all) > 0 {
		m.By.Idle = ptr(mean(all))
	}
	w.set("bubble", m)
}

// pipelineWaits is the time a rank waits in its pipeline's own calls, recv and the
// broadcast of the token over stages, as disjoint spans.
func (w *world) pipelineWaits(l *lane) (waits []span, why string) {
	var found []span
	for _, c := range l.calls {
		if !w.pipelineCall(c) {
			continue
		}
		if c.lost != nil {
			return nil, *c.lost
		}
		found = addSpan(found, c.waiting())
	}
	return unionOf(found), ""
}

func (w *world) pipelineCall(c *call) bool {
	switch c.typ {
	case recv:
		return true
	case broadcast:
		return c.met != nil && w.spansStages(c.met.channel.ranks) || c.met == nil && c.lost != nil
	}
	return false
}

// spansStages reports whether a group holds ranks of more than one stage.
func (w *world) spansStages(ranks []int) bool {
	for _, r := range ranks {
		if w.layout.Coord(r).PP != w.layout.Coord(ranks[0]).PP {
			return true
		}
	}
	return false
}

// idle is the share of the window with neither compute nor waiting for the pipeline.
func (w *world) idle(l *lane) float64 {
	waits, _ := w.pipelineWaits(l)
	used := l.computed + length(waits) - overlapping(l.compute(), waits)
	return percent(l.window.length()-used, l.window.length())
}
