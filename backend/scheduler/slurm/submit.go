package slurm

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"shardeck/backend/scheduler"
	"shardeck/model"
)

// submitted is the reply of sbatch --parsable: an id, and a cluster's name where
// there are several.
var submitted = regexp.MustCompile(`^([0-9]+)(?:;[^\s]*)?$`)

// Submit hands the script to sbatch on its standard input: what was checked and recorded
// is what runs, whatever happens to the file meanwhile.
func (s *Slurm) Submit(ctx context.Context, r scheduler.Request) (string, error) {
	if err := r.Check(); err != nil {
		return "", err
	}
	a, err := s.sbatch(ctx, r, s.submit)
	if errors.Is(err, errLate) || errors.Is(err, context.Canceled) || err != nil && mayHaveSubmitted(a.err) {
		return "", replyLost(err)
	}
	if err != nil {
		return "", err
	}
	if m := submitted.FindStringSubmatch(strings.TrimSpace(a.out)); m != nil {
		return m[1], nil
	}
	return "", replyLost(fmt.Errorf("sbatch gave no job id but %.60q", a.out))
}

// sbatch runs it with options that beat the script's own, in the job's folder: --chdir
// sets where the job runs, but SLURM_SUBMIT_DIR, by which a script finds its workspace,
// is where sbatch was.
func (s *Slurm) sbatch(ctx context.Context, r scheduler.Request, limit time.Duration, more ...string) (answer, error) {
	args := []string{"--parsable", "--comment=" + r.Tag, "--chdir=" + r.Dir, "--output=" + r.Log}
	if r.Name != "" {
		args = append(args, "--job-name="+r.Name)
	}
	a, err := s.commands.run(ctx, call{program: "sbatch", args: append(args, more...), stdin: r.Script, env: r.Env, dir: r.Dir, limit: limit})
	if err == nil && a.code != 0 {
		err = explain("sbatch", a)
	}
	return a, err
}

// mayHaveSubmitted: the request left, the reply did not come. A controller that was
// never reached took nothing.
func mayHaveSubmitted(errors string) bool {
	signs := []string{"Socket timed out", "Zero Bytes were transmitted", "Transport endpoint", "Unexpected message received"}
	return slices.ContainsFunc(signs, func(sign string) bool { return strings.Contains(errors, sign) })
}

// replyLost marks an error after which the job may exist.
func replyLost(cause error) error {
	return &scheduler.Fault{Text: "the reply to this submission was lost, so the job may or may not exist",
		ToDo:  "do not submit again: shardeck looks for it at the next refresh, by its tag",
		Kind:  scheduler.ErrMaybe,
		Cause: cause}
}

// jobID is what scancel may be given: a job or a whole array, a part of a
// heterogeneous job, a task of an array, or the waiting rest of an array.
var jobID = regexp.MustCompile(`^([0-9]+)(\+[0-9]+|_[0-9]+|_\[[0-9,:-]+(?:%[0-9]+)?\])?$`)

// cancelID turns an id as squeue prints it into one that scancel takes.
func cancelID(id string) (string, bool) {
	if !jobID.MatchString(id) {
		return "", false
	}
	before, _, limited := strings.Cut(id, "%")
	if limited {
		before += "]"
	}
	return before, true
}

// Cancel runs scancel, which is silent for ids it does not know, and then looks
// whether the job ends.
func (s *Slurm) Cancel(ctx context.Context, id string) error {
	target, ok := cancelID(id)
	if !ok {
		return &scheduler.Fault{Text: fmt.Sprintf("%.40q is no job id", id), ToDo: "take one from the list of jobs", Kind: scheduler.ErrNoJob}
	}
	if _, err := s.ask(ctx, "scancel", target); err != nil {
		return err
	}
	end := time.Now().Add(s.patience)
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		active, err := s.active(ctx, target)
		if err != nil || !active {
			return err
		}
		if time.Now().After(end) {
			return &scheduler.Fault{Text: fmt.Sprintf("job %s did not end within seconds of scancel", id),
				ToDo: "look again in a minute; a node that does not answer can hold it"}
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// active asks for one job's state, or that of an array's tasks; what is ending counts
// as ended.
func (s *Slurm) active(ctx context.Context, id string) (bool, error) {
	whole, _, rest := strings.Cut(id, "_[")
	out, err := s.ask(ctx, "squeue", "--noheader", "--jobs="+whole, "--states=all", "--Format=State:"+record)
	if errors.Is(err, scheduler.ErrNoJob) && s.isKnown(ctx, whole) {
		return false, nil
	}
	if err != nil || rest { // of an array whose rest is cancelled, running tasks go on
		return false, err
	}
	for word := range strings.SplitSeq(out, record) {
		var j model.Job
		setState(&j, strings.TrimSpace(word))
		if j.State.Active() && j.State != model.JobCompleting {
			return true, nil
		}
	}
	return false, nil
}

var _ scheduler.Estimator = (*Slurm)(nil)

// wouldStart is what sbatch --test-only says, on its standard error.
var wouldStart = regexp.MustCompile(`Job [0-9]+ to start at ([0-9T:-]+) using [0-9]+ processors on nodes (\S+)`)

// Estimate asks sbatch --test-only when the job would start, and where. Nothing is
// submitted, though Slurm uses up an id.
func (s *Slurm) Estimate(ctx context.Context, r scheduler.Request) (scheduler.Estimate, error) {
	if err := r.Check(); err != nil {
		return scheduler.Estimate{}, err
	}
	a, err := s.sbatch(ctx, r, s.query, "--test-only")
	if err != nil {
		return scheduler.Estimate{}, err
	}
	m := wouldStart.FindStringSubmatch(a.err)
	if m == nil {
		return scheduler.Estimate{}, badAnswer("sbatch --test-only", a.err)
	}
	e := scheduler.Estimate{Start: parseTime(m[1], s.zone), Nodes: model.Printable(m[2])}
	if e.Start.After(time.Now().Add(farthest)) {
		e.Start = time.Time{}
	}
	return e, nil
}

// farthest is the horizon beyond which Slurm's estimate is its word for never: it
// says a year from now.
const farthest = 360 * 24 * time.Hour
