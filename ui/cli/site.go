package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"shardeck/backend/lab"
	"shardeck/model"
	"shardeck/model/present/unit"
)

func (a *app) siteCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "site",
		Short: "say what is known of this cluster, this machine and your limits",
		Args:  args(0, 0),
		RunE: a.withLab(func(ctx context.Context, l *lab.Lab, _ []string) error {
			r, err := l.SiteReport(ctx)
			if err != nil {
				return err
			}
			if a.json {
				return a.printJSON(r)
			}
			a.printSite(r)
			return nil
		}),
	}
}

func (a *app) printSite(r lab.SiteReport) {
	fmt.Fprintf(a.out, "%s  %s  %s\n", a.paint(bold, r.Site.Name), a.plain(r.Site.Title), a.paint(dim, siteOrigin(r.Origin)))
	fmt.Fprintf(a.out, "  scheduler  %s%s\n", r.Scheduler, inBrackets(r.Limits.Version))
	fmt.Fprintf(a.out, "  account    %s\n", a.plain(orMissing(r.Account)))
	if len(r.Limits.Accounts) > 0 {
		fmt.Fprintf(a.out, "  accounts   %s\n", strings.Join(r.Limits.Accounts, ", "))
	}
	if len(r.Limits.QOS) > 0 {
		fmt.Fprintf(a.out, "  QOS        %s\n", strings.Join(r.Limits.QOS, ", "))
	}
	if r.Limits.GPUs > 0 {
		fmt.Fprintf(a.out, "  GPU slots  %d\n", r.Limits.GPUs)
	}
	if r.Limits.Note != "" {
		fmt.Fprintf(a.out, "  note       %s\n", a.plain(r.Limits.Note))
	}
	for _, line := range r.Machine.Lines {
		fmt.Fprintf(a.out, "  %s  %s\n", a.paint(levels[string(line.Level)], fmt.Sprintf("%-9s", line.Level)), a.plain(line.Text))
		if line.Fix != "" {
			fmt.Fprintf(a.out, "             fix: %s\n", a.plain(line.Fix))
		}
	}
	if len(r.Site.Queues) > 0 {
		fmt.Fprintln(a.out)
		a.printQueues(r.Site)
	}
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

var levels = map[string]ink{"pass": green, "warn": yellow, "fail": red}

func inBrackets(text string) string {
	if text == "" {
		return ""
	}
	return " (" + text + ")"
}

// printQueues lists the QOS of a site with their limits and prices.
func (a *app) printQueues(s model.Site) {
	t := newTable("QOS", ">nodes|at most", ">GPUs|at most", ">time|hours", ">price|× hours", "")
	for _, q := range s.Queues {
		t.add(q.Name, limit(float64(q.MaxNodes)), limit(float64(q.MaxGPUs)), limit(q.MaxHours), unit.Number(q.Factor, 2), a.plain(q.Note))
	}
	a.write(t)
}

// limit of 0 is none.
func limit(v float64) string {
	if v == 0 {
		return unit.Missing
	}
	if v == float64(int(v)) {
		return unit.Number(v, 0)
	}
	return unit.Number(v, 1)
}
