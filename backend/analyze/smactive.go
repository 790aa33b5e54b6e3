package analyze

import "slices"

// smActive is the mean of the samples of multiprocessors' activity, which Nsight
// Systems alone records.
func (w *world) smActive() {
	const unsampled = "not sampled: only Nsight Systems does, with --gpu-metrics-devices=all where the driver allows it"
	if !slices.ContainsFunc(w.lanes, func(l *lane) bool { return len(l.samples) > 0 }) {
		w.none(unsampled, w.traceFiles(), "sm_active")
		return
	}
	v := w.eachLane(func(l *lane) (float64, string) {
		if len(l.samples) == 0 {
			return 0, unsampled
		}
		mean, ok := l.active([]span{l.window})
		if !ok {
			return 0, "no sample of its multiprocessors lies in the steady window"
		}
		return mean, ""
	})
	m := v.metric(w.traceFiles())
	w.byPhase(&m, func(l *lane, part []span) (float64, bool) { return l.active(part) })
	w.set("sm_active", m)
}

// active is the mean of the samples in some part of the window; ok is false where
// there are none. Samples are taken at a fixed rate, so that each stands for as much time.
func (l *lane) active(part []span) (pct float64, ok bool) {
	inside := newCover(part)
	n := 0
	for _, s := range l.samples {
		if inside.has(s.At) {
			pct += float64(s.Percent)
			n++
		}
	}
	if n == 0 {
		return 0, false
	}
	return pct / float64(n), true
}
