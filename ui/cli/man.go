package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"shardeck/ui/cli/command"
	"shardeck/ui/cockpit"
)

func manCmd(e *command.Env) *cobra.Command {
	return &cobra.Command{
		Use:     "man",
		Short:   "print the manual page",
		Example: "  shardeck man | man -l -",
		Args:    command.Args(0, 0),
		RunE: func(c *cobra.Command, _ []string) error {
			manual(e.Out, c.Root())
			return nil
		},
	}
}

// manual writes the manual page (man(7)) from the commands themselves.
func manual(w io.Writer, root *cobra.Command) {
	fmt.Fprintf(w, ".TH SHARDECK 1 \"\" \"shardeck\" \"User Commands\"\n.SH NAME\nshardeck \\- %s\n", roff(root.Short))
	fmt.Fprintf(w, ".SH SYNOPSIS\n.B shardeck\n[\\fIcommand\\fR] [\\fIflags\\fR]\n.SH DESCRIPTION\n%s\n", paragraphs(root.Long))
	fmt.Fprintln(w, ".SH COMMANDS")
	for _, c := range root.Commands() {
		if c.Hidden || c.Name() == "help" {
			continue
		}
		fmt.Fprintf(w, ".SS \"shardeck %s\"\n%s\n", roff(c.Use), paragraphs(longOf(c)))
		flags(w, c.LocalNonPersistentFlags())
	}
	fmt.Fprintln(w, ".SH GLOBAL FLAGS")
	flags(w, root.PersistentFlags())
	fmt.Fprintln(w, ".SH KEYS OF THE COCKPIT")
	for _, g := range cockpit.Manual() {
		fmt.Fprintf(w, ".SS \"%s\"\n", roff(g.Title))
		for _, h := range g.Hints {
			fmt.Fprintf(w, ".TP\n\\fB%s\\fR (%s)\n%s\n", roff(h.Label), roff(h.Verb), roff(h.Help))
		}
	}
	fmt.Fprint(w, manualTail)
}

const manualTail = `.SH EXIT STATUS
.TP
0
done
.TP
1
failed
.TP
2
wrong usage, or a config that is not valid
.TP
3
no value (metric only; the reason is on standard error)
.TP
4
a value from damaged input (the loss is on standard error)
.SH ENVIRONMENT
.TP
NO_COLOR
any value turns colours off
.TP
SHARDECK_NO_CACHE
any value turns the cache of analyses off
.TP
XDG_CACHE_HOME, XDG_CONFIG_HOME
where the cache and the user's settings lie
.TP
VISUAL, EDITOR
what the cockpit opens to edit a file
`

func longOf(c *cobra.Command) string {
	if c.Long != "" {
		return c.Long
	}
	return strings.ToUpper(c.Short[:1]) + c.Short[1:] + "."
}

func flags(w io.Writer, set *pflag.FlagSet) {
	set.VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" {
			return
		}
		kind, text := pflag.UnquoteUsage(f)
		name := "--" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + ", " + name
		}
		fmt.Fprintf(w, ".TP\n\\fB%s\\fR \\fI%s\\fR\n%s\n", roff(name), roff(kind), roff(text))
	})
}

func paragraphs(text string) string {
	parts := strings.Split(roff(text), "\n\n")
	return strings.Join(parts, "\n.PP\n")
}

// typed are the signs of the cockpit as a manual page writes them: in ASCII, which every
// man and every pager shows.
var typed = strings.NewReplacer(`\`, `\e`, "-", `\-`, "←→", "Left Right", "↑↓", "Up Down", "←", "Left", "→", "Right", "↑", "Up",
	"↓", "Down", "↵", "Enter", "…", "...", "×", "x")

// roff keeps text from being taken for requests.
func roff(text string) string {
	text = typed.Replace(text)
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		if strings.HasPrefix(l, ".") || strings.HasPrefix(l, "'") {
			lines[i] = `\&` + l
		}
	}
	return strings.Join(lines, "\n")
}
