package logs

import (
	"strings"
	"testing"
	"time"

	"shardeck/model"
)

// TestHarmless: warnings, retries, news and leaks are no cause, with and without a failure that is not known behind them.
func TestHarmless(t *testing.T) {
	for _, f := range forms(t, "harmless.txtar") {
		got := causeOf(t, inJob(f.lines), failed9)
		if strings.HasPrefix(f.kind, "beside-an-exception") { // alone it would be the best there is
			got = Finding{Title: "not known"}
		}
		if !strings.HasPrefix(got.Title, "not known") || len(got.Fixes)+len(got.Edits) > 0 {
			t.Errorf("%s: %q with %q by %q", f, got.Title, got.Fixes, got.Line)
		}
		lines := inJob(append(f.lines, "(Worker_TP1 pid=83161) ERROR 11-20 10:23:02 [multiproc_executor.py:597] KeyError: 'model.layers.3.mlp'"))
		got = causeOf(t, lines, failed9)
		if got.Title != "not known: KeyError: 'model.layers.3.mlp' in Worker_TP1" || len(got.Fixes) > 0 ||
			!strings.HasSuffix(got.Line, "'model.layers.3.mlp'") {
			t.Errorf("%s and a KeyError: %q with %q by %q", f, got.Title, got.Fixes, got.Line)
		}
	}
}

// TestInterrupted: what a stop brings about is not its cause.
func TestInterrupted(t *testing.T) {
	lines := []string{"shardeck: stage timing", "^C", "Traceback (most recent call last):", "KeyboardInterrupt",
		"(EngineCore_DP0 pid=1) ERROR 11-20 10:23:02 [core.py:1] EngineCore encountered a fatal error.",
		"BrokenPipeError: [Errno 32] Broken pipe",
		"[rank0]:[W1120 10:23:03.1 ProcessGroupNCCL.cpp:1538] Warning: destroy_process_group() was not called"}
	for job, want := range map[string]string{"FAILED": "it was interrupted from outside", "CANCELLED": "the job was cancelled"} {
		got := causeOf(t, lines, model.Job{State: model.JobState(job), ExitCode: "130:0"})
		if !strings.HasPrefix(got.Title, want) {
			t.Errorf("%s: %+v", job, got)
		}
	}
}

