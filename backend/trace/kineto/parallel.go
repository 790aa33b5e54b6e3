package kineto

import (
	"io"
	"sync"

	"shardeck/backend/trace"
	"shardeck/backend/trace/jsonscan"
)

// parallelReader splits one plain file over workers. Each takes a chunk of the list
// of events, guesses where in it an event begins, and reads from there to the
// first event past its end. A guess proves nothing, since a string may look like an event;
// so the reader in front joins the chunks in order, and takes one only if the place
// where the text before it was proven to end is the very place the guess began at. All
// else, and every chunk with a fault in it, it reads itself. By induction the
// result is that of reading the file from its first byte to its last.
type parallelReader struct {
	splitting
	block int

	chunks   []*chunk
	next     int                 // the first not joined yet
	unusable int                 // chunks that could not be joined
	slots    chan struct{}       // bounds the chunks read and not joined
	used     chan []trace.Record // lists of joined chunks, to be filled again
	stop     chan struct{}
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
	names   []string // of the worker, to which the records' names point
	colls   collTable
	odd     int
}

// maxUnusable is how many chunks may be of no use before reading in parallel is given up:
// the layout of the file is one that it cannot guess in, or the file is damaged.
const maxUnusable = 4

// startParallel starts workers on the list of events that begins at byte from.
func startParallel(split splitting, from int64, block int) *parallelReader {
	a := &parallelReader{splitting: split, block: block, stop: make(chan struct{})}
	a.slots = make(chan struct{}, 2*split.workers)
	a.used = make(chan []trace.Record, cap(a.slots))
	for at := from; at < a.size; at += split.chunk {
		a.chunks = append(a.chunks, &chunk{from: at, to: min(a.size, at+split.chunk), done: make(chan struct{}), start: -1})
	}
	todo := make(chan *chunk)
	a.wg.Go(func() { a.handOut(todo) })
	for range split.workers {
		a.wg.Go(func() { newChunkWorker(a).run(todo) })
	}
	return a
}

// handOut gives out the chunks in order, as slots come free.
func (a *parallelReader) handOut(todo chan<- *chunk) {
	defer close(todo)
	for _, c := range a.chunks {
		select {
		case a.slots <- struct{}{}:
		case <-a.stop:
			return
		}
		select {
		case todo <- c:
		case <-a.stop:
			return
		}
	}
}

// close stops the workers and waits for them.
func (a *parallelReader) close() {
	close(a.stop)
	a.wg.Wait()
}

// chunkAt is the chunk whose guess is byte pos, which has been proven to begin an event;
// nil if there is none.
func (a *parallelReader) chunkAt(pos int64) *chunk {
	for a.next < len(a.chunks) && a.chunks[a.next].from <= pos {
		c := a.chunks[a.next]
		<-c.done
		if c.start > pos {
			return nil
		}
		a.next++
		<-a.slots
		if c.start == pos {
			return c
		}
		a.unusable++
	}
	return nil
}

// limit is up to where in a text that begins at byte base events may be read without
// asking for a chunk; n if there is no other.
func (a *parallelReader) limit(base int64, n int) int {
	if a.next < len(a.chunks) {
		return int(min(int64(n), a.chunks[a.next].from-base))
	}
	return n
}

// emptyList is an empty list for the records of a chunk.
func (a *parallelReader) emptyList() []trace.Record {
	select {
	case l := <-a.used:
		return l[:0]
	default:
		return nil
	}
}

// giveBack takes back the list of a chunk that has been joined.
func (a *parallelReader) giveBack(c *chunk) {
	select {
	case a.used <- c.records:
	default:
	}
	c.records = nil
}

// chunkWorker reads chunks, one after another.
type chunkWorker struct {
	a    *parallelReader
	scan *scanner
	win  *jsonscan.Window
}

func newChunkWorker(a *parallelReader) *chunkWorker {
	return &chunkWorker{a: a, scan: newScanner(), win: jsonscan.NewWindow(nil, a.block)}
}

func (w *chunkWorker) run(todo <-chan *chunk) {
	for c := range todo {
		w.tryChunk(c)
	}
}

// tryChunk reads c. A panic would end the program from here: it makes c unusable instead,
// and whoever asked for the file meets it in their own goroutine.
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
	reach := min(w.a.size, c.to+maxEvent) - c.from
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
	s.records, s.marks = w.a.emptyList(), nil
	if !w.events(c.to) || s.damage.Total != faults {
		return
	}
	c.start, c.end = start, w.win.Offset()
	c.records, c.marks = s.records, s.marks
	c.names, c.colls = s.names.List, s.colls.sofar()
	c.odd = s.oddWords - odd
}

// events reads events up to the first that begins at or after byte to, or to
// whatever is no event. False: the reader in front has to do it.
func (w *chunkWorker) events(to int64) bool {
	win := w.win
	for win.Offset() < to {
		isEvent, ok := nextEvent(win)
		switch {
		case !ok:
			return false
		case !isEvent:
			return true
		case win.Offset() >= to:
			return true
		}
		if readKnown(win, w.scan, int(min(int64(len(win.Buf)), to-win.Base()))) {
			continue
		}
		end, st := w.scan.event(win.Buf, win.Pos, win.Offset())
		for st == short && !win.Full() && win.More() {
			end, st = w.scan.event(win.Buf, win.Pos, win.Offset())
		}
		if st != whole {
			return false
		}
		win.Pos = end
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
