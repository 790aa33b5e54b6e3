package check

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"shardeck/model"
	"shardeck/model/modeltest"
)

// The findings that matter, by code, with the fix that a key would apply. A case
// with no code must have no error and no warning.
func TestCheck(t *testing.T) {
	for _, tt := range []struct {
		name string
		e    model.Experiment
		code string
		sev  Severity
		says string // part of the fault
		fix  string // edits as path=value
	}{
		{name: "E1.1", e: modeltest.Baseline()},
		{name: "E1.2", e: modeltest.Of(modeltest.Llama8B, 2, 1, 1, 1)},
		{name: "E1.3", e: modeltest.Of(modeltest.Llama8B, 4, 1, 1, 1)},
		{name: "MoE EP2 over DP2", e: modeltest.Of(modeltest.V2Lite, 1, 1, 2, 2)},
		{name: "MoE EP4 over TP2 and DP2", e: modeltest.Of(modeltest.V2Lite, 2, 1, 2, 4)},

		// The four that the issue names.
		{"TP3", modeltest.Of(modeltest.Llama8B, 3, 1, 1, 1), "tp-heads", SeverityError,
			"TP=3 is not possible: 32 heads do not divide by 3", "parallelism.tp=4"},
		{"EP2 dense", modeltest.Of(modeltest.Llama8B, 2, 1, 1, 2), "ep-dense", SeverityError, "Llama-3.1-8B has no experts", "parallelism.ep=1"},
		{"EP2 on one rank", modeltest.Of(modeltest.V2Lite, 1, 1, 1, 2), "ep-size", SeverityError, "there is one", "parallelism.dp_shard=2"},
		{"70B TP4 40 GB", modeltest.Of(modeltest.Llama70B, 4, 1, 1, 1), "fit-weights", SeverityError, "32.9 GiB", "slurm.constraint=gpu&hbm80g"},

		// Layout.
		{"TP16 of 40 heads", modeltest.Of(modeltest.Qwen25, 16, 1, 1, 1), "tp-heads", SeverityError, "40 heads", "parallelism.tp=8"},
		{"KV heads", modeltest.Of(modeltest.Qwen25, 5, 1, 1, 1), "tp-kv-heads", SeverityError, "8 key-value heads", "parallelism.tp=4"},
		{"KV heads that do not repeat evenly", modeltest.Of(modeltest.Qwen25, 20, 1, 1, 1), "tp-kv-heads", SeverityError,
			"8 key-value heads", "parallelism.tp=8"},
		{"FFN", modeltest.Of(modeltest.Qwen25, 40, 1, 1, 1), "tp-ffn", SeverityError, "27648 does not divide by 40", "parallelism.tp=8"},
		{"TP16 with KV heads repeated", modeltest.Of(modeltest.Llama8B, 16, 1, 1, 1), "tp-spans-nodes", SeverityWarning, "Slingshot 11", ""},
		{"EP of part of the ranks", modeltest.Of(modeltest.V2Lite, 2, 1, 2, 2), "ep-size", SeverityError, "all TP × DP = 4 ranks",
			"parallelism.ep=4"},
		{"EP over the experts", modeltest.Of(modeltest.Mixtral, 8, 1, 2, 16), "ep-experts", SeverityError, "only 8 experts", "parallelism.ep=1"},
		{"experts uneven", modeltest.Of(modeltest.V2Lite, 2, 1, 3, 6), "ep-uneven", SeverityWarning, "64 experts do not divide by EP=6", ""},
		{"expert width", modeltest.Of(modeltest.Qwen3MoE, 1, 1, 5, 1), "expert-ffn", SeverityError, "width 768 cannot be cut", ""},
		{"PP over the layers", modeltest.Of(modeltest.Llama8B, 1, 64, 1, 1), "pp-layers", SeverityError, "only 32 layers", "parallelism.pp=32"},
		{"PP uneven", modeltest.Of(modeltest.V2Lite, 1, 2, 1, 1), "pp-uneven", SeverityNote, "14 and 13", ""},
		{"PP over nodes", modeltest.Of(modeltest.Llama8B, 4, 2, 1, 1), "pp-spans-nodes", SeverityWarning, "vllm#26318", ""},
		{"PP in the node, DP across", modeltest.Of(modeltest.V2Lite, 2, 2, 2, 4), "pp-uneven", SeverityNote, "27 layers", ""},
		{"batch below DP", modeltest.With(modeltest.Of(modeltest.V2Lite, 1, 1, 2, 2),
			func(e *model.Experiment) { e.Data.BatchSize = 1 }), "batch-dp", SeverityError, "does not divide by DP=2",
			"data.batch_size=2"},
		{"batch not divisible", modeltest.With(modeltest.Of(modeltest.V2Lite, 1, 1, 4, 4),
			func(e *model.Experiment) { e.Data.BatchSize = 6 }), "batch-dp", SeverityError, "DP=4", "data.batch_size=8"},
		{"dense DP", modeltest.Of(modeltest.Llama8B, 1, 1, 2, 1), "dp-dense", SeverityWarning, "2 independent copies", ""},
		{"too many GPUs", modeltest.Of(modeltest.Llama8B, 32, 4, 1, 1), "gpus", SeverityError, "more than the 64", ""},
		{"5 GPUs", modeltest.Of(modeltest.Llama8B, 1, 5, 1, 1), "nodes-whole", SeverityError, "5 GPUs cannot be spread", ""},
		{"3 GPUs", modeltest.Of(modeltest.Llama8B, 1, 3, 1, 1), "node-part", SeverityWarning, "3 of the 4 GPUs", ""},
		{"whole node for 1 GPU", modeltest.With(modeltest.Baseline(), func(e *model.Experiment) {
			e.Slurm.QOS = "regular"
		}), "node-part", SeverityWarning, "all are paid for", "slurm.qos=auto"},
		{"few requests", modeltest.With(modeltest.Of(modeltest.Llama8B, 1, 4, 1, 1),
			func(e *model.Experiment) { e.Data.BatchSize = 1 }), "pp-batch", SeverityNote, "4 stages", "data.batch_size=4"},

		// A server under load.
		{"load", loaded(func(e *model.Experiment) {}), "load-trace", SeverityNote, "goodput", ""},
		{"load on torch", loaded(func(e *model.Experiment) {
			e.Engine = model.EngineTorch
		}), "load-engine", SeverityError, "engine torch has none", "engine=vllm"},
		{"load of nothing", modeltest.With(modeltest.Baseline(), func(e *model.Experiment) {
			e.Load.Requests = 10
		}), "load-none", SeverityError, "neither a rate", ""},
		{"load backwards", loaded(func(e *model.Experiment) {
			e.Load = model.Load{Rate: -1}
		}), "load-rate", SeverityError, "is -1", "load.rate=1"},
		{"load under nsys", loaded(func(e *model.Experiment) {
			e.Profiling.Nsys = true
		}), "load-nsys", SeverityError, "nsys", "profiling.nsys=false"},
		{"load over nodes", loaded(func(e *model.Experiment) { e.Layout.TP = 8 }), "load-nodes", SeverityError, "takes 2", ""},
		{"load too long", loaded(func(e *model.Experiment) {
			e.Load.Rate = 0.1
		}), "load-time", SeverityError, "200 requests at 0.1/s take 33m20s", "load.requests=90"},
		{"load of another shape", loaded(func(e *model.Experiment) {
			e.Load.Shape = "burst"
		}), "word", SeverityError, "load.shape", "load.shape=poisson"},
		{"slo alone", modeltest.With(modeltest.Baseline(), func(e *model.Experiment) {
			e.SLO.TTFT = 200
		}), "slo-unused", SeverityWarning, "no effect", ""},
		{"slo of no time", loaded(func(e *model.Experiment) { e.SLO.TPOT = -1 }), "slo", SeverityError, "no time", ""},
		{"load of a batch that does not divide", modeltest.With(modeltest.Of(modeltest.V2Lite, 1, 1, 4, 4),
			func(e *model.Experiment) { e.Data.BatchSize, e.Load.Rate = 6, 2 }), "load-trace", SeverityNote, "", ""},

		// Numbers and words.
		{"TP0", modeltest.Of(modeltest.Llama8B, 0, 1, 1, 1), "number", SeverityError, "parallelism.tp is 0", "parallelism.tp=1"},
		{"negative batch", modeltest.With(modeltest.Baseline(), func(e *model.Experiment) {
			e.Data.BatchSize = -1
		}), "number", SeverityError, "-1", "data.batch_size=1"},
		{"huge", modeltest.With(modeltest.Baseline(), func(e *model.Experiment) {
			e.Data.SeqLen = math.MaxInt
		}), "number", SeverityError, "from 1 to", "data.seq_len=16777216"},
		{"precision", modeltest.With(modeltest.Baseline(), func(e *model.Experiment) {
			e.Model.Precision = "bf16"
		}), "word", SeverityError, "model.precision", "model.precision=bfloat16"},
		{"engine", modeltest.With(modeltest.Baseline(), func(e *model.Experiment) {
			e.Engine = "vlm"
		}), "word", SeverityError, "engine", "engine=vllm"},
		{"weights", modeltest.With(modeltest.Baseline(), func(e *model.Experiment) {
			e.Model.Weights = "dumy"
		}), "word", SeverityError, "weights", "model.weights=dummy"},
		{"all2all gone", modeltest.With(modeltest.Of(modeltest.V2Lite, 1, 1, 2, 2),
			func(e *model.Experiment) { e.Comm.All2All = "pplx" }), "word", SeverityError, "all2all",
			"comm.all2all=allgather_reducescatter"},
		{"id", modeltest.With(modeltest.Baseline(), func(e *model.Experiment) { e.ID = "E 1; rm" }), "id", SeverityError, "experiment id", ""},
		{"no model", modeltest.With(modeltest.Baseline(), func(e *model.Experiment) {
			e.Model.Name = ""
		}), "model-name", SeverityError, "no model", ""},
		{"model name", modeltest.With(modeltest.Baseline(), func(e *model.Experiment) {
			e.Model.Name = "a b`"
		}), "model-name", SeverityError, "cannot name", ""},
		{"output_dir up", modeltest.With(modeltest.Baseline(), func(e *model.Experiment) {
			e.OutputDir = "../x"
		}), "output-dir", SeverityError, "output directory", ""},
		{"output_dir absolute", modeltest.With(modeltest.Baseline(), func(e *model.Experiment) {
			e.OutputDir = "/scratch/x"
		}), "output-dir-absolute", SeverityWarning, "outside the workspace", ""},
		{"env", modeltest.With(modeltest.Baseline(), func(e *model.Experiment) {
			e.Env = map[string]string{"A B": "1"}
		}), "env", SeverityError, "A B", ""},
		{"env line", modeltest.With(modeltest.Baseline(), func(e *model.Experiment) {
			e.Env = map[string]string{"A": "1\n2"}
		}), "env", SeverityError, "line break", ""},
		{"replay pace", modeltest.With(modeltest.Baseline(), func(e *model.Experiment) {
			e.Replay.Factor = math.NaN()
		}), "replay-factor", SeverityError, "NaN", "replay.factor=1"},

		// Model.
		{"unknown model", modeltest.With(modeltest.Baseline(), func(e *model.Experiment) {
			e.Model.Name = "Qwen/Qwen-32B"
		}), "model-unknown", SeverityWarning, "not known", ""},
		{"too long", modeltest.With(modeltest.Of(modeltest.Qwen3, 4, 1, 1, 1), func(e *model.Experiment) {
			e.Data.SeqLen = 40960
		}), "length", SeverityError, "40960 positions", "data.seq_len=40448"},
		{"fp8 on A100", modeltest.With(modeltest.Baseline(), func(e *model.Experiment) {
			e.Model.Precision = "fp8"
		}), "fp8-gpu", SeverityWarning, "no fp8 arithmetic", "model.precision=bfloat16"},
		{"gated", modeltest.Baseline(), "gated", SeverityNote, "licence", ""},
		{"dummy", modeltest.With(modeltest.Baseline(), func(e *model.Experiment) {
			e.Model.Weights = "dummy"
		}), "dummy", SeverityNote, "noise", ""},
		{"dummy experts", modeltest.With(modeltest.Of(modeltest.V2Lite, 1, 1, 1, 1),
			func(e *model.Experiment) { e.Model.Weights = "dummy" }), "dummy", SeverityNote, "load of the experts", ""},

		// Site.
		{"time", modeltest.With(modeltest.Baseline(), func(e *model.Experiment) {
			e.Slurm.Time = "soon"
		}), "time", SeverityError, "soon", "slurm.time=00:30:00"},
		{"no time", modeltest.With(modeltest.Baseline(), func(e *model.Experiment) {
			e.Slurm.Time = "00:00:00"
		}), "time", SeverityError, "no time", "slurm.time=00:30:00"},
		{"over the QOS", modeltest.With(modeltest.Baseline(), func(e *model.Experiment) {
			e.Slurm.Time = "3-00"
		}), "qos-time", SeverityError, "72 h is more than the 48 h", "slurm.time=48:00:00"},
		{"debug", modeltest.With(modeltest.Of(modeltest.Llama8B, 4, 1, 1, 1),
			func(e *model.Experiment) { e.Slurm.QOS, e.Slurm.Time = "debug", "01:00:00" }), "qos-time", SeverityError,
			"30 min of QOS debug", "slurm.time=00:30:00"},
		{"preempt", modeltest.With(modeltest.Of(modeltest.Llama8B, 4, 1, 1, 1),
			func(e *model.Experiment) { e.Slurm.QOS = "preempt" }), "qos-time-min", SeverityError, "at least 2 h", "slurm.time=02:00:00"},
		{"preempt note", modeltest.With(modeltest.Of(modeltest.Llama8B, 4, 1, 1, 1),
			func(e *model.Experiment) { e.Slurm.QOS, e.Slurm.Time = "preempt", "03:00:00" }), "qos-note", SeverityNote,
			"stopped after 2 hours", ""},
		{"shared with 4", modeltest.With(modeltest.Of(modeltest.Llama8B, 4, 1, 1, 1),
			func(e *model.Experiment) { e.Slurm.QOS = "shared" }), "qos-gpus", SeverityError, "at most 2 GPUs", "slurm.qos=auto"},
		{"debug nodes", modeltest.With(modeltest.Of(modeltest.Llama70B, 4, 10, 1, 1),
			func(e *model.Experiment) { e.Slurm.QOS = "debug" }), "qos-nodes", SeverityError, "at most 8 nodes", "slurm.qos=auto"},
		{"interactive", modeltest.With(modeltest.Of(modeltest.Llama8B, 4, 1, 1, 1),
			func(e *model.Experiment) { e.Slurm.QOS = "interactive" }), "qos-interactive", SeverityError, "salloc", "slurm.qos=auto"},
		{"QOS as shown", modeltest.With(modeltest.Of(modeltest.Llama8B, 4, 1, 1, 1),
			func(e *model.Experiment) { e.Slurm.QOS = "gpu_regular" }), "qos-unknown", SeverityError, "no QOS gpu_regular",
			"slurm.qos=regular"},
		{"QOS syntax", modeltest.With(modeltest.Baseline(), func(e *model.Experiment) {
			e.Slurm.QOS = "a b"
		}), "qos-name", SeverityError, "a b", "slurm.qos=auto"},
		{"account syntax", modeltest.With(modeltest.Baseline(), func(e *model.Experiment) {
			e.Slurm.Account = "m1;x"
		}), "account-name", SeverityError, "m1;x", ""},
		{"constraint syntax", modeltest.With(modeltest.Baseline(), func(e *model.Experiment) {
			e.Slurm.Constraint = "gpu & x"
		}), "constraint-name", SeverityError, "gpu & x", "slurm.constraint=auto"},
		{"constraint unknown", modeltest.With(modeltest.Baseline(), func(e *model.Experiment) {
			e.Slurm.Constraint = "cpu"
		}), "constraint-unknown", SeverityError, "gpu&hbm80g", "slurm.constraint=auto"},
		{"too few of the kind", modeltest.With(modeltest.Of(modeltest.Llama70B, 4, 10, 1, 1),
			func(e *model.Experiment) { e.Slurm.Constraint = "gpu&hbm80g" }), "kind-nodes", SeverityError, "8 of", ""},

		// Communication and profiling.
		{"custom sizes", modeltest.With(modeltest.Of(modeltest.Llama8B, 4, 1, 1, 1),
			func(e *model.Experiment) { e.Comm.AllReduce = "custom" }), "custom-messages", SeverityNote, "1024 tokens", ""},
		{"all-reduce of one", modeltest.With(modeltest.Baseline(), func(e *model.Experiment) {
			e.Comm.AllReduce = "nccl"
		}), "all-reduce-unused", SeverityNote, "TP=1", "comm.all_reduce=auto"},
		{"all2all dense", modeltest.With(modeltest.Of(modeltest.Llama8B, 2, 1, 1, 1),
			func(e *model.Experiment) { e.Comm.All2All = "deepep_low_latency" }), "all2all-unused", SeverityWarning, "no effect",
			"comm.all2all=auto"},
		{"all2all without DP", modeltest.With(modeltest.Of(modeltest.V2Lite, 4, 1, 1, 4),
			func(e *model.Experiment) { e.Comm.All2All = "deepep_low_latency" }), "all2all-unused", SeverityWarning, "no effect",
			"comm.all2all=auto"},
		{"EP over TP only", modeltest.Of(modeltest.V2Lite, 4, 1, 1, 4), "ep-no-all2all", SeverityNote, "all-reduce over the TP group", ""},
		{"DeepEP uneven", modeltest.With(modeltest.Of(modeltest.V2Lite, 2, 1, 3, 6),
			func(e *model.Experiment) { e.Comm.All2All = "deepep_high_throughput" }), "ep-deepep", SeverityError, "equal parts",
			"comm.all2all=auto"},
		{"TP over experts", modeltest.Of(modeltest.Mixtral, 16, 1, 1, 1), "tp-experts", SeverityWarning, "(16) than experts (8)", ""},
		{"nsys and Kineto", modeltest.With(modeltest.Baseline(), func(e *model.Experiment) {
			e.Profiling.Nsys = true
		}), "nsys-kineto", SeverityWarning, "CUPTI", "profiling.kineto=false"},
		{"no trace", modeltest.With(modeltest.Baseline(), func(e *model.Experiment) {
			e.Profiling.Kineto = false
		}), "no-trace", SeverityNote, "no kernels", "profiling.kineto=true"},
		{"utilization", modeltest.With(modeltest.Baseline(),
			func(e *model.Experiment) { e.VLLM = map[string]any{"gpu_memory_utilization": 1.5} }), "memory-utilization",
			SeverityError, "at most 1", "vllm.gpu_memory_utilization=0.9"},
		{"model len", modeltest.With(modeltest.Baseline(),
			func(e *model.Experiment) { e.VLLM = map[string]any{"max_model_len": 2048} }), "max-model-len", SeverityError, "2560",
			"vllm.max_model_len=2560"},

		// Memory.
		{"32B TP2", modeltest.Of(modeltest.Qwen25, 2, 1, 1, 1), "fit-tight", SeverityWarning, "tight", "parallelism.tp=4"},
		{"cache", modeltest.With(modeltest.Baseline(),
			func(e *model.Experiment) { e.VLLM = map[string]any{"max_model_len": 131072 * 2} }), "fit-cache", SeverityError,
			"less than one sequence", "vllm.max_model_len=2560"},
		{"batch", modeltest.With(modeltest.Baseline(), func(e *model.Experiment) {
			e.Data.BatchSize = 128
		}), "fit-batch", SeverityWarning, "of the 128 requests", "parallelism.tp=2"},
		{"80 GB asked for", modeltest.With(modeltest.Of(modeltest.Llama70B, 4, 1, 1, 1),
			func(e *model.Experiment) { e.Slurm.Constraint = "gpu&hbm80g" }), "", "", "", ""},
		{"70B on one", modeltest.Of(modeltest.Llama70B, 1, 1, 1, 1), "fit-weights", SeverityError, "131.4 GiB", "parallelism.tp=8"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v := Check(tt.e, testWorld())
			if tt.code == "" {
				for _, f := range v.Findings {
					if f.Severity != SeverityNote {
						t.Errorf("unexpected %+v", f)
					}
				}
				return
			}
			f := findCode(v, tt.code)
			if f == nil {
				t.Fatalf("no %s among %+v", tt.code, v.Findings)
			}
			if f.Severity != tt.sev || !strings.Contains(f.Fault, tt.says) || tt.fix != "" && editWords(f.Edits) != tt.fix {
				t.Errorf("got %+v", *f)
			}
			if f.Severity == SeverityError && v.OK() {
				t.Error("an error, and the verdict is OK")
			}
		})
	}
}

