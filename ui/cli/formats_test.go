package cli

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"shardeck/ui/cli/command"
)

// everyCommand has a line for every command there is, of things to do in the demo; {f} is the format. A line of "!" is refused. None
// submits: a job would run this very program, which is the test.
const everyCommand = `
submit E1.6 --dry-run
jobs
! watch E1.6
! logs E1.6
! why E1.6
! cancel E1.6
check
check --env
new N{f} --from E1.2 --tp 1
generate --force
rename N{f} M{f}
archive M{f}
archive M{f} --back
delete M{f} --yes
restore
! restore nope
tag llama-8b-tp2 fast
note llama-8b-tp2 before the update
model list
model show meta-llama/Llama-3.1-8B
! model add nobody/nothing
sweep new s{f} --base E1.1 --vary batch_size=4,8
sweep check s{f}
sweep status s{f}
sweep
! sweep submit nope --yes
! sweep resume nope --yes
! sweep watch nope
! sweep stop nope --yes
! sweep next nope
sweep table --metric tpot --by tp,batch
sweep frontier
sweep scaling
sweep pairs --by tp --metric tpot
metric tpot llama-8b-tp2
metric --explain all
! metric tpot nope
metrics llama-8b-tp2
trace llama-8b-tp2
trace llama-8b-tp1 llama-8b-tp2
trace llama-8b-tp2 --ops
xray llama-8b-tp2
analyze
compare llama-8b-tp1 llama-8b-tp2
baseline set base{f} llama-8b-tp1
baseline
baseline remove base{f}
forecast E1.6 E1.2
forecast --laws
explain llama-8b-tp1 llama-8b-tp2
explain --what-if llama-8b-tp2
suggest E1.1
report llama-8b-tp2 -o {f}.html
plot ranks llama-8b-tp2 -o {f}.svg
calibrate --dry-run
! calibrate show
card llama-8b-tp2
site
settings
demo . --no-open
import imported --name i{f}
export --for csv llama-8b-tp2 -o out{f}
replay
version
man
completion bash
! mcp now
`

// ownWords are commands whose words are new names, those of a table, or files, which every shell completes.
var ownWords = map[string]bool{"new": true, "generate": true, "set": true, "remove": true, "import": true, "demo": true, "show": true, "add": true, "help": true}

// TestEveryCommandInEveryFormat: what a command prints can be read by who asked for the format, an error too; a command that has not
// the format says so and does nothing.
func TestEveryCommandInEveryFormat(t *testing.T) {
	dir := t.TempDir()
	for key, value := range map[string]string{"HOME": dir, "XDG_CACHE_HOME": dir, "XDG_CONFIG_HOME": dir, "SLURM_CONF": "", "NERSC_HOST": "",
		"TERM": "dumb", "NO_COLOR": "1", "COLUMNS": ""} {
		t.Setenv(key, value)
	}
	t.Chdir(dir)
	if said, _, code := printed(t, "demo", ".", "--no-open"); code != 0 {
		t.Fatal(said)
	}
	if err := os.CopyFS("imported", os.DirFS(filepath.Join("trace_collection", "llama-8b-tp1"))); err != nil {
		t.Fatal(err)
	}
	tree, tried := root(&command.Env{}), map[string]bool{}
	lines := strings.Split(everyCommand, "\n")
	lines[0] = "" // the board
	for i, line := range lines {
		if line == "" && i > 0 {
			continue
		}
		line, fails := strings.CutPrefix(line, "! ")
		c, _, err := tree.Find(strings.Fields(line))
		if err != nil {
			t.Fatal(err)
		}
		tried[c.CommandPath()] = true
		for _, format := range command.Formats {
			out, errOut, code := printed(t, append(strings.Fields(strings.ReplaceAll(line, "{f}", format)), "--format", format)...)
			tables := c.Annotations[command.Tables]
			refused := format != command.FormatTable && (tables == command.Text || tables == "" && format != command.FormatJSON)
			if problem := unread(format, out, errOut, code, refused || fails); problem != "" {
				t.Errorf("shardeck %s --format %s: %s\nexit code %d, printed %.300q, said %.300q", line, format, problem, code, out, errOut)
			}
		}
	}
	manual, _, _ := printed(t, "man")
	each(tree, func(c *cobra.Command) {
		if c != tree && c.Name() != "help" && !strings.Contains(manual, ".SS \""+roff(c.Parent().CommandPath()+" "+c.Use)+"\"\n") {
			t.Errorf("%s is not in the manual", c.CommandPath())
		}
		if words, own := c.Args != nil && c.Args(c, []string{"a"}) == nil, ownWords[c.Name()]; c.Long == "" && c.Short == "" ||
			words && !own && c.Runnable() && c.ValidArgsFunction == nil && c.ValidArgs == nil {
			t.Errorf("%s has no help, or words that are not completed", c.CommandPath())
		}
		if !tried[c.CommandPath()] && c.Runnable() && c.Name() != "help" {
			t.Errorf("no line of this test runs %s", c.CommandPath())
		}
	})
}

func each(c *cobra.Command, do func(*cobra.Command)) {
	do(c)
	for _, inner := range c.Commands() {
		each(inner, do)
	}
}

func printed(t *testing.T, args ...string) (out, errOut string, code int) {
	t.Helper()
	var o, e bytes.Buffer
	code = Main(args, strings.NewReader(""), &o, &e)
	return o.String(), e.String(), code
}

// unread says what a reader of a format stumbles over; empty: nothing.
func unread(format, out, errOut string, code int, fails bool) string {
	switch {
	case fails != (code != 0):
		return "the exit code is not what it should be"
	case fails && out != "" && format != command.FormatJSON: // what was done before it
		return "an answer beside a fault"
	case fails && format == command.FormatJSON:
		var fault struct{ Error *command.Fault }
		lines := strings.Split(strings.TrimSpace(errOut), "\n")
		if err := json.Unmarshal([]byte(lines[len(lines)-1]), &fault); err != nil || fault.Error == nil || fault.Error.Code != code {
			return "the fault is no JSON"
		}
	case fails && !strings.HasPrefix(errOut, "shardeck: "):
		return "the fault is not said"
	case fails:
	case format == command.FormatJSON:
		in := json.NewDecoder(strings.NewReader(out))
		var v any
		if err := in.Decode(&v); err != nil {
			return err.Error()
		}
		if _, err := in.Token(); err != io.EOF {
			return "more than one value"
		}
	case format == command.FormatCSV:
		all, err := csv.NewReader(strings.NewReader(out)).ReadAll() // every row has as many fields as the first
		if err != nil || len(all) == 0 {
			return "no table"
		}
		seen := map[string]bool{}
		for _, title := range all[0] {
			if seen[title] || title == "" {
				return "a column has no name of its own: " + title
			}
			seen[title] = true
		}
	case format == command.FormatMarkdown:
		return unevenTables(out)
	}
	return ""
}

var bar = regexp.MustCompile(`(^|[^\\])\|`)

// unevenTables finds a row of a Markdown table that is not as wide as the one above it.
func unevenTables(text string) string {
	width, tables := 0, 0
	for line := range strings.Lines(text) {
		n := len(bar.FindAllString(line, -1))
		switch {
		case !strings.HasPrefix(line, "|"):
			n = 0
		case width == 0:
			tables++
		case n != width:
			return "a row of another width: " + line
		}
		width = n
	}
	if tables == 0 {
		return "no table"
	}
	return ""
}