// TestOrderOfEvidence: the first exception of the first rank that fell, by time and by rank, whoever's lines stand between.
func TestOrderOfEvidence(t *testing.T) {
	const oom = "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB."
	for name, test := range map[string]struct {
		lines       []string
		title, line string
	}{
		"by time, though written later": {[]string{
			"(Worker_TP0 pid=1) ERROR 11-20 10:23:09 [x.py:1] ValueError: No available memory for the cache blocks.",
			"(Worker_TP3 pid=4) ERROR 11-20 10:23:02 [x.py:1] " + oom}, "CUDA out of memory", "Worker_TP3"},
		"an unknown exception before a known one": {[]string{
			"(Worker_TP1 pid=2) ERROR 11-20 10:23:02 [x.py:1] KeyError: 'layers.7'",
			"(Worker_TP0 pid=1) ERROR 11-20 10:33:02 [x.py:1] RuntimeError: CUDA error: an illegal memory access was encountered"},
			"not known: KeyError: 'layers.7' in Worker_TP1", "layers.7"},
		"an echo does not count": {[]string{
			"[rank0]:[E1120 10:23:01.114 ProcessGroupNCCL.cpp:685] [Rank 0] Watchdog caught collective operation timeout: WorkNCCL(SeqNum=3)",
			"(Worker_TP1 pid=2) ERROR 11-20 10:23:02 [x.py:1] FooBarError: odd"}, "not known: FooBarError: odd in Worker_TP1", "FooBarError"},
		"a chain": {[]string{
			"[rank2]: Traceback (most recent call last):", "[rank2]: KeyError: 'head'", "",
			"[rank2]: During handling of the above exception, another exception occurred:", "",
			"[rank2]: Traceback (most recent call last):", "[rank2]: LookupError: no head in the checkpoint"},
			"not known: KeyError: 'head' on rank 2; it became LookupError: no head in the checkpoint", "KeyError"},
		"an exception of any name": {[]string{"[rank3]: Traceback (most recent call last):", `[rank3]:   File "x.py", line 3, in f`,
			"[rank3]:     raise Overloaded(9)", "[rank3]: engine.limits.Overloaded: 9 requests"},
			"not known: engine.limits.Overloaded: 9 requests on rank 3", "Overloaded: 9"},
		"a known exception in a chain": {[]string{
			"KeyError: 'qwen9'", "During handling of the above exception, another exception occurred:",
			"ValueError: The checkpoint you are trying to load has model type `qwen9` but Transformers does not recognize this architecture."},
			"the model is newer", "has model type"},
		"a traceback cut by others": {[]string{
			"(Worker_TP1 pid=2) ERROR 11-20 10:23:02 [x.py:1] ValueError: Free memory on device cuda:1 (11.62/39.38 GiB) on",
			"(Worker_TP0 pid=1) INFO 11-20 10:23:02 [x.py:1] Loading weights took 3.2 seconds",
			"(Worker_TP1 pid=2) ERROR 11-20 10:23:02 [x.py:1]  startup is less than desired GPU memory utilization (0.9, 35.44 GiB)."},
			"another process holds memory of the GPU", "11.62"},
		"what the run survived": {[]string{
			"shardeck: stage warm-up", "(Worker_TP1 pid=2) ERROR 11-20 10:23:02 [x.py:1] " + oom,
			"shardeck: iteration 1 of 2 warm-up", "shardeck: stage timing", "shardeck: iteration 1 of 2 timing",
			"(Worker_TP0 pid=1) ERROR 11-20 10:33:02 [x.py:1] OddError: later"}, "not known: OddError: later in Worker_TP0", "later"},
		"nobody but the trailer": {[]string{"shardeck: stage weights", "shardeck: exit code 1; what was written stays in x"},
			"not known: nothing in the log says why", "stage weights"},
		"the runner's own word": {[]string{"shardeck: stage weights", "shardeck: a rank died of ZeroDivisionError: division by zero",
			"srun: error: nid001000: task 0: Exited with exit code 9", "shardeck: exit code 9; what was written stays in x"},
			"not known: ZeroDivisionError: division by zero", "a rank died of"},
		"the kernel's, where a process could not say why": {[]string{
			"(EngineCore_DP0 pid=1) ERROR 11-20 10:23:02 [x.py:1] OddError: a worker is gone",
			"slurmstepd: error: Detected 1 oom_kill event in StepId=4711.0. Some of the step tasks have been OOM Killed."},
			"the host ran out of memory", "oom_kill"},
		"a cancelled job that had failed": {[]string{oom, "slurmstepd: error: *** JOB 7 ON nid001000 CANCELLED AT 2026-11-23T18:40:00 ***",
			"RuntimeError: brought about by the end"}, "the job was cancelled, after CUDA out of memory", "CANCELLED AT"},
	} {
		job := model.Job{State: model.JobFailed, ExitCode: "1:0"}
		if strings.HasPrefix(name, "a cancelled") {
			job.State = model.JobCancelled
		}
		got := causeOf(t, test.lines, job)
		if !strings.HasPrefix(got.Title, test.title) || !strings.Contains(got.Line, test.line) {
			t.Errorf("%s: %q by %q; want %q by %q", name, got.Title, got.Line, test.title, test.line)
		}
		if strings.HasPrefix(test.title, "not known") && len(got.Fixes)+len(got.Edits) > 0 {
			t.Errorf("%s: advice for what is not known: %q", name, got.Fixes)
		}
	}
}

const waits = "(EngineCore_DP0 pid=83121) INFO 11-20 10:2%d:49 [shm_broadcast.py:466] No available shared memory broadcast block " +
	"found in 60 seconds. This typically happens when some processes are hanging or doing some time-consuming work (e.g. compilation)."

func waited(n int) (out []string) {
	for i := range n {
		out = append(out, strings.Replace(waits, "%d", string(rune('5'+i)), 1))
	}
	return out
}

