package sweep

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"shardeck/backend/render"
	"shardeck/backend/workspace"
	"shardeck/model"
	"shardeck/model/sweep"
)

// SubmitOptions say what of a sweep is submitted.
type SubmitOptions struct {
	Failed bool // points too whose jobs ended without a result
	All    bool // points too that were passed over, and every point is run
}

// DueSweep is a sweep with the jobs that SubmitSweep would submit. It is refused where the sweep's own limits are passed.
func (s *Dispatcher) DueSweep(ctx context.Context, id string, o SubmitOptions) (sweep.Plan, error) {
	p, err := s.PlanSweep(ctx, id)
	if err != nil {
		return p, err
	}
	states := []sweep.State{sweep.Ready}
	if o.Failed {
		states = append(states, sweep.Failed)
	}
	if p.All = o.All; o.All {
		states = append(states, sweep.PassedOver)
	}
	if len(states) > 1 {
		s.pack(ctx, &p, states...)
	}
	l := p.Sweep.Limit
	switch points := p.Count(sweep.Ready, sweep.Submitted, sweep.Done, sweep.Failed, sweep.PassedOver); {
	case l.Points > 0 && points > l.Points:
		return p, model.Invalid(fmt.Sprintf("%s has %d points, and limit.points is %d", id, points, l.Points), "fewer values, or a higher limit, in "+p.File)
	case l.NodeHours > 0 && p.NodeHours != nil && *p.NodeHours > l.NodeHours:
		return p, model.Invalid(fmt.Sprintf("%s would cost up to %.2f node-hours, and limit.node_hours is %.2f", id, *p.NodeHours, l.NodeHours),
			"fewer values, a shorter slurm.time of "+p.Sweep.Base+", or a higher limit, in "+p.File)
	}
	if l.Jobs > 0 {
		p.Chained = min(len(p.Jobs), max(len(activeJobs(p))+len(p.Jobs)-l.Jobs, 0))
	}
	return p, nil
}

// activeJobs are the jobs of a sweep that have not ended, in the order in which they were submitted.
func activeJobs(p sweep.Plan) (ids []string) {
	seen := map[string]bool{}
	for _, x := range p.Points {
		if x.State == sweep.Submitted && !seen[x.Job.ID] {
			seen[x.Job.ID] = true
			ids = append(ids, x.Job.ID)
		}
	}
	slices.SortFunc(ids, model.CompareNatural)
	return ids
}

// SubmitSweep writes the configs of a plan's points and submits its jobs, in order. What was submitted before an error is listed with it.
func (s *Dispatcher) SubmitSweep(ctx context.Context, p sweep.Plan) ([]model.Submission, error) {
	if _, err := s.WritePoints(ctx, p); err != nil {
		return nil, err
	}
	orders, err := s.Orders(p)
	if err != nil {
		return nil, err
	}
	all, chain := []model.Submission{}, activeJobs(p)
	for _, o := range orders {
		if n := p.Sweep.Limit.Jobs; n > 0 && len(chain) >= n {
			o.After = chain[len(chain)-n] // so that never more than n run at once, with nobody watching
		}
		sub, err := s.Jobs.SubmitPoints(ctx, o)
		if err != nil {
			return all, err
		}
		all, chain = append(all, sub), append(chain, sub.JobID)
	}
	return all, nil
}

// Orders are a plan's jobs as they would be submitted.
func (s *Dispatcher) Orders(p sweep.Plan) ([]sweep.Order, error) {
	files := map[string]string{}
	for _, x := range p.Points {
		files[x.ID] = cmp.Or(x.File, workspace.ConfigsDir+"/"+x.ID+".yaml")
	}
	return model.Through(p.Jobs, func(j *sweep.Job) (sweep.Order, error) { return s.order(p, *j, files) })
}

// entry is one point as runners read it.
type entry struct {
	Config string `json:"config"`
	Name   string `json:"name"` // of its folder, once it is measured
}

// order is a job as it is submitted: its script, and the files of points that it names, by their content.
func (s *Dispatcher) order(p sweep.Plan, j sweep.Job, configs map[string]string) (sweep.Order, error) {
	o := sweep.Order{Sweep: p.Sweep.ID, Size: j.Lanes[0].Engines[0].Size, Files: map[string][]byte{}, Limit: p.Limit,
		Log: workspace.LogsDir + "/" + p.Sweep.ID + "_%j.out"}
	var lanes []render.Lane
	for _, l := range j.Lanes {
		lane := render.Lane{First: l.First, GPUs: l.GPUs}
		for _, g := range l.Engines {
			entries := []entry{}
			for _, m := range g.Points {
				entries = append(entries, entry{configs[m.ID], m.Experiment.OutputDir})
				o.Points = append(o.Points, m.ID)
			}
			text, err := json.MarshalIndent(entries, "", "  ")
			if err != nil {
				return o, err
			}
			file := fmt.Sprintf("%s/sweeps/%s-%x.json", workspace.PrivateDir, p.Sweep.ID, sha256.Sum256(text))
			file = file[:len(file)-len(".json")-48] + ".json"
			o.Files[file] = text
			lane.Files = append(lane.Files, file)
		}
		if len(lane.Files) > 0 {
			lanes = append(lanes, lane)
		}
	}
	e := o.Size
	e.Slurm.Time = p.Base.Experiment.Slurm.Time // as it is packed and priced, whatever the configs of the points were written with
	e.ID, e.Description, e.OutputDir = p.Sweep.ID, fmt.Sprintf("%d points of %s", j.Count(), p.Sweep.ID), workspace.TracesDir+"/"+p.Sweep.ID
	job := s.Experiments.Script(p.File, e)
	job.Placement, job.Turns = j.WholePlacement(), p.Sweep.Goal != nil && !p.All
	text, err := render.SweepScript(job, lanes)
	if err != nil {
		return o, &model.Fault{Text: "no job script for " + p.Sweep.ID, Cause: err, Kind: model.ErrInvalid}
	}
	o.Script, o.GPUs = string(text), job.Placement.GPUsPerNode*job.Placement.Nodes
	return o, nil
}

// StopSweep cancels the jobs of a sweep that have not ended, and returns their ids. Points that are measured stay.
func (s *Dispatcher) StopSweep(ctx context.Context, id string) ([]string, error) {
	if err := s.Workspace.Writable("cancel jobs of " + id); err != nil {
		return nil, err
	}
	p, err := s.PlanSweep(ctx, id)
	if err != nil {
		return nil, err
	}
	return s.cancel(ctx, activeJobs(p))
}

func (s *Dispatcher) cancel(ctx context.Context, ids []string) (_ []string, failed error) {
	for _, job := range ids {
		failed = errors.Join(failed, s.Jobs.Cancel(ctx, job))
	}
	return ids, failed
}
