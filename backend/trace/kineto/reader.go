package kineto

import (
	"shardeck/backend/trace"
	"shardeck/backend/trace/jsondoc"
	"shardeck/backend/trace/jsonscan"
)

// reader reads a trace from its first byte to its last.
type reader struct {
	jsondoc.Document
	scan     *scanner
	info     trace.Info
	baseTime int64
	split    splitting
	ahead    *ahead // workers on the list of events; nil: none
}

// format is that of the traces; old writers left the events alone, as a bare list.
var format = jsondoc.Format{Name: "a Kineto trace", File: "kineto_trace", List: "traceEvents", Item: "event", Bare: true}

func newReader(w *jsonscan.Window) *reader {
	r := &reader{scan: newScanner(), info: trace.Info{Rank: -1}}
	r.Document = jsondoc.Document{
		Window: w, DamageCounter: r.scan.damage, Format: format, Keys: r.headerKeys(), ReadList: r.readEvents,
		SoFar: func() string { return trace.Count(r.scan.kernels) + " kernels read" },
	}
	return r
}

// readEvents reads the list of events.
func (r *reader) readEvents() {
	r.readAhead()
	defer r.endAhead()
	r.EachItem(r.event, func() { r.brokenEvent(faultEvent) })
}

// event reads the event at the window's position, with as much text as it needs, or all
// that are known at a glance or were read ahead.
func (r *reader) event() {
	if r.jump() || r.glance() {
		return
	}
	for {
		end, st := r.scan.event(r.Buf, r.Pos, r.Offset())
		switch {
		case st == whole:
			r.Pos = end
			return
		case st == broken:
			r.brokenEvent(faultEvent)
			return
		case r.Full():
			r.brokenEvent(faultGiant)
			return
		case !r.More():
			r.EndInList()
			r.Pos = len(r.Buf)
			return
		}
	}
}

// glance reads on while events are known at a glance, up to the next chunk read ahead;
// false if the first is not known.
func (r *reader) glance() bool {
	limit := len(r.Buf)
	if r.ahead != nil {
		limit = r.ahead.limit(r.Base(), limit)
	}
	return glance(r.Window, r.scan, limit)
}

// brokenEvent counts a broken event and goes to the next.
func (r *reader) brokenEvent(kind trace.FaultKind) {
	r.Count(kind, r.Offset())
	resync(r.Window)
}
