package publish

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"regexp"
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
	Changed []string            `json:"changed"` // files that are not those the page was made of
	Differs []report.Difference `json:"differs"`

	Unsure string `json:"not_checked,omitempty"` // why the differences may be those of another version of this program
}

// Holds reports whether a page says what its runs do.
func (v Verdict) Holds() bool { return len(v.Gone)+len(v.Changed)+len(v.Differs) == 0 }

// fileAt is the place of what a page says of a file.
var fileAt = regexp.MustCompile(`^data\.runs\.(.+)\.files\.(.+)\.\w+$`)

// Verify works the numbers of a page out again from its runs; elsewhere are paths of those that do not lie in the workspace. Where some are
// gone, the rest of the page is held against its own data.
func (p *Publisher) Verify(ctx context.Context, path, program string, elsewhere []string, progress pool.Progress) (Verdict, error) {
	v := Verdict{Gone: []string{}, Changed: []string{}, Differs: []report.Difference{}}
	text, err := os.ReadFile(path)
	if err != nil {
		return v, model.Failed("cannot read the page", err, "")
	}
	own, err := report.ReadPage(text)
	if err != nil {
		return v, err
	}
	found, err := p.find(ctx, own, elsewhere)
	if err == nil && len(found) == 0 {
		err = model.Failed("the page names no run: nothing can be worked out again", nil, "make the page again")
	}
	if err != nil {
		return v, err
	}
	in := page.Input{Program: own.Program, Made: own.Made, Asked: own.Asked, NodeGPUs: p.NodeGPUs}
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
	}
	if len(v.Gone) > 0 {
		fresh = withoutGone(own, fresh)
	}
	differs, err := report.Compare(text, own, fresh)
	for _, d := range differs {
		if of := fileAt.FindStringSubmatch(d.Where); of == nil {
			v.Differs = append(v.Differs, d)
		} else if file := of[1] + ": " + of[2]; !slices.Contains(v.Changed, file) {
			v.Changed = append(v.Changed, file)
		}
	}
	if len(v.Differs) > 0 && own.Program != program {
		v.Unsure = fmt.Sprintf("shardeck %s wrote the page, and this is %s, which may draw figures otherwise: the other can tell", own.Program, program)
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
