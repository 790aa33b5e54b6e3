package slurm

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"shardeck/model"
)

// foldArrays makes one job of each array, under the array's own id. squeue and sacct have
// a record for every task that began and one for the rest; a list of jobs shows an array
// of 1,000 as the one thing that was submitted.
func foldArrays(jobs []model.Job) []model.Job {
	if !slices.ContainsFunc(jobs, isTask) {
		return jobs
	}
	groups := map[string][]model.Job{}
	arrays := map[string]bool{}
	for _, j := range jobs {
		base, _, task := strings.Cut(j.ID, "_")
		groups[base] = append(groups[base], j)
		arrays[base] = arrays[base] || task
	}
	out := make([]model.Job, 0, len(groups))
	for _, j := range jobs {
		base, _, _ := strings.Cut(j.ID, "_")
		tasks := groups[base]
		delete(groups, base)
		switch {
		case tasks == nil: // told by its array's first
		case arrays[base]:
			out = append(out, foldArray(base, tasks))
		default:
			out = append(out, tasks...)
		}
	}
	return out
}

func isTask(j model.Job) bool { return strings.Contains(j.ID, "_") }

// liveliest orders states by what an array as a whole is doing, most telling first.
var liveliest = []model.JobState{model.JobRunning, model.JobCompleting, model.JobSuspended, model.JobPending}

// stateRank is a state's place in that order; then come failures, then the rest.
func stateRank(s model.JobState) int {
	if i := slices.Index(liveliest, s); i >= 0 {
		return i
	}
	if s.Failed() {
		return len(liveliest)
	}
	return len(liveliest) + 1
}

// foldArray tells an array by its liveliest task, the first of those, and counts the
// others. Its GPUs and nodes are those its running tasks have, or that a task wants.
func foldArray(id string, tasks []model.Job) model.Job {
	byRank := func(a, b model.Job) int { return cmp.Compare(stateRank(a.State), stateRank(b.State)) }
	all := slices.MinFunc(tasks, byRank)
	all.ID = id
	if all.State == model.JobRunning {
		all.GPUs, all.Nodes = 0, 0
	}
	for _, t := range tasks {
		all.Tasks.Add(t.State, tasksIn(t.ID))
		if t.State == model.JobRunning {
			all.GPUs, all.Nodes = all.GPUs+t.GPUs, all.Nodes+t.Nodes
		}
		all.Elapsed = max(all.Elapsed, t.Elapsed)
		if t.State != model.JobPending && !t.Start.IsZero() && (all.Start.IsZero() || t.Start.Before(all.Start)) {
			all.Start = t.Start
		}
		if !all.State.Active() && t.End.After(all.End) {
			all.End = t.End
		}
	}
	return all
}

// tasksIn counts the tasks that a record stands for: 5_3 is one, 5_[2,7-19:2%4] are
// eight, and one at least where the list cannot be read.
func tasksIn(id string) int {
	_, list, many := strings.Cut(id, "_[")
	if !many {
		return 1
	}
	list, _, _ = strings.Cut(strings.TrimSuffix(list, "]"), "%")
	total := 0
	for part := range strings.SplitSeq(list, ",") {
		total += rangeLength(part)
	}
	return max(total, 1)
}

// maxTasks bounds a range that is nonsense; Slurm's own limit is far below.
const maxTasks = 4 << 20

// rangeLength counts the numbers in 7, 7-19 or 7-19:2.
func rangeLength(text string) int {
	bounds, step, stepped := strings.Cut(text, ":")
	from, to, ranged := strings.Cut(bounds, "-")
	a, err := strconv.Atoi(from)
	if err != nil {
		return 0
	}
	b, by := a, 1
	if ranged {
		b, _ = strconv.Atoi(to)
	}
	if stepped {
		by, _ = strconv.Atoi(step)
	}
	if b < a || by < 1 || b-a > maxTasks {
		return 1
	}
	return (b-a)/by + 1
}
