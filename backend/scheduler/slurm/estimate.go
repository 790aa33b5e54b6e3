package slurm

import (
	"context"
	"regexp"
	"time"

	"shardeck/backend/scheduler"
	"shardeck/model"
)

var _ scheduler.Estimator = (*Slurm)(nil)

// wouldStart is what sbatch --test-only says, on its standard error.
var wouldStart = regexp.MustCompile(`Job [0-9]+ to start at ([0-9T:-]+) using [0-9]+ processors on nodes (\S+)`)

// Estimate asks sbatch --test-only when the job would start, and where. What Submit
// would refuse is refused here in the same words; nothing is submitted, though Slurm
// uses up an id.
func (s *Slurm) Estimate(ctx context.Context, r scheduler.Request) (scheduler.Estimate, error) {
	if err := r.Check(); err != nil {
		return scheduler.Estimate{}, err
	}
	args := append(submitArgs(r), "--test-only")
	a, err := s.commands.run(ctx, call{program: "sbatch", args: args, stdin: r.Script, env: r.Env, limit: s.query})
	if err != nil {
		return scheduler.Estimate{}, err
	}
	if a.code != 0 {
		return scheduler.Estimate{}, explain("sbatch", a)
	}
	m := wouldStart.FindStringSubmatch(a.err)
	if m == nil {
		return scheduler.Estimate{}, badAnswer("sbatch --test-only", a.err)
	}
	e := scheduler.Estimate{Start: parseTime(m[1], s.zone), Nodes: model.Printable(m[2])}
	if e.Start.IsZero() || e.Start.After(time.Now().Add(farthest)) {
		e.Start = time.Time{}
	}
	return e, nil
}

// farthest is the horizon beyond which Slurm's estimate is its word for never: it
// says a year from now.
const farthest = 360 * 24 * time.Hour
