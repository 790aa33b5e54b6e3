package screen

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

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
	for from = start; from < end && at(old, from) == at(now, from); from++ {
	}
	to = from
	for i := from; i < end && i < to+mostRewritten; i++ {
		if at(old, i) != at(now, i) {
			to = i + 1
		}
	}
	return from, to
}

// at is a cell; beyond its end a line is blank.
func at(line []cell, i int) cell {
	if i < len(line) {
		return line[i]
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
