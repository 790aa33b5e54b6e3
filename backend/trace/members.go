package trace

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"runtime"
	"slices"
	"sync/atomic"

	"github.com/klauspost/compress/gzip"
)

// memberReader reads a gzip file. If it has many members, as the runner writes it, they are inflated side by side. Where
// the next one begins is guessed by what looks like a header. A guess proves nothing, since packed data may look like one:
// a member counts only if it is sound and ends at the very place of the next guess, and if all before it counted. From the
// first that does not, the rest is read as one piece, as is a file of one member; that alone says what is wrong with it.
// Whoever reads inflates too, whenever the next member is not there yet: handing a goroutine to an idle core takes tens of µs, a
// member some hundreds, so that a reader who slept for each lost a tenth of the second core.
type memberReader struct {
	disk  io.Reader
	raw   []byte        // of the file, not given to a member yet
	end   error         // why there is no more of it
	rest  io.Reader     // what is read as one piece, once it is
	first *bytes.Reader // of that what was taken from the disk before; nil: nothing
	depth int           // how many members may be ahead: one until the first is read
	ahead []*member     // inflated or to be, in order
	queue chan *member  // those of ahead that nobody inflates yet, in order
	hands atomic.Int32  // goroutines that inflate
	spare []*member     // to be used again
	now   *member       // being read
	text  []byte        // of it, not read yet
	held  []byte        // a copy of what Lend is to put before it
	given int64         // text read so far
}

// What a file may unpack to: recordings to 10 to 40 times their size, gzip to 1,032 at most. A run of 8 ranks over an hour of steps has
// some 20 GB of text a rank.
const (
	mostRatio = 250
	ratioFrom = 64 << 20 // bytes of text from which it is looked at
	mostGiven = 256 << 30
)

var errBomb = errors.New("gzip data of another kind")

// bounded counts text that was read, and ends where it is more than a recording has.
func (r *memberReader) bounded(n int, err error) (int, error) {
	r.given += int64(n)
	d, counted := r.disk.(disk)
	if err == nil && counted && r.given > ratioFrom && r.given > min(mostGiven, mostRatio*(d.s.done-r.unread())) {
		return 0, errBomb
	}
	return n, err
}

// Bounds of what is inflated side by side; a file of larger members is read as one piece.
const (
	rawPiece   = 128 << 10 // bytes taken from the disk at a time
	mostPacked = 2 << 20   // of a member
	mostText   = 16 << 20
	mostAhead  = 6 // members: whoever reads their text keeps up with no more
)

// newMemberReader begins with the first header; an error says what is wrong with that.
func newMemberReader(disk io.Reader) (*memberReader, error) {
	r := &memberReader{disk: disk, depth: 1, queue: make(chan *member, mostAhead), raw: make([]byte, 0, mostPacked+2*rawPiece)}
	r.more()
	z, err := gzip.NewReader(bytes.NewReader(r.raw))
	if err != nil || runtime.GOMAXPROCS(0) > 1 {
		r.spare = append(r.spare, &member{unpack: z})
		return r, err
	}
	return r, r.readAsOne()
}

// Read gives the text.
func (r *memberReader) Read(p []byte) (int, error) {
	for len(r.text) == 0 && r.rest == nil {
		if err := r.next(); err != nil {
			return 0, err
		}
	}
	if r.rest != nil {
		return r.bounded(r.rest.Read(p))
	}
	n := copy(p, r.text)
	r.text = r.text[n:]
	return r.bounded(n, nil)
}

// mostTail is how much text of one member is put before that of the next, which leaves so much room for it: more than an event has, mostly.
const mostTail = 16 << 10

// Lend gives tail and the text after it in one piece, which is void when more is asked for: a member's text is not copied for who reads
// it. Of a rest that is read as one piece, and after a longer tail, it is tail alone, or nil.
func (r *memberReader) Lend(tail []byte) ([]byte, error) {
	if r.rest != nil || len(tail) > mostTail {
		return nil, nil
	}
	r.held = append(r.held[:0], tail...) // it may lie in the member that is given back
	for len(r.text) == 0 && r.rest == nil {
		if err := r.next(); err != nil {
			return r.held, err
		}
	}
	if r.rest != nil {
		return r.held, nil
	}
	n, err := r.bounded(len(r.text), nil)
	if err != nil {
		return r.held, err
	}
	text := r.now.room[len(r.now.room)-n-len(r.held):]
	copy(text, r.held)
	r.text = nil
	return text, nil
}

// next goes to the next member, or to the rest.
func (r *memberReader) next() error {
	if r.now != nil {
		r.spare, r.now = append(r.spare, r.now), nil
		r.depth = min(2*runtime.GOMAXPROCS(0), mostAhead)
	}
	for len(r.ahead) < r.depth && r.begin() {
	}
	if len(r.ahead) == 0 {
		return r.readAsOne()
	}
	m := r.ahead[0]
	r.await(m)
	if !m.sound {
		return r.readAsOne()
	}
	r.ahead = slices.Delete(r.ahead, 0, 1)
	r.now, r.text = m, m.room[mostTail:]
	return nil
}

