package command

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"

	"shardeck/model/present"
	"shardeck/model/present/unit"
	"shardeck/ui/widget"
)

// Watched gives a command that asks the scheduler --watch: its answer again and again, no oftener than the scheduler may be asked.
func (e *Env) Watched(c *cobra.Command) *cobra.Command {
	watch, run := false, c.RunE
	c.Flags().BoolVar(&watch, "watch", false, "go on, and show it again whenever it changes, until ctrl+c")
	c.RunE = func(c *cobra.Command, words []string) error {
		if !watch {
			return run(c, words)
		}
		return e.watch(c.Context(), func() error { return run(c, words) })
	}
	return c
}

// watch shows what run prints. On a terminal it is drawn over what it said before, below what the shell said; elsewhere, and of what
// a program is to read, each answer follows the one before, and notes go to standard error, where the answer has changed.
func (e *Env) watch(ctx context.Context, run func() error) error {
	e.Theme() // of the terminal, not of what gathers an answer
	out, errOut, last := e.Out, e.Err, ""
	if e.glass = out; e.Format == FormatCSV {
		e.glass = e.data
	}
	over := e.Format == FormatTable && Terminal(e.glass) && os.Getenv("TERM") != "dumb"
	defer func() { e.Out, e.Err, e.glass = out, errOut, nil }()
	for ctx.Err() == nil {
		answer, notes, err := e.gathered(run, over)
		if ctx.Err() != nil {
			break
		}
		if text := answer.String(); text != last || err != nil {
			if _, fault := errOut.Write(notes.Bytes()); over {
				last, text = text, redrawn(last, text)
			} else if last = text; fault != nil {
				return fault
			}
			if _, fault := io.WriteString(e.glass, text); fault != nil || err != nil {
				return cmp.Or(err, fault)
			}
		}
		if e.opened != nil {
			_ = e.opened.Pause(ctx) // its end is that of ctx
		}
	}
	if e.left = nil; over { // they have been said, and ^C stands where the cursor is
		_, _ = io.WriteString(e.glass, "\r"+ansi.EraseLineRight)
	}
	return nil
}

// gathered is what run prints, and what it says beside that; what is drawn over and over has both in one.
func (e *Env) gathered(run func() error, over bool) (answer, notes *bytes.Buffer, err error) {
	answer, notes = &bytes.Buffer{}, &bytes.Buffer{}
	e.kept, e.left, e.data, e.Out, e.Err = nil, nil, answer, answer, notes
	if over {
		e.Err = answer
	}
	if e.Format == FormatCSV {
		e.Out = e.Err
	}
	err = run()
	if e.flush(); over && err == nil {
		e.sayLeft()
		answer = bytes.NewBufferString(e.fitting(answer.String()))
	}
	return answer, notes, err
}

// fitting are the lines that a terminal can draw over again: as many as it has, each on one.
func (e *Env) fitting(text string) string {
	var lines []string
	for _, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		if ansi.StringWidth(line) <= e.Width() {
			lines = append(lines, line)
		} else {
			lines = append(lines, widget.Wrap(ansi.Strip(line), e.Width())...)
		}
	}
	if f, ok := e.glass.(*os.File); ok {
		if _, height, err := term.GetSize(f.Fd()); err == nil && height > 2 && len(lines) >= height {
			more := unit.Plural(len(lines)-height+2, "line") + " more than there is room for"
			lines = append(lines[:height-2], e.Paint(present.Dim, more))
		}
	}
	return strings.Join(lines, "\n") + "\n"
}

// redrawn makes of what stands above the cursor, whole lines, what is to stand there, as one picture where the terminal can (mode
// 2026, which others pass over). Lines that stay are passed over.
func redrawn(was, is string) string {
	old, now := strings.SplitAfter(was, "\n"), strings.SplitAfter(is, "\n")
	var b strings.Builder
	if b.WriteString(ansi.SetModeSynchronizedOutput); len(old) > 1 {
		fmt.Fprintf(&b, "\x1b[%dA", len(old)-1)
	}
	for i, line := range now[:len(now)-1] {
		if i < len(old)-1 && old[i] == line {
			b.WriteString("\n")
			continue
		}
		b.WriteString("\r" + strings.TrimSuffix(line, "\n") + ansi.EraseLineRight + "\n")
	}
	return b.String() + ansi.EraseScreenBelow + ansi.ResetModeSynchronizedOutput
}
