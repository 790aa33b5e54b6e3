package command

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"shardeck/model"
	"shardeck/model/present"
)

// written is an Env that writes into two strings.
func written(t *testing.T) (e *Env, out, errOut *strings.Builder) {
	t.Helper()
	t.Setenv("COLUMNS", "")
	out, errOut = &strings.Builder{}, &strings.Builder{}
	return &Env{In: strings.NewReader(""), Out: out, Err: errOut, Color: "never"}, out, errOut
}

func TestTableIsAsWideAsTheScreen(t *testing.T) {
	e, out, errOut := written(t)
	table := present.Table{Columns: present.Columns("name…12", ">n/1", ">more|ms/2", "-10")}
	table.Add(present.Texts("a_long_name_that_differs_at_its_end_1", "7", "8.5", "what must be known of it")...)
	table.Add(present.Texts("short", "11 000", "–", "")...)
	for columns, want := range map[string]string{
		"100": "name                                        n  more\n                                                 ms\n" +
			"a_long_name_that_differs_at_its_end_1       7   8.5  what must be known of it\nshort                                  11 000     –\n",
		"45": "name                      n  more\n                               ms\n" +
			"a_long_name_…_end_1       7   8.5  what must\n                                   be known\n                           " +
			"        of it\nshort                11 000     –\n",
	} {
		out.Reset()
		t.Setenv("COLUMNS", columns)
		e.Table(table)
		if d := cmp.Diff(want, out.String()); d != "" {
			t.Errorf("%s columns: %s", columns, d)
		}
	}
	for range 8 {
		table.Columns = append(table.Columns, present.Column{Title: "another column", Worth: 9})
	}
	e.Table(table)
	e.Finish(nil)
	if said := errOut.String(); !strings.Contains(said, "no room for 1 column (another column): COLUMNS=") {
		t.Errorf("columns went unsaid: %q", said)
	}
	t.Setenv("COLUMNS", "")
	if out.Reset(); strings.Count(printed(e, out, table), "another column") != 8 {
		t.Errorf("a pipe gets not all columns: %s", out)
	}
}

// printed is what a table prints.
func printed(e *Env, out *strings.Builder, table present.Table) string {
	out.Reset()
	e.Table(table)
	return out.String()
}

// TestFormats: one table as text, CSV and Markdown; of CSV standard output holds the table alone.
func TestFormats(t *testing.T) {
	table := present.Table{Columns: present.Columns("name", ">time|ms", "")}
	table.Add(present.Cell{Text: "a|b"}, present.Cell{Text: "1 234.5", Lead: present.Estimate, By: 1234.4567}, present.Cell{Text: "so, so"})
	table.Add(present.Texts("c", "–")...)
	for format, want := range map[string][2]string{
		FormatCSV:      {"name,time ms,time ms sign,note\na|b,1234.4567,≈,\"so, so\"\nc,,,\n", "beside it\n"},
		FormatMarkdown: {"\n| name | time ms |  |\n| --- | ---: | --- |\n| a\\|b | ≈1 234.5 | so, so |\n| c | – |  |\nbeside it\n", ""},
	} {
		e, out, errOut := written(t)
		e.Format = format
		c := &cobra.Command{Use: "jobs", Annotations: map[string]string{Tables: One}}
		if err := e.Settle(c); err != nil {
			t.Fatal(err)
		}
		e.Table(table)
		e.Say("beside it")
		if e.Finish(nil); out.String() != want[0] || errOut.String() != want[1] {
			t.Errorf("%s: %q and %q, want %q", format, out, errOut, want)
		}
	}
}

// TestWrongFormats: a format that a command has not is refused before anything is done.
func TestWrongFormats(t *testing.T) {
	for _, tt := range []struct {
		json         bool
		format, says string
	}{{false, "csv", "submit prints none"}, {false, "xml", "formats are table, json, csv, md"}, {true, "csv", "two formats"},
		{false, "text", ""}, {true, "json", ""}, {false, "junit", "formats are table"}} {
		e, _, _ := written(t)
		e.JSON, e.Format = tt.json, tt.format
		err := e.Settle(&cobra.Command{Use: "submit"})
		if (err == nil) != (tt.says == "") || err != nil && !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%+v: %v", tt, err)
		}
	}
}

// TestErrorsAsJSON: fault, cause and what to do, each in its place, on one line.
func TestErrorsAsJSON(t *testing.T) {
	e, _, errOut := written(t)
	e.JSON = true
	e.Finish(Usage("no such <word>\nthe cause\nhelp: shardeck --help"))
	e.Finish(model.Invalid("no model", "name one"))
	const want = `{"error":{"fault":"no such <word>","cause":["the cause"],"do":["help: shardeck --help"],"exit_code":2}}` + "\n" +
		`{"error":{"fault":"no model","cause":[],"do":["name one"],"exit_code":2}}` + "\n"
	if errOut.String() != want {
		t.Errorf("%s, want %s", errOut, want)
	}
}

// TestWatch: an answer is printed again when it has changed, until an interrupt.
func TestWatch(t *testing.T) {
	e, out, _ := written(t)
	ctx, cancel := context.WithCancel(t.Context())
	n := 0
	err := e.watch(ctx, func() error {
		if n++; n == 5 {
			cancel()
		}
		e.Say("answer %d", n/2)
		return nil
	})
	if want := "answer 0\nanswer 1\nanswer 2\n"; err != nil || out.String() != want {
		t.Errorf("%v %q, want %q", err, out, want)
	}
	if err := e.watch(t.Context(), func() error { return errors.New("gone") }); err == nil {
		t.Error("a fault did not end it")
	}
}

