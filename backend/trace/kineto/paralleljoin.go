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

// join adds what c holds to s. Names and metadata get the numbers that s gives them, in the
// order in which they are first met.
func (s *scanner) join(c *chunk) {
	names, colls := make([]int32, len(c.names)), make([]int32, len(c.colls.colls)) // theirs, plus one; 0: not met yet
	if need := len(s.records) + len(c.records); need > cap(s.records) {
		s.growRecords(need) // at once: expect knows of whole chunks only
	}
	for i := range c.records {
		r := &c.records[i]
		if names[r.Name] == 0 {
			names[r.Name] = 1 + int32(s.names.ID(c.names[r.Name]))
		}
		r.Name = uint32(names[r.Name] - 1)
		if r.Coll >= 0 {
			if colls[r.Coll] == 0 {
				colls[r.Coll] = 1 + s.colls.adopt(&c.colls, r.Coll)
			}
			r.Coll = colls[r.Coll] - 1
		}
		s.addRecord(*r)
	}
	s.marks = append(s.marks, c.marks...)
	s.oddWords += c.odd
}
