package present

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"shardeck/model"
	"shardeck/model/board"
	"shardeck/model/check"
	"shardeck/model/metric"
	"shardeck/model/present/unit"
)

// ExperimentColumns are those of Experiment.
func ExperimentColumns() []Column {
	return Columns("ID…16", "model/3…15", ">TP/1", ">PP/1", ">DP/1", ">EP/1", ">GPUs/6", "also/4-16", "job", ">tok/s/2", ">TPOT|ms/5",
		">comm|%/7", ">TTFT|ms/8", ">batch/10", ">prompt/10", ">output/10", ">spread|%/11", "traced/12")
}

// Checks has a row for everything found of experiments, one of level ok where that is nothing, with what their jobs would take.
func Checks(rows []board.Row) Table {
	t := Table{Columns: Columns("ID", "level", "code", "finding", "fix", ">GPUs", ">nodes", "QOS", ">price|node-h", "file")}
	for _, r := range rows {
		v, price := r.Verdict, Cell{}
		if v.Price != nil {
			price = Cell{Text: unit.Number(v.Price.NodeHours, 2), By: v.Price.NodeHours}
		}
		row := func(level, code, fault, fix string) {
			t.Add(append(Texts(r.Experiment.ID, level, code, fault, fix, count(v.Placement.GPUs), count(v.Placement.Nodes), v.Placement.QOS),
				price, Cell{Text: r.File})...)
		}
		switch {
		case r.Problem != "":
			row("error", "", r.Problem, "")
		case len(v.Findings) == 0:
			row("ok", "", "", "")
		}
		for _, f := range v.Findings {
			row(string(f.Severity), f.Code, f.Fault, f.Fix)
		}
	}
	return t
}

// Experiment is the row of one experiment: its layout and workload, the state of its newest
// job, what its newest run has measured. Also is what tells it apart besides its layout.
func Experiment(r board.Row, also string, now time.Time) Row {
	e, l, state := r.Experiment, r.Experiment.Layout, State(experimentState(r, now))
	row := Row{Fields: map[string]string{"id": e.ID, "model": e.Model.Name, "text": e.Description, "engine": string(e.Engine),
		"state": state.Text, "also": also, "archived": map[bool]string{true: "yes", false: "no"}[r.Archived], "tag": "", "note": ""}}
	if r.Run != nil {
		row.Fields["tag"], row.Fields["note"] = strings.Join(r.Run.Said.Tags, "\n"), r.Run.Said.Note
		also = strings.TrimSuffix(strings.TrimPrefix("#"+strings.Join(r.Run.Said.Tags, " #")+", ", "#, ")+also, ", ")
	}
	numbers := []struct {
		field string
		n     int
	}{{"tp", l.TP}, {"pp", l.PP}, {"dp", l.DP()}, {"ep", l.EP}, {"gpus", l.GPUs()},
		{"batch", e.Data.BatchSize}, {"seq", e.Data.SeqLen}, {"out", e.Data.MaxTokens}}
	cells := make([]Cell, len(numbers))
	for i, n := range numbers {
		row.Fields[n.field], cells[i] = unit.Full(float64(n.n)), Cell{Text: unit.Int(n.n)}
	}
	if e.Load.On() {
		cells[5] = Cell{Text: e.Load.String()}
	}
	row.Cells = []Cell{{Text: ExperimentName(r)}, {Text: model.ShortModel(e.Model.Name)}}
	if r.Problem != "" {
		row.Cells = append(row.Cells[:1], dim(shortPath(r.File)), Cell{}, Cell{}, Cell{}, Cell{}, Cell{}, Cell{}, state)
		return row
	}
	row.Cells = append(append(row.Cells, cells[:5]...), dim(also), state)
	for _, name := range []string{"throughput_tokens_sec", "tpot", "comm_overhead", "ttft"} {
		row.Cells = append(row.Cells, foreign(r, runMetric(r.Analysis, name)))
	}
	traced := None()
	if r.Run != nil {
		traced = Cell{Text: unit.Ago(r.Run.Time, now), Role: Dim, By: float64(r.Run.Time.Unix())}
	}
	row.Cells = append(append(row.Cells, cells[5:]...), foreign(r, OrNone(Spread(r.Analysis))), traced)
	return row
}

