package jobs

import (
	"context"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/model"
	"shardeck/model/present"
	"shardeck/ui/pane"
	"shardeck/ui/widget"
)

// columns are those of jobs; some are as wide whatever is in them, so that nothing jumps.
var columns = func() []widget.Column {
	all := pane.Columns(present.Jobs(nil, nil, time.Time{}))
	all[2].Keep, all[3].Keep = len("cancelled"), 24
	return all
}()

type rows struct {
	env    env
	titles map[string]string // causes and stages seen, by job
	ran    map[string]bool   // the title is of when the job still ran
}

func (p *rows) cells(j model.Job) []widget.Cell {
	return pane.Cells(p.env.Theme, present.Job(j, p.titles[j.ID], p.env.Now()))
}

func fields(j model.Job) map[string]string { return present.Job(j, "", time.Time{}).Fields }

// glances is how many logs are looked at when the scheduler has answered: of jobs that run,
// for their stage, and of those that failed, once, for the cause.
const glances = 12

// glance finds out in a few words what the jobs are doing, or why they failed, without the cursor being on each.
func (p *Pane) glance() tea.Cmd {
	some := p.rows.toGlance(p.list.Shown())
	if len(some) == 0 {
		return nil
	}
	return p.glancing.Start(p.env.Ctx, func(ctx context.Context) (map[string]string, error) {
		titles := map[string]string{}
		for _, j := range some {
			titles[j.ID] = p.seen(ctx, j)
		}
		return titles, ctx.Err()
	}, func(titles map[string]string, err error) tea.Cmd {
		if err != nil {
			return nil
		}
		return p.told(titles)
	})
}

// toGlance are the newest jobs whose line may have something new to say.
func (p *rows) toGlance(shown []model.Job) []model.Job {
	var out []model.Job
	for _, j := range shown {
		_, known := p.titles[j.ID]
		failed := j.State.Failed() && j.State != model.JobCancelled // of a cancelled one all is said
		if len(out) < glances && (j.State == model.JobRunning || failed && (!known || p.ran[j.ID])) {
			out = append(out, j)
		}
	}
	return out
}

// seen is empty where nothing can be read.
func (p *Pane) seen(ctx context.Context, j model.Job) string {
	var d detail
	if j.State.Failed() {
		d.cause, _ = p.env.Why(ctx, j)
	} else {
		d.part, _ = p.env.Log(ctx, j, 1)
	}
	return titleOf(d)
}
