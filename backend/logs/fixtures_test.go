package logs

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"shardeck/model"
)

// TestEveryCause: the end of a log for each way to fail: the title, a part of the line
// that proves it and the first thing to do.
func TestEveryCause(t *testing.T) {
	logs, err := txtar.ParseFile("testdata/causes.txtar")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{}
	for _, f := range logs.Files {
		seen[f.Name] = string(f.Data)
	}
	for _, test := range []struct {
		log, state, title, proof, fix string
	}{
		{"cuda-oom", "FAILED 7:0", "CUDA out of memory", "Tried to allocate 896.00 MiB. GPU 1", "parallelism.tp"},
		{"kv-cache", "FAILED 7:0", "the KV cache does not fit on the GPU", "No available memory for the cache", "parallelism.tp"},
		{"host-oom", "FAILED 1:0", "the host ran out of memory", "oom_kill event", "trace_tokens"},
		{"host-oom", "OUT_OF_MEMORY 0:125", "the host ran out of memory", "oom_kill event", "trace_tokens"},
		{"host-oom-unsaid", "FAILED 9:0", "a process was killed by signal 9, by whom", "killed by signal 9", "maxrss"},
		{"nccl-timeout", "FAILED 1:0", "a collective timed out", "[Rank 5] Watchdog", "it stopped first"},
		{"nccl-sockets", "TIMEOUT 0:0", "the job ran into its time limit", "DUE TO TIME LIMIT", "load the OFI plugin"},
		{"ofi-missing", "FAILED 1:0", "NCCL has not the network it was told to use", "network AWS Libfabric not found", "module load"},
		{"nccl-failed", "FAILED 8:0", "NCCL failed", "DistBackendError", "NCCL WARN"},
		{"gated", "FAILED 6:0", "the model is gated", "GatedRepoError", "https://huggingface.co/meta-llama/Llama-3.1-8B"},
		{"model-missing", "FAILED 6:0", "the model is not in the hub cache", "We couldn't connect", "huggingface-cli download Qwen/Qwen3-32B"},
		{"model-mistyped", "FAILED 6:0", "the model is not in the hub cache", "is not a valid model identifier",
			"huggingface-cli download Qwen/Qwen-32B"},
		{"vllm-missing", "FAILED 4:0", "vLLM is not installed", "vLLM is not installed in this environment", "pip install vllm"},
		{"vllm-missing-python", "FAILED 1:0", "vLLM is not installed", "No module named 'vllm'", "pip install vllm"},
		{"vllm-broken", "FAILED 4:0", "vLLM is installed, and does not import", "libcudart.so.12", "pip install --force-reinstall vllm"},
		{"vllm-old", "FAILED 4:0", "vLLM is too old", "0.6.3", "pip install --upgrade vllm"},
		{"driver", "FAILED 4:0", "the NVIDIA driver is too old", "found version 12040", "cu129"},
		{"kernel-image", "FAILED 4:0", "the CUDA code was not built for this GPU", "no kernel image", "pip install"},
		{"no-gpu", "FAILED 5:0", "the job sees no GPU", "Failed to infer device type", "slurm.constraint"},
		{"few-gpus", "FAILED 5:0", "the layout needs more GPUs than the job has", "2 GPUs are visible", "shardeck generate"},
		{"conda", "FAILED 4:0", "the software environment does not exist", "EnvironmentNameNotFound", "conda env list"},
		{"module", "FAILED 4:0", "a module is not known on this system", "module(s) are unknown", "module spider pytorch"},
		{"time-limit", "TIMEOUT 0:0", "the job ran into its time limit", "DUE TO TIME LIMIT", "slurm.time"},
		{"preempted", "PREEMPTED 0:0", "the job was preempted", "DUE TO PREEMPTION", "submit it again"},
		{"node-failure", "NODE_FAIL 1:0", "a node failed", "DUE TO NODE FAILURE", "submit it again"},
		{"cancelled", "CANCELLED 0:15", "the job was cancelled", "CANCELLED AT", "if that was not meant"},
		{"account", "FAILED 1:0", "the account or QOS", "Invalid account", "slurm.account"},
		{"qos", "FAILED 1:0", "the account or QOS", "Invalid qos", "slurm.qos"},
		{"quota", "FAILED 1:0", "your quota on scratch is full", "Disk quota exceeded", "showquota"},
		{"disk-full", "FAILED 1:0", "a disk is full, or your quota is; the log does not say which", "No space left", "showquota"},
		{"port", "FAILED 8:0", "a port is taken", "EADDRINUSE", "submit again"},
		{"heads", "FAILED 2:0", "the layout does not fit the model", "divisible by tensor parallel size (3)", "shardeck check"},
		{"too-long", "FAILED 2:0", "the prompt and output are longer", "max_model_len (140000)", "data.seq_len"},
		{"argument", "FAILED 2:0", "vLLM does not know an argument", "num_scheduler_step", "vllm:"},
		{"nsys-import", "FAILED 10:0", "nsys left no report", "nsys recorded nsys_0.qdstrm", "load an nsys"},
		{"crash", "FAILED 139:0", "the program crashed", "Segfault encountered", "PYTHONFAULTHANDLER"},
		{"read-only", "FAILED 1:0", "/global/common/software is read-only", "Permission denied", "$SCRATCH"},
		{"silent-memory", "FAILED 7:0", "the runner ended: out of GPU memory", "Exited with exit code 7", "parallelism.tp"},
		{"worker", "FAILED 9:0", "not known: a rank died, and its own lines do not say why", "a rank died", ""},
	} {
		text, ok := seen[test.log]
		if !ok {
			t.Errorf("there is no log %s", test.log)
			continue
		}
		p, err := Tail(write(t, text), 500)
		if err != nil {
			t.Fatal(err)
		}
		state, code, _ := strings.Cut(test.state, " ")
		f, ok := Cause(p.Lines, model.Job{State: model.JobState(state), ExitCode: code})
		if !ok || !strings.HasPrefix(f.Title, test.title) || !strings.Contains(f.Line, test.proof) {
			t.Errorf("%s: %v %q by %q; want %q by %q", test.log, ok, f.Title, f.Line, test.title, test.proof)
		}
		if f.Index < 0 || strings.TrimSpace(p.Lines[f.Index]) != f.Line {
			t.Errorf("%s: line %d is not %q", test.log, f.Index, f.Line)
		}
		if !strings.Contains(strings.Join(f.Fixes, "\n"), test.fix) {
			t.Errorf("%s: fixes %q; want %q", test.log, f.Fixes, test.fix)
		}
	}
}

