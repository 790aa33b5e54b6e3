// Package cli is the command line: its root and what has no room of its own; the other commands are below it by what
// they are of (experiment, job, result, exchange): flags → use case → model/present → text or JSON. They decide nothing.
//
// # Rules of output
//
//   - Standard output holds the answer and nothing else, so that it can be piped.
//   - Notes, warnings and errors go to standard error, one line each: the fault, its
//     cause, and what to do. Lower case, no full stop.
//   - A missing value is "–" in a table, null in JSON and an empty line nowhere.
//   - A state is a word; colour only underlines it.
//
// # Exit codes
//
//	0  done
//	1  failed
//	2  wrong usage, or a config that is not valid
//	3  no value (metric only; the reason is on standard error)
//	4  a value from damaged input (the loss is on standard error; 4 beats 3)
package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"shardeck/backend/app"
	"shardeck/ui/canvas"
	"shardeck/ui/cli/command"
	"shardeck/ui/cli/exchange"
	"shardeck/ui/cli/experiment"
	"shardeck/ui/cli/job"
	"shardeck/ui/cli/result"
	"shardeck/ui/cli/sweep"
	"shardeck/ui/cockpit"
	"shardeck/ui/linear"
	"shardeck/ui/theme"
)

// Main runs the command line and returns the exit code. An interrupt ends it at its next step; what it wrote is whole.
func Main(args []string, in io.Reader, out, errOut io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), ends()...)
	defer stop()
	context.AfterFunc(ctx, stop) // a second interrupt ends the process at once
	e := &command.Env{In: in, Out: out, Err: errOut, Color: "auto"}
	defer e.Close()
	c := root(e)
	c.SetArgs(args)
	c.SetIn(in)
	c.SetOut(out)
	c.SetErr(errOut)
	err := c.ExecuteContext(ctx)
	said := " " + strings.Join(args, " ") + " " // before a flag that is wrong too
	e.JSON = e.JSON || strings.Contains(said, " --json ") || strings.Contains(strings.ReplaceAll(said, "=", " "), " --format json ")
	return e.Finish(err)
}

// ends are the signals that end a command: a lost terminal among them, unless nohup has said otherwise.
func ends() []os.Signal {
	if signal.Ignored(syscall.SIGHUP) {
		return []os.Signal{os.Interrupt, syscall.SIGTERM}
	}
	return []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP}
}

const story = `shardeck profiles vLLM inference under different parallelism layouts.

Alone it opens the cockpit: choose TP, PP, DP and EP, see at once whether the
layout is legal, fits the GPUs and what it costs, submit it, follow the job, and
read metrics, traces and scaling charts. Every pane has a plain twin below; in a
pipe shardeck alone prints the board.
With --linear it asks one question at a time, in words alone.`

// root is the command line as a whole.
func root(e *command.Env) *cobra.Command {
	cobra.EnableCommandSorting = false
	c := &cobra.Command{
		Use:                        "shardeck",
		Short:                      "a terminal cockpit for profiling vLLM inference under different parallelism layouts",
		Long:                       story,
		Args:                       known,
		RunE:                       func(c *cobra.Command, _ []string) error { return openOrPrint(c.Context(), e) },
		SuggestionsMinimumDistance: 2,
		SilenceErrors:              true,
		SilenceUsage:               true,
		CompletionOptions:          cobra.CompletionOptions{HiddenDefaultCmd: true},
	}
	e.Watched(c)
	f := c.PersistentFlags()
	f.StringVarP(&e.Dir, "workspace", "C", "", "the workspace is the nearest folder with experiments/ upward from `DIR`")
	f.BoolVar(&e.JSON, "json", false, "print JSON, errors too: --format json")
	f.StringVar(&e.Format, "format", "", "`FORMAT` of the answer: table, json, csv or md; csv and md print its tables, with all their columns")
	f.StringVar(&e.Color, "color", "auto", "colours: auto, always or never")
	f.BoolVar(&e.ASCII, "ascii", false, "ASCII only: no box drawing, no special signs")
	f.BoolVar(&e.Linear, "linear", os.Getenv("SHARDECK_LINEAR") != "" && os.Getenv("SHARDECK_LINEAR") != "0",
		"no screen: questions one by one, for screen readers, plain terminals and CI")
	f.BoolVar(&e.ReadOnly, "read-only", false, "change nothing: no file, no job")
	f.StringArrayVar(&e.Sets, "set", nil, "override a setting: `key=value` (may be repeated)")
	c.PersistentPreRunE = func(c *cobra.Command, _ []string) error {
		if slices.Contains([]string{"auto", "always", "never"}, e.Color) {
			return e.Settle(c)
		}
		return command.Usage("--color=%s: colours are auto, always or never", e.Color)
	}
	c.Version = buildInfo().words()
	c.SetVersionTemplate("{{.Version}}\n")
	c.SetFlagErrorFunc(func(c *cobra.Command, err error) error { return command.Wrong(c, err.Error()) })
	all := commands(e)
	complete(e, all)
	completeFlags(c, map[string]cobra.CompletionFunc{"color": colours,
		"format": cobra.FixedCompletions(command.Formats, cobra.ShellCompDirectiveNoFileComp)})
	readers(e, all)
	c.AddCommand(all...)
	tabular(c)
	c.InitDefaultHelpCmd()
	if help, _, err := c.Find([]string{"help"}); err == nil {
		help.Short = "say more about a command"
	}
	return c
}