// TestHung: since when, and what moved last; never more time. What is slow by nature, or was as quiet before, does not hang.
func TestHung(t *testing.T) {
	start := []string{"shardeck: stage weights, 11-20 10:20:00",
		"(EngineCore_DP0 pid=83121) INFO 11-20 10:23:49 [kv_cache_utils.py:1087] GPU KV cache size: 162,704 tokens"}
	with := func(more ...string) []string { return append(append([]string{}, start...), more...) }
	for name, test := range map[string]struct {
		lines  []string
		silent time.Duration
		want   string // of the title; empty: it does not hang
	}{
		"an engine that waits": {append(with("shardeck: iteration 1 of 2 warm-up"), waited(4)...), 0,
			"hung since 10:24: nothing moved after “iteration 1 of 2 warm-up”, and the engine said 4 times"},
		"with a time of its own": {append(with("shardeck: iteration 1 of 2 warm-up, 11-20 10:24:30"), waited(3)...), 0,
			"hung since 10:24: nothing"},
		"twice is not enough": {append(with("shardeck: iteration 1 of 2 warm-up"), waited(2)...), 0, ""},
		"it went on":          {append(append(with("shardeck: stage timing"), waited(4)...), "shardeck: iteration 1 of 5 timing"), 0, ""},
		"it compiles": {append(with("INFO 11-20 10:24:00 [backends.py:1] Dynamo bytecode transform time: 9.2 s"),
			waited(4)...), 0, ""},
		"it writes traces": {append(with("shardeck: stage writing traces"), waited(4)...), 0, ""},
		"a log that nobody writes": {with("shardeck: iteration 1 of 5 timing, 11-20 10:30:00"), 25 * time.Minute,
			"hung since 10:30: nothing moved after “iteration 1 of 5 timing, 11-20 10:30:00”"},
		"iterations that take long": {with("shardeck: iteration 1 of 5 timing, 11-20 10:30:00",
			"shardeck: iteration 2 of 5 timing, 11-20 11:00:00"), 25 * time.Minute, ""},
		"weights from a slow disk": {with("shardeck: stage weights, 11-20 10:30:00"), 25 * time.Minute, ""},
		"just now":                 {with(), 0, ""},
	} {
		f, ok := Hung(test.lines, model.Job{ID: "47", State: model.JobRunning}, test.silent)
		if ok != (test.want != "") || !strings.HasPrefix(f.Title, test.want) {
			t.Errorf("%s: %v %q, want %q", name, ok, f.Title, test.want)
		}
		if said := strings.Join(f.Fixes, "\n"); ok && (strings.Contains(said, "slurm.time") || len(f.Edits) > 0 ||
			!strings.Contains(said, "--jobid 47 ")) {
			t.Errorf("%s: advice %q, edits %q", name, f.Fixes, f.Edits)
		}
	}
}

// TestAtTheLimit: a hang is told from a limit that was too short, and of that by how much.
func TestAtTheLimit(t *testing.T) {
	ended := "slurmstepd: error: *** JOB 47 ON nid001000 CANCELLED AT 2026-11-20T10:50:00 DUE TO TIME LIMIT ***"
	done := func(at ...string) []string {
		lines := []string{"shardeck: stage weights, 11-20 10:20:30", "shardeck: stage timing, 11-20 10:30:00"}
		for i, clock := range at {
			lines = append(lines, model.IterationLine(i+1, 5, model.StageTiming)+clock)
		}
		return append(lines, ended)
	}
	timeout := model.Job{ID: "47", State: model.JobTimeout, Elapsed: 30 * time.Minute, Limit: 30 * time.Minute}
	for name, test := range map[string]struct {
		lines []string
		job   model.Job
		title string
		edit  string // the first; empty: none
	}{
		"too short": {done(", 11-20 10:35:00", ", 11-20 10:40:00", ", 11-20 10:45:00"), timeout,
			"the job ran into its time limit: 3 of 5 timing iterations were done; about 10 min more were needed", "slurm.time +15m"},
		"too short, by the job's clock": {done("", "", ""), timeout,
			"the job ran into its time limit: 3 of 5 timing iterations were done; at most 20 min more were needed", "slurm.time +30m"},
		"while loading shards": {[]string{"Loading safetensors checkpoint shards:  50% Completed | 2/4 [00:05<00:05,  2.6s/it]", ended}, timeout,
			"the job ran into its time limit, at stage weights", "slurm.time double"},
		"while loading": {[]string{"shardeck: stage weights", ended}, timeout,
			"the job ran into its time limit, at stage weights", "slurm.time double"},
		"hung": {append([]string{"shardeck: iteration 1 of 2 warm-up"}, append(waited(4), ended)...), timeout,
			"hung since 10:24", ""},
		"hung without a word": {done(", 11-20 10:20:40"), timeout, "hung since 10:20", ""},
		"stopped before it": {append(append([]string{"shardeck: iteration 1 of 2 warm-up"}, waited(4)...),
			"shardeck: the time limit is near: the runner is told to stop", "RuntimeError: Engine core initialization failed."),
			model.Job{State: model.JobFailed, ExitCode: "3:0"}, "hung since 10:24", ""},
		"a rank that fell before": {append([]string{"shardeck: stage timing",
			"(Worker_TP1 pid=2) ERROR 11-20 10:23:02 [x.py:1] torch.OutOfMemoryError: CUDA out of memory."}, ended), timeout,
			"CUDA out of memory; it then stood to its time limit", "parallelism.tp up"},
	} {
		got := causeOf(t, test.lines, test.job)
		edit := ""
		if len(got.Edits) > 0 {
			edit = got.Edits[0]
		}
		if !strings.HasPrefix(got.Title, test.title) || edit != test.edit {
			t.Errorf("%s: %q, edits %q; want %q, %q", name, got.Title, got.Edits, test.title, test.edit)
		}
		if test.edit == "" && strings.Contains(strings.Join(got.Fixes, "\n"), "raise slurm.time") {
			t.Errorf("%s: more time is advised for a hang: %q", name, got.Fixes)
		}
	}
}