func findCode(v Verdict, code string) *Finding {
	for i := range v.Findings {
		if v.Findings[i].Code == code {
			return &v.Findings[i]
		}
	}
	return nil
}

func editWords(edits []model.Edit) string {
	var parts []string
	for _, e := range edits {
		parts = append(parts, e.Path+"="+e.Value)
	}
	return strings.Join(parts, " ")
}

// A fix that a key can apply must cure what it is offered for.
func TestFixesCure(t *testing.T) {
	w := testWorld()
	for _, e := range []model.Experiment{
		modeltest.Of(modeltest.Llama8B, 3, 1, 1, 1), modeltest.Of(modeltest.V2Lite, 1, 1, 1, 2),
		modeltest.Of(modeltest.Llama70B, 4, 1, 1, 1), modeltest.Of(modeltest.Llama70B, 2, 1, 1, 1),
		modeltest.Of(modeltest.Qwen25, 2, 1, 1, 1), modeltest.Of(modeltest.V2Lite, 3, 1, 2, 6), modeltest.Of(modeltest.Mixtral, 1, 1, 1, 1),
		modeltest.With(modeltest.Baseline(), func(e *model.Experiment) { e.Data.BatchSize = 64 }),
	} {
		for _, f := range Check(e, w).Findings {
			if len(f.Edits) == 0 || f.Severity == SeverityNote {
				continue
			}
			cured := Check(applied(t, e, f.Edits), w)
			if again := findCode(cured, f.Code); again != nil {
				t.Errorf("%v: after %s still %s", e.Layout, editWords(f.Edits), again.Fault)
			}
			if f.Severity == SeverityError && !cured.OK() {
				t.Errorf("%v: after %s not OK: %+v", e.Layout, editWords(f.Edits), cured.Findings)
			}
		}
	}
}