// foreign dims and marks a number that is not the row's own, and dims a forecast.
func foreign(r board.Row, c Cell) Cell {
	switch {
	case r.Own() || c.Text == unit.Missing:
	case r.Run.Forecast != nil: // which leads with Estimate
		c.Role = Dim
	default:
		c.Role, c.Lead = Dim, Foreign+c.Lead
	}
	return c
}

// ExperimentName is an experiment's id, or the file of one from which no id can be read.
func ExperimentName(r board.Row) string { return cmp.Or(r.Experiment.ID, shortPath(r.File)) }

func shortPath(file string) string { return strings.TrimPrefix(file, "experiments/configs/") }

// Spread is how far the throughput of the iterations lies apart, (max − min) / median in %; empty: not known.
func Spread(a *metric.Analysis) string {
	if a == nil {
		return ""
	}
	return unit.Known(a.Metric("throughput_tokens_sec").Spread, 1)
}

// resultState is the state of an experiment whose job is over: whether its result can be relied on.
func resultState(r board.Row) string {
	switch {
	case r.Run != nil && r.Run.Unfinished:
		return "unfinished"
	case r.Analysis != nil && r.Analysis.Damaged || r.Run != nil && r.Run.LeftOut:
		return "done, damaged"
	}
	switch marks := r.Marks(); {
	case len(marks) == 0:
		return "done"
	case marks[0].Word == model.ForecastWord: // nothing was done, and the number beside it keeps its room
		return model.ForecastWord
	default:
		return "done, " + marks[0].Word
	}
}

// experimentState is the state of an experiment: of its newest job, with the time it has
// run or will start, else of its newest run.
func experimentState(r board.Row, now time.Time) string {
	worst, _ := r.Verdict.Worst()
	switch {
	case r.Problem != "":
		return "invalid"
	case r.Job == nil && r.Run == nil && worst.Severity == check.SeverityError:
		return "illegal"
	case r.Job == nil && r.Run == nil && worst.Severity == check.SeverityWarning:
		return "warned"
	case r.Job == nil && r.Run == nil:
		return "not run"
	case (r.Job == nil || r.Job.State == model.JobCompleted) && worst.Severity == check.SeverityError:
		return "done, illegal"
	case r.Job == nil:
		return resultState(r)
	}
	word := r.Job.State.Words()
	switch r.Job.State {
	case model.JobCompleted:
		return resultState(r)
	case model.JobRunning:
		return word + " " + unit.Clock(r.Job.Elapsed)
	case model.JobPending:
		return strings.TrimSpace(word + " " + estimatedStart(r.Job.Start, now))
	}
	return word
}

// stateRoles are the roles of states of jobs, experiments and points of sweeps, by their first words.
var stateRoles = map[string]Role{
	"done": Good, "running": Busy, "ending": Busy, "submitting": Busy, "waiting": Warn, "suspended": Warn,
	"failed": Bad, "out of time": Bad, "out of memory": Bad, "node failed": Bad, "cancelled": Dim,
	"done, damaged": Warn, "unfinished": Warn, "preempted": Warn, "unknown": Warn, "not run": Dim, "invalid": Bad,
	"left out": Dim, "impossible": Warn, "submitted": Busy, "passed over": Dim,
}

// State is the cell of a state's words: "done", "running 4:12", "failed".
func State(words string) Cell {
	first, _, _ := strings.Cut(words, " ")
	return Cell{Text: words, Role: cmp.Or(stateRoles[words], stateRoles[first])}
}

// Jobs lists jobs; seen is what their logs say, by job id: see Job.
func Jobs(jobs []model.Job, seen map[string]string, now time.Time) Table {
	t := Table{Name: "jobs", One: "job", Columns: Columns("job", "experiment/1…10", "state", "why / where/2-28", ">elapsed/3", ">limit/4",
		">GPUs/5", "QOS/6", "submitted/7", "exit/8")}
	t.Rows = append(t.Rows, model.Each(jobs, func(j model.Job) Row { return Job(j, seen[j.ID], now) })...)
	return t
}

