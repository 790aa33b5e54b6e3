package screen

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"github.com/charmbracelet/x/term"
)

// input is the keys. It reads the terminal through a description of its own, which may
// wait in Go's poller: Bubble Tea's reader would wait in a system call, and keep from the
// event loop, until the scheduler looks again, the processor that it was started on; a
// key then is up to 10 ms late while traces are read on the others.
type input struct {
	io.Reader
	own *os.File // nil: the reader is somebody else's
}

// inputOf opens the terminal again: the description we got is also the shell's, which a
// reader that does not block would surprise. Where that is not allowed, there is no /proc,
// or it is no terminal, the reader is used as it is.
func inputOf(in io.Reader) *input {
	f, ok := in.(term.File)
	if !ok || !term.IsTerminal(f.Fd()) {
		return &input{Reader: in}
	}
	own, err := os.OpenFile(fmt.Sprintf("/proc/self/fd/%d", f.Fd()), os.O_RDONLY|syscall.O_NOCTTY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return &input{Reader: in}
	}
	if own.SetReadDeadline(time.Time{}) != nil { // it cannot wait in the poller
		_ = own.Close()
		return &input{Reader: in}
	}
	return &input{own, own}
}

// Read gives keys; its end is that of the terminal, or a pause.
func (i *input) Read(p []byte) (int, error) {
	n, err := i.Reader.Read(p)
	if errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, os.ErrClosed) {
		return n, io.EOF
	}
	return n, err
}

// pause makes a Read that waits return, and every other until resume.
func (i *input) pause() {
	if i.own != nil {
		_ = i.own.SetReadDeadline(time.Unix(1, 0)) // a terminal in the poller takes every time
	}
}

func (i *input) resume() {
	if i.own != nil {
		_ = i.own.SetReadDeadline(time.Time{})
	}
}

func (i *input) close() {
	if i.own != nil {
		_ = i.own.Close()
	}
}