// commands lists every command, in the order of a day's work.
func commands(e *command.Env) []*cobra.Command {
	return []*cobra.Command{
		experiment.Generate(e), experiment.New(e), experiment.Check(e), experiment.Rename(e), experiment.Delete(e), experiment.Restore(e),
		experiment.Archive(e), experiment.Tag(e), experiment.Note(e), experiment.Model(e), sweep.Sweep(e), job.Submit(e),
		job.Jobs(e), job.Cancel(e), job.Logs(e), job.Why(e), job.Watch(e),
		result.Metric(e), result.Metrics(e), result.Trace(e), result.XRay(e), result.Analyze(e), result.Compare(e), result.Baseline(e),
		result.Forecast(e), result.Explain(e), result.Suggest(e), result.Report(e, buildInfo().Version), result.Plot(e), experiment.Calibrate(e), experiment.Card(e),
		siteCmd(e), settingsCmd(e), demoCmd(e), exchange.Import(e), exchange.Export(e), exchange.MCP(e), exchange.Replay(e),
		completionCmd(e), manCmd(e), versionCmd(e),
	}
}

// readers gives the commands that read traces their flag.
func readers(e *command.Env, commands []*cobra.Command) {
	for _, c := range commands {
		switch c.Name() {
		case "metric", "metrics", "trace", "xray", "analyze", "compare", "explain", "export", "report", "plot":
			c.Flags().BoolVar(&e.Here, "here", false, "read traces here, though they are more than a login node's budget")
		}
	}
}

// tabular marks the commands that print a table, or several, and those that print nothing but a text for other programs.
func tabular(root *cobra.Command) {
	for tables, paths := range map[string][]string{
		command.One: {"", "jobs", "check", "sweep table", "sweep frontier", "sweep scaling", "sweep pairs", "calibrate show", "model list", "restore",
			"replay", "settings", "analyze", "metric", "metrics", "compare", "xray", "suggest"},
		command.Several: {"sweep new", "sweep check", "sweep status", "export", "site", "explain", "forecast", "trace"},
		command.Text:    {"man", "completion", "mcp"},
	} {
		for _, path := range paths {
			if c, _, err := root.Find(strings.Fields(path)); err == nil {
				if c.Annotations == nil {
					c.Annotations = map[string]string{}
				}
				c.Annotations[command.Tables] = tables
			}
		}
	}
}

// known refuses a word that is no command, with the nearest one.
func known(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	text := fmt.Sprintf("there is no command %q", args[0])
	if near := c.SuggestionsFor(args[0]); len(near) > 0 {
		text += "; did you mean " + strings.Join(near, " or ") + "?"
	}
	return command.Wrong(c, text)
}

// The rooms are what panes ask for; backend cannot say so itself, since it knows no ui.
var (
	_ cockpit.Backend = (*app.App)(nil)
	_ linear.Backend  = (*app.App)(nil)
)

// openCockpit opens the terminal program, what shardeck alone does, or talks in lines where that is wanted or all that a terminal can.
func openCockpit(ctx context.Context, e *command.Env) error {
	talks := e.Linear || os.Getenv("TERM") == "dumb"
	e.Typing = true
	a, err := e.Open()
	if err != nil {
		return err
	}
	if talks {
		return linear.Run(ctx, a, linear.Options{In: e.In, Out: e.Out, Person: command.Terminal(e.In)})
	}
	screen := a.Screen()
	err = cockpit.Run(ctx, a, cockpit.Options{
		Profile: theme.Profile(e.Color, os.Getenv, true),
		Colours: screen.Theme,
		NoColor: e.Color == "auto" && screen.Theme == "mono",
		ASCII:   e.ASCII || screen.ASCII,
		Rung:    theme.RungOf(screen.Charts, os.Getenv),
		Images:  canvas.ProtocolOf(screen.Images, os.Getenv),
		Mouse:   screen.Mouse,
		In:      e.In, Out: e.Out,
		Editor:  editor(os.Getenv),
		Refresh: screen.Refresh,
		Notes:   a.Warnings(),
		Link:    e.Link,
	})
	if err != nil {
		return fmt.Errorf("the cockpit ended: %w", err)
	}
	return nil
}

// editor is the command that edits a file: $VISUAL, then $EDITOR, then vi.
func editor(env func(string) string) []string {
	return strings.Fields(cmp.Or(strings.TrimSpace(env("VISUAL")), strings.TrimSpace(env("EDITOR")), "vi"))
}
