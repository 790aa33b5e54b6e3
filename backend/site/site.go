// Package site is the cluster that a workspace is open for: what is known of it and how (survey.go looks where no file tells), what it
// allows this user, and how much may be done on its login nodes.
package site

import (
	"context"
	"fmt"
	"time"

	"shardeck/backend/catalog"
	"shardeck/backend/generated"
	"shardeck/backend/probe"
	"shardeck/backend/scheduler"
	"shardeck/backend/strictyaml"
	"shardeck/backend/workspace"
	"shardeck/model"
	"shardeck/model/check"
)

// Needs is what a cluster takes of an open workspace. It is set once.
type Needs struct {
	Workspace *workspace.Workspace
	World     check.World
	Catalog   *catalog.Catalog
	Scheduler scheduler.Scheduler
	Machine   func() probe.Machine
	Env       func(string) string
	Anywhere  bool // traces of any size are read here, a login node or not
}

// Cluster is the use cases of a site.
type Cluster struct{ needs Needs }

// New is the cluster of an open workspace.
func New(n Needs) *Cluster { return &Cluster{n} }

// Site is the cluster that experiments are judged for.
func (c *Cluster) Site() model.Site { return c.needs.World.Site }

// Account is who pays, as the settings say; empty: nobody was named.
func (c *Cluster) Account() string { return c.needs.World.Account }

// SchedulerName is slurm or local.
func (c *Cluster) SchedulerName() string { return c.needs.Scheduler.Name() }

// Report is the site's description, what this machine has, and what the scheduler allows.
type Report struct {
	Site      model.Site           `json:"site"`
	Origin    string               `json:"origin"` // how the site is known: detected, assumed, or what names it
	Sites     []string             `json:"sites"`  // all that are known by name
	GPUs      map[string]model.GPU `json:"-"`      // kinds of GPU, by key
	Account   string               `json:"account"`
	Scheduler string               `json:"scheduler"`
	Machine   probe.Machine        `json:"machine"`
	Limits    scheduler.Limits     `json:"limits"`
	Problem   string               `json:"problem"` // why Limits is empty
}

// SiteReport asks the scheduler once for its limits; one that does not answer is a Problem.
func (c *Cluster) SiteReport(ctx context.Context) (Report, error) {
	w := c.needs.World
	r := Report{Site: w.Site, Origin: c.SiteOrigin(), Sites: c.needs.Catalog.Sites, GPUs: w.GPUs, Account: w.Account,
		Scheduler: c.SchedulerName(), Machine: c.needs.Machine()}
	ctx, cancel := context.WithTimeout(ctx, limitsDeadline)
	defer cancel()
	limits, err := c.needs.Scheduler.Limits(ctx)
	if err != nil {
		r.Problem = err.Error()
	}
	r.Limits = limits
	return r, nil
}

const limitsDeadline = 30 * time.Second

// LoginBudget is how many bytes of traces may be read here; 0: any number, on no login node or by the caller's word.
func (c *Cluster) LoginBudget() int64 {
	if budget := c.needs.World.Site.Login.TraceBytes; budget > 0 && !c.needs.Anywhere && c.LoginNode() {
		return budget
	}
	return 0
}

// LoginNode tells a login node: the site was recognised or named, and this is no allocation.
func (c *Cluster) LoginNode() bool {
	m := c.needs.Machine()
	if m.Allocation != "" {
		return false
	}
	switch c.SiteOrigin() {
	case "assumed":
		return false
	case "detected":
		return true
	}
	return m.Scheduler() == "slurm" || c.needs.World.Site.Marked(c.needs.Env)
}

// SiteOrigin says how the site is known: detected, assumed, or the file or flag that names it.
func (c *Cluster) SiteOrigin() string { return c.needs.Catalog.Settings.Origin("site") }

// WriteSite writes the site that is open as sites/NAME.yaml of the workspace, to be edited there. A file that was edited is
// left as it is.
func (c *Cluster) WriteSite(name string) (generated.Wrote, error) {
	w := generated.Wrote{Path: "sites/" + name + ".yaml"}
	if err := c.needs.Workspace.Writable("write " + w.Path); err != nil {
		return w, err
	}
	if err := model.CheckID(name); err != nil {
		return w, &model.Fault{Cause: err, Kind: model.ErrInvalid}
	}
	site := c.needs.World.Site
	if site.Name = name; site.Name != c.needs.World.Site.Name {
		site.Detect = nil // those of the other
	}
	text, err := strictyaml.Plain(site)
	if err != nil {
		return w, err
	}
	head := fmt.Sprintf("# %s, written by shardeck site --write (%s). It is yours to edit; keys: see the sites that shardeck comes with.\n",
		site.Title, c.SiteOrigin())
	done, err := generated.Write(c.needs.Workspace, map[string][]byte{w.Path: append([]byte(head), text...)}, false)
	if w.Action = done[w.Path]; err == nil && w.Action == generated.Refused {
		err = model.Failed(w.Path+" was edited, and is left as it is", nil, "write another name, or move it away")
	}
	return w, err
}