// TestWatchedTables: an answer that is watched is one CSV whenever it changes, as without --watch.
func TestWatchedTables(t *testing.T) {
	e, out, _ := written(t)
	e.Format = FormatCSV
	if err := e.Settle(&cobra.Command{Use: "jobs", Annotations: map[string]string{Tables: Several}}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	n := 0
	if err := e.watch(ctx, func() error {
		if n++; n == 4 {
			cancel()
		}
		table := present.Table{Name: "jobs", Columns: present.Columns("job")}
		table.Add(present.Texts(fmt.Sprint(n / 2))...)
		e.Table(table)
		return nil
	}); err != nil || out.String() != "table,job\njobs,0\ntable,job\njobs,1\n" {
		t.Errorf("%v %q", err, out)
	}
}

// TestRedrawn: what is drawn over lines leaves the new ones, and says of those that stay nothing.
func TestRedrawn(t *testing.T) {
	const begin, end = "\x1b[?2026h", "\x1b[J\x1b[?2026l"
	for _, tt := range [][3]string{
		{"", "a\nb\n", begin + "\ra\x1b[K\n\rb\x1b[K\n" + end},
		{"a\nb\n", "a\nc\n", begin + "\x1b[2A\n\rc\x1b[K\n" + end},
		{"a\nb\n", "b\n", begin + "\x1b[2A\rb\x1b[K\n" + end},
	} {
		if got := redrawn(tt[0], tt[1]); got != tt[2] {
			t.Errorf("%q over %q: %q, want %q", tt[1], tt[0], got, tt[2])
		}
	}
}

func TestASCII(t *testing.T) {
	e, out, _ := written(t)
	e.ASCII = true
	table := present.Table{Columns: present.Columns("a", ">b|µs")}
	table.Add(present.Cell{Text: "x → y"}, present.Cell{Text: "1.5", Lead: present.Estimate})
	e.Table(table)
	e.Say("%s · %s", "±", "…")
	if got, want := out.String(), "a           b\n           us\nx -> y  ~=1.5\n+- | ...\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestWidth(t *testing.T) {
	e, _, _ := written(t)
	for columns, want := range map[string]int{"": pipeWidth, "61": 61, "7": leastWidth, "many": pipeWidth} {
		t.Setenv("COLUMNS", columns)
		if got := e.Width(); got != want {
			t.Errorf("COLUMNS=%s: %d, want %d", columns, got, want)
		}
	}
}

func TestExitCodes(t *testing.T) {
	for _, tt := range []struct {
		err  error
		code int
		said string
	}{
		{nil, Done, ""}, {errors.New("it broke\nto mend it: this"), Failed, "shardeck: it broke\n          to mend it: this\n"},
		{Usage("no such word"), WrongUsage, "shardeck: no such word\n"}, {Exit(NoValue), NoValue, ""}, {DamagedIf(true), Damaged, ""},
		{DamagedIf(false), Done, ""},
		{WithCode(7, errors.New("the engine's own")), 7, "shardeck: the engine's own\n"},
		{fmt.Errorf("above: %w", model.Invalid("no model", "name one")), WrongUsage, "shardeck: above: no model\n     try: name one\n"},
	} {
		e, _, errOut := written(t)
		if got := e.Finish(tt.err); got != tt.code || errOut.String() != tt.said {
			t.Errorf("%v: code %d, said %q; want %d, %q", tt.err, got, errOut, tt.code, tt.said)
		}
	}
}

func TestFinding(t *testing.T) {
	e, out, _ := written(t)
	e.Finding("warn", "little room", "free some", 7)
	if got, want := out.String(), "  warn     little room\n           fix: free some\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestShow(t *testing.T) {
	e, out, _ := written(t)
	e.JSON = true
	if err := e.Show(map[string]string{"a": "<&>"}, func() { t.Error("text beside JSON") }); err != nil ||
		out.String() != "{\n  \"a\": \"<&>\"\n}\n" {
		t.Errorf("%v %q", err, out)
	}
}

func TestArgs(t *testing.T) {
	c := &cobra.Command{Use: "cancel JOB…"}
	for _, tt := range []struct {
		words []string
		want  string
	}{{nil, "cancel needs JOB…"}, {[]string{"1"}, ""}, {[]string{"1", "2"}, `cancel does not take "2"`}} {
		err := Args(1, 1)(c, tt.words)
		if got := strings.SplitN(fmt.Sprint(err), "\n", 2)[0]; (tt.want == "") != (err == nil) || err != nil && got != tt.want {
			t.Errorf("%v: %v, want %s", tt.words, err, tt.want)
		}
	}
	if Args(1, -1)(c, []string{"1", "2", "3"}) != nil {
		t.Error("any number of words is not taken")
	}
}

func TestAskNeedsATerminal(t *testing.T) {
	e, _, _ := written(t)
	if err := e.Ask(t.Context(), "Submit?"); exitCode(err) != WrongUsage || !strings.Contains(err.Error(), "--yes") {
		t.Errorf("%v", err)
	}
}

// TestWordsOfUse: how many words a command takes is what its line of usage names, before its flags.
func TestWordsOfUse(t *testing.T) {
	for use, want := range map[string][2]int{
		"jobs": {0, 0}, "why ID": {1, 1}, "show ID|FOLDER": {1, 1}, "watch ID…": {1, -1}, "compare RUN RUN…": {2, -1}, "check [ID…]": {0, -1},
		"trace RUN [RUN]": {1, 2}, "card [RUN] [--config C] [--output-dir D]": {0, 1}, "new ID --base E --vary FIELD=VALUES…": {1, 1},
		"site [--write NAME]": {0, 0},
	} {
		if least, most := wordsOf(use); [2]int{least, most} != want {
			t.Errorf("%s: %d to %d words, want %v", use, least, most, want)
		}
	}
}
