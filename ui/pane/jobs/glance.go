package jobs

import (
	"context"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/model"
	"shardeck/model/present/unit"
	"shardeck/ui/pane"
)

// glances is how many logs are looked at when the scheduler has answered: those of jobs
// that run, for their stage, and of jobs that failed, once, for the cause.
const glances = 12

// glance finds out in a few words what the jobs are doing, or why they failed, without the
// cursor being on each.
func (p *Pane) glance() tea.Cmd {
	jobs, l := p.toGlance(), p.env.Lab
	if len(jobs) == 0 {
		return nil
	}
	return p.glancing.Start(p.env.Ctx, func(ctx context.Context) (map[string]string, error) {
		titles := map[string]string{}
		for _, j := range jobs {
			titles[j.ID] = seen(ctx, l, j)
		}
		return titles, ctx.Err()
	}, p.gotGlance)
}

// toGlance are the newest jobs whose line may have something new to say.
func (p *Pane) toGlance() []model.Job {
	var out []model.Job
	for _, i := range p.shown {
		j := p.list.Jobs[i]
		_, known := p.titles[j.ID]
		failed := j.State.Failed() && j.State != model.JobCancelled // of a cancelled one all is said
		if len(out) < glances && (j.State == model.JobRunning || failed && (!known || p.ended(j))) {
			out = append(out, j)
		}
	}
	return out
}

// ended tells of a job whose words are of the time when it still ran.
func (p *Pane) ended(j model.Job) bool { return j.State.Failed() && p.ran[j.ID] }

func seen(ctx context.Context, l pane.Lab, j model.Job) string {
	if j.State.Failed() {
		cause, err := l.Why(ctx, j)
		if err != nil {
			return ""
		}
		return cause.Title
	}
	part, err := l.Log(ctx, j, 1)
	if err != nil {
		return ""
	}
	return stageWords(part.Stage, part.Done, part.Total)
}

// stageWords are a stage and how far it is: "timing 3 of 5".
func stageWords(stage string, done, total int) string {
	if stage == "" || total == 0 {
		return stage
	}
	return stage + " " + unit.Int(done) + " of " + unit.Int(total)
}

// gotGlance keeps what was seen; a log that does not tell is not asked again once the job
// has ended.
func (p *Pane) gotGlance(titles map[string]string, err error) tea.Cmd {
	if err != nil {
		return nil
	}
	for _, j := range p.list.Jobs {
		if title, ok := titles[j.ID]; ok {
			p.titles[j.ID], p.ran[j.ID] = title, j.State.Active()
		}
	}
	p.fill()
	return pane.Send(pane.SeenMsg{Titles: titles})
}
