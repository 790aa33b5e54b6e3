package analyze

import (
	"fmt"
	"maps"
	"slices"

	"shardeck/model/metric"
)

// commMetrics finds what communication costs a rank's time.
func commMetrics(w *world) {
	all := []string{"comm_overhead", "exposed_comm", "comm_comp_overlap", "comm_transfer", "comm_wait"}
	if !w.traced(all...) {
		return
	}
	if reason := w.noComm(); reason != "" {
		w.none(reason, w.traceFiles(), all...)
		return
	}
	w.share("comm_overhead", func(l *lane, part []span) (int64, int64) {
		return overlap(l.comm, part), length(part)
	})
	w.share("exposed_comm", func(l *lane, part []span) (int64, int64) {
		return overlap(l.comm, part) - overlap(l.hidden, part), length(part)
	})
	w.share("comm_comp_overlap", func(l *lane, part []span) (int64, int64) {
		return overlap(l.hidden, part), overlap(l.comm, part)
	})
	w.callTimes("comm_transfer", func(l *lane) []span { return l.moving }, (*call).moving)
	w.callTimes("comm_wait", func(l *lane) []span { return l.waiting }, (*call).waiting)
}

// noComm says why there is no communication to measure; empty if there is some.
func (w *world) noComm() string {
	for _, l := range w.lanes {
		if len(l.comm) > 0 || len(l.calls) > 0 {
			return ""
		}
	}
	if w.layout.GPUs() == 1 {
		return "TP=1: no collective to measure"
	}
	return fmt.Sprintf("no communication kernels in the traces of a run of %s", ranks(w.layout.GPUs()))
}

// share sets a metric that is one length as a percentage of another, both inside
// some part of the window: all of it, or a phase.
func (w *world) share(name string, of func(l *lane, inside []span) (part, whole int64)) {
	v := w.eachLane(func(l *lane) (float64, string) {
		part, whole := of(l, []span{l.window})
		if whole == 0 {
			return 0, "no communication in its window"
		}
		return percent(part, whole), ""
	})
	m := v.metric(w.traceFiles())
	w.byPhase(&m, func(l *lane, phase []span) (float64, bool) {
		part, whole := of(l, phase)
		return percent(part, max(1, whole)), whole > 0
	})
	w.set(name, m)
}

// callTimes sets a metric that is part of the time of matched calls, as a share of
// the window. A rank with calls that could not be matched has no value, since the
// part would be too small; its types of which all were matched are still said.
func (w *world) callTimes(name string, all func(*lane) []span, of func(*call) span) {
	v := w.eachLane(func(l *lane) (float64, string) {
		return percent(length(all(l)), l.window.length()), w.lostOn(l)
	})
	m := v.metric(w.traceFiles())
	m.Estimate = slices.ContainsFunc(w.matches, func(m *match) bool { return m.partial })
	w.byPhase(&m, func(l *lane, phase []span) (float64, bool) {
		return percent(overlap(all(l), phase), length(phase)), w.lostOn(l) == ""
	})
	w.byType(&m, of)
	w.set(name, m)
}

// lostOn says why calls of a lane were not matched; empty if all that could be were.
func (w *world) lostOn(l *lane) string {
	for _, c := range l.calls {
		if c.lost != nil {
			return *c.lost
		}
	}
	return w.mute[l.rank]
}

// byType adds the parts of calls by type: mean share of the window over the ranks
// that make such calls. A type with unmatched calls is left out.
func (w *world) byType(m *metric.Metric, of func(*call) span) {
	shares := map[callType][]float64{}
	unsure := map[callType]bool{}
	var spans []span // one list for all
	for _, l := range w.lanes {
		spans = slices.Grow(spans[:0], l.matched())
		types := map[callType]bool{}
		for _, c := range l.calls {
			types[c.typ] = true
			unsure[c.typ] = unsure[c.typ] || c.lost != nil
		}
		for t := range types {
			spans = spans[:0]
			for _, c := range l.calls {
				if c.typ == t {
					spans = addSpan(spans, of(c))
				}
			}
			if n := l.window.length(); n > 0 {
				shares[t] = append(shares[t], percent(length(unionOf(spans)), n))
			}
		}
	}
	m.By.Types = map[string]float64{}
	for _, t := range slices.Sorted(maps.Keys(shares)) {
		if !unsure[t] {
			m.By.Types[t.String()] = mean(shares[t])
		}
	}
}

func mean(v []float64) float64 {
	sum := 0.0
	for _, x := range v {
		sum += x
	}
	return sum / float64(len(v))
}
