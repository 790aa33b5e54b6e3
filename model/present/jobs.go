package present

import (
	"cmp"
	"strings"
	"time"

	"shardeck/model"
	"shardeck/model/present/unit"
)

// stateRoles are the roles of states of jobs and experiments, by their first words.
var stateRoles = map[string]Role{
	"done": Good, "running": Busy, "ending": Busy, "submitting": Busy, "waiting": Warn, "suspended": Warn,
	"failed": Bad, "out of time": Bad, "out of memory": Bad, "node failed": Bad, "cancelled": Dim,
	"done, damaged": Warn, "unfinished": Warn, "preempted": Warn, "unknown": Warn, "not run": Dim, "invalid": Bad,
}

// State is the cell of a state's words: "done", "running 4:12", "failed".
func State(words string) Cell {
	first, _, _ := strings.Cut(words, " ")
	return Cell{Text: words, Role: cmp.Or(stateRoles[words], stateRoles[first])}
}

// Jobs lists jobs; seen is what their logs say, by job id: see Job.
func Jobs(jobs []model.Job, seen map[string]string, now time.Time) Table {
	t := Table{Name: "jobs", One: "job", Columns: Columns("job", "experiment/1-10", "state", "why / where/2-28", ">elapsed/3", ">limit/4",
		">GPUs/5", "QOS/6", "submitted/7", "exit/8")}
	for _, j := range jobs {
		t.Rows = append(t.Rows, Job(j, seen[j.ID], now))
	}
	return t
}

// Job is the row of one job in Jobs; seen is what its log says: the stage of one that runs, the cause of one that failed.
func Job(j model.Job, seen string, now time.Time) Row {
	return Row{Cells: []Cell{{Text: j.ID}, OrNone(j.Title()), State(j.State.Words()), dim(JobWhere(j, seen, now)),
		OrNone(clock(j.Elapsed)), OrNone(clock(j.Limit)), OrNone(count(j.GPUs)), OrNone(j.QOS),
		OrNone(unit.Ago(j.Submit, now)), OrNone(j.ExitCode)},
		Fields: map[string]string{"id": j.ID, "exp": j.Experiment, "name": j.Name, "state": j.State.Words(), "qos": j.QOS,
			"node": j.NodeList, "reason": j.Reason}}
}

// JobWhere says the most useful thing of a job in few words: why it waits and when it would
// start, its stage and node, how it failed. Seen is what its log says; empty: nothing.
func JobWhere(j model.Job, seen string, now time.Time) string {
	reason, start := j.Meaning.Words, EstimatedStart(j.Start, now)
	if start != "" {
		start = "start " + start
	}
	if j.Reason == "None" && !j.State.Active() { // of one that waits it means that it was just submitted
		reason = ""
	}
	switch array := j.Tasks.Words(); {
	case array != "" && j.State == model.JobPending:
		return Joined(array, reason)
	case array != "":
		return array
	case j.State == model.JobPending:
		return Joined(start, reason)
	case j.State.Failed() && seen != "": // the state has said what it was
		return strings.TrimPrefix(strings.TrimPrefix(seen, "the job was "), "the job ")
	case j.State.Failed():
		return Joined(reason, exitCode(j))
	case j.State == model.JobRunning:
		return Joined(seen, j.NodeList)
	}
	return j.NodeList
}

// exitCode says how a job ended of which nothing better is known.
func exitCode(j model.Job) string {
	code, _, _ := strings.Cut(j.ExitCode, ":")
	if code == "" || code == "0" || j.State == model.JobCancelled {
		return ""
	}
	return "exit code " + code
}

// Stage is a stage of a run and how far it is: "timing 3 of 5".
func Stage(stage string, done, total int) string {
	if stage == "" || total == 0 {
		return stage
	}
	return stage + " " + unit.Int(done) + " of " + unit.Int(total)
}

// Queues lists the QOS of a site with their limits and prices.
func Queues(s model.Site) Table {
	t := Table{Columns: Columns("QOS", ">nodes|at most", ">GPUs|at most", ">time|hours", ">price|× hours", "/1-12")}
	for _, q := range s.Queues {
		t.Add(Texts(q.Name, limit(float64(q.MaxNodes)), limit(float64(q.MaxGPUs)), limit(q.MaxHours), unit.Number(q.Factor, 2), q.Note)...)
	}
	return t
}

// limit of 0 is none.
func limit(v float64) string {
	if v == 0 {
		return unit.Missing
	}
	return unit.Full(v)
}
