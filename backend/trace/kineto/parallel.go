package kineto

import (
	"io"
	"sync"
	"sync/atomic"

	"shardeck/backend/trace"
	"shardeck/backend/trace/jsonscan"
)

// splitting is how a file is split over workers; without workers it is not.
type splitting struct {
	file    io.ReaderAt
	size    int64
	chunk   int64
	workers int
}

// parallelReader splits one plain file over workers. Each takes a chunk of the list of events, guesses where in it an event
// begins, and reads from there to the first event past its end. A guess proves nothing, since a string may look like an
// event; so the reader in front joins the chunks in order, and takes one only if the place where the text before it was
// proven to end is the very place the guess began at. All else, and every chunk with a fault in it, it reads itself. By
// induction the result is that of reading the file from its first byte to its last.
type parallelReader struct {
	splitting
	block int

	chunks   []*chunk
	next     int                 // the first not joined yet
	taken    atomic.Int64        // how many the workers took
	unusable int                 // chunks that could not be joined
	lists    chan []trace.Record // to be filled: bounds the chunks taken and not joined
	wg       sync.WaitGroup
}

// chunk is the part of the list from byte from to byte to, and what a worker made of it.
type chunk struct {
	from, to int64
	done     chan struct{} // closed when what follows is there

	start   int64 // where its first event was guessed to begin; -1: it is no use
	end     int64 // where the text after its last event begins
	records []trace.Record
	marks   []trace.Mark
	names   []string    // of the worker, to which the records' names point
	colls   []collEntry // the same
	odd     int
	calls   bool // stepNames.calls of the worker
}

// maxUnusable is how many chunks may be of no use, as in an unknown layout or a damaged file, before workers are given up.
const maxUnusable = 4

// startParallel starts workers on the list of events that begins at byte from.
func startParallel(split splitting, from int64, block int) *parallelReader {
	a := &parallelReader{splitting: split, block: block, lists: make(chan []trace.Record, 2*split.workers)}
	for at := from; at < a.size; at += split.chunk {
		a.chunks = append(a.chunks, &chunk{from: at, to: min(a.size, at+split.chunk), done: make(chan struct{}), start: -1})
	}
	for range cap(a.lists) {
		a.lists <- nil
	}
	for range split.workers {
		w := &chunkWorker{a: a, scan: newScanner(), win: jsonscan.NewWindow(nil, a.block)}
		a.wg.Go(w.run)
	}
	return a
}

// stop stops the workers, if there are any, and waits for them.
func (a *parallelReader) stop() {
	if a != nil {
		a.taken.Store(int64(len(a.chunks)))
		close(a.lists)
		a.wg.Wait()
	}
}

// chunkAt is the chunk whose guess is byte pos, proven to begin an event; nil: none. Its list is to be given back.
func (a *parallelReader) chunkAt(pos int64) *chunk {
	for a.next < len(a.chunks) && a.chunks[a.next].from <= pos {
		c := a.chunks[a.next]
		<-c.done
		if c.start > pos {
			return nil
		}
		a.next++
		if c.start == pos {
			return c
		}
		a.lists <- c.records
		a.unusable++
	}
	return nil
}

// limit is up to where in n bytes from byte base of the text events may be read without asking for a chunk.
func (a *parallelReader) limit(base int64, n int) int {
	if a != nil && a.next < len(a.chunks) {
		return int(min(int64(n), a.chunks[a.next].from-base))
	}
	return n
}

// joinChunk joins the chunk read in parallel from the window's position, if there is one, and goes to its end.
func (r *reader) joinChunk() bool {
	if r.parallel == nil {
		return false
	}
	c := r.parallel.chunkAt(r.Offset())
	if c != nil {
		r.GoTo(c.end)
		r.scan.join(c)
		r.parallel.lists <- c.records
		c.records = nil
	}
	if r.parallel.unusable > maxUnusable {
		r.parallel.stop()
		r.parallel = nil
	}
	return c != nil
}

// join adds what c holds to s, which gives names and metadata its own numbers, in the order they are first met.
func (s *scanner) join(c *chunk) {
	names, colls := make([]int32, len(c.names)), make([]int32, len(c.colls)) // theirs, plus one; 0: not met yet
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
				colls[r.Coll] = 1 + s.colls.number(c.colls[r.Coll])
			}
			r.Coll = colls[r.Coll] - 1
		}
		*s.nextRecord() = *r
		s.commitRecord()
	}
	s.marks = append(s.marks, c.marks...)
	s.oddWords += c.odd
	s.steps.calls = s.steps.calls || c.calls
}

// chunkWorker reads chunks, one after another.
type chunkWorker struct {
	a    *parallelReader
	scan *scanner
	win  *jsonscan.Window
}

func (w *chunkWorker) run() {
	for list := range w.a.lists {
		n := int(w.a.taken.Add(1)) - 1
		if n >= len(w.a.chunks) {
			return
		}
		w.a.chunks[n].records = list
		w.tryChunk(w.a.chunks[n])
	}
}

// tryChunk reads c. A panic, which would end the program, makes c unusable: who asked for the file meets it in their own goroutine.
func (w *chunkWorker) tryChunk(c *chunk) {
	defer close(c.done)
	defer func() {
		if recover() != nil {
			c.start, w.scan = -1, newScanner()
		}
	}()
	w.readChunk(c)
}

// readChunk fills c, or leaves its start at -1.
func (w *chunkWorker) readChunk(c *chunk) {
	reach := min(w.a.size, c.to+jsonscan.MaxPiece) - c.from
	w.win.Reset(io.NewSectionReader(w.a.file, c.from, reach), c.from)
	if _, ok := w.win.Peek(); !ok {
		return
	}
	if c.from != w.a.chunks[0].from && !resync(w.win) {
		return
	}
	if first, ok := nextEvent(w.win); !ok || !first {
		return
	}
	s := w.scan
	start, faults, odd := w.win.Offset(), s.damage.Total, s.oddWords
	s.records, s.marks = c.records[:0], nil
	if !w.events(c.to) || s.damage.Total != faults {
		return
	}
	c.start, c.end = start, w.win.Offset()
	c.records, c.marks = s.records, s.marks
	c.names, c.colls = s.names.List, s.colls.list
	c.odd, c.calls = s.oddWords-odd, s.steps.calls
}

// events reads up to the first event from byte to on, or to what is no event. False: the reader in front has to.
func (w *chunkWorker) events(to int64) bool {
	for w.win.Offset() < to {
		isEvent, ok := nextEvent(w.win)
		if !ok || !isEvent || w.win.Offset() >= to {
			return ok
		}
		limit := int(min(int64(len(w.win.Buf)), to-w.win.Base))
		if !w.scan.readKnown(w.win, limit) && w.scan.readEvent(w.win) != whole {
			return false
		}
	}
	return true
}

// nextEvent passes over commas; false if what comes is no event, not ok if nothing does.
func nextEvent(w *jsonscan.Window) (isEvent, ok bool) {
	for {
		c, ok := w.Peek()
		if !ok || c != ',' {
			return c == '{', ok
		}
		w.Pos++
	}
}
