package lab

import (
	"context"

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
func (l *Lab) SiteReport(ctx context.Context) (SiteReport, error) {
	r := SiteReport{Site: l.world.Site, Origin: l.SiteOrigin(), Sites: l.catalog.Sites, Account: l.world.Account,
		Scheduler: l.scheduler.Name(), Machine: l.machine()}
	ctx, cancel := context.WithTimeout(ctx, queryDeadline)
	defer cancel()
	limits, err := l.scheduler.Limits(ctx)
	if err != nil {
		r.Problem = err.Error()
	}
	r.Limits = limits
	return r, nil
}
