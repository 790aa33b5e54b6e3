// Package publish is the use cases of what leaves the terminal: reports that stand by themselves, their check against the runs
// (verify.go), single figures for papers (figures.go), and runs in the formats of other programs (exchange.go).
package publish

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"shardeck/backend/pool"
	"shardeck/backend/report"
	"shardeck/backend/trace"
	"shardeck/model"
	"shardeck/model/compare"
	"shardeck/model/explain"
	"shardeck/model/metric"
	"shardeck/model/page"
	"shardeck/model/scaling"
	"shardeck/model/sweep"
	"shardeck/model/timeline"
	"shardeck/model/xray"
)

// Needs is what publishing takes of an open workspace. It is set once.
type Needs struct {
	Root     string   // of the workspace
	Known    []string // names of people and accounts that the settings and the process tell
	NodeGPUs int
	Folder   func(rel string, fill func(tmp string) error) error // makes one, whole or not at all
	Lanes    func(ctx context.Context, run string, part timeline.View, progress pool.Progress) (*timeline.Run, error)
	Pool     *pool.Pool
	Budget   func() int64                // of bytes that may be read here; 0: any number
	Among    func(runs []string) Results // what is known of some runs, as if no others were here
	Sweeps   Sweeps
	Foretold func(ctx context.Context, ids []string) ([]scaling.Measured, error)
}

// Results is what was measured.
type Results interface {
	Run(name string) (model.Run, error)
	Runs(ctx context.Context) ([]model.Run, error)
	Analyse(ctx context.Context, name string, p pool.Priority, progress pool.Progress) (*metric.Analysis, error)
	Timings(ctx context.Context, name string) (*metric.Analysis, error)
	MeasuredOf(run model.Run, a *metric.Analysis) scaling.Measured
	Compare(ctx context.Context, names []string, progress pool.Progress, rules ...compare.Rule) (compare.Comparison, error)
	Scaling(ctx context.Context, x scaling.Axis, y string, foretold ...scaling.Measured) ([]scaling.Series, error)
	Entries(ctx context.Context, names []string) ([]scaling.Entry, error)
	Explain(ctx context.Context, before, after string, progress pool.Progress) (explain.Waterfall, error)
	XRay(ctx context.Context, name string, progress pool.Progress) (xray.Report, error)
}

// Sweeps is what sweeps tell.
type Sweeps interface {
	SweepIDs() []string
	PlanSweep(ctx context.Context, id string) (sweep.Plan, error)
}

// Publisher is the use cases. Its methods are safe for concurrent use.
type Publisher struct{ Needs }

// New publishes from an open workspace.
func New(n Needs) *Publisher { return &Publisher{n} }

// Order is what a report is asked for.
type Order struct {
	Of        []string // runs, or one sweep; none: every finished run here
	WithNames bool
	Program   string // version
	Made      string // date and time, UTC
}

// Report makes a page. progress may be nil.
func (p *Publisher) Report(ctx context.Context, o Order, progress pool.Progress) (page.Page, error) {
	in := page.Input{Program: o.Program, Made: o.Made, Asked: page.Asked{Names: o.WithNames}, NodeGPUs: p.NodeGPUs}
	runs, err := p.runs(ctx, o.Of, &in)
	if err != nil {
		return page.Page{}, err
	}
	return p.pageOf(ctx, runs, in, progress)
}

// runs are those of an order, by name; of a sweep those of its points.
func (p *Publisher) runs(ctx context.Context, words []string, in *page.Input) ([]model.Run, error) {
	here := p.Among(nil)
	if len(words) == 1 && slices.Contains(p.Sweeps.SweepIDs(), words[0]) {
		plan, err := p.Sweeps.PlanSweep(ctx, words[0])
		if err != nil {
			return nil, err
		}
		in.Plan, in.Asked.Sweep, words = &plan, words[0], nil
		for _, x := range plan.Points {
			if x.Run != nil {
				words = append(words, x.Run.Name)
			}
		}
		if len(words) == 0 {
			return nil, model.Failed("no point of "+plan.Sweep.ID+" has a result yet", nil, "shardeck sweep status "+plan.Sweep.ID)
		}
	}
	if len(words) > 0 {
		return model.Through(words, here.Run)
	}
	all, err := here.Runs(ctx) // a list knows of changes, of which the warnings of an analysis tell
	all = slices.DeleteFunc(all, func(r model.Run) bool {
		return r.Unfinished || r.Readable() != nil || strings.Contains(r.Name, model.OldMark)
	})
	slices.Reverse(all) // the oldest first, as in a notebook
	if err == nil && len(all) == 0 {
		err = model.Failed("no finished run here yet", nil, "shardeck submit runs an experiment")
	}
	for i := range all {
		all[i].Changed = nil
	}
	return all, err
}

// pageOf is the page of some runs.
func (p *Publisher) pageOf(ctx context.Context, runs []model.Run, in page.Input, progress pool.Progress) (page.Page, error) {
	names := model.Each(runs, func(r model.Run) string { return r.Name })
	here := p.Among(names)
	for _, run := range runs {
		s, err := p.source(ctx, here, run, progress)
		if err != nil {
			return page.Page{}, err
		}
		in.Sources = append(in.Sources, s)
	}
	if err := p.fill(ctx, here, names, &in, progress); err != nil {
		return page.Page{}, err
	}
	made := page.Of(in)
	if in.Asked.Names {
		return made, nil
	}
	return made.Without(p.namesOf(in.Sources))
}