// await returns when m is inflated, and inflates until then.
func (r *memberReader) await(m *member) {
	for {
		select {
		case <-m.done:
			return
		default:
		}
		if !r.inflateNext() {
			<-m.done
		}
	}
}

// inflateNext inflates the next member that nobody does yet; false: there is none.
func (r *memberReader) inflateNext() bool {
	select {
	case m := <-r.queue:
		m.inflate()
		return true
	default:
		return false
	}
}

// help inflates until there is nothing to do.
func (r *memberReader) help() {
	defer r.hands.Add(-1)
	for r.inflateNext() {
	}
}

// readAsOne reads what is not read yet as one piece; io.EOF: nothing is.
func (r *memberReader) readAsOne() error {
	var taken []byte
	for _, m := range r.ahead {
		taken = append(taken, m.packed...)
	}
	r.first = bytes.NewReader(append(taken, r.raw...))
	z, err := gzip.NewReader(bufio.NewReaderSize(io.MultiReader(r.first, r.disk), rawPiece))
	r.rest, r.raw, r.ahead, r.spare = z, nil, nil, nil
	return err
}

// unread is how many bytes were taken from the disk and not inflated yet.
func (r *memberReader) unread() (n int64) {
	for _, m := range r.ahead {
		n += int64(len(m.packed))
	}
	if r.first != nil {
		n += int64(r.first.Len())
	}
	return n + int64(len(r.raw))
}

// more takes a piece from the disk.
func (r *memberReader) more() {
	n := len(r.raw)
	r.raw = slices.Grow(r.raw, rawPiece)
	k, err := r.disk.Read(r.raw[n : n+rawPiece])
	r.raw, r.end = r.raw[:n+k], err
}

// begin begins to inflate the next member; false: there is none that ends soon, or none before it that tells of many.
func (r *memberReader) begin() bool {
	n := 0
	for from := 1; n == 0; {
		switch n = nextHeader(r.raw, from); {
		case n > 0:
		case len(r.raw) > mostPacked || r.end != nil && r.end != io.EOF:
			return false
		case r.end == nil:
			from = max(1, len(r.raw)-headerSize)
			r.more()
		case r.depth == 1 || len(r.raw) == 0:
			return false
		default:
			n = len(r.raw)
		}
	}
	if len(r.spare) == 0 {
		r.spare = append(r.spare, &member{unpack: new(gzip.Reader)})
	}
	m := r.spare[len(r.spare)-1]
	r.spare = r.spare[:len(r.spare)-1]
	m.packed, m.sound, m.done = append(m.packed[:0], r.raw[:n]...), false, make(chan struct{})
	r.raw = r.raw[:copy(r.raw, r.raw[n:])]
	r.ahead = append(r.ahead, m)
	r.queue <- m
	if int(r.hands.Load()) < runtime.GOMAXPROCS(0)-1 {
		r.hands.Add(1)
		go r.help()
	}
	return true
}

// headerSize is what every member begins with: the mark of gzip, how it is packed, flags, time, effort and system. [RFC 1952]
const headerSize = 10

// nextHeader is where from byte from on something looks like the beginning of a member; 0: nowhere.
func nextHeader(b []byte, from int) int {
	for from+headerSize <= len(b) {
		i := bytes.Index(b[from:len(b)-headerSize+3], []byte{gzipMagic[0], gzipMagic[1], 8})
		if i < 0 {
			return 0
		}
		if h := b[from+i:]; h[3]&^0x1f == 0 && (h[8] == 0 || h[8] == 2 || h[8] == 4) && (h[9] < 14 || h[9] == 255) {
			return from + i
		}
		from += i + 1
	}
	return 0
}

// member is one of the file, in memory.
type member struct {
	packed, room []byte // room[mostTail:] is the text
	unpack       *gzip.Reader
	sound        bool          // the text is all of it, and packed nothing else
	done         chan struct{} // closed when room and sound are there
}

func (m *member) inflate() {
	defer close(m.done)
	defer func() { _ = recover() }() // who reads it as one piece meets the panic in their own goroutine
	in := bytes.NewReader(m.packed)
	size := binary.LittleEndian.Uint32(m.packed[max(0, len(m.packed)-4):])
	if size > mostText || m.unpack.Reset(in) != nil {
		return
	}
	m.unpack.Multistream(false)
	m.room = slices.Grow(m.room[:0], mostTail+int(size))[:mostTail+size]
	if _, err := io.ReadFull(m.unpack, m.room[mostTail:]); err != nil {
		return
	}
	var more [1]byte
	n, err := m.unpack.Read(more[:]) // compares the checksum
	m.sound = n == 0 && err == io.EOF && in.Len() == 0
}
