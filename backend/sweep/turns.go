package sweep

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"shardeck/backend/workspace"
	"shardeck/model"
	"shardeck/model/present"
	"shardeck/model/sweep"
)

// passed is the record of a point that a job passed over: a file of the job's folder.
type passed struct {
	Goal   string `json:"goal"` // for which it could not be the best
	Reason string `json:"reason"`
}

// jobFolder is where the processes of a job of points meet, and what is said to them lies.
func jobFolder(job string) string { return workspace.PrivateDir + "/sweeps/job-" + job }

func passedFile(job, point string) string { return jobFolder(job) + "/passed-" + point + ".json" }

// untilFile tells a job that it need not run what cannot change the answer.
func untilFile(job string) string { return jobFolder(job) + "/until-decided" }

func (s *Dispatcher) told(job string) bool {
	_, err := s.Workspace.ReadText(untilFile(job))
	return err == nil
}

// NextPoints says which of some points of a sweep come next, and which need not be run; without any, of all that wait. The job
// that asks passes those over that it need not run, where the sweep or whoever watches it told so: each is recorded before it
// is said. It is empty when nobody is to act on it.
func (s *Dispatcher) NextPoints(ctx context.Context, id, job string, points []string) (sweep.Turn, error) {
	turn := sweep.Turn{Next: []string{}, Passed: map[string]string{}}
	read, file, err := s.read(id)
	if job != "" {
		err = cmp.Or(err, model.CheckID(job)) // it names a folder
	}
	if err != nil {
		return turn, err
	}
	p, err := s.standing(ctx, read, file)
	if err != nil || p.Sweep.Goal == nil {
		return turn, err
	}
	asked := func(x sweep.Status) bool { return len(points) == 0 || slices.Contains(points, x.ID) }
	for _, x := range p.Open() {
		if asked(x) {
			turn.Next = append(turn.Next, x.ID)
		}
	}
	if job != "" && !p.Sweep.Goal.Until && !s.told(job) {
		return turn, nil
	}
	turn.Passed, err = s.passOver(p, job, func(x sweep.Status) bool { return asked(x) && x.State != sweep.Done })
	return turn, err
}

// passOver records of some points of a job those that cannot be the best any more, and returns why, by their ids. Without a job
// nothing is recorded.
func (s *Dispatcher) passOver(p sweep.Plan, job string, which func(sweep.Status) bool) (map[string]string, error) {
	all, judge := map[string]string{}, p.Judge()
	for _, x := range p.Points {
		if !which(x) || x.State == sweep.LeftOut || x.State == sweep.Impossible {
			continue
		}
		bound := judge(x)
		if bound == nil {
			continue
		}
		record := passed{p.Sweep.Goal.String(), present.Bound(*bound)}
		text, err := json.MarshalIndent(record, "", "  ")
		if err == nil && job != "" {
			err = s.Workspace.WriteFile(passedFile(job, x.ID), text, 0o644)
		}
		if err != nil {
			return all, err
		}
		all[x.ID] = record.Reason
	}
	return all, nil
}

// passedOver finds out whether the last job of a point passed it over, and puts it into that state; for another goal it is to be run.
func (s *Sweeps) passedOver(g *sweep.Goal, x *sweep.Status, active bool) bool {
	var record passed
	text, err := s.Workspace.ReadText(passedFile(x.Job.ID, x.ID))
	if err != nil || json.Unmarshal(text, &record) != nil {
		return false
	}
	switch {
	case g != nil && g.String() == record.Goal:
		x.State, x.Reason = sweep.PassedOver, record.Reason
	case !active:
		x.Reason = fmt.Sprintf("job %s passed it over for another goal: %s", x.Job.ID, record.Goal)
	}
	return x.State == sweep.PassedOver || !active
}

// reconsider takes points back of which the results that are there now do not say any more that they cannot be the best.
func (s *Sweeps) reconsider(p *sweep.Plan) {
	if p.Count(sweep.PassedOver) == 0 {
		return
	}
	judge := p.Judge()
	for i := range p.Points {
		if x := &p.Points[i]; x.State == sweep.PassedOver && judge(*x) == nil {
			if x.State, x.Reason = sweep.Ready, "job "+x.Job.ID+" passed it over, and it can be the best again"; x.Job.State.Active() {
				x.State, x.Reason = sweep.Submitted, ""
			}
		}
	}
}

// StopDecided cancels those jobs of a plan of which no point that is left can change the answer to its goal, and returns their
// ids; their points are passed over. The other jobs are told to pass such points over by themselves.
func (s *Dispatcher) StopDecided(ctx context.Context, p sweep.Plan) (stopped []string, failed error) {
	wanted := map[string]bool{}
	for _, x := range p.Open() {
		if x.Job != nil {
			wanted[x.Job.ID] = true
		}
	}
	active := activeJobs(p)
	if len(active) == 0 {
		return nil, nil
	}
	if err := s.Workspace.Writable("cancel jobs of " + p.Sweep.ID); err != nil {
		return nil, err
	}
	for _, job := range active {
		if wanted[job] {
			if !s.told(job) {
				failed = errors.Join(failed, s.Workspace.WriteFile(untilFile(job), nil, 0o644))
			}
			continue
		}
		stopped = append(stopped, job)
		err := s.Jobs.Cancel(ctx, job)
		if err == nil {
			_, err = s.passOver(p, job, func(x sweep.Status) bool { return x.State == sweep.Submitted && x.Job.ID == job })
		}
		failed = errors.Join(failed, err)
	}
	return stopped, failed
}
