package kineto

import "shardeck/backend/trace"

// list reads the events up to the bracket that closes them.
func (d *document) list() status {
	d.events = true
	d.readAhead()
	defer d.endAhead()
	for {
		c, ok := d.Peek()
		switch {
		case !ok:
			d.cutOff("before the list of events was closed")
			return whole
		case c == ']':
			d.Pos++
			return whole
		case c == ',':
			d.Pos++
		case c == '{' && d.jump():
		case c == '{':
			d.event()
		default:
			d.fault(faultEvent)
		}
	}
}

// event reads the event at the window's position, with as much text as it needs.
func (d *document) event() {
	if d.glance() {
		return
	}
	for {
		end, st := d.scan.event(d.Buf, d.Pos, d.Offset())
		switch {
		case st == whole:
			d.Pos = end
			return
		case st == broken:
			d.fault(faultEvent)
			return
		case d.Full():
			d.fault(faultGiant)
			return
		case !d.More():
			d.cutOff("before the list of events was closed")
			d.Pos = len(d.Buf)
			return
		}
	}
}

// glance reads on while events are known at a glance, up to the next chunk read ahead;
// false if the first is not known.
func (d *document) glance() bool {
	limit := len(d.Buf)
	if d.ahead != nil {
		limit = d.ahead.limit(d.Base(), limit)
	}
	return d.window.glance(d.scan, limit)
}

// fault counts a broken event and goes to the next.
func (d *document) fault(kind fault) {
	d.scan.faults.add(kind, d.Offset())
	d.resync()
}

// cutOff says once that the text ended too early, and why.
func (d *document) cutOff(where string) {
	if d.cut {
		return
	}
	d.cut = true
	text := "ended " + where
	if err := d.Broken(); err != nil {
		text = trace.ReadFault(err) + "; it " + text
	}
	lost := "everything after the last whole event (" + trace.Count(d.scan.kernels) + " kernels read)"
	if !d.events {
		lost = "all events"
	}
	d.scan.faults.once(d.Offset(), text, lost)
}
