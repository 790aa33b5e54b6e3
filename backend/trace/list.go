package trace

// list reads the events up to the bracket that closes them.
func (d *document) list() status {
	d.events = true
	d.readAhead()
	defer d.endAhead()
	for {
		c, ok := d.peek()
		switch {
		case !ok:
			d.cutOff("before the list of events was closed")
			return whole
		case c == ']':
			d.pos++
			return whole
		case c == ',':
			d.pos++
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
		end, st := d.scan.event(d.buf, d.pos, d.offset())
		switch {
		case st == whole:
			d.pos = end
			return
		case st == broken:
			d.fault(faultEvent)
			return
		case d.full():
			d.fault(faultGiant)
			return
		case !d.more():
			d.cutOff("before the list of events was closed")
			d.pos = len(d.buf)
			return
		}
	}
}

// glance reads on while events are known at a glance, up to the next chunk read ahead;
// false if the first is not known.
func (d *document) glance() bool {
	limit := len(d.buf)
	if d.ahead != nil {
		limit = d.ahead.limit(d.base, limit)
	}
	return d.window.glance(d.scan, limit)
}

// fault counts a broken event and goes to the next.
func (d *document) fault(kind fault) {
	d.scan.faults.add(kind, d.offset())
	d.resync()
}

// cutOff says once that the text ended too early, and why.
func (d *document) cutOff(where string) {
	if d.cut {
		return
	}
	d.cut = true
	text := "ended " + where
	if err := d.broken(); err != nil {
		text = sourceFault(err) + "; it " + text
	}
	lost := "everything after the last whole event (" + thousands(d.scan.kernels) + " kernels read)"
	if !d.events {
		lost = "all events"
	}
	d.scan.faults.once(d.offset(), text, lost)
}
