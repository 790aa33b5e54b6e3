package et

import "io"

// Sizes: text is read a block at a time, and a node larger than maxNode is given up
// as damage.
const (
	blockSize = 1 << 20
	maxNode   = 16 << 20
)

// window is the piece of the text in memory: buf[pos:] is not read yet.
type window struct {
	src   io.Reader
	block int
	buf   []byte
	pos   int
	base  int64 // offset in the text of buf[0]
	err   error // why there is no more
}

// offset is the place of the next unread byte in the text.
func (w *window) offset() int64 { return w.base + int64(w.pos) }

// full says that the unread text is as large as one node may be.
func (w *window) full() bool { return len(w.buf)-w.pos >= maxNode }

// more adds a block of text; false if there is none. Slices of buf are void after it.
func (w *window) more() bool {
	if w.err != nil {
		return false
	}
	w.slide()
	from := len(w.buf)
	for len(w.buf) < from+w.block && w.err == nil {
		n, err := w.src.Read(w.buf[len(w.buf) : from+w.block])
		w.buf, w.err = w.buf[:len(w.buf)+n], err
	}
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
	w.pos = 0
	w.buf = append(to, tail...)
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

// value takes the whole value at the window's position. What is left of a value that
// did not end is still there.
func (w *window) value() ([]byte, status) {
	for {
		end, st := valueEnd(w.buf, w.pos)
		switch {
		case st == whole:
			val := w.buf[w.pos:end]
			w.pos = end
			return val, whole
		case st == broken || w.full():
			return nil, broken
		case !w.more():
			return nil, short
		}
	}
}
