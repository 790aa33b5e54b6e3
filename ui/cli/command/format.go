package command

import (
	"bytes"
	"cmp"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"

	"shardeck/model"
	"shardeck/model/present"
	"shardeck/model/present/unit"
	"shardeck/ui/pane"
)

// Formats of an answer. JSON is whole; CSV and Markdown are of its tables, for the commands that print any.
const (
	FormatTable    = "table"
	FormatJSON     = "json"
	FormatCSV      = "csv"
	FormatMarkdown = "md"
)

// Formats are the words of --format.
var Formats = []string{FormatTable, FormatJSON, FormatCSV, FormatMarkdown}

// What a command's annotations say of its formats: that it prints tables, and a format that it alone has.
const (
	Tables    = "tables"
	OwnFormat = "format"
)

// Settle works out the format that flags ask for, before a command runs. Of CSV standard output holds the tables alone: what is
// said beside them goes to standard error.
func (e *Env) Settle(c *cobra.Command) error {
	switch {
	case e.JSON && e.Format != "" && e.Format != FormatJSON:
		return Usage("--json and --format %s are two formats: name one", e.Format)
	case e.Format == "" && e.csv:
		e.Format = FormatCSV
	case e.Format == "" && e.JSON:
		e.Format = FormatJSON
	}
	e.Format = cmp.Or(map[string]string{"text": FormatTable, "": FormatTable, "markdown": FormatMarkdown}[e.Format], e.Format)
	own := c.Annotations[OwnFormat]
	switch {
	case e.Format != own && !slices.Contains(Formats, e.Format):
		known := strings.TrimSuffix(strings.Join(append(slices.Clone(Formats), own), ", "), ", ")
		return Usage("--format %.20s: formats are %s", e.Format, known)
	case e.Format != own && e.Format != FormatTable && e.Format != FormatJSON && c.Annotations[Tables] == "":
		return Usage("--format %s is of tables, and %s prints none\nits whole answer: --format json", e.Format, c.CommandPath())
	}
	e.JSON, e.data = e.Format == FormatJSON, e.Out
	switch e.Format {
	case FormatCSV:
		e.Out = e.Err
	case FormatMarkdown:
		e.Color = "never"
	}
	return nil
}

// CSVFlag gives a command its own word for --format csv, and its help.
func (e *Env) CSVFlag(c *cobra.Command, help string) {
	c.Flags().BoolVar(&e.csv, "csv", false, "print CSV, "+help+", in full precision (--format csv)")
}

// Records prints CSV of more than its tables hold.
func (e *Env) Records(all [][]string) error { return csv.NewWriter(e.data).WriteAll(all) }

// Table prints a table in the format asked for: as wide as the screen is, with names cut and columns left out for which there is
// no room; whole into a pipe, as CSV and as Markdown.
func (e *Env) Table(t present.Table) {
	e.tables++
	switch e.Format {
	case FormatCSV:
		if e.tables > 1 {
			fmt.Fprintln(e.data)
		}
		_ = e.Records(present.Records(t)) // a pipe that was closed: nobody reads on
	case FormatMarkdown:
		fmt.Fprint(e.Out, "\n", e.Plain(present.MarkdownTable(t)))
	default:
		lines, left := pane.Drawn(e.Theme(), t).Text(e.Theme(), e.tableWidth())
		for _, line := range lines {
			fmt.Fprintln(e.Out, e.Theme().Plain(line))
		}
		for _, title := range left {
			if !slices.Contains(e.left, title) {
				e.left = append(e.left, title)
			}
		}
	}
}

// sayLeft says which columns had no room.
func (e *Env) sayLeft() {
	if len(e.left) > 0 {
		columns := unit.Plural(len(e.left), "column")
		e.Warn("no room for %s (%s): COLUMNS=%d shows more, a pipe all", columns, strings.Join(e.left, ", "), 2*e.Width())
	}
}

// Fault is an error under --json: an object with the key error on standard error.
type Fault struct {
	Fault string   `json:"fault"`
	Cause []string `json:"cause"` // further lines of it, if any
	Do    []string `json:"do"`    // what can be done, the most promising first
	Code  int      `json:"exit_code"`
}

// faultOf takes an error's text apart. Of its lines those that begin with what they are for say what to do.
func faultOf(err error) Fault {
	lines := strings.Split(model.PrintableLines(strings.TrimRight(err.Error(), "\n")), "\n")
	f := Fault{Fault: lines[0], Cause: []string{}, Do: []string{}, Code: exitCode(err)}
	for _, line := range lines[1:] {
		line = strings.TrimSpace(line)
		if word, _, _ := strings.Cut(line, " "); slices.Contains([]string{"to", "try:", "help:", "usage:", "as", "its"}, word) {
			f.Do = append(f.Do, line)
		} else {
			f.Cause = append(f.Cause, line)
		}
	}
	for _, fix := range fixes(err) {
		f.Do = append(f.Do, model.Printable(fix))
	}
	return f
}

func (e *Env) faultJSON(f Fault) {
	out := json.NewEncoder(e.Err)
	out.SetEscapeHTML(false)
	_ = out.Encode(map[string]Fault{"error": f}) // standard error is the last resort
}

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

// watch shows what run prints. On a terminal it is drawn over what it said before, below what the shell said; elsewhere each
// answer follows the one before, and notes go to standard error as they come.
func (e *Env) watch(ctx context.Context, run func() error) error {
	e.Theme() // of the terminal, not of what gathers an answer
	out, errOut, last := e.Out, e.Err, ""
	if e.glass = out; e.Format == FormatCSV {
		e.glass = e.data
	}
	over := Terminal(e.glass) && os.Getenv("TERM") != "dumb"
	defer func() { e.Out, e.Err, e.glass = out, errOut, nil }()
	for ctx.Err() == nil {
		var b bytes.Buffer
		e.tables, e.left, e.data, e.Out = 0, nil, &b, &b
		switch {
		case over:
			e.Err = &b
		case e.Format == FormatCSV:
			e.Out = errOut
		}
		err := run()
		if ctx.Err() != nil {
			break
		}
		text := b.String()
		if over && err == nil {
			e.sayLeft()
			text = e.fitting(b.String())
		}
		if text != last || err != nil {
			written := text
			if over {
				written = redrawn(last, text)
			}
			if _, fault := io.WriteString(e.glass, written); fault != nil || err != nil {
				return cmp.Or(err, fault)
			}
			last = text
		}
		if e.opened != nil {
			_ = e.opened.Pause(ctx) // its end is that of ctx
		}
	}
	e.left = nil // has been said
	return nil
}

// fitting are the lines that a terminal can draw over again: as many as it has, each on one.
func (e *Env) fitting(text string) string {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if f, ok := e.glass.(*os.File); ok {
		if _, height, err := term.GetSize(f.Fd()); err == nil && height > 2 && len(lines) >= height {
			more := unit.Plural(len(lines)-height+2, "line") + " more than there is room for"
			lines = append(lines[:height-2], e.Paint(present.Dim, more))
		}
	}
	return strings.Join(model.Each(lines, func(line string) string { return ansi.Truncate(line, e.Width(), "") }), "\n") + "\n"
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
