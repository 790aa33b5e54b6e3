package logs

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"shardeck/model"
)

// write makes a log.
func write(t testing.TB, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "job.out")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTail(t *testing.T) {
	long := strings.Repeat("é", maxLine)
	for _, test := range []struct {
		name, text string
		n          int
		want       []string
		first      int64
		line       int
	}{
		{"all of it", "a\nb\n", 9, []string{"a", "b"}, 0, 1},
		{"the last two", "a\nb\nc\n", 2, []string{"b", "c"}, 2, 2},
		{"an unfinished line", "a\nb\nc", 2, []string{"b", "c"}, 2, 2},
		{"empty", "", 5, nil, 0, 1},
		{"empty lines count", "a\n\n\nb\n", 3, []string{"", "", "b"}, 2, 2},
		{"DOS ends", "a\r\nb\r\n", 5, []string{"a", "b"}, 0, 1},
		{"a progress bar", "x\n 10%|#| 1/9\r 50%|###| 5/9\r\n", 1, []string{" 50%|###| 5/9"}, 2, 2},
		{"control characters", "\x1b[31mred\x1b[0m \x1b]0;t\x07\x00end\n", 1, []string{"red end"}, 0, 1},
		{"a long line", long + "\n", 1, []string{strings.Repeat("é", maxLine/2) + " …"}, 0, 1},
		{"nothing asked", "a\nb\n", 0, nil, 4, 3},
	} {
		p, err := Tail(write(t, test.text), test.n)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if test.n == 0 {
			p.Lines = nil
		}
		if d := cmp.Diff(test.want, p.Lines); d != "" || test.n > 0 && (p.First != test.first || p.Line != test.line) {
			t.Errorf("%s: first %d line %d\n%s", test.name, p.First, p.Line, d)
		}
	}
}

func TestTailOfABigLog(t *testing.T) {
	var b bytes.Buffer
	for i := 1; b.Len() < 5<<20; i++ {
		fmt.Fprintf(&b, "line %d of a long log, as NCCL writes them\n", i)
	}
	total := bytes.Count(b.Bytes(), []byte("\n"))
	p, err := Tail(write(t, b.String()), 3000)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Lines) != 3000 || p.Line != total-2999 || p.Lines[0] != fmt.Sprintf("line %d of a long log, as NCCL writes them", p.Line) {
		t.Errorf("%d lines from %d: %q", len(p.Lines), p.Line, p.Lines[0])
	}
	if !strings.HasSuffix(p.Where(2999), fmt.Sprintf("job.out:%d", total)) {
		t.Errorf("where: %s", p.Where(2999))
	}
	endless, err := Tail(write(t, strings.Repeat("x", maxTail+block+5)), 10)
	if err != nil || len(endless.Lines) != 1 || len(endless.Lines[0]) > maxLine+8 {
		t.Errorf("a line without end: %d lines, %v", len(endless.Lines), err)
	}
}

func TestNoLog(t *testing.T) {
	dir := t.TempDir()
	if _, err := Tail(filepath.Join(dir, "absent"), 5); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("absent: %v", err)
	}
	if _, err := Tail(dir, 5); err == nil || !strings.Contains(err.Error(), "is no log") {
		t.Errorf("directory: %v", err)
	}
}

