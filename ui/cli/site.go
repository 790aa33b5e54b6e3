package cli

import (
	"cmp"
	"context"
	"strings"

	"github.com/spf13/cobra"

	rooms "shardeck/backend/app"
	"shardeck/model/present"
	"shardeck/model/present/unit"
)

func (a *app) siteCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "site",
		Short: "say what is known of this cluster, this machine and your limits",
		Args:  args(0, 0),
		RunE: a.withLab(func(ctx context.Context, l *rooms.App, _ []string) error {
			r, err := l.SiteReport(ctx)
			if err != nil {
				return err
			}
			return a.show(r, func() { a.printSite(r) })
		}),
	}
}

func (a *app) printSite(r rooms.SiteReport) {
	a.say("%s  %s  %s", a.paint(present.Strong, r.Site.Name), r.Site.Title, a.paint(present.Dim, siteOrigin(r.Origin)))
	slots := ""
	if r.Limits.GPUs > 0 {
		slots = unit.Int(r.Limits.GPUs)
	}
	for _, l := range []struct{ label, text string }{
		{"scheduler", r.Scheduler + inBrackets(r.Limits.Version)}, {"account", cmp.Or(r.Account, unit.Missing)}, {"accounts", strings.Join(r.Limits.Accounts, ", ")},
		{"QOS", strings.Join(r.Limits.QOS, ", ")}, {"GPU slots", slots}, {"note", r.Limits.Note},
	} {
		if l.text != "" {
			a.say("  %-9s  %s", l.label, l.text)
		}
	}
	for _, line := range r.Machine.Lines {
		a.finding(string(line.Level), line.Text, line.Fix, 9)
	}
	a.rows(present.Queues(r.Site))
	if r.Problem != "" {
		a.warn("the scheduler's limits are not known: %s", r.Problem)
	}
}

// siteOrigin says how the site is known.
func siteOrigin(origin string) string {
	switch origin {
	case "detected":
		return "(detected)"
	case "assumed":
		return "(assumed: nothing here tells another; site: NAME in shardeck.yaml)"
	}
	return "(" + origin + ")"
}

func inBrackets(text string) string {
	if text == "" {
		return ""
	}
	return " (" + text + ")"
}
