package app

import (
	"context"
	"time"

	"shardeck/backend/probe"
	"shardeck/backend/scheduler"
	"shardeck/model"
)

// SiteReport is what is known of the place: the site's description, what this machine
// has, and what the scheduler allows.
type SiteReport struct {
	Site      model.Site       `json:"site"`
	Origin    string           `json:"origin"` // how the site is known: detected, assumed, or what names it
	Sites     []string         `json:"sites"`  // all that are known by name
	Account   string           `json:"account"`
	Scheduler string           `json:"scheduler"`
	Machine   probe.Machine    `json:"machine"`
	Limits    scheduler.Limits `json:"limits"`
	Problem   string           `json:"problem"` // why Limits is empty
}

// SiteReport asks the scheduler once for its limits; one that does not answer is a
// Problem in the report.
func (a *App) SiteReport(ctx context.Context) (SiteReport, error) {
	r := SiteReport{Site: a.world.Site, Origin: a.SiteOrigin(), Sites: a.catalog.Sites, Account: a.world.Account,
		Scheduler: a.scheduler.Name(), Machine: a.machine()}
	ctx, cancel := context.WithTimeout(ctx, limitsDeadline)
	defer cancel()
	limits, err := a.scheduler.Limits(ctx)
	if err != nil {
		r.Problem = err.Error()
	}
	r.Limits = limits
	return r, nil
}

// limitsDeadline bounds the query for the scheduler's limits.
const limitsDeadline = 30 * time.Second

// LoginBudget is how many bytes of traces may be read on this machine; 0: any number,
// where it is no login node or the caller said to read here all the same.
func (a *App) LoginBudget() int64 {
	if budget := a.world.Site.Login.TraceBytes; budget > 0 && !a.options.Here && a.onLoginNode() {
		return budget
	}
	return 0
}

// onLoginNode tells a login node from a compute node and from somebody's own machine:
// the site was recognised or named, and this is no allocation.
func (a *App) onLoginNode() bool {
	m := a.machine()
	if m.Allocation != "" {
		return false
	}
	switch a.SiteOrigin() {
	case "assumed":
		return false
	case "detected":
		return true
	}
	return m.Scheduler() == "slurm" || marked(a.world.Site, a.options.Env)
}

// marked reports whether the environment bears the marks of a site.
func marked(site model.Site, env func(string) string) bool {
	for k, v := range site.Detect {
		if env(k) != v {
			return false
		}
	}
	return len(site.Detect) > 0
}

// SiteOrigin says how the site is known: detected, assumed, or the file or flag that
// names it.
func (a *App) SiteOrigin() string { return a.catalog.Settings.Origin("site") }
