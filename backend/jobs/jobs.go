// Package jobs is the use cases of a job's life: look at its surroundings (environment.go), show what would be
// submitted and when it would start (preview.go), submit it, or a job that reads the traces of a run on a
// compute node (submit.go), list it (queue.go), find it (find.go), though it was submitted without us (byhand.go)
// and its log has any name (lognames.go), follow it (follow.go), say why it waits (wait.go), and why it failed
// and what mends it (why.go).
package jobs

import (
	"context"
	"sync"
	"time"

	"shardeck/backend/probe"
	"shardeck/backend/render"
	"shardeck/backend/scheduler"
	"shardeck/backend/scheduler/poll"
	"shardeck/backend/workspace"
	"shardeck/model"
	"shardeck/model/board"
	"shardeck/model/check"
)

// Needs is what jobs take of an open workspace. It is set once.
type Needs struct {
	Workspace *workspace.Workspace
	World     check.World
	Scheduler scheduler.Scheduler
	Poll      *poll.Poller // the one who asks the scheduler for its queue
	Past      poll.Shelf   // where its history lies for other processes
	Now       func() time.Time
	Note      func(text string) // keeps a remark that no caller waits for

	Experiments Experiments
	Edits       []model.Edit         // --set values that are keys of a config
	Machine     func() probe.Machine // what is installed here
	Software    probe.Target         // what every job needs, as the settings say
	Getenv      func(string) string
	Each        func(ctx context.Context, n int, f func(i int)) // calls f of 0 to n-1 in the pool; nil: one after the other

	// Unread tells what is left to read of the runs named; none: of those too large to read here.
	Unread func(ctx context.Context, names []string) ([]model.UnreadRun, error)
	// Reading is what every job that reads traces has in common: workspace, program, cache.
	Reading render.Reading
}

// Experiments is what jobs ask of the experiments here.
type Experiments interface {
	Row(id string) (board.Row, error)
	WithRun(row board.Row, nsys bool) board.Row
	Rows(ctx context.Context, ids []string) ([]board.Row, error)
	IDs() []string
	Check(e model.Experiment) check.Verdict
	Legal(e model.Experiment, path string) []int
	WithSets(e model.Experiment) model.Experiment
	Script(config string, e model.Experiment) render.Job
	OldRunner(e model.Experiment) []check.Finding
	BringRunner(e model.Experiment) error
}

// Jobs is the use cases of a job's life. Its methods are safe for concurrent use.
type Jobs struct {
	*Queue
	*Follower
	*Explainer
	*Submitter
	*Surroundings
}

// New works on the jobs of an open workspace.
func New(n Needs) *Jobs {
	q := &Queue{n, &history{scheduler: n.Scheduler, now: n.Now, shelf: n.Past, turn: scheduler.NewTurn()}, &fresh[map[string]string]{turn: scheduler.NewTurn()}, &sync.Map{}}
	s := &Submitter{Needs: n, queue: q, starts: &plannedStarts{turn: scheduler.NewTurn(), known: map[string]Start{}}}
	f := &Follower{n, q, &sync.Map{}, &sync.Map{}}
	return &Jobs{q, f, &Explainer{f, &fresh[[]model.Reservation]{turn: scheduler.NewTurn()}}, s, &Surroundings{n, s}}
}

// Queue lists jobs, finds and cancels them.
type Queue struct {
	Needs
	history *history
	writers *fresh[map[string]string] // experiments by the job that writes their folder
	places  *sync.Map                 // folders → whether they lie in the workspace
}

// Follower tells what jobs do: their stages and logs.
type Follower struct {
	Needs
	queue  *Queue
	passed *sync.Map // job ids → times of the runs before it
	looks  *sync.Map // job ids → the last GPULook
}

// Explainer says why jobs wait and why they failed, and what mends it.
type Explainer struct {
	*Follower
	reserved *fresh[[]model.Reservation]
}

// Submitter looks at all that jobs need, says what would be submitted, and submits it.
type Submitter struct {
	Needs
	queue  *Queue
	starts *plannedStarts
}
