package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"shardeck/backend/app"
	"shardeck/backend/site"
	"shardeck/model/present"
	"shardeck/model/present/unit"
	"shardeck/model/shell"
	"shardeck/ui/cli/command"
)

func siteCmd(e *command.Env) *cobra.Command {
	name := ""
	c := e.Command("site [--write NAME]", "say what is known of this cluster, this machine and your limits", `
Says which site experiments are planned for, how it is known, and what was assumed. What
is here decides: the marks of a site that is known, else what Slurm says of its partitions
(sinfo, scontrol), else the GPUs of this machine (nvidia-smi, rocm-smi). --write makes a
file of it, sites/NAME.yaml in the workspace, to be put right there.`, func(ctx context.Context, a *app.App, _ []string) error {
		if name != "" {
			w, err := a.WriteSite(name)
			return e.Answer(err, w, func() {
				e.Say("%-11s %s", w.Action, e.Link(w.Path))
				if name != a.Site().Name {
					e.Warn("write site: %s in shardeck.yaml to use it", name)
				}
			})
		}
		r, err := a.SiteReport(ctx)
		if err != nil {
			return err
		}
		return e.Tell(r, func() { printSite(e, r) }, func() []present.Table { return siteTables(r) })
	})
	c.Flags().StringVar(&name, "write", "", "write the site as sites/`NAME`.yaml, to be edited")
	return c
}

// origins say how a site is known, where one word does not.
var origins = map[string]string{"assumed": "assumed: nothing here tells another; site: NAME in shardeck.yaml"}

func printSite(e *command.Env, r site.Report) {
	origin := "(" + cmp.Or(origins[r.Origin], r.Origin) + ")"
	e.Say("%s  %s  %s", e.Paint(present.Strong, r.Site.Name), r.Site.Title, e.Paint(present.Dim, origin))
	for _, l := range siteFacts(r) {
		e.Say("  %-9s  %s", l[0], strings.ReplaceAll(l[1], "\n", "\n"+strings.Repeat(" ", 13)))
	}
	for _, line := range r.Machine.Lines {
		e.Finding(string(line.Level), line.Text, line.Fix, 9)
	}
	for _, text := range r.Site.Assumed {
		e.Finding("note", "assumed: "+text, "", 9)
	}
	e.Rows(present.Queues(r.Site))
	if r.Problem != "" {
		e.Warn("the scheduler's limits are not known: %s", r.Problem)
	}
}

// siteFacts are what is known of a site, a label and a text each; the kinds of its nodes are lines of one.
func siteFacts(r site.Report) [][2]string {
	slots, scheduler := "", r.Scheduler
	if r.Limits.GPUs > 0 {
		slots = unit.Int(r.Limits.GPUs)
	}
	if r.Limits.Version != "" {
		scheduler += " (" + r.Limits.Version + ")"
	}
	return slices.DeleteFunc([][2]string{
		{"nodes", strings.Join(present.Nodes(r.Site, r.GPUs), "\n")}, {"scheduler", scheduler}, {"account", cmp.Or(r.Account, unit.Missing)},
		{"accounts", strings.Join(r.Limits.Accounts, ", ")}, {"QOS", strings.Join(r.Limits.QOS, ", ")}, {"GPU slots", slots}, {"note", r.Limits.Note},
	}, func(l [2]string) bool { return l[1] == "" })
}

// siteTables are a site's facts, what was found on this machine, and the queues.
func siteTables(r site.Report) []present.Table {
	facts := present.Table{Name: "site", Columns: present.Columns("fact", "value", "fix")}
	for _, l := range append([][2]string{{"name", r.Site.Name}, {"title", r.Site.Title}, {"known by", r.Origin}}, siteFacts(r)...) {
		for _, value := range strings.Split(l[1], "\n") {
			facts.Add(present.Texts(l[0], value)...)
		}
	}
	for _, line := range r.Machine.Lines {
		facts.Add(present.Texts(string(line.Level), line.Text, line.Fix)...)
	}
	for _, text := range r.Site.Assumed {
		facts.Add(present.Texts("assumed", text)...)
	}
	queues := present.Queues(r.Site)
	queues.Name = "queues"
	return []present.Table{facts, queues}
}

func settingsCmd(e *command.Env) *cobra.Command {
	return e.Command("settings", "print every setting and where it comes from", `
Prints each setting, its value and its origin. Later wins: built in, the site, the
user's ~/.config/shardeck/config.yaml, the workspace's shardeck.yaml, the experiment,
--set key=value.`, func(_ context.Context, a *app.App, _ []string) error {
		settings := a.Settings()
		return e.Show(settings, func() {
			t := present.Table{Columns: present.Columns("setting", "value-24", "from-12")}
			for _, s := range settings {
				t.Add(present.Texts(s.Key, cmp.Or(s.Value, unit.Missing), s.Origin)...)
			}
			e.Table(t)
		})
	})
}

func demoCmd(e *command.Env) *cobra.Command {
	noOpen := false
	c := command.New("demo [DIR]", "open the cockpit on recordings of real runs: nothing to install", `
Lays out a workspace with recordings of real runs on two H100 GPUs, and experiments
that replay them through the local scheduler: no GPU, no Slurm, no Python. It goes into
DIR, or into a folder of your own that is kept from one demo to the next. What you
change in it stays.`, func(c *cobra.Command, words []string) error {
		dir, err := app.WriteDemo(cmp.Or(append(words, e.Dir)...), nil)
		if err != nil {
			return err
		}
		e.Dir = dir
		if noOpen || !e.Linear && (!command.Terminal(e.In) || !command.Terminal(e.Out)) {
			return sayDemo(e, dir)
		}
		e.Warn("the demo workspace is %s", dir) // on the screen again when the cockpit ends
		return openCockpit(c.Context(), e)
	})
	c.Flags().BoolVar(&noOpen, "no-open", false, "only write the workspace")
	return c
}

// sayDemo says where the workspace lies and what to try, to somebody without a terminal.
func sayDemo(e *command.Env, dir string) error {
	return e.Show(map[string]string{"workspace": dir}, func() {
		fmt.Fprintln(e.Out, dir)
		in := shell.Quote(dir)
		e.Warn("the demo workspace is ready; try\n     shardeck -C %s analyze\n     shardeck -C %s submit E1.6 --yes", in, in)
	})
}