// applied makes the edits of a fix, of the keys the test above meets.
func applied(t *testing.T, e model.Experiment, edits []model.Edit) model.Experiment {
	t.Helper()
	numbers := map[string]*int{"parallelism.tp": &e.Layout.TP, "parallelism.pp": &e.Layout.PP,
		"parallelism.dp_shard": &e.Layout.DPShard, "parallelism.ep": &e.Layout.EP}
	for _, ed := range edits {
		switch n, err := strconv.Atoi(ed.Value); {
		case numbers[ed.Path] != nil && err == nil:
			*numbers[ed.Path] = n
		case ed.Path == "slurm.constraint":
			e.Slurm.Constraint = ed.Value
		default:
			t.Fatalf("the test does not know %s=%s", ed.Path, ed.Value)
		}
	}
	return e
}

func TestCheckOnAnUnknownMachine(t *testing.T) {
	v := Check(modeltest.Baseline(), laptop())
	if !v.OK() || findCode(v, "gpu-unknown") == nil || v.Fit != nil || v.Price != nil {
		t.Errorf("E1.1: %+v", v)
	}
	replay := modeltest.With(modeltest.Of(modeltest.Llama8B, 2, 1, 1, 1), func(e *model.Experiment) { e.Engine = model.EngineReplay })
	for _, f := range Check(replay, laptop()).Findings {
		t.Errorf("a replay needs nothing: %+v", f)
	}
	two := laptop()
	two.Site.GPUsPerNode, two.Site.Partitions = 2, []model.NodeKind{{GPU: "h100-80gb"}}
	if v := Check(modeltest.Of(modeltest.Llama8B, 4, 1, 1, 1), two); findCode(v, "gpus") == nil {
		t.Errorf("TP4 on 2 GPUs: %+v", v.Findings)
	}
	if v := Check(modeltest.Of(modeltest.Llama8B, 2, 1, 1, 1), two); !v.OK() || v.Fit == nil || v.Fit.GPU != "h100-80gb" {
		t.Errorf("TP2 on 2 GPUs: %+v", v)
	}
}

