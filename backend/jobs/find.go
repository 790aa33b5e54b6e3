package jobs

import (
	"cmp"
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"shardeck/backend/scheduler"
	"shardeck/backend/scheduler/poll"
	"shardeck/model"
)

// anID is what Slurm names a job by: 41, a task 41_0, the tasks that wait 41_[1-4%2], a part 53+1; and a step of one: 41.0, 41_0.batch.
var anID = regexp.MustCompile(`^([0-9]+(?:\+[0-9]+|_[0-9]+|_\[[0-9,:%-]+\])?)(?:\.(?:[0-9]+|batch|extern|interactive))?$`)

// FindJob finds a job, a task of an array or a part of a job by its id, in the history too, else the newest job of an experiment, else of
// the sweep of that name.
func (q *Queue) FindJob(ctx context.Context, ref string) (model.Job, error) {
	id := anID.FindStringSubmatch(ref)
	if id == nil {
		q.lookBack(ctx, poll.Floor, queryDeadline)
	}
	list, err := q.ListJobs(ctx, false)
	if err != nil {
		return model.Job{}, err
	}
	row := model.First(list.Jobs, func(j model.Job) bool { return ref != "" && (j.Runs(ref) || j.Tag == ref) })
	if row == nil && id != nil {
		ref = id[1] // of a step the job
	}
	sweep := model.First(list.Jobs, func(j model.Job) bool { return ref != "" && j.Experiment == ref })
	j := cmp.Or(pick(list.Jobs, ref), row, sweep)
	if j == nil && id != nil {
		j, err = q.byID(ctx, ref)
	}
	if j == nil && err == nil {
		err = q.noJob(ref, list)
	}
	if err != nil {
		return model.Job{}, err
	}
	return *j, nil
}

// byID asks for a job that is not in the list, of this workspace or not; nil: the scheduler knows none.
func (q *Queue) byID(ctx context.Context, id string) (*model.Job, error) {
	others, ok := q.Scheduler.(scheduler.Others)
	if !ok {
		return nil, nil
	}
	found, err := others.ByID(ctx, []string{id})
	var rows []model.Job
	for _, j := range found {
		rows = append(append(rows, q.foreign(j)...), withLogs(j))
	}
	return pick(rows, id), err
}

// pick finds a job or a part of one by its id among jobs that are listed newest first.
func pick(jobs []model.Job, ref string) *model.Job {
	whole, task, isTask := strings.Cut(ref, "_")
	for _, j := range jobs {
		p := j.Part(ref)
		if p == nil && isTask && j.ID == whole {
			p = model.First(j.Parts, func(p model.Job) bool { return waitsIn(p.ID, task) })
		}
		if p == nil {
			continue
		}
		found := *p
		if p.ID != ref && p.RawID != ref { // one of those that wait
			found.ID, found.RawID, found.Tasks = ref, "", model.Tasks{}
		}
		found.Experiment, found.Tag, found.Meaning = cmp.Or(p.Experiment, j.Experiment), cmp.Or(p.Tag, j.Tag), scheduler.ReasonOf(p.Reason)
		return &found
	}
	return nil
}

// waitsIn reports whether the tasks that wait hold one, or are asked for as such a list.
func waitsIn(id, task string) bool {
	n, err := strconv.Atoi(task)
	return slices.ContainsFunc(model.WaitingTasks(id), func(r model.TaskRange) bool {
		return r.Has(n) && err == nil || strings.HasPrefix(task, "[")
	})
}
