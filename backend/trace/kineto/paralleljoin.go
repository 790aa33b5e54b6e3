package kineto

import "io"

// splitting is how a file is split over workers; without workers it is not.
type splitting struct {
	file    io.ReaderAt
	size    int64
	chunk   int64
	workers int
}

// readAhead starts workers on the list that begins at the window's position.
func (d *reader) readAhead() {
	s := d.split
	if s.workers > 1 && s.size-d.Offset() > s.chunk {
		d.ahead = newAhead(s, d.Offset(), d.Block)
	}
}

// endAhead stops the workers, if there are any.
func (d *reader) endAhead() {
	if d.ahead != nil {
		d.ahead.close()
		d.ahead = nil
	}
}

// jump joins the chunk that was read ahead from the window's position, if there is
// one, and goes to its end.
func (d *reader) jump() bool {
	if d.ahead == nil {
		return false
	}
	c := d.ahead.at(d.Offset())
	if c != nil {
		d.Go(c.end)
		d.scan.join(c)
		d.ahead.joined(c)
	}
	if d.ahead.useless > maxUseless {
		d.endAhead()
	}
	return c != nil
}

// join adds what c holds to s, with the numbers of names and metadata that s gives them.
func (s *scanner) join(c *chunk) {
	names := newRemap(len(c.names))
	colls := newRemap(len(c.colls.colls))
	if need := len(s.records) + len(c.records); need > cap(s.records) {
		s.grow(need) // at once: expect knows of whole chunks only
	}
	for i := range c.records {
		r := &c.records[i]
		r.Name = uint32(names.to(int32(r.Name), func(id int32) int32 { return int32(s.names.ID(c.names[id])) }))
		if r.Coll >= 0 {
			r.Coll = colls.to(r.Coll, func(id int32) int32 { return s.colls.adopt(&c.colls, id) })
		}
		s.keep(*r)
	}
	s.marks = append(s.marks, c.marks...)
	s.oddWords += c.odd
}

// remap gives old numbers their new ones, in the order in which they are first met.
type remap []int32

func newRemap(n int) remap {
	m := make(remap, n)
	for i := range m {
		m[i] = -1
	}
	return m
}

func (m remap) to(old int32, first func(int32) int32) int32 {
	if m[old] < 0 {
		m[old] = first(old)
	}
	return m[old]
}
