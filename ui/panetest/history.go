package panetest

import (
	"encoding/json"
	"sync"
	"time"

	"shardeck/backend/scheduler"
	"shardeck/model"
)

// submissions are what was submitted from the workspace, the newest first. Ended jobs are
// on record alone; the scheduler lists those that wait or run.
var submissions = []struct {
	job, experiment string
	gpus            int
	ago             time.Duration // since it was submitted
	state           model.JobState
	elapsed         time.Duration
	exit            string
}{
	{"3141592", "E1.3", 4, 9 * time.Minute, model.JobRunning, 252 * time.Second, ""},
	{"3141591", "E3.1", 1, 10 * time.Minute, model.JobPending, 0, ""},
	{"3141580", "E1.6", 2, 50 * time.Minute, model.JobFailed, 112 * time.Second, "7:0"},
	{"3141570", "E1.2", 2, 130 * time.Minute, model.JobCompleted, 220 * time.Second, "0:0"},
	{"3141560", "E1.1", 1, 190 * time.Minute, model.JobCompleted, 301 * time.Second, "0:0"},
}

// plan is when the scheduler would start one more job.
var plan = scheduler.Estimate{Start: Now.Add(18 * time.Minute), Nodes: "nid001042"}

// scripts are those of the experiments, by id. They are the same in every workspace, so the
// first one that is opened makes them.
var scripts sync.Map

// submit writes down what was submitted, and gives the scheduler what has not ended.
func (w *Workspace) submit() {
	for _, s := range submissions {
		script, known := scripts.Load(s.experiment)
		if !known {
			p, err := w.Preview(w.T.Context(), s.experiment, false)
			w.must(err)
			script = p.Script
			scripts.Store(s.experiment, script)
		}
		tag := "shardeck-" + s.experiment + "-1764000000-" + s.job + "0"
		log := "logs/" + s.experiment + "_" + s.job + ".out"
		j := model.Job{ID: s.job, Name: s.experiment, Tag: tag, Experiment: s.experiment, Scheduler: "slurm", State: s.state, Log: w.Path(log),
			Account: "m1234_g", QOS: "gpu_shared", Nodes: 1, GPUs: s.gpus, Limit: 30 * time.Minute,
			Submit: Now.Add(-s.ago), Elapsed: s.elapsed, ExitCode: s.exit}
		record := model.Submission{Tag: tag, JobID: s.job, Scheduler: "slurm", Log: log, At: j.Submit, Script: script.(string), Last: &j}
		record.Experiment.ID = s.experiment
		switch s.state {
		case model.JobRunning:
			j.Start, j.NodeList, j.QOS = Now.Add(-s.elapsed), "nid001042", "gpu_regular"
			w.Scheduler.Queue = append(w.Scheduler.Queue, j)
		case model.JobPending:
			j.Start, j.Reason = Now.Add(18*time.Minute), "Priority"
			w.Scheduler.Queue = append(w.Scheduler.Queue, j)
		default:
			j.Start, j.NodeList = j.Submit.Add(5*time.Minute), "nid001040"
			j.End = j.Start.Add(s.elapsed)
		}
		text, err := json.Marshal(record)
		w.must(err)
		w.Write(".shardeck/submitted/"+tag+".json", string(text))
	}
}