// TestCausesAreWhole: the table of causes says of each how it is known and what to do.
func TestCausesAreWhole(t *testing.T) {
	braces := regexp.MustCompile(`\{[a-z]+\}`)
	for _, c := range slices.Concat(known().Outside, known().Failures, known().Exits, known().Slowdowns) {
		if c.Title == "" || len(c.Fixes) == 0 && !c.Echo && c.Exit == 0 || c.Kind == "" ||
			len(c.Holds) == 0 && len(c.States) == 0 && c.Exit == 0 {
			t.Errorf("%+v is not whole", c)
		}
		if _, ok := known().patterns[c.Name]; !ok && c.Name != "" {
			t.Errorf("%s: nothing finds %s", c.Title, c.Name)
		}
		for _, in := range braces.FindAllString(strings.Join(c.Fixes, " "), -1) {
			if in != "{"+c.Name+"}" {
				t.Errorf("%s: a fix names %s, which is not looked for", c.Title, in)
			}
		}
	}
	for code := model.ExitConfig; code <= model.ExitTraces; code++ {
		if !slices.ContainsFunc(known().Exits, func(c cause) bool { return c.Exit == code }) {
			t.Errorf("nothing is said of exit code %d", code)
		}
	}
	for _, s := range signs().Signs {
		if s.Holds == "" || stageNamed(string(s.Stage)) == "" {
			t.Errorf("%+v tells no stage", s)
		}
	}
}
