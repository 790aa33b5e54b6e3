package jobs

import (
	"context"
	"errors"
	"strings"
	"time"

	"shardeck/backend/scheduler"
	"shardeck/backend/workspace"
	"shardeck/model"
)

// Start is when a job would begin if it were submitted now, as the scheduler plans.
type Start struct {
	At    time.Time `json:"at,omitzero"`     // zero: not known
	Nodes string    `json:"nodes,omitempty"` // where, as the scheduler lists them
	Note  string    `json:"note,omitempty"`  // why it is not known, one line; empty: this scheduler never says
	Fix   string    `json:"fix,omitempty"`   // what to do about it, where it is known
}

// Manners with the scheduler, for which planning is dear.
const (
	startPatience = 5 * time.Second // for all jobs of one question
	startFresh    = 2 * time.Minute // how long a plan is believed, and a failure not tried again
	startShapes   = 3               // kinds of job asked for at once
)

// plannedStarts remembers what the scheduler planned, by what a job asks for.
type plannedStarts struct {
	turn  turn // whoever has it owns known
	known map[string]plannedStart
}

type plannedStart struct {
	Start
	at time.Time // when it was asked for
}

// Starts asks when each of some jobs would begin, once for jobs that ask for the same
// and for a few kinds at most. It is for a user who is about to submit: what cannot be
// told has a note and is in nobody's way.
func (su *Submitter) Starts(ctx context.Context, previews []Preview) []Start {
	all := make([]Start, len(previews))
	e, ok := su.Scheduler.(scheduler.Estimator)
	if !ok {
		return all
	}
	ctx, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	if !su.starts.turn.take(ctx) {
		return all
	}
	defer su.starts.turn.leave()
	left := startShapes
	for i, p := range previews {
		key, now := demand(p.Script), su.Now()
		if _, known := su.starts.recall(key, now); !known && left > 0 && p.Row.Refusal() == nil {
			left--
			su.starts.remember(ctx, key, plannedStart{su.estimate(ctx, e, p), now})
		}
		all[i], _ = su.starts.recall(key, now)
	}
	return all
}

// recall is what was planned for a demand, false if nothing was or it is old.
func (s *plannedStarts) recall(key string, now time.Time) (Start, bool) {
	k, ok := s.known[key]
	return k.Start, ok && now.Sub(k.at) < startFresh
}

// remember keeps an answer, unless its asker left before it came.
func (s *plannedStarts) remember(ctx context.Context, key string, answer plannedStart) {
	if !errors.Is(ctx.Err(), context.Canceled) {
		s.known[key] = answer
	}
}

// estimate asks the scheduler for one job.
func (su *Submitter) estimate(ctx context.Context, e scheduler.Estimator, p Preview) Start {
	r := su.requestOf(p, workspace.NewTag(p.Row.Experiment.ID, su.Now()))
	r.Log = su.Workspace.Path("start_%j.out") // its own folder may not be there yet, and nothing is written
	got, err := e.Estimate(ctx, r)
	switch {
	case err != nil:
		return Start{Note: model.Printable(err.Error()), Fix: model.FixOf(err)}
	case got.Start.IsZero():
		return Start{Note: su.Scheduler.Name() + " sees no time for it within a year"}
	}
	return Start{At: got.Start, Nodes: got.Nodes}
}

// demand is what a script asks of the scheduler, less what only names the job.
func demand(script string) string {
	var b strings.Builder
	for line := range strings.Lines(script) {
		words := strings.Fields(line)
		if len(words) < 2 || words[0] != "#SBATCH" || words[1] == "-J" || words[1] == "-o" {
			continue
		}
		b.WriteString(strings.Join(words[1:], " ") + "\n")
	}
	return b.String()
}
