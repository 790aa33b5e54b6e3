package kineto

import "io"

// splitting is how a file is split over workers; without workers it is not.
type splitting struct {
	file    io.ReaderAt
	size    int64
	chunk   int64
	workers int
}

// startParallel starts workers on the list that begins at the window's position.
func (d *reader) startParallel() {
	s := d.split
	if s.workers > 1 && s.size-d.Offset() > s.chunk {
		d.parallel = startParallel(s, d.Offset(), d.Block)
	}
}

// stopParallel stops the workers, if there are any.
func (d *reader) stopParallel() {
	if d.parallel != nil {
		d.parallel.close()
		d.parallel = nil
	}
}

// joinChunk joins the chunk that was read in parallel from the window's position, if there
// is one, and goes to its end.
func (d *reader) joinChunk() bool {
	if d.parallel == nil {
		return false
	}
	c := d.parallel.chunkAt(d.Offset())
	if c != nil {
		d.GoTo(c.end)
		d.scan.join(c)
		d.parallel.giveBack(c)
	}
	if d.parallel.unusable > maxUnusable {
		d.stopParallel()
	}
	return c != nil
}

// join adds what c holds to s, with the numbers of names and metadata that s gives them.
func (s *scanner) join(c *chunk) {
	names := newRemap(len(c.names))
	colls := newRemap(len(c.colls.colls))
	if need := len(s.records) + len(c.records); need > cap(s.records) {
		s.growRecords(need) // at once: expect knows of whole chunks only
	}
	for i := range c.records {
		r := &c.records[i]
		r.Name = uint32(names.to(int32(r.Name), func(id int32) int32 { return int32(s.names.ID(c.names[id])) }))
		if r.Coll >= 0 {
			r.Coll = colls.to(r.Coll, func(id int32) int32 { return s.colls.adopt(&c.colls, id) })
		}
		s.addRecord(*r)
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
