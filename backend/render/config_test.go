package render

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"shardeck/backend/workspace"
	"shardeck/model"
)

// seedE11 is the first config of the original generator, byte for byte.
const seedE11 = `experiment_id: E1.1
description: Llama-8B baseline on 1 GPU (TP=1, PP=1, EP=1)
model:
  name: meta-llama/Llama-3.1-8B
  precision: bfloat16
parallelism:
  tp: 1
  pp: 1
  dp_replicate: 1
  dp_shard: 1
  ep: 1
data:
  batch_size: 4
  seq_len: 2048
  max_tokens: 512
warmup_iterations: 2
profile_iterations: 5
output_dir: trace_collection/llama-8b-tp1
`

func config(t *testing.T, e model.Experiment) string {
	t.Helper()
	out, err := Config(e)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestConfigIsTheSeeds(t *testing.T) {
	if d := cmp.Diff(seedE11, config(t, byID(t, "E1.1").Experiment)); d != "" {
		t.Error(d)
	}
}

// TestConfigRoundTrip: every entry, written and read back, is itself.
func TestConfigRoundTrip(t *testing.T) {
	for _, e := range catalogue(t) {
		text := config(t, e.Experiment)
		back, err := workspace.ReadExperiment(e.ID, []byte(text))
		if err != nil {
			t.Errorf("%s: %v", e.ID, err)
		}
		if d := cmp.Diff(e.Experiment, back); d != "" {
			t.Errorf("%s: %s", e.ID, d)
		}
	}
}

func TestConfigWithEverything(t *testing.T) {
	e := byID(t, "E1.3").Experiment
	e.Engine, e.Replay = model.EngineReplay, model.Replay{Recording: "llama-8b-tp2", Factor: 0.5}
	e.Model.Weights, e.Model.Layers = "dummy", 4
	e.Description = "all: of it # yes"
	e.Profiling = model.Profiling{Nsys: true, TraceTokens: 16}
	e.Comm.AllReduce = "nccl"
	e.Slurm = model.SlurmRequest{Account: "m1234_g", QOS: "debug", Constraint: "gpu&hbm80g", Time: "01:00:00"}
	e.Env = map[string]string{"B": "it's\n", "A": "1", "ON": "yes"}
	e.VLLM = map[string]any{"max_num_seqs": 8, "nested": map[string]any{"a": []any{1, "b"}}}
	text := config(t, e)
	golden(t, "everything.yaml", []byte(text))
	back, err := workspace.ReadExperiment("x", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(e, back); d != "" {
		t.Error(d)
	}
}

func TestConfigRefuses(t *testing.T) {
	e := byID(t, "E1.1").Experiment
	e.ID = "a b"
	if _, err := Config(e); err == nil {
		t.Error("took an id with a blank")
	}
	e.ID, e.OutputDir = "a", "../b"
	if _, err := Config(e); err == nil {
		t.Error("took a directory outside")
	}
}

func TestPaths(t *testing.T) {
	if got, err := ConfigPath("E1.3", "llama8b_tp4"); err != nil || got != "experiments/configs/E1.3_llama8b_tp4.yaml" {
		t.Error(got, err)
	}
	if got, err := ConfigPath("x", ""); err != nil || got != "experiments/configs/x.yaml" {
		t.Error(got, err)
	}
	for _, bad := range [][2]string{{"a/b", "c"}, {"a", "../c"}} {
		if got, err := ConfigPath(bad[0], bad[1]); err == nil {
			t.Errorf("%v became %s", bad, got)
		}
	}
}

func TestSlug(t *testing.T) {
	e := model.Defaults()
	for name, want := range map[string]string{
		"meta-llama/Llama-3.1-8B": "llama-3.1-8b_tp1", "/models/my model;x": "my-model-x_tp1", "": "tp1", "ü": "tp1",
		"a/" + strings.Repeat("x", 200): strings.Repeat("x", 48),
	} {
		e.Model.Name = name
		got := Slug(e)
		if got != want {
			t.Errorf("%.20s: %q, want %q", name, got, want)
		}
		if err := model.CheckID(got); err != nil {
			t.Error(err)
		}
	}
	e.Model.Name, e.Layout = "deepseek-ai/DeepSeek-V2-Lite", model.Layout{TP: 2, PP: 1, DPReplicate: 1, DPShard: 2, EP: 4}
	if got := Slug(e); got != "deepseek-v2-lite_tp2_dp2_ep4" {
		t.Error(got)
	}
}
