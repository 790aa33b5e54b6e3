package screen

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/term"
)

// terminal is the two ends of a terminal and how it was when we came.
type terminal struct {
	in    io.Reader
	out   io.Writer
	mouse bool
	keys  *input
	state *term.State // nil: not a terminal, or given back
}

// Open takes a terminal for drawing; mouse asks for its wheel and clicks. Tests give what is no terminal.
func Open(in io.Reader, out io.Writer, mouse bool) (*Screen, error) {
	s := &Screen{terminal: terminal{in: in, out: out, mouse: mouse}, frames: make(chan string, 1), idle: make(chan struct{})}
	if err := s.take(); err != nil {
		return nil, err
	}
	s.keys = inputOf(in)
	go s.paint()
	return s, nil
}

// Keys is what is typed. Its end is that of the terminal, or a Pause.
func (s *Screen) Keys() io.Reader { return s.keys }

// Pause ends the reading of keys, before Away or Suspend: it begins anew after them.
func (s *Screen) Pause() { s.keys.endAt(time.Unix(1, 0)) } // a terminal in the poller takes every time

// Close gives the terminal back as it was. Nothing may be shown afterwards.
func (s *Screen) Close() error {
	s.keys.close()
	close(s.frames)
	<-s.idle
	return s.give()
}

// modes are what the cockpit asks for: the alternate screen, no cursor, pastes in brackets, word of the focus.
const (
	modes = ansi.SetModeAltScreenSaveCursor + ansi.EraseEntireScreen + ansi.CursorHomePosition +
		ansi.ResetModeTextCursorEnable + ansi.SetModeBracketedPaste + ansi.SetModeFocusEvent
	noModes = ansi.ResetModeFocusEvent + ansi.ResetModeBracketedPaste + ansi.SetModeTextCursorEnable +
		ansi.ResetModeAltScreenSaveCursor
	mouseModes   = ansi.SetModeMouseButtonEvent + ansi.SetModeMouseExtSgr
	noMouseModes = ansi.ResetModeMouseExtSgr + ansi.ResetModeMouseButtonEvent
)

func (s *Screen) take() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f, ok := s.in.(term.File); ok && term.IsTerminal(f.Fd()) {
		state, err := term.MakeRaw(f.Fd())
		if err != nil {
			return fmt.Errorf("the terminal does not give keys one by one: %w", err)
		}
		s.state = state
	}
	wanted := modes
	if s.mouse {
		wanted += mouseModes
	}
	s.ours, s.painted = true, nil
	_, err := io.WriteString(s.out, wanted)
	return err
}

func (s *Screen) give() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.ours {
		return nil
	}
	s.ours = false
	text := noModes
	if s.mouse {
		text = noMouseModes + text
	}
	_, err := io.WriteString(s.out, text)
	if s.state != nil {
		err = errors.Join(err, term.Restore(s.in.(term.File).Fd(), s.state))
		s.state = nil
	}
	return err
}

// Mouse asks for the mouse's wheel and clicks, or no longer.
func (s *Screen) Mouse(on bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mouse = on; !s.ours {
		return nil // asked for when the terminal is ours again
	}
	_, err := io.WriteString(s.out, map[bool]string{true: mouseModes, false: noMouseModes}[on])
	return err
}

// Away gives the terminal to somebody else for as long as run takes, as to an editor.
func (s *Screen) Away(run func(in io.Reader, out io.Writer) error) error {
	if err := s.give(); err != nil {
		return err
	}
	err := run(s.in, s.out)
	s.keys.endAt(time.Time{})
	return errors.Join(err, s.take())
}

// Suspend stops the program, as ctrl+z does, until the shell lets it go on; at once where nobody could do that.
func (s *Screen) Suspend() error {
	return s.Away(func(io.Reader, io.Writer) error {
		on := make(chan os.Signal, 1)
		signal.Notify(on, syscall.SIGCONT)
		defer signal.Stop(on)
		if err := syscall.Kill(0, syscall.SIGTSTP); err != nil {
			return fmt.Errorf("the program cannot be stopped: %w", err)
		}
		select {
		case <-on:
		case <-time.After(300 * time.Millisecond): // also runs out while we are stopped
		}
		return nil
	})
}

// Watch tells the size of the terminal, now and whenever it changes, until ctx ends.
func (s *Screen) Watch(ctx context.Context, tell func(width, height int)) {
	f, ok := s.out.(term.File)
	if !ok || !term.IsTerminal(f.Fd()) {
		return
	}
	changed := make(chan os.Signal, 1)
	signal.Notify(changed, syscall.SIGWINCH)
	defer signal.Stop(changed)
	for {
		if width, height, err := term.GetSize(f.Fd()); err == nil {
			tell(width, height)
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}

// input is the keys. It reads the terminal through a description of its own, which may wait in Go's poller: Bubble Tea's reader
// would wait in a system call, and keep from the event loop, until the scheduler looks again, the processor that it was
// started on; a key then is up to 10 ms late while traces are read on the others.
type input struct {
	io.Reader
	own *os.File // nil: the reader is somebody else's
}

// inputOf opens the terminal again: the description we got is also the shell's, which a reader that does not block would
// surprise. Where that cannot be, as without /proc, the reader is used as it is.
func inputOf(in io.Reader) *input {
	f, ok := in.(term.File)
	if !ok || !term.IsTerminal(f.Fd()) {
		return &input{Reader: in}
	}
	own, err := os.OpenFile(fmt.Sprintf("/proc/self/fd/%d", f.Fd()), os.O_RDONLY|syscall.O_NOCTTY|syscall.O_NONBLOCK, 0)
	if err == nil && own.SetReadDeadline(time.Time{}) == nil {
		return &input{own, own}
	}
	_ = own.Close() // it cannot wait in the poller
	return &input{Reader: in}
}

// Read gives keys; its end is that of the terminal, or a pause.
func (i *input) Read(p []byte) (int, error) {
	n, err := i.Reader.Read(p)
	if errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, os.ErrClosed) {
		return n, io.EOF
	}
	return n, err
}

// endAt makes every Read, also one that waits, end at a time; the zero time: at none.
func (i *input) endAt(t time.Time) {
	if i.own != nil {
		_ = i.own.SetReadDeadline(t)
	}
}

func (i *input) close() {
	if i.own != nil {
		_ = i.own.Close()
	}
}
