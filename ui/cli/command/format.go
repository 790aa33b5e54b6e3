package command

import (
	"cmp"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

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

// What a command's annotations say of its formats: that it prints a table (One), may print several (Several), or prints nothing but a
// Text that other programs read; and a format that it alone has.
const (
	Tables    = "tables"
	One       = "one"
	Several   = "several"
	OwnFormat = "format"
	Text      = "text"
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
	case c.Annotations[Tables] == Text && e.Format != FormatTable:
		return Usage("%s prints a text that other programs read, and has no --format %s", c.CommandPath(), e.Format)
	case e.Format != own && e.Format != FormatTable && e.Format != FormatJSON && c.Annotations[Tables] == "":
		return Usage("--format %s is of tables, and %s prints none\nits whole answer: --format json", e.Format, c.CommandPath())
	}
	e.JSON, e.data, e.several = e.Format == FormatJSON, e.Out, c.Annotations[Tables] == Several
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
// no room; whole into a pipe, as CSV, where all tables of an answer are one, and as Markdown.
func (e *Env) Table(t present.Table) {
	switch e.Format {
	case FormatCSV:
		e.kept = append(e.kept, t)
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

// flush prints the tables kept as one CSV.
func (e *Env) flush() {
	if len(e.kept) > 0 {
		_ = e.Records(present.Joint(e.kept, e.several)) // a pipe that was closed: nobody reads on
	}
	e.kept = nil
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
	if errors.Is(err, context.Canceled) {
		err = errors.New(interrupted)
	}
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
	f.Do = append(f.Do, model.Each(fixes(err), model.Printable)...)
	return f
}

func (e *Env) faultJSON(f Fault) {
	out := json.NewEncoder(e.Err)
	out.SetEscapeHTML(false)
	_ = out.Encode(map[string]Fault{"error": f}) // standard error is the last resort
}