// source is a run with what was measured of it; what cannot be read says so.
func (p *Publisher) source(ctx context.Context, here Results, run model.Run, progress pool.Progress) (s page.Source, err error) {
	a, err := here.Analyse(ctx, run.Name, pool.Wanted, progress)
	if ctx.Err() != nil {
		return s, ctx.Err()
	}
	if err != nil {
		if s.Problem = err.Error(); errors.Is(err, model.ErrBudget) {
			a, _ = here.Timings(ctx, run.Name) // Problem says what is missing
		}
	}
	s.Measured = here.MeasuredOf(run, a)
	if f := model.First(run.Files, func(f model.RunFile) bool { return f.Kind == model.FileRunJSON }); f != nil {
		s.Info, _ = trace.OpenRunJSON(f.Path) // the analysis warns of what is wrong with it
	}
	s.Files, err = p.hashed(ctx, run)
	return s, err
}

// hashed are the files of a run with their hashes, where they may all be read here.
func (p *Publisher) hashed(ctx context.Context, run model.Run) ([]page.File, error) {
	files, bytes := make([]page.File, len(run.Files)), int64(0)
	for i, f := range run.Files {
		files[i] = page.File{Name: filepath.Base(f.Path), Bytes: f.Size}
		bytes += f.Size
	}
	if budget := p.Budget(); budget > 0 && bytes > budget {
		for i := range files {
			files[i].Why = "the run is more than may be read on a login node"
		}
		return files, nil
	}
	work := func(ctx context.Context) error {
		p.Pool.Each(ctx, pool.Wanted, len(files), func(i int) {
			sum, err := hashOf(run.Files[i].Path)
			if files[i].SHA256 = sum; err != nil {
				files[i].Why = "it cannot be read"
			}
		})
		return ctx.Err()
	}
	return files, p.Pool.Do(ctx, pool.Wanted, 0, work).Wait()
}

// hashOf is the SHA-256 of a file.
func hashOf(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum := sha256.New()
	_, err = io.Copy(sum, f)
	return hex.EncodeToString(sum.Sum(nil)), err
}

// fill gives a page what several runs say together.
func (p *Publisher) fill(ctx context.Context, here Results, names []string, in *page.Input, progress pool.Progress) error {
	byGPUs, err := here.Scaling(ctx, scaling.AxisGPUs, scaling.ThroughputMetric)
	ttft, errFirst := here.Scaling(ctx, scaling.AxisBatch, "ttft")
	tpot, errEach := here.Scaling(ctx, scaling.AxisBatch, "tpot")
	entries, errEntries := here.Entries(ctx, names)
	if err := cmp.Or(err, errFirst, errEach, errEntries); err != nil {
		return err
	}
	in.ByGPUs, in.TTFT, in.TPOT = byGPUs, ttft, tpot
	in.Scalings, in.Fronts = scaling.ScalingsOf(entries), scaling.FrontiersOf(entries)
	works := page.Works(in.Sources, func(s page.Source) bool { return s.Problem == "" })
	if len(works) == 0 || len(works[0]) < 2 {
		return nil
	}
	alike := model.Each(works[0], func(m scaling.Measured) string { return m.Run.Name })
	c, err := here.Compare(ctx, alike, progress)
	if err != nil {
		return err
	}
	in.Comparison = &c
	if w, err := here.Explain(ctx, alike[0], alike[len(alike)-1], progress); err == nil && len(alike) == 2 && len(w.Metrics) > 0 {
		in.Waterfall = &w // without traces there is none, and the page is whole without it
	}
	return ctx.Err()
}

// ofSomebody matches variables whose values are names.
var ofSomebody = regexp.MustCompile(`(?i)(?:USER|ENTITY|ACCOUNT|PROJECT|OWNER|AUTHOR|EMAIL|HOST|HOSTNAME)$`)

// namesOf are the names that a page leaves out: those of the user and the accounts, of the folders' owners, of the hosts that ran, and of
// files that others named.
func (p *Publisher) namesOf(all []page.Source) page.Names {
	n := page.Names{Words: append(slices.Clone(p.Known), page.Owners(p.Root)...), Files: map[string]string{p.Root: page.Left}}
	for i, s := range all {
		n.Files[s.Run.Dir] = page.Left
		n.Words = append(n.Words, page.Owners(s.Run.Dir)...)
		if strings.ContainsAny(s.Run.Name, `/\`) {
			n.Files[s.Run.Name] = fmt.Sprintf("run %d", i+1)
		}
		if e := s.Run.Experiment; e != nil {
			project, _, _ := strings.Cut(e.Slurm.Account, "_") // m1234_g
			n.Words = append(n.Words, e.Slurm.Account, project)
			n.Words = append(n.Words, page.Owners(e.Model.Name)...)
			n.Words = append(n.Words, page.Owners(e.OutputDir)...)
			for key, value := range e.Env {
				if n.Words = append(n.Words, page.Owners(value)...); ofSomebody.MatchString(key) {
					n.Words = append(n.Words, value)
				}
			}
		}
		if s.Info != nil {
			for _, h := range s.Info.Hosts {
				short, _, _ := strings.Cut(h, ".")
				n.Words = append(n.Words, h, short)
			}
		}
		for k, f := range s.Run.Files {
			if base := filepath.Base(f.Path); !page.OurFile(base) {
				n.Files[base] = fmt.Sprintf("%s file %d", f.Kind, k+1)
			}
		}
	}
	return n
}

// HTML is a page as it is written.
func (p *Publisher) HTML(made page.Page) ([]byte, error) {
	var out bytes.Buffer
	err := report.WritePage(&out, made)
	return out.Bytes(), err
}
