package cli

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
	"text/template"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"shardeck/backend/app"
	"shardeck/backend/experiments"
	"shardeck/backend/publish"
	"shardeck/model"
	"shardeck/model/metric"
	"shardeck/templates"
	"shardeck/ui/cli/command"
	"shardeck/ui/cockpit"
)

// completionCmd replaces cobra's own, whose words are not ours.
func completionCmd(e *command.Env) *cobra.Command {
	c := command.New("completion bash|zsh|fish", "print a script that completes commands, ids and runs", "",
		func(c *cobra.Command, words []string) error {
			switch words[0] {
			case "bash":
				return c.Root().GenBashCompletionV2(e.Out, true)
			case "zsh":
				return c.Root().GenZshCompletion(e.Out)
			case "fish":
				return c.Root().GenFishCompletion(e.Out, true)
			}
			return command.Usage("no completion for %q: shells are bash, zsh and fish", words[0])
		})
	c.Example, c.ValidArgs = "  source <(shardeck completion bash)", []string{"bash", "zsh", "fish"}
	return c
}

// complete gives every command that takes ids, runs or metrics their completion.
func complete(e *command.Env, commands []*cobra.Command) {
	ids := named(e, func(_ context.Context, a *app.App) ([]string, cobra.ShellCompDirective) {
		return a.IDs(), cobra.ShellCompDirectiveNoFileComp
	})
	runs, sweeps := named(e, runsOf), named(e, func(_ context.Context, a *app.App) ([]string, cobra.ShellCompDirective) {
		return a.SweepIDs(), cobra.ShellCompDirectiveNoFileComp
	})
	before := func(first []string) cobra.CompletionFunc { // of runs stands one of these
		return func(c *cobra.Command, words []string, part string) ([]string, cobra.ShellCompDirective) {
			if len(words) > 0 {
				return runs(c, words, part)
			}
			return first, cobra.ShellCompDirectiveNoFileComp
		}
	}
	metrics := before(model.Each(metric.Definitions, func(d metric.Definition) string { return d.Name }))
	takes := map[string]cobra.CompletionFunc{
		"rename": ids, "delete": ids, "archive": ids, "tag": runs, "note": runs, "restore": named(e, deletedIDs),
		"check": ids, "submit": ids, "forecast": ids, "suggest": ids, "cancel": ids, "logs": ids, "why": ids, "watch": ids,
		"metrics": runs, "trace": runs, "xray": runs, "compare": runs, "explain": runs, "analyze": runs, "card": runs, "export": runs, "report": runs, "plot": before(publish.Kinds()), "metric": metrics,
	}
	for _, name := range []string{"check", "submit", "resume", "status", "watch", "next", "stop", "table", "frontier", "scaling", "pairs"} {
		takes["sweep "+name] = sweeps
	}
	takes["baseline set"] = before(nil)
	for _, c := range commands {
		for _, inner := range append(c.Commands(), c) {
			if f := takes[inner.CommandPath()]; f != nil {
				inner.ValidArgsFunction = f
			}
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

// deletedIDs completes what is in the trash.
func deletedIDs(_ context.Context, a *app.App) ([]string, cobra.ShellCompDirective) {
	all, _ := a.Deleted()
	return model.Each(all, func(d experiments.Deletion) string { return d.ID }), cobra.ShellCompDirectiveNoFileComp
}

// runsOf completes files too: a run may be a path.
func runsOf(ctx context.Context, a *app.App) ([]string, cobra.ShellCompDirective) {
	runs, _ := a.Runs(ctx)
	return model.Each(runs, func(r model.Run) string { return r.Name }), cobra.ShellCompDirectiveDefault
}

func manCmd(e *command.Env) *cobra.Command {
	c := command.New("man", "print the manual page", "", func(c *cobra.Command, _ []string) error {
		page, err := template.New("manual.roff").Funcs(template.FuncMap{"roff": roff, "long": longOf, "flags": flagsOf,
			"paragraphs": func(text string) string { return strings.ReplaceAll(roff(text), "\n\n", "\n.PP\n") }}).
			ParseFS(templates.FS, "manual.roff")
		if err != nil {
			return err
		}
		return page.Execute(e.Out, map[string]any{"Root": c.Root(), "Keys": cockpit.Manual()})
	})
	c.Example = "  shardeck man | man -l -"
	return c
}

func longOf(c *cobra.Command) string {
	if c.Long != "" {
		return c.Long
	}
	return strings.ToUpper(c.Short[:1]) + c.Short[1:] + "."
}

// manualFlag is a flag on the manual page.
type manualFlag struct{ Name, Kind, Text string }

func flagsOf(set *pflag.FlagSet) (all []manualFlag) {
	set.VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" {
			return
		}
		name := "--" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + ", " + name
		}
		kind, text := pflag.UnquoteUsage(f)
		all = append(all, manualFlag{name, kind, text})
	})
	return all
}

// typed writes signs of the cockpit in ASCII, which every man shows, and no text at the start of a line as a request.
var typed = strings.NewReplacer(`\`, `\e`, "-", `\-`, "←→", "Left Right", "↑↓", "Up Down", "←", "Left", "→", "Right", "↑", "Up",
	"↓", "Down", "↵", "Enter", "…", "...", "×", "x", "–", `\-`, "\n.", "\n\\&.", "\n'", "\n\\&'")

// roff is text as it stands on a manual page.
func roff(text string) string {
	return typed.Replace("\n" + text)[1:]
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
	return command.New("version", "say which shardeck this is", "", func(*cobra.Command, []string) error {
		b := buildInfo()
		return e.Show(b, func() { fmt.Fprintln(e.Out, b.words()) })
	})
}

func (b build) words() string {
	return fmt.Sprintf("shardeck %s (%s, %s)", b.Version, b.Go, b.Platform)
}

// buildInfo takes the version from the release build, else from version control.
func buildInfo() build {
	b := build{Version: Version, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				b.Revision = s.Value
			}
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
