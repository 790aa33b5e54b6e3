package trace

import (
	"bytes"
	"errors"
	"io"
)

// Sizes of the window: one block is read at a time; one event may be as large as
// maxEvent before it is given up as damage.
const (
	blockSize = 1 << 20
	maxEvent  = 16 << 20
)

// window is the piece of the text in memory: buf[pos:] is not read yet. The
// buffer is reused; the unfinished tail of a block is moved to its front.
type window struct {
	src   io.Reader
	block int
	buf   []byte
	pos   int
	base  int64 // offset in the text of buf[0]
	esc   int   // index of the last backslash in buf, -1 if there is none
	err   error // why there is no more: io.EOF, or what broke the source
}

func newWindow(src io.Reader, block int) *window {
	return &window{src: src, block: block, esc: -1, buf: make([]byte, 0, 2*block)}
}

// offset is the place of the next unread byte in the text.
func (w *window) offset() int64 { return w.base + int64(w.pos) }

// rest is the unread text in memory.
func (w *window) rest() []byte { return w.buf[w.pos:] }

// full says that the unread text is as large as one event may be.
func (w *window) full() bool { return len(w.buf)-w.pos >= maxEvent }

// more adds a block of text; false if there is none. Slices of buf are void after it.
func (w *window) more() bool {
	if w.err != nil {
		return false
	}
	w.slide()
	from := len(w.buf)
	w.fill(from + w.block)
	w.noteEscapes(from)
	return len(w.buf) > from
}

// slide moves the unread tail to the front of a buffer with room for a block.
func (w *window) slide() {
	tail := w.buf[w.pos:]
	to := w.buf[:0]
	if len(tail)+w.block > cap(w.buf) {
		to = make([]byte, 0, 2*len(tail)+w.block)
	}
	w.base += int64(w.pos)
	w.esc = max(-1, w.esc-w.pos)
	w.pos = 0
	w.buf = append(to, tail...)
}

// fill reads until the buffer holds n bytes or the source ends.
func (w *window) fill(n int) {
	for len(w.buf) < n && w.err == nil {
		k, err := w.src.Read(w.buf[len(w.buf):n])
		w.buf = w.buf[:len(w.buf)+k]
		w.err = err
	}
}

// noteEscapes looks for backslashes in what was just read. Nearly every trace has
// none, and then whether a brace is in a string is a matter of counting quotes.
func (w *window) noteEscapes(from int) {
	fresh := w.buf[from:]
	if bytes.IndexByte(fresh, '\\') >= 0 {
		w.esc = from + bytes.LastIndexByte(fresh, '\\')
	}
}

// broken is the fault of the source, nil if the text ended as it should.
func (w *window) broken() error {
	if errors.Is(w.err, io.EOF) {
		return nil
	}
	return w.err
}

// peek is the next byte that is not white space; ok is false at the end of the text.
func (w *window) peek() (c byte, ok bool) {
	for {
		w.pos = skipSpace(w.buf, w.pos)
		if w.pos < len(w.buf) {
			return w.buf[w.pos], true
		}
		if !w.more() {
			return 0, false
		}
	}
}

// passComma passes over what Kineto writes between two events; whoever reads on does
// so for any other spelling.
func (w *window) passComma() {
	const text = ",\n  {"
	if b := w.rest(); len(b) >= len(text) && string(b[:len(text)]) == text {
		w.pos += len(text) - 1
	}
}

// skipSpace is the index of the first byte at or after i that is not white space.
func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\r' || b[i] == '\t') {
		i++
	}
	return i
}
