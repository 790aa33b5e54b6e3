package analyze

import (
	"fmt"

	"shardeck/model/metric"
)

// skewMetrics finds how unevenly ranks started and worked.
func skewMetrics(w *world) {
	if !w.traced("profiler_start_skew", "straggler", "load_imbalance") {
		return
	}
	if len(w.lanes) == 1 {
		w.none(w.alone(), w.traceFiles(), "profiler_start_skew", "straggler", "load_imbalance")
		return
	}
	v := w.eachRank(func(l *lane) (float64, string) {
		ns, _, ok := w.skew(l)
		if !ok {
			return 0, "none of its calls was matched with another rank's"
		}
		return float64(ns) / 1e6, ""
	})
	w.set("profiler_start_skew", v.metric(w.traceFiles()))
	w.loadImbalance()
	w.straggler()
}

// alone says why one lane cannot be compared with others.
func (w *world) alone() string {
	if n := w.layout.GPUs(); n > 1 {
		return fmt.Sprintf("the run has %s, but only rank %d has a trace with kernels", ranks(n), w.lanes[0].rank)
	}
	return "one GPU: there is no other rank to compare with"
}

func (w *world) loadImbalance() {
	v := w.eachLane(func(l *lane) (float64, string) { return float64(l.computed), "" })
	m := metric.Metric{N: len(v.per), Source: w.traceFiles(), PerRank: map[int]float64{}}
	if len(v.per) < 2 {
		m.Reason = "fewer than two ranks have a steady window"
		w.set("load_imbalance", m)
		return
	}
	mean, _, most := meanOf(v.per)
	if mean == 0 {
		m.Reason = "no compute kernels in the steady window"
		w.set("load_imbalance", m)
		return
	}
	for rank, t := range v.per {
		m.PerRank[rank] = t / mean
	}
	m.Value = ptr(most / mean)
	w.set("load_imbalance", m)
}