// TestFollowBeginsWithTheLastLines, of a log of any size, and goes on with all that comes.
func TestFollowBeginsWithTheLastLines(t *testing.T) {
	path := filepath.Join(t.TempDir(), "job.out")
	for _, lines := range []int{0, 3, 10, 400_000} { // the last has 5 MB, five polls
		var text strings.Builder
		for i := range lines {
			fmt.Fprintf(&text, "line %07d\n", i+1)
		}
		if err := os.WriteFile(path, []byte(text.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		for _, n := range []int{3, 200_000} {
			f, got := Follow(path, n), []string(nil)
			for more := true; more; {
				p, err := f.Poll(true)
				if err != nil {
					t.Fatal(err)
				}
				if more = len(p.Lines) > 0; more && len(got) == 0 && p.Line != max(lines-n, 0)+1 {
					t.Errorf("of %d lines the last %d begin with line %d", lines, n, p.Line)
				}
				got = append(got, p.Lines...)
			}
			if want := min(n, lines); len(got) != want || want > 0 && got[0] != fmt.Sprintf("line %07d", lines-want+1) {
				t.Errorf("of %d lines the last %d are %d", lines, n, len(got))
			}
		}
	}
}

func TestFollow(t *testing.T) {
	path := filepath.Join(t.TempDir(), "job.out")
	f := Follow(path, 0)
	step := func(add string, truncate, final bool, want []string, line int) {
		t.Helper()
		flags := os.O_CREATE | os.O_WRONLY | os.O_APPEND
		if truncate {
			flags |= os.O_TRUNC
		}
		if add != "" {
			file, err := os.OpenFile(path, flags, 0o644)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = file.WriteString(add)
			file.Close()
		}
		p, err := f.Poll(final)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, p.Lines); d != "" || len(want) > 0 && p.Line != line {
			t.Errorf("after %q: line %d\n%s", add, p.Line, d)
		}
	}
	step("", false, false, nil, 0)
	step("one\ntw", false, false, []string{"one"}, 1)
	step("", false, false, nil, 0)
	step("o\nthree\n", false, false, []string{"two", "three"}, 2)
	step("four", false, false, nil, 0)
	step("", false, true, []string{"four"}, 4)
	step("anew\n", true, false, []string{"anew"}, 1)
}

func TestStage(t *testing.T) {
	for want, lines := range map[Progress][]string{
		{}:                              {"hello", "shardeck: stage nonsense", "shardeck: iteration x of y timing"},
		{Stage: model.StageEnvironment}: {"shardeck: stage environment", "some output"},
		{Stage: model.StageWarmup}:      {model.StageWeights.Line(), model.StageWarmup.Line()},
		{model.StageTiming, 3, 5}:       {model.StageTiming.Line(), model.IterationLine(3, 5, model.StageTiming), "x"},
		{Stage: model.StageWriting}:     {"0: shardeck: stage writing traces "},
		{model.StageWeights, 2, 4}:      {"Loading safetensors checkpoint shards:  50% Completed | 2/4 [00:05<00:05,  2.6s/it]"},
		{Stage: model.StageWeights}: {"INFO 11-20 10:22:43 [gpu_model_runner.py:2338] Starting to load model " +
			"meta-llama/Llama-3.1-8B..."},
		{model.StageCompile, 21, 67}: {"Capturing CUDA graphs (mixed prefill-decode, PIECEWISE):  31%|███▏     " +
			" | 21/67 [00:01<00:02, 15.6it/s]"},
		{Stage: model.StageCompile}:                      {"INFO 11-20 10:23:31 [kv_cache_utils.py:868] GPU KV cache size: 161,232 tokens"},
		{Stage: model.StageProfiling}:                    {model.StageProfiling.Line(), "shardeck: iteration 9 of 2 nowhere"},
		{Stage: model.StageDone}:                         {model.StageTiming.Line(), model.StageDone.Line()},
		{Stage: model.StageProfiling, Done: 2, Total: 2}: {model.IterationLine(2, 2, model.StageProfiling), "Loading weights took 3.2 seconds"},
		{model.StageCompile, 5, 9}:                       {model.StageWeights.Line(), "Capturing CUDA graphs:  | 5/9 [00:01<00:02]"},
		{model.StageWarmup, 1, 2}:                        {"\x1bnot cleaned", "  shardeck: iteration 1 of 2 warm-up"},
	} {
		if got := Stage(lines); got != want {
			t.Errorf("%q: %+v, want %+v", lines, got, want)
		}
	}
}

func TestCause(t *testing.T) {
	failed := model.Job{State: model.JobFailed, ExitCode: "1:0"}
	oom := "(EngineCore_0 pid=1) torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB."
	for _, test := range []struct {
		lines []string
		job   model.Job
		title string // begins with
		index int
		fix   string // among the fixes
	}{
		{[]string{"x", oom, "[rank1] Watchdog caught collective operation timeout"}, failed, "CUDA out of memory", 1, "data.batch_size"},
		{[]string{"[rank1] Watchdog caught collective operation timeout: WorkNCCL(SeqNum=5)"}, failed, "a collective timed out", 0,
			"it stopped first"},
		{[]string{"ValueError: No available memory for the cache blocks. Try increasing `gpu_memory_utilization`"}, failed,
			"the KV cache", 0, "gpu&hbm80g"},
		{[]string{"slurmstepd: error: Detected 1 oom_kill event in StepId=12.0. Some of the step tasks have been OOM Killed."},
			failed, "the host ran out", 0, "trace_tokens"},
		{[]string{"run.sh: line 5: 4242 Killed                  python x.py"}, failed, "a process was killed by signal 9, by whom", 0, "maxrss"},
		{nil, model.Job{State: model.JobOutOfMemory}, "the host ran out", -1, "trace_tokens"},
		{[]string{"OSError: You are trying to access a gated repo.", "Access to model meta-llama/Llama-3.1-8B is restricted."},
			failed, "the model is gated", 0, "huggingface-cli login"},
		{[]string{"Access to model meta-llama/Llama-3.1-8B is restricted."}, failed, "the model is gated", 0,
			"huggingface-cli download meta-llama/Llama-3.1-8B"},
		{[]string{"OSError: Qwen/Qwen-32B is not a local folder and is not a valid model identifier listed on " +
			"'https://huggingface.co/models'"}, failed, "the model is not in the hub", 0, "huggingface-cli download"},
		{[]string{"OSError: We couldn't connect to 'https://huggingface.co' to load the files"}, failed,
			"the model is not in the hub", 0, "huggingface-cli download MODEL"},
		{[]string{"ModuleNotFoundError: No module named 'vllm'"}, failed, "vLLM is not installed", 0, "pip install vllm"},
		{[]string{"ModuleNotFoundError: No module named 'yaml'"}, failed, "a Python module", 0, "pip install yaml"},
		{[]string{"RuntimeError: The NVIDIA driver on your system is too old (found version 12040)."}, failed, "the NVIDIA driver", 0, "cu129"},
		{[]string{"slurmstepd: error: *** JOB 7 ON nid001000 CANCELLED AT 2026-11-23T18:40:00 DUE TO TIME LIMIT ***"},
			model.Job{State: model.JobTimeout}, "the job ran into its time limit", 0, "slurm.time"},
		{[]string{"shardeck: the time limit is near: the runner is told to stop", "shardeck: exit code 143"}, failed,
			"its time limit was near", 0, "slurm.time"},
		{[]string{"nothing"}, model.Job{State: model.JobTimeout}, "the job ran into its time limit", -1, "slurm.time"},
		{[]string{oom}, model.Job{State: model.JobPreempted}, "the job was preempted", -1, "regular"},
		{nil, model.Job{State: model.JobNodeFail}, "a node failed", -1, "submit it again"},
		{[]string{"slurmstepd: error: *** JOB 7 ON nid001000 CANCELLED AT 2026-11-23T18:40:00 ***"},
			model.Job{State: model.JobCancelled}, "the job was cancelled", 0, ""},
		{[]string{"*** STEP 7.0 ON nid001000 CANCELLED AT 2026-11-23 ***", oom}, failed, "CUDA out of memory", 1, "parallelism.tp"},
		{[]string{"EnvironmentNameNotFound: Could not find conda environment: vllm-profiling"}, failed, "the software environment", 0,
			"conda create -n vllm-profiling"},
		{[]string{"OSError: [Errno 122] Disk quota exceeded: '/pscratch/x'"}, failed, "your quota on scratch is full", 0, "showquota"},
		{[]string{"sbatch: error: Invalid account or account/partition combination specified"}, failed, "the account or QOS", 0, "sacctmgr"},
		{[]string{"NCCL WARN Error: network AWS Libfabric not found."}, failed, "NCCL has not the network", 0, "module load"},
		{[]string{"python3: can't open file '/x/vllm_profiler.py': [Errno 2] No such file or directory"}, failed, "a file is missing",
			0, "/x/vllm_profiler.py"},
		{[]string{"run.sh: line 3: nsys: command not found"}, failed, "a program is not installed", 0, "module load"},
		{[]string{"  File x", "pkg.mod.OddError: something new", "bye"}, failed, "not known: pkg.mod.OddError: something new", 1, ""},
		{[]string{"all well", "bye"}, failed, "not known: nothing in the log says why; the job ended FAILED with exit code 1:0", 1, ""},
		{nil, model.Job{State: model.JobFailed, ExitCode: "0:53"}, "Slurm could not enter", -1, "mkdir -p"},
		{nil, failed, "there is no log", -1, ""},
	} {
		f, ok := Cause(test.lines, test.job)
		if !ok || !strings.HasPrefix(f.Title, test.title) || f.Index != test.index {
			t.Errorf("%q: %v %+v, want %q at %d", test.lines, ok, f, test.title, test.index)
		}
		if !strings.Contains(strings.Join(f.Fixes, "\n"), test.fix) || len(f.Fixes) == 0 != strings.HasPrefix(f.Title, "not known") {
			t.Errorf("%q: fixes %q lack %q", test.lines, f.Fixes, test.fix)
		}
		if f.Index >= 0 && f.Line != strings.TrimSpace(test.lines[f.Index]) {
			t.Errorf("line %q is not line %d", f.Line, f.Index)
		}
	}
	for _, state := range []model.JobState{model.JobCompleted, model.JobRunning, model.JobPending} {
		if f, ok := Cause([]string{oom}, model.Job{State: state}); ok {
			t.Errorf("a %s job failed by %+v", state, f)
		}
	}
}

func TestRemarks(t *testing.T) {
	lines := []string{"nid001:1:2 [0] NCCL INFO NET/Plugin: Could not find: libnccl-net.so. Using internal network plugin.",
		"nid001:1:2 [0] NCCL INFO Using network Socket"}
	got := Remarks(lines)
	if len(got) != 2 || got[0].Index != 1 || got[1].Index != 0 {
		t.Errorf("%+v", got)
	}
	if r := Remarks([]string{"NCCL INFO Using network AWS Libfabric"}); len(r) != 0 {
		t.Errorf("%+v", r)
	}
}

// FuzzLog: whatever a log holds, reading it is safe, and so is what is shown of it.
func FuzzLog(f *testing.F) {
	f.Add([]byte("shardeck: stage timing\nshardeck: iteration 1 of 2 timing\r\n\x1b[1mNo module named 'vllm'"), 3)
	f.Add([]byte("a\rb\rc\xff\xfe\n\n\nAccess to model a/b"), 1)
	f.Fuzz(func(t *testing.T, text []byte, n int) {
		path := write(t, string(text))
		p, err := Tail(path, n)
		if err != nil {
			t.Fatal(err)
		}
		if n > 0 && len(p.Lines) > n {
			t.Fatalf("%d lines of %d asked", len(p.Lines), n)
		}
		for _, l := range p.Lines {
			if !utf8.ValidString(l) || model.Printable(l) != l {
				t.Fatalf("unsafe line %q", l)
			}
		}
		Stage(p.Lines)
		Cause(p.Lines, model.Job{State: model.JobFailed})
		whole, err := Follow(path, 0).Poll(true)
		if err != nil || n > 0 && len(whole.Lines) < len(p.Lines) {
			t.Fatalf("followed %d lines, tail has %d: %v", len(whole.Lines), len(p.Lines), err)
		}
	})
}

// NCCL's news of what it tries are no cause, even in words that causes use.
func TestNewsAreNoCause(t *testing.T) {
	lines := []string{
		"nid001:1:2 [0] NCCL INFO NET/Plugin: dlsym failed: libnccl-net.so: undefined symbol: ncclNet_v11",
		"torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB",
	}
	f, ok := Cause(lines, model.Job{State: model.JobFailed})
	if !ok || f.Index != 1 || !strings.Contains(f.Title, "memory") {
		t.Errorf("the cause is %+v", f)
	}
}