// Job is the row of one job in Jobs; seen is what its log says: the stage of one that runs, the cause of one that failed.
func Job(j model.Job, seen string, now time.Time) Row {
	return Row{Cells: []Cell{{Text: j.ID}, OrNone(j.Title()), State(j.State.Words()), dim(jobWhere(j, seen, now)),
		OrNone(clock(j.Elapsed)), OrNone(clock(j.Limit)), OrNone(count(j.GPUs)), OrNone(j.QOS), OrNone(unit.Ago(j.Submit, now)), OrNone(j.ExitCode)},
		Fields: map[string]string{"id": j.ID, "exp": j.Experiment, "name": j.Name, "state": j.State.Words(), "qos": j.QOS,
			"node": j.NodeList, "reason": j.Reason}}
}

// jobWhere says the most useful thing of a job in few words: why it waits and when it would
// start, its stage and node, how it failed. Seen is what its log says; empty: nothing.
func jobWhere(j model.Job, seen string, now time.Time) string {
	reason, start := j.Meaning.Words, Expected(j, now)
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
	case j.State == model.JobUnknown:
		return reason
	}
	return j.NodeList
}

// Rank says where a job stands in the queue and why: "place 7 of 12 that wait in gpu_ss11: priority 250 (QOS 250)".
func Rank(r model.Rank) string {
	text := fmt.Sprintf("place %s of %s that wait in %s: priority %s", unit.Int(r.Place), unit.Int(r.Of), r.Partition, r.Priority)
	if len(r.Made) > 0 {
		text += " (" + strings.Join(r.Made, ", ") + ")"
	}
	return text
}

// Ends says what cancelling a job ends: "ends 18 tasks, 3 running".
func Ends(j model.Job) string {
	n := j.Tasks.Waiting + j.Tasks.Running
	switch {
	case n > 0 && j.Tasks.Running > 0:
		return "ends " + unit.Plural(n, "task") + ", " + unit.Int(j.Tasks.Running) + " running"
	case n > 0:
		return "ends " + unit.Plural(n, "task") + ", none running"
	case len(j.Parts) > 0:
		return "ends " + unit.Plural(len(j.Parts), "part") + " on " + unit.Plural(j.Nodes, "node") + ", " + j.State.Words()
	case j.Elapsed > 0:
		return "ends it, " + j.State.Words() + " for " + unit.Clock(j.Elapsed)
	}
	return "ends it, " + j.State.Words()
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

// JobNews says what has changed of a job that is watched: its state, and its stage while it runs, with what seems hung, else where it is.
func JobNews(j model.Job, stage string, done, total int, hung string, now time.Time) string {
	text := j.State.Words()
	if stage != "" && j.State.Active() {
		if text += ", " + Stage(stage, done, total); hung != "" {
			text += "; it may be " + hung
		}
	} else if where := jobWhere(j, "", now); where != "" {
		text += ", " + where
	}
	return text
}

// Queues lists the QOS of a site with their limits and prices.
func Queues(s model.Site) Table {
	word := "QOS"
	if len(s.Queues) > 0 && s.Queues[0].Partition {
		word = "partition"
	}
	t := Table{Columns: Columns(word, ">nodes|at most", ">GPUs|at most", ">time|hours", ">price|× hours", "/1-12")}
	for _, q := range s.Queues {
		t.Add(Texts(q.Name, limit(float64(q.MaxNodes)), limit(float64(q.MaxGPUs)), limit(q.MaxHours), unit.Number(q.Factor, 2), q.Note)...)
	}
	return t
}

// Nodes says what the kinds of GPU node of a site hold: "1536 nodes of 4 × A100-40GB (gpu&hbm40g)".
func Nodes(s model.Site, gpus map[string]model.GPU) []string {
	return model.Each(s.Partitions, func(k model.NodeKind) string {
		title := cmp.Or(gpus[k.GPU].Title, k.GPU, "GPUs not known")
		text := fmt.Sprintf("%d × %s", cmp.Or(k.GPUsPerNode, s.GPUsPerNode), title)
		if k.Nodes > 0 {
			text = unit.Plural(k.Nodes, "node") + " of " + text
		}
		if where := cmp.Or(k.Queue, k.Constraint); where != "" {
			text += " (" + where + ")"
		}
		return text
	})
}

// limit of 0 is none.
func limit(v float64) string {
	if v == 0 {
		return unit.Missing
	}
	return unit.Full(v)
}
