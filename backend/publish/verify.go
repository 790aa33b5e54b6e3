package publish

import (
	"cmp"
	"context"
	"os"
	"slices"

	"shardeck/backend/pool"
	"shardeck/backend/report"
	"shardeck/model"
	"shardeck/model/page"
)

// Verdict is what a check of a page found.
type Verdict struct {
	Runs    int                 `json:"runs"`
	Numbers int                 `json:"numbers"` // of the runs that are here, worked out again
	Gone    []string            `json:"gone"`    // runs that are no longer here
	Changed []Change            `json:"changed"` // files that are not those the page was made of
	Differs []report.Difference `json:"differs"`
}

// Change is a file of a run that has changed since a page was made.
type Change struct {
	Run  string `json:"run"`
	File string `json:"file"`
	What string `json:"what"`
}

// Holds reports whether a page says what its runs do.
func (v Verdict) Holds() bool { return len(v.Gone)+len(v.Changed)+len(v.Differs) == 0 }

// Verify works the numbers of a page out again from its runs; elsewhere are paths of those that do not lie in the workspace. Where some are
// gone, the rest of the page is held against its own data.
func (p *Publisher) Verify(ctx context.Context, path, program string, elsewhere []string, progress pool.Progress) (Verdict, error) {
	v := Verdict{Gone: []string{}, Changed: []Change{}, Differs: []report.Difference{}}
	text, err := os.ReadFile(path)
	if err != nil {
		return v, model.Failed("cannot read the page", err, "")
	}
	own, err := report.ReadPage(text)
	if err != nil {
		return v, err
	}
	found, err := p.find(ctx, own, elsewhere)
	if err != nil {
		return v, err
	}
	in := page.Input{Program: own.Program, Made: own.Made, Asked: own.Asked, NodeGPUs: p.NodeGPUs}
	if own.Program != program {
		in.Program = program
	}
	v.Runs = len(own.Runs)
	var runs []model.Run
	for i, r := range own.Runs {
		if found[i] == nil {
			v.Gone = append(v.Gone, r.Name)
			continue
		}
		runs = append(runs, *found[i])
		for _, m := range r.Metrics {
			if m.Value != nil {
				v.Numbers++
			}
		}
	}
	if own.Asked.Sweep != "" {
		plan, err := p.Sweeps.PlanSweep(ctx, own.Asked.Sweep)
		if in.Plan = &plan; err != nil {
			return v, err
		}
	}
	fresh := own
	if len(runs) > 0 {
		if fresh, err = p.pageOf(ctx, runs, in, progress); err != nil {
			return v, err
		}
		v.Changed = changed(own, fresh)
	}
	if len(v.Gone) > 0 {
		fresh = withoutGone(own, fresh)
	}
	if v.Differs, err = report.Compare(text, own, fresh); v.Differs == nil {
		v.Differs = []report.Difference{}
	}
	return v, err
}

// find finds the runs of a page by the hashes of their names; nil: it is gone.
func (p *Publisher) find(ctx context.Context, own page.Page, elsewhere []string) ([]*model.Run, error) {
	here := p.Among(nil)
	all, err := here.Runs(ctx)
	more, errMore := model.Through(elsewhere, here.Run)
	all = append(all, more...)
	return model.Each(own.Runs, func(r page.Run) *model.Run {
		found := model.First(all, func(x model.Run) bool { return page.KeyOf(x.Name) == r.Key })
		if found != nil {
			found.Changed = nil // as in runs
		}
		return found
	}), cmp.Or(err, errMore)
}

// changed are the files that differ from those of a page.
func changed(own, fresh page.Page) []Change {
	out := []Change{}
	for _, r := range own.Runs {
		now := model.First(fresh.Runs, func(n page.Run) bool { return n.Key == r.Key })
		if now == nil {
			continue
		}
		for _, f := range r.Files {
			is := model.First(now.Files, func(n page.File) bool { return n.Name == f.Name })
			switch {
			case is == nil:
				out = append(out, Change{r.Name, f.Name, "is gone"})
			case is.Bytes != f.Bytes || is.SHA256 != f.SHA256 && is.SHA256 != "" && f.SHA256 != "":
				out = append(out, Change{r.Name, f.Name, "has changed since"})
			}
		}
		for _, f := range now.Files {
			if !slices.ContainsFunc(r.Files, func(was page.File) bool { return was.Name == f.Name }) {
				out = append(out, Change{r.Name, f.Name, "has come since"})
			}
		}
	}
	return out
}

// withoutGone is a page's own data, with the numbers of the runs that are still here worked out again: what several runs say together can
// not be, without one of them.
func withoutGone(own, fresh page.Page) page.Page {
	out := own
	out.Runs = slices.Clone(own.Runs)
	for i, r := range out.Runs {
		if now := model.First(fresh.Runs, func(n page.Run) bool { return n.Key == r.Key }); now != nil {
			out.Runs[i] = *now
		}
	}
	return out
}
