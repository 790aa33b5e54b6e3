package kineto

import (
	"shardeck/backend/trace"
	"shardeck/backend/trace/jsondoc"
	"shardeck/backend/trace/jsonscan"
	"shardeck/model/present/unit"
)

// blockSize is read at a time: two of them, the one that the kernel copies and ours,
// stay in a core's own cache.
const blockSize = 1 << 18

// maxEvent is how large one event may be before it is given up as damage.
const maxEvent = jsonscan.MaxPiece

// reader reads a trace from its first byte to its last.
type reader struct {
	jsondoc.Document
	scan     *scanner
	info     trace.Info
	baseTime int64
	split    splitting
	parallel *parallelReader // workers on the list of events; nil: none
}

// format is that of the traces; old writers left the events alone, as a bare list.
var format = jsondoc.Format{Name: "a Kineto trace", File: "kineto_trace", List: "traceEvents", Item: "event", Bare: true}

func newReader(w *jsonscan.Window) *reader {
	r := &reader{scan: newScanner(), info: trace.Info{Rank: -1}}
	r.Document = jsondoc.Document{
		Window: w, DamageCounter: r.scan.damage, Format: format, Keys: r.headerKeys(), ReadList: r.readEvents,
		SoFar: func() string { return unit.Int(r.scan.kernels) + " kernels read" },
	}
	return r
}

// readEvents reads the list of events.
func (r *reader) readEvents() {
	r.startParallel()
	defer r.stopParallel()
	r.EachItem(r.event, func() { r.brokenEvent(faultEvent) })
}

// event reads the event at the window's position, with as much text as it needs, or all
// from there that are known by their text or were read in parallel.
func (r *reader) event() {
	if r.joinChunk() || r.readKnownEvents() {
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

// readKnownEvents reads on while events are known by their text, up to the next chunk
// read in parallel; false if the first is not known.
func (r *reader) readKnownEvents() bool {
	limit := len(r.Buf)
	if r.parallel != nil {
		limit = r.parallel.limit(r.Base(), limit)
	}
	return readKnown(r.Window, r.scan, limit)
}

// brokenEvent counts a broken event and goes to the next.
func (r *reader) brokenEvent(kind trace.FaultKind) {
	r.Count(kind, r.Offset())
	resync(r.Window)
}
