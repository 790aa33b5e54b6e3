package slurm

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	"shardeck/backend/scheduler"
	"shardeck/model"
)

// jobID is what scancel may be given: a job or a whole array, a part of a
// heterogeneous job, a task of an array, or the waiting rest of an array.
var jobID = regexp.MustCompile(`^([0-9]+)(\+[0-9]+|_[0-9]+|_\[[0-9,:-]+(?:%[0-9]+)?\])?$`)

// cancelID turns an id as squeue prints it into one that scancel takes.
func cancelID(id string) (string, bool) {
	if !jobID.MatchString(id) {
		return "", false
	}
	before, _, cut := strings.Cut(id, "%")
	if cut {
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
	whole, _, _ := strings.Cut(id, "[")
	whole = strings.TrimSuffix(whole, "_")
	out, err := s.ask(ctx, "squeue", "--noheader", "--jobs="+whole, "--states=all", "--Format=State:"+record)
	if isNoJob(err) {
		if s.isKnown(ctx, whole) {
			return false, nil
		}
		return false, err
	}
	if err != nil || strings.Contains(id, "[") { // of an array whose rest is cancelled, running tasks go on
		return false, err
	}
	for _, word := range strings.Split(out, record) {
		var j model.Job
		setState(&j, strings.TrimSpace(word))
		if j.State.Active() && j.State != model.JobCompleting {
			return true, nil
		}
	}
	return false, nil
}
