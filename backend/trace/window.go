package trace

import (
	"errors"
	"io"
)

// Sizes of the window: one block is read at a time; one event may be as large as
// maxEvent before it is given up as damage.
const (
	blockSize = 1 << 18
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
	err   error // why there is no more: io.EOF, or what broke the source
}

func newWindow(src io.Reader, block int) *window {
	return &window{src: src, block: block, buf: make([]byte, 0, 2*block)}
}

// offset is the place of the next unread byte in the text.
func (w *window) offset() int64 { return w.base + int64(w.pos) }

// rest is the unread text in memory.
func (w *window) rest() []byte { return w.buf[w.pos:] }

// full says that the unread text is as large as one event may be.
func (w *window) full() bool { return len(w.buf)-w.pos >= maxEvent }

// more adds a block of text, or as much as there is already, so that a giant event
// is not looked at too often; false if there is none. Slices of buf are void after it.
func (w *window) more() bool {
	if w.err != nil {
		return false
	}
	from := len(w.buf) - w.pos
	fresh := max(w.block, min(from, maxEvent-from))
	w.slide(fresh)
	w.fill(from + fresh)
	return len(w.buf) > from
}

// slide moves the unread tail to the front of a buffer with room for more bytes.
func (w *window) slide(more int) {
	tail := w.buf[w.pos:]
	to := w.buf[:0]
	if len(tail)+more > cap(w.buf) {
		to = make([]byte, 0, 2*len(tail)+more)
	}
	w.base += int64(w.pos)
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

// passComma passes over the comma and the white space between two events, from b[i]
// to the brace of the next; i if there is anything else.
func passComma(b []byte, i int) int {
	const text = ",\n  {" // Kineto's
	if len(b)-i >= len(text) && string(b[i:i+len(text)]) == text {
		return i + len(text) - 1
	}
	if i < len(b) && b[i] == ',' {
		if k := skipSpace(b, i+1); k < len(b) && b[k] == '{' {
			return k
		}
	}
	return i
}

// glance lets s read what it knows at a glance; false if that is nothing.
func (w *window) glance(s *scanner, limit int) bool {
	from := w.pos
	w.pos = s.run(w.buf, w.pos, limit)
	return w.pos > from
}

// skipSpace is the index of the first byte at or after i that is not white space.
func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\r' || b[i] == '\t') {
		i++
	}
	return i
}
