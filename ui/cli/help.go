package cli

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"shardeck/backend/app"
	"shardeck/model/metric"
	"shardeck/ui/cli/command"
	"shardeck/ui/cockpit"
)

// completionCmd replaces cobra's own, whose words are not ours.
func completionCmd(e *command.Env) *cobra.Command {
	return &cobra.Command{
		Use:       "completion bash|zsh|fish",
		Short:     "print a script that completes commands, ids and runs",
		Example:   "  source <(shardeck completion bash)",
		ValidArgs: []string{"bash", "zsh", "fish"},
		Args:      command.Args(1, 1),
		RunE: func(c *cobra.Command, words []string) error {
			switch words[0] {
			case "bash":
				return c.Root().GenBashCompletionV2(e.Out, true)
			case "zsh":
				return c.Root().GenZshCompletion(e.Out)
			case "fish":
				return c.Root().GenFishCompletion(e.Out, true)
			}
			return command.Usage("no completion for %q: shells are bash, zsh and fish", words[0])
		},
	}
}

// complete gives every command that takes ids, runs or metrics their completion.
func complete(e *command.Env, commands []*cobra.Command) {
	ids, runs := named(e, idsOf), named(e, runsOf)
	metrics := func(c *cobra.Command, words []string, part string) ([]string, cobra.ShellCompDirective) {
		if len(words) > 0 {
			return runs(c, words, part)
		}
		return metricNames(), cobra.ShellCompDirectiveNoFileComp
	}
	takes := map[string]cobra.CompletionFunc{
		"check": ids, "submit": ids, "cancel": ids, "logs": ids, "why": ids, "watch": ids,
		"metrics": runs, "trace": runs, "compare": runs, "analyze": runs, "metric": metrics,
	}
	for _, c := range commands {
		if f := takes[c.Name()]; f != nil {
			c.ValidArgsFunction = f
		}
		completeFlags(c, map[string]cobra.CompletionFunc{"from": ids, "explain": metrics})
	}
}

// completeFlags gives the flags that c has, of those named, their completion.
func completeFlags(c *cobra.Command, takes map[string]cobra.CompletionFunc) {
	for flag, f := range takes {
		if c.Flags().Lookup(flag) != nil || c.PersistentFlags().Lookup(flag) != nil {
			c.RegisterFlagCompletionFunc(flag, f) // errs only for a flag that is not there
		}
	}
}

// colours are the values of --color.
var colours = cobra.FixedCompletions([]string{"auto", "always", "never"}, cobra.ShellCompDirectiveNoFileComp)

func metricNames() []string {
	var names []string
	for _, d := range metric.Definitions {
		names = append(names, d.Name)
	}
	return names
}

// named completes by names of the workspace; it says nothing when that cannot be read.
func named(e *command.Env, of func(context.Context, *app.App) ([]string, cobra.ShellCompDirective)) cobra.CompletionFunc {
	return func(c *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		a, err := e.Open()
		if err != nil {
			return nil, cobra.ShellCompDirectiveDefault
		}
		return of(c.Context(), a)
	}
}

func idsOf(_ context.Context, a *app.App) ([]string, cobra.ShellCompDirective) {
	return a.IDs(), cobra.ShellCompDirectiveNoFileComp
}

// runsOf completes files too: a run may be a path.
func runsOf(ctx context.Context, a *app.App) ([]string, cobra.ShellCompDirective) {
	runs, _ := a.Runs(ctx)
	var names []string
	for _, r := range runs {
		names = append(names, r.Name)
	}
	return names, cobra.ShellCompDirectiveDefault
}

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

// Version is set by the release build (-ldflags "-X shardeck/ui/cli.Version=1.2.3").
var Version = ""

// build says what this program is.
type build struct {
	Version  string `json:"version"`
	Revision string `json:"revision"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

func versionCmd(e *command.Env) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "say which shardeck this is",
		Args:  command.Args(0, 0),
		RunE: func(*cobra.Command, []string) error {
			b := buildInfo()
			if e.JSON {
				return e.PrintJSON(b)
			}
			fmt.Fprintf(e.Out, "shardeck %s (%s, %s)\n", b.Version, b.Go, b.Platform)
			return nil
		},
	}
}

// buildInfo takes the version from the release build, else from version control.
func buildInfo() build {
	b := build{Version: Version, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			b.Revision = s.Value
		}
	}
	if b.Version == "" {
		b.Version = "development"
		if len(b.Revision) >= 7 {
			b.Version += " " + b.Revision[:7]
		}
	}
	return b
}
