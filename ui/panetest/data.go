package panetest

import (
	"time"

	"shardeck/backend/jobs"

	"shardeck/model"
	"shardeck/model/board"
)

func experiment(id, text, name string, l model.Layout, dir string) model.Experiment {
	e := model.Defaults()
	e.ID, e.Description, e.Model.Name, e.Layout = id, text, name, l
	e.Data.BatchSize = 4
	e.OutputDir = "trace_collection/" + dir
	return e
}

// rows are the experiments of a workspace in full swing: done, running, failed,
// waiting, never run, unreadable.
func rows(l *Lab) []board.Row {
	one := model.Layout{TP: 1, PP: 1, DPReplicate: 1, DPShard: 1, EP: 1}
	with := func(change func(*model.Layout)) model.Layout { v := one; change(&v); return v }
	tp := func(n int) model.Layout { return with(func(v *model.Layout) { v.TP = n }) }
	all := []board.Row{
		{Experiment: experiment("E1.1", "Llama-8B baseline on 1 GPU (TP=1, PP=1, EP=1)", llama.Name, one, "llama-8b-tp1")},
		{Experiment: experiment("E1.2", "Llama-8B tensor parallelism TP=2 on 2 GPUs", llama.Name, tp(2), "llama-8b-tp2")},
		{Experiment: experiment("E1.3", "Llama-8B tensor parallelism TP=4 on 4 GPUs", llama.Name, tp(4), "llama-8b-tp4")},
		{Experiment: experiment("E1.6", "Llama-8B pipeline parallelism PP=2 on 2 GPUs", llama.Name, with(func(v *model.Layout) { v.PP = 2 }), "llama-8b-pp2")},
		{Experiment: experiment("E2.1", "Llama-70B tensor parallelism TP=4 on 4 GPUs", llama70.Name, tp(4), "llama-70b-tp4")},
		{Experiment: experiment("E3.1", "DeepSeek-V2-Lite baseline on 1 GPU", deepseek.Name, one, "deepseek-v2-lite-ep1")},
		{Experiment: experiment("E3.2", "DeepSeek-V2-Lite expert parallelism EP=2 on 2 GPUs", deepseek.Name,
			with(func(v *model.Layout) { v.DPReplicate = 2; v.EP = 2 }), "deepseek-v2-lite-ep2")},
		{Experiment: model.Experiment{ID: "E9.9"}, Problem: "line 4, column 3: parallelsim is not a key; did you mean parallelism"},
	}
	ran := runs()
	for i := range all {
		r := &all[i]
		r.File = "experiments/configs/" + r.Experiment.ID + ".yaml"
		if r.Problem == "" {
			r.Verdict = l.Check(r.Experiment)
		}
		for j := range l.List.Jobs {
			if job := l.List.Jobs[j]; r.Job == nil && job.Experiment == r.Experiment.ID {
				r.Job = &job
			}
		}
		for j := range ran {
			if "trace_collection/"+ran[j].Name == r.Experiment.OutputDir {
				r.Run, r.Analysis = &ran[j], l.Analyses[ran[j].Name]
			}
		}
	}
	return all
}

func usualJobs() []model.Job {
	job := func(id, exp string, state model.JobState, elapsed time.Duration) model.Job {
		return model.Job{ID: id, Name: "vllm_" + exp, Experiment: exp, Scheduler: "slurm", State: state, Account: "m1234_g", Nodes: 1, GPUs: 2,
			Submit: Now.Add(-elapsed - 10*time.Minute), Start: Now.Add(-elapsed), Elapsed: elapsed, Limit: 30 * time.Minute, Log: "logs/" + exp + "_" + id + ".out"}
	}
	running := job("3141592", "E1.3", model.JobRunning, 252*time.Second)
	running.NodeList, running.QOS, running.GPUs = "nid001042", "gpu_regular", 4
	waiting := job("3141593", "E3.1", model.JobPending, 0)
	waiting.Reason, waiting.Start, waiting.QOS = "Priority", Now.Add(18*time.Minute), "gpu_shared"
	failed := job("3141580", "E1.6", model.JobFailed, 112*time.Second)
	failed.End, failed.ExitCode = Now.Add(-40*time.Minute), "7:0"
	done := job("3141570", "E1.2", model.JobCompleted, 220*time.Second)
	done.End, done.ExitCode, done.NodeList = Now.Add(-2*time.Hour), "0:0", "nid001040"
	first := job("3141560", "E1.1", model.JobCompleted, 301*time.Second)
	first.End, first.ExitCode = Now.Add(-3*time.Hour), "0:0"
	return []model.Job{running, waiting, failed, done, first}
}

func logs() map[string]jobs.LogPart {
	return map[string]jobs.LogPart{
		"3141592": {Path: "logs/E1.3_3141592.out", Size: 18233, Stage: "profiling", Done: 3, Total: 5, Lines: []string{
			"shardeck: stage environment", "INFO  vLLM 0.11.0, PyTorch 2.8.0, CUDA 12.8", "shardeck: stage weights",
			"INFO  loading weights: 14.99 GiB in 9.8 s", "shardeck: stage warm-up", "shardeck: iteration 2 of 2 warm-up",
			"shardeck: stage timing", "shardeck: iteration 5 of 5 timing", "shardeck: stage profiling", "shardeck: iteration 3 of 5 profiling"}},
		"3141580": {Path: "logs/E1.6_3141580.out", Size: 90211, Lines: []string{
			"shardeck: stage environment", "shardeck: stage weights", "INFO  loading weights: 14.99 GiB in 9.8 s", "INFO  profiling run with 8192 tokens",
			"torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 39.39 GiB of which 1.21 GiB is free",
			"  File \"vllm/v1/worker/gpu_worker.py\", line 212, in determine_available_memory", "ERROR engine core died", "slurmstepd: error: task 0 exited with code 7"}},
		"3141570": {Path: "logs/E1.2_3141570.out", Size: 22100, Stage: "done", Lines: []string{"shardeck: stage writing traces", "shardeck: stage done"}},
		"3141560": {Path: "logs/E1.1_3141560.out", Size: 22100, Stage: "done", Lines: []string{"shardeck: stage done"}},
	}
}

func causes() map[string]jobs.Cause {
	return map[string]jobs.Cause{"3141580": {Title: "CUDA out of memory while allocating the KV cache",
		Line:  "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 39.39 GiB of which 1.21 GiB is free",
		Where: "logs/E1.6_3141580.out:812",
		Fixes: []string{"parallelism.tp 1 → 2: halves weights and KV cache", "vllm.max_model_len 2560: prompt and output, no more",
			"slurm.constraint gpu&hbm80g: same price, fewer nodes"},
		Remedies: []jobs.Remedy{
			{Text: "parallelism.tp 1 → 2", Edits: []model.Edit{{Path: "parallelism.tp", Value: "2"}}},
			{Text: "slurm.constraint auto → gpu&hbm80g", Edits: []model.Edit{{Path: "slurm.constraint", Value: "gpu&hbm80g"}}},
		}}}
}
