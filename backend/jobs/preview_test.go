package jobs_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"shardeck/backend/app"
	"shardeck/backend/app/apptest"
	"shardeck/backend/jobs"
	"shardeck/backend/scheduler"
)

// planner is a scheduler whose plans are the test's, made one at a time.
type planner struct {
	scheduler.Scheduler
	plan  scheduler.Estimate
	err   error
	asked []scheduler.Request
	leave func() // called while it is asked
}

func (p *planner) Estimate(ctx context.Context, r scheduler.Request) (scheduler.Estimate, error) {
	p.asked = append(p.asked, r)
	if p.leave != nil {
		p.leave()
		return scheduler.Estimate{}, ctx.Err()
	}
	return p.plan, p.err
}

// previews are those of some experiments.
func previews(b *apptest.Bench, t *testing.T, ids ...string) []jobs.Preview {
	t.Helper()
	var all []jobs.Preview
	for _, id := range ids {
		p, err := b.Preview(t.Context(), id, false)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	return all
}

func newPlanner(t *testing.T) (*apptest.Bench, *planner) {
	b := apptest.New(t)
	p := &planner{Scheduler: b.Stage, plan: scheduler.Estimate{Start: b.Clock.Now().Add(18 * time.Minute), Nodes: "nid001000"}}
	b.Scheduler = p
	b.Open(t, app.Options{})
	return b, p
}

// TestStartsAskOnce: what two experiments both ask for is planned once, and again only
// when the plan is old.
func TestStartsAskOnce(t *testing.T) {
	b, p := newPlanner(t)
	pair := previews(b, t, "E1.2", "E1.6") // two GPUs each
	for range 3 {
		for i, s := range b.Starts(t.Context(), pair) {
			if !s.At.Equal(p.plan.Start) || s.Nodes != "nid001000" || s.Note != "" {
				t.Errorf("%d: %+v", i, s)
			}
		}
	}
	if len(p.asked) != 1 || p.asked[0].Check() != nil || p.asked[0].Script != pair[0].Script || len(b.Stage.Submitted) != 0 {
		t.Errorf("asked %d times: %v", len(p.asked), p.asked[0].Check())
	}
	b.Clock.Pass(jobs.StartFresh)
	b.Starts(t.Context(), pair)
	b.Starts(t.Context(), previews(b, t, "E1.1")) // one GPU
	if len(p.asked) != 3 {
		t.Errorf("an old plan and another kind of job: asked %d times", len(p.asked))
	}
}

// TestStartsAreInNobodysWay: a scheduler that refuses, is ill or plans nothing leaves a
// note, and is not asked again at once; a user who leaves leaves nothing.
func TestStartsAreInNobodysWay(t *testing.T) {
	b, p := newPlanner(t)
	one := previews(b, t, "E1.6")
	ctx, cancel := context.WithCancel(t.Context())
	p.leave = cancel
	if s := b.Starts(ctx, one)[0]; s != (jobs.Start{}) {
		t.Errorf("given up: %+v", s)
	}
	p.leave = nil
	p.err = &scheduler.Fault{Text: "the account is not one\x1b[31m", ToDo: "take another"}
	for range 2 {
		if s := b.Starts(t.Context(), one)[0]; !s.At.IsZero() || s.Note != "the account is not one" || s.Fix != "take another" {
			t.Errorf("refused: %+v", s)
		}
	}
	if len(p.asked) != 2 {
		t.Errorf("asked %d times", len(p.asked))
	}
	b.Clock.Pass(jobs.StartFresh)
	p.err, p.plan = nil, scheduler.Estimate{}
	if s := b.Starts(t.Context(), one)[0]; !strings.Contains(s.Note, "no time for it") {
		t.Errorf("never: %+v", s)
	}
	if _, err := b.Submit(t.Context(), "E1.6", jobs.SubmitOptions{}); err != nil {
		t.Errorf("submitted all the same: %v", err)
	}
}

// TestStartsOfFewKinds: of many kinds of job only some are asked for at once.
func TestStartsOfFewKinds(t *testing.T) {
	b, p := newPlanner(t)
	many := previews(b, t, "E1.1", "E1.2", "E1.6", "E1.1")
	for i := range many {
		many[i].Script += "#SBATCH -t " + strings.Repeat("1", i+1) + "\n"
	}
	all := b.Starts(t.Context(), many)
	if len(p.asked) != jobs.StartShapes || all[3] != (jobs.Start{}) || all[2].At.IsZero() {
		t.Errorf("asked %d times: %+v", len(p.asked), all)
	}
	many[0].Row.Problem = "cannot be read"
	b.Clock.Pass(jobs.StartFresh)
	if b.Starts(t.Context(), many[:1]); len(p.asked) != jobs.StartShapes {
		t.Error("asked for what cannot be submitted")
	}
}

// TestStartsWithoutPlan: a scheduler that never says is not asked.
func TestStartsWithoutPlan(t *testing.T) {
	b := apptest.New(t)
	b.Scheduler = struct{ scheduler.Scheduler }{b.Stage} // plans nothing
	b.Open(t, app.Options{})
	if s := b.Starts(t.Context(), previews(b, t, "E1.6")); len(s) != 1 || s[0] != (jobs.Start{}) {
		t.Errorf("%+v", s)
	}
}
