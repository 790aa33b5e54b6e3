package jsonscan

import (
	"errors"
	"io"
)

// MaxPiece is how large one piece, an event or a node, may be before it is given up as damage.
const MaxPiece = 16 << 20

// Window is the piece of a text in memory: Buf[Pos:] is not read yet. The buffer is
// reused; the unfinished tail of a block is moved to its front.
type Window struct {
	Buf []byte
	Pos int
	Err error // why there is no more: io.EOF, or what broke the source

	Base  int64 // place of Buf[0] in the text
	Block int   // bytes that are read at a time

	src io.Reader
}

// NewWindow reads src a block at a time.
func NewWindow(src io.Reader, block int) *Window {
	return &Window{src: src, Block: block, Buf: make([]byte, 0, 2*block)}
}

// Offset is the place of the next unread byte in the text.
func (w *Window) Offset() int64 { return w.Base + int64(w.Pos) }

// Rest is the unread text in memory.
func (w *Window) Rest() []byte { return w.Buf[w.Pos:] }

// Full says that the unread text is as large as one piece may be.
func (w *Window) Full() bool { return len(w.Buf)-w.Pos >= MaxPiece }

// More adds a block of text, or as much as there is already, so that a giant piece is
// not looked at too often; false if there is none. Slices of Buf are void after it.
func (w *Window) More() bool {
	if w.Err != nil {
		return false
	}
	from := len(w.Buf) - w.Pos
	fresh := max(w.Block, min(from, MaxPiece-from))
	w.makeRoom(fresh)
	for n := from + fresh; len(w.Buf) < n && w.Err == nil; {
		var k int
		k, w.Err = w.src.Read(w.Buf[len(w.Buf):n])
		w.Buf = w.Buf[:len(w.Buf)+k]
	}
	return len(w.Buf) > from
}

// makeRoom moves the unread tail to the front of a buffer with room for more bytes.
func (w *Window) makeRoom(more int) {
	tail := w.Buf[w.Pos:]
	to := w.Buf[:0]
	if len(tail)+more > cap(w.Buf) {
		to = make([]byte, 0, 2*len(tail)+more)
	}
	w.Base += int64(w.Pos)
	w.Pos = 0
	w.Buf = append(to, tail...)
}

// Broken is the fault of the source, nil if the text ended as it should, or has not.
func (w *Window) Broken() error {
	if errors.Is(w.Err, io.EOF) {
		return nil
	}
	return w.Err
}

// Peek is the next byte that is not white space; ok is false at the end of the text.
func (w *Window) Peek() (c byte, ok bool) {
	for {
		w.Pos = SkipSpace(w.Buf, w.Pos)
		if w.Pos < len(w.Buf) {
			return w.Buf[w.Pos], true
		}
		if !w.More() {
			return 0, false
		}
	}
}

// Value takes the whole value at the window's position; of one that did not end nothing is taken.
func (w *Window) Value() ([]byte, Status) {
	for {
		end, st := ValueEnd(w.Buf, w.Pos)
		switch {
		case st == Whole:
			val := w.Buf[w.Pos:end]
			w.Pos = end
			return val, Whole
		case st == Broken || w.Full():
			return nil, Broken
		case !w.More():
			return nil, Short
		}
	}
}
