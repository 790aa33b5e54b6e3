package slurm

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"

	"shardeck/model"
)

// foldArrays makes one job of each array and of each heterogeneous job, under its own id, with its tasks and parts
// in it. squeue and sacct have a record for every task that began and one for the rest; a list of jobs shows an
// array of 1,000 as the one thing that was submitted.
func foldArrays(jobs []model.Job) []model.Job {
	if !slices.ContainsFunc(jobs, func(j model.Job) bool { return model.WholeID(j.ID) != j.ID }) {
		return jobs
	}
	var groups [][]model.Job
	at := map[string]int{}
	for _, j := range jobs {
		i, known := at[model.WholeID(j.ID)]
		if !known {
			i, groups = len(groups), append(groups, nil)
			at[model.WholeID(j.ID)] = i
		}
		groups[i] = append(groups[i], j)
	}
	var out []model.Job
	for _, parts := range groups {
		if id := model.WholeID(parts[0].ID); slices.ContainsFunc(parts, func(p model.Job) bool { return p.ID != id }) {
			parts = []model.Job{fold(id, parts)}
		}
		out = append(out, parts...)
	}
	return out
}

func isTask(j model.Job) bool { return strings.Contains(j.ID, "_") }

// fold tells an array or a heterogeneous job by its liveliest part, the first of those, and counts the others. Its
// log is that of the worst: the first that failed, else the liveliest, else the newest. Its GPUs and nodes are
// those its running tasks have, or that a task wants; those of all parts of a heterogeneous job.
func fold(id string, parts []model.Job) model.Job {
	parts = slices.SortedFunc(slices.Values(parts), func(a, b model.Job) int { return cmp.Compare(numberIn(a.ID), numberIn(b.ID)) })
	array := slices.ContainsFunc(parts, isTask)
	all := model.Liveliest(parts)
	all.ID, all.RawID, all.Parts, all.Tasks = id, "", parts, model.Tasks{}
	if !array || all.State == model.JobRunning {
		all.GPUs, all.Nodes = 0, 0
	}
	for _, t := range parts {
		if !array || t.State == model.JobRunning {
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
	if array {
		countTasks(&all)
		return all
	}
	for i := range parts { // the first alone runs the script
		parts[i].Log, parts[i].Errors = parts[0].Log, parts[0].Errors
	}
	all.Log, all.Errors = parts[0].Log, parts[0].Errors
	all.NodeList = strings.Trim(strings.Join(model.Each(parts, func(p model.Job) string { return p.NodeList }), ","), ",")
	return all
}

// mostNamed is how many of the tasks that failed are named.
const mostNamed = 8

func countTasks(all *model.Job) {
	var failed []string
	all.Tasks.First = math.MaxInt
	for _, t := range all.Parts {
		all.Tasks.First = min(all.Tasks.First, numberIn(t.ID))
		for _, r := range model.WaitingTasks(t.ID) {
			all.Tasks.First = min(all.Tasks.First, r.From)
		}
		all.Tasks.Add(t.State, max(t.Tasks.Waiting, 1))
		if t.State.Failed() && t.State != model.JobCancelled {
			failed = append(failed, strings.TrimPrefix(t.ID, all.ID+"_"))
		}
	}
	if len(failed) > mostNamed {
		failed = append(failed[:mostNamed], "…")
	}
	if all.Tasks.First == math.MaxInt { // none has a number
		all.Tasks.First = 0
	}
	worst := all.Worst()
	all.Tasks.Which, all.Log, all.Errors = strings.Join(failed, ", "), worst.Log, worst.Errors
}

// numberIn is the number of a task or part; those that wait come last.
func numberIn(id string) int {
	n, err := strconv.Atoi(id[strings.IndexAny(id, "_+")+1:])
	if err != nil {
		return math.MaxInt
	}
	return n
}

// tasksIn counts the tasks that a record stands for: 5_3 is one, 5_[2,7-19:2%4] are
// eight, and one at least where the list cannot be read.
func tasksIn(id string) (total int) {
	for _, r := range model.WaitingTasks(id) {
		total += r.Count()
	}
	return max(total, 1)
}