func TestAccountIsWanted(t *testing.T) {
	w := testWorld()
	w.Account = ""
	if findCode(Check(modeltest.Baseline(), w), "account") == nil {
		t.Error("no account, and no finding")
	}
	own := modeltest.With(modeltest.Baseline(), func(e *model.Experiment) { e.Slurm.Account = "m5678_g" })
	if findCode(Check(own, w), "account") != nil {
		t.Error("the experiment's own account is overlooked")
	}
}

func TestFindingsAreInOrderOfWeight(t *testing.T) {
	e := modeltest.With(modeltest.Of(modeltest.Llama8B, 3, 1, 2, 1),
		func(e *model.Experiment) { e.Model.Weights = "dummy"; e.Profiling.Nsys = true })
	var got []Severity
	for _, f := range Check(e, testWorld()).Findings {
		if len(got) == 0 || got[len(got)-1] != f.Severity {
			got = append(got, f.Severity)
		}
		if f.Fault == "" || f.Field == "" || f.Edits == nil {
			t.Errorf("incomplete: %+v", f)
		}
	}
	if diff := cmp.Diff([]Severity{SeverityError, SeverityWarning, SeverityNote}, got); diff != "" {
		t.Error(diff)
	}
}

// loaded is the first experiment as a server at two requests a second, changed.
func loaded(change func(*model.Experiment)) model.Experiment {
	e := modeltest.Baseline()
	e.Load.Rate = 2
	return modeltest.With(e, change)
}
