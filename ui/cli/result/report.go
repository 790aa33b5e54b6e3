package result

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"shardeck/backend/app"
	"shardeck/backend/publish"
	"shardeck/model"
	"shardeck/model/present"
	"shardeck/model/present/unit"
	"shardeck/ui/cli/command"
)

// Report writes a page of runs, or checks one; program is the version of this program.
func Report(e *command.Env, program string) *cobra.Command {
	o, output, verify := publish.Order{Program: program}, "", false
	c := e.Command("report [SWEEP|RUN…] --output FILE.html", "write a page that stands by itself: the answer, tables, figures, doubts", `
Writes one HTML file that needs nothing beside it: what was run, the answer in three
sentences, tables and figures of results, scaling and frontier, the time of each rank,
kernels, findings and doubts, and behind each number its definition, n, source and hash.
It is read on a telephone, in print, light or dark, without JavaScript. Without a name it
is of every finished run here. Names of people, hosts, accounts and paths are left out,
unless --with-names asks for them; the names of runs and experiments stay.

--verify FILE works every number of a page out again from the runs, which must be here,
and says which differ: in its text, in its data, or because a run has changed or is gone.
Behind FILE stand the paths of runs that lie outside of the workspace. A page that
another version of shardeck made is held against what this one makes. Exit code 1:
something differs.`, func(ctx context.Context, a *app.App, words []string) error {
		switch {
		case verify && len(words) == 0:
			return command.Usage("--verify needs a page: shardeck report --verify FILE")
		case verify:
			return printVerdict(ctx, e, a, words, program)
		case output == "":
			return command.Usage("report needs -o FILE.html")
		}
		o.Of, o.Made = words, time.Now().UTC().Format("2006-01-02 15:04")
		made, err := a.Publish.Report(ctx, o, e.Progress())
		if err != nil {
			return err
		}
		text, err := a.Publish.HTML(made)
		if err == nil {
			err = a.WriteOutput(output, text)
		}
		return e.Answer(err, made, func() {
			for _, sentence := range made.Answer {
				e.Wrapped("", sentence)
			}
			e.Say("wrote %s: %s, %s", output, unit.Plural(len(made.Runs), "run"), unit.FileSize(int64(len(text))))
		})
	})
	c.Example = "  shardeck report llama-8b-tp1 llama-8b-tp2 -o report.html\n  shardeck report --verify report.html"
	c.Flags().StringVarP(&output, "output", "o", "", "the `FILE` to write")
	c.Flags().BoolVar(&o.WithNames, "with-names", false, "leave names of people, hosts, accounts and paths in")
	c.Flags().BoolVar(&verify, "verify", false, "check a page against the runs")
	return c
}

// mostDifferences is how many are listed; --json has all.
const mostDifferences = 20

func printVerdict(ctx context.Context, e *command.Env, a *app.App, words []string, program string) error {
	v, err := a.Publish.Verify(ctx, words[0], program, words[1:], e.Progress())
	var differs error
	if !v.Holds() {
		differs = command.Exit(command.Failed)
	}
	return e.Answer(err, v, func() {
		for _, run := range v.Gone {
			e.Say("%s", e.Paint(present.Bad, run+" is not here: its numbers cannot be worked out again"))
		}
		for _, file := range v.Changed {
			e.Say("%s", e.Paint(present.Bad, file+" is not the file that the page was made of"))
		}
		for _, d := range v.Differs[:min(len(v.Differs), mostDifferences)] {
			e.Wrapped("    ", model.Printable(fmt.Sprintf("%s: the page says %q, the runs %q", d.Where, d.Page, d.Runs)))
		}
		if left := len(v.Differs) - mostDifferences; left > 0 {
			e.Say("and %s more: --json has all", unit.Plural(left, "difference"))
		}
		if v.Unsure != "" {
			e.Wrapped("", e.Paint(present.Warn, model.Printable(v.Unsure)))
		}
		if v.Holds() {
			e.Say("%s of %s worked out again, and every number and text of the page is as the runs give it", unit.Plural(v.Numbers, "metric"),
				unit.Plural(v.Runs, "run"))
		}
	}, differs)
}
