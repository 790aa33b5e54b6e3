package cli

import (
	"cmp"
	"context"
	"strings"

	"github.com/spf13/cobra"

	"shardeck/backend/app"
	"shardeck/model/present"
	"shardeck/model/present/unit"
	"shardeck/ui/cli/command"
)

func siteCmd(e *command.Env) *cobra.Command {
	return &cobra.Command{
		Use:   "site",
		Short: "say what is known of this cluster, this machine and your limits",
		Args:  command.Args(0, 0),
		RunE: e.With(func(ctx context.Context, a *app.App, _ []string) error {
			r, err := a.SiteReport(ctx)
			if err != nil {
				return err
			}
			return e.Show(r, func() { printSite(e, r) })
		}),
	}
}

// origins say how a site is known, where one word does not.
var origins = map[string]string{"assumed": "assumed: nothing here tells another; site: NAME in shardeck.yaml"}

func printSite(e *command.Env, r app.SiteReport) {
	origin := "(" + cmp.Or(origins[r.Origin], r.Origin) + ")"
	e.Say("%s  %s  %s", e.Paint(present.Strong, r.Site.Name), r.Site.Title, e.Paint(present.Dim, origin))
	slots, scheduler := "", r.Scheduler
	if r.Limits.GPUs > 0 {
		slots = unit.Int(r.Limits.GPUs)
	}
	if r.Limits.Version != "" {
		scheduler += " (" + r.Limits.Version + ")"
	}
	for _, l := range []struct{ label, text string }{
		{"scheduler", scheduler}, {"account", cmp.Or(r.Account, unit.Missing)}, {"accounts", strings.Join(r.Limits.Accounts, ", ")},
		{"QOS", strings.Join(r.Limits.QOS, ", ")}, {"GPU slots", slots}, {"note", r.Limits.Note},
	} {
		if l.text != "" {
			e.Say("  %-9s  %s", l.label, l.text)
		}
	}
	for _, line := range r.Machine.Lines {
		e.Finding(string(line.Level), line.Text, line.Fix, 9)
	}
	e.Rows(present.Queues(r.Site))
	if r.Problem != "" {
		e.Warn("the scheduler's limits are not known: %s", r.Problem)
	}
}
