package jsonscan

import (
	"errors"
	"io"
)

// MaxPiece is how large one piece, an event or a node, may be before it is given up as damage.
const MaxPiece = 16 << 20

// Window is the piece of a text in memory: Buf[Pos:] is not read yet. The buffer is
// reused; the unfinished tail of a block is put before the next one.
type Window struct {
	Buf []byte
	Pos int
	Err error // why there is no more: io.EOF, or what broke the source

	Base  int64 // place of Buf[0] in the text
	Block int   // bytes that are read at a time

	src    io.Reader
	lender lender // src, if it is one
	own    []byte // what is read into
}

// lender is a source that has its text in memory: what it lends need not be copied. Lend gives tail and some of the text after it, in one
// piece of its own memory, until it is asked again; it knows that tail may lie in what it lent before. With less than is asked for, the
// rest is to be read; nil is nothing at all. Of an error tail is kept.
type lender interface {
	Lend(tail []byte) (text []byte, err error)
}

// NewWindow reads src a block at a time, or takes what it lends.
func NewWindow(src io.Reader, block int) *Window {
	w := &Window{src: src, Block: block}
	w.lender, _ = src.(lender)
	return w
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
	tail := w.Buf[w.Pos:]
	w.Base, w.Pos = w.Base+int64(w.Pos), 0
	if w.Buf = tail; w.borrow() {
		return true
	}
	fresh := max(w.Block, min(len(tail), MaxPiece-len(tail)))
	n := w.makeRoom(fresh) + fresh
	for len(w.Buf) < n && w.Err == nil {
		var k int
		k, w.Err = w.src.Read(w.Buf[len(w.Buf):n])
		w.Buf = w.Buf[:len(w.Buf)+k]
	}
	return len(w.Buf) > n-fresh
}

// borrow adds what the source lends.
func (w *Window) borrow() bool {
	if w.lender == nil {
		return false
	}
	from := len(w.Buf)
	if text, err := w.lender.Lend(w.Buf); text != nil || err != nil {
		w.Buf, w.Err = text, err
	}
	return len(w.Buf) > from
}

// page is where blocks begin in memory, as they do in the file: the kernel copies such a block faster, by a tenth.
const page = 4 << 10

// makeRoom moves the unread tail to where more bytes have room behind it, from a page on, and says how long it is.
func (w *Window) makeRoom(more int) int {
	tail := w.Buf
	from := (len(tail) + page - 1) / page * page
	to := w.own
	if from+more > len(to) {
		to = make([]byte, 2*from+more+page) // of this size it begins with a page
	}
	w.own = to
	w.Buf = to[from-len(tail) : from]
	return copy(w.Buf, tail)
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
