// Package screen is the terminal that the cockpit is drawn on: it puts frames there when there is a new one, and does nothing
// at all when there is none.
//
// Bubble Tea's own renderer looks many times a second whether something is to be drawn: a slow one makes keys late, a fast one
// costs processor time at rest. So it is off, and with it all that it does to a terminal, which is in terminal.go: raw mode,
// the alternate screen, the mouse, pasting, and giving all of that back. A frame goes from Show, which never waits, to the
// painter, which writes what differs from what stands there, cell by cell, as one piece.
package screen

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/charmbracelet/x/ansi"
)

const (
	// settle is how long the painter waits for what follows at once from the same key.
	settle = 2 * time.Millisecond
	// gap is the least time between two frames: faster, nobody sees them.
	gap = 15 * time.Millisecond
	// piece is how many bytes surely reach the terminal together. More may arrive in pieces, so it is asked to show them as one
	// picture (mode 2026), unasked whether it can: one that cannot passes over that.
	piece = 1024
)

// Screen draws frames on a terminal. Show is for the event loop alone; the rest may be called from anywhere.
type Screen struct {
	terminal
	frames chan string
	idle   chan struct{} // closed when the painter has ended

	mu      sync.Mutex // over all that is written, and what follows
	width   int        // columns; 0: not known
	painted []string   // what stands there; nil: not known
	ours    bool       // the terminal is set up for us
}

// Show hands over the newest frame, lines that end in the terminal's own colours; one not painted yet is passed over.
func (s *Screen) Show(frame string) {
	select {
	case <-s.frames:
	default:
	}
	s.frames <- frame
}

func (s *Screen) paint() {
	defer close(s.idle)
	for frame := range s.frames {
		time.Sleep(settle)
		select {
		case newer, more := <-s.frames:
			if !more {
				return
			}
			frame = newer
		default:
		}
		if s.draw(frame) {
			time.Sleep(gap)
		}
	}
}

// draw writes what differs, if anything does. Of a fault the terminal's reading end tells, and ends the program.
func (s *Screen) draw(frame string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.ours {
		return false
	}
	lines := strings.Split(frame, "\n")
	var b bytes.Buffer
	if s.painted == nil {
		b.WriteString(ansi.EraseEntireScreen)
	}
	for i, line := range lines { // one drawn while the terminal changes its size would break into further ones
		if s.width > 0 && ansi.StringWidth(line) > s.width {
			lines[i] = ansi.Truncate(line, s.width, "")
		}
	}
	for i := range max(len(lines), len(s.painted)) {
		if was, is := at(s.painted, i, ""), at(lines, i, ""); was != is {
			b.WriteString(patch(i+1, was, is))
		}
	}
	s.painted = lines
	if b.Len() == 0 {
		return false
	}
	if b.Len() < piece {
		_, _ = s.out.Write(b.Bytes())
		return true
	}
	_, _ = io.WriteString(s.out, ansi.SetModeSynchronizedOutput+b.String()+ansi.ResetModeSynchronizedOutput)
	return true
}

// Resized says how wide the terminal now is: the next frame is drawn whole.
func (s *Screen) Resized(width int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.width, s.painted = width, nil
}

// Redraw makes the next frame be drawn whole, after something else wrote there.
func (s *Screen) Redraw() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.painted = nil
}

// Write writes a sequence that moves no cursor, as a bell or a title, between frames.
func (s *Screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.ours {
		return len(p), nil
	}
	n, err := s.out.Write(p)
	if err != nil {
		return n, fmt.Errorf("the terminal takes nothing: %w", err)
	}
	return n, nil
}

var _ io.Writer = (*Screen)(nil)

// cell is one column of a line: a letter, and the sequences that colour it.
type cell struct{ style, text string }

var blank = cell{text: " "}

// mostRewritten is how many equal cells are rather written again than jumped over.
const mostRewritten = 6

// patch makes line row of the terminal, counted from 1, what it is to be.
func patch(row int, was, is string) string {
	old, okOld := cells(was)
	now, okNow := cells(is)
	if !okOld || !okNow {
		return fmt.Sprintf("\x1b[%dH", row) + ansi.EraseEntireLine + is
	}
	var b strings.Builder
	for from, to := changed(old, now, 0); from < to; from, to = changed(old, now, to) {
		fmt.Fprintf(&b, "\x1b[%d;%dH", row, from+1)
		write(&b, now, from, to)
		if to > len(now) {
			break // the rest of the line is erased
		}
	}
	return b.String()
}

// changed is the next run of cells that differ, from start on, with equal ones between where that is shorter than to jump.
func changed(old, now []cell, start int) (from, to int) {
	end := max(len(old), len(now))
	for from = start; from < end && at(old, from, blank) == at(now, from, blank); from++ {
	}
	to = from
	for i := from; i < end && i < to+mostRewritten; i++ {
		if at(old, i, blank) != at(now, i, blank) {
			to = i + 1
		}
	}
	return from, to
}

// at is a line or a cell; beyond the end all is blank.
func at[T any](all []T, i int, blank T) T {
	if i < len(all) {
		return all[i]
	}
	return blank
}

// write writes cells in their colours. What the line no longer has is erased.
func write(b *strings.Builder, line []cell, from, to int) {
	style := ""
	for i := from; i < min(to, len(line)); i++ {
		if c := line[i]; c.style != style {
			if style != "" {
				b.WriteString(ansi.ResetStyle)
			}
			style = c.style
			b.WriteString(style)
		}
		b.WriteString(line[i].text)
	}
	if style != "" {
		b.WriteString(ansi.ResetStyle)
	}
	if to > len(line) {
		b.WriteString(ansi.EraseLineRight)
	}
}

// cells takes a line apart; false where a letter is not one column wide, or something else than colours is in it.
func cells(line string) ([]cell, bool) {
	out := make([]cell, 0, len(line))
	style, state := "", byte(0)
	for len(line) > 0 {
		text, width, n, next := ansi.DecodeSequence(line, state, nil)
		switch {
		case width == 1:
			out = append(out, cell{style, text})
		case width > 1 || !strings.HasPrefix(text, "\x1b[") || !strings.HasSuffix(text, "m"):
			return nil, false
		case text == "\x1b[0m" || text == "\x1b[m":
			style = ""
		default:
			style += text
		}
		line, state = line[n:], next
	}
	return out, true
}
