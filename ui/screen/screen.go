// Package screen is the terminal that the cockpit is drawn on: it puts frames there when there is a new one, and does nothing
// at all when there is none.
//
// Bubble Tea's own renderer looks many times a second whether something is to be drawn: a slow one makes keys late, a fast one
// costs processor time at rest. So it is off, and with it all that it does to a terminal, which is in terminal.go: raw mode,
// the alternate screen, the mouse, pasting, and giving all of that back. A frame goes from Show, which never waits, to the
// painter, which writes what differs from what stands there, cell by cell, as one piece.
package screen

import (
	"fmt"
	"io"
	"slices"
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
	text, lines := Changes(s.painted, frame, s.width)
	if s.painted == nil {
		text = ansi.EraseEntireScreen + text
	}
	s.painted = lines
	if text == "" {
		return false
	}
	if len(text) >= piece {
		text = ansi.SetModeSynchronizedOutput + text + ansi.ResetModeSynchronizedOutput
	}
	_, _ = io.WriteString(s.out, text)
	return true
}

// Changes is what makes of lines that stand on a terminal so wide those of a frame, which it gives back too; 0: the width is not known.
func Changes(painted []string, frame string, width int) (text string, lines []string) {
	var b strings.Builder
	lines = strings.Split(frame, "\n")
	for i, line := range lines { // one drawn while the terminal changes its size would break into further ones
		if width > 0 && ansi.StringWidth(line) > width {
			lines[i] = ansi.Truncate(line, width, "")
		}
	}
	moved, painted := scroll(painted, lines)
	b.WriteString(moved)
	for i := range max(len(lines), len(painted)) {
		if was, is := at(painted, i, ""), at(lines, i, ""); was != is {
			b.WriteString(patch(i+1, was, is))
		}
	}
	return b.String(), lines
}

// leastScrolled is the fewest lines that are rather moved by the terminal than written again.
const leastScrolled = 4

// scroll moves lines that stand on the terminal to where a frame has them, as those of a list that went a line on, by a region that the
// terminal scrolls; and says what stands there then. The line behind them goes with them if it changes: it is that of the cursor.
func scroll(painted, lines []string) (text string, now []string) {
	top, n, by := 0, 0, 0 // lines[top:top+n] are painted[top+by:]
	for d := -len(lines) / 2; d <= len(lines)/2; d++ {
		run := 0
		for i := 0; d != 0 && i <= len(lines); i++ {
			if at(lines, i, "") != "" && i+d >= 0 && at(painted, i+d, "") == lines[i] && at(painted, i, "") != lines[i] {
				run++
				continue
			}
			if run > n {
				top, n, by = i-run, run, d
			}
			run = 0
		}
	}
	if n < leastScrolled {
		return "", painted
	}
	first, last, step := top, top+n+by-1, "\x1bD" // up: the lower edge, and feeds there
	if by < 0 {
		first, last, step = top+by, top+n-1, "\x1bM"
	}
	if i := map[bool]int{true: last + 1, false: first - 1}[by > 0]; i >= 0 && i < len(painted) && painted[i] != at(lines, i, "") {
		first, last = min(first, i), max(last, i)
	}
	now = slices.Clone(painted)
	for i := first; i <= last; i++ {
		if now[i] = ""; i+by >= first && i+by <= last {
			now[i] = painted[i+by]
		}
	}
	edge := map[bool]int{true: last, false: first}[by > 0]
	return fmt.Sprintf("\x1b[%d;%dr\x1b[%dH", first+1, last+1, edge+1) + strings.Repeat(step, max(by, -by)) + "\x1b[r", now
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

// write writes cells in their colours. What the line no longer has is erased, and so is a stretch of blanks at the end.
func write(b *strings.Builder, line []cell, from, to int) {
	style, end := "", min(to, len(line))
	for end > from && line[end-1] == blank {
		end--
	}
	erase := ansi.EraseCharacter(to - end)
	if to > len(line) {
		erase = ansi.EraseLineRight
	} else if to-end <= len(erase) {
		erase, end = "", to
	}
	for _, c := range line[min(from, end):end] {
		if c.style != style {
			if style != "" {
				b.WriteString(ansi.ResetStyle)
			}
			style = c.style
			b.WriteString(style)
		}
		b.WriteString(c.text)
	}
	if style != "" {
		b.WriteString(ansi.ResetStyle)
	}
	b.WriteString(erase)
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
