package config

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"

	"shardeck/model"
	"shardeck/templates"
)

// seedConfig is a file with the seed's keys only.
const seedConfig = `experiment_id: E1.3
description: Llama-8B tensor parallelism TP=4 on 4 GPUs
model:
  name: meta-llama/Llama-3.1-8B
  precision: bfloat16
parallelism:
  tp: 4
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
output_dir: trace_collection/llama-8b-tp4
`

func seedExperiment() model.Experiment {
	e := model.Defaults()
	e.ID, e.Description = "E1.3", "Llama-8B tensor parallelism TP=4 on 4 GPUs"
	e.Model.Name, e.Layout.TP, e.Data.BatchSize = "meta-llama/Llama-3.1-8B", 4, 4
	e.OutputDir = "trace_collection/llama-8b-tp4"
	return e
}

func TestReadSeed(t *testing.T) {
	got, err := Read("a.yaml", []byte(seedConfig))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(seedExperiment(), got); d != "" {
		t.Error(d)
	}
}

func TestReadOptionalKeys(t *testing.T) {
	got, err := Read("a.yaml", []byte(seedConfig+`engine: replay
profiling: {kineto: False, nsys: true, trace_iterations: auto, trace_tokens: 0x10}
comm: {all_reduce: nccl}
slurm: {account: m1234_g, time: 00:45:00, qos: , constraint: "gpu&hbm80g"}
replay:
  factor: .5
env: {NCCL_DEBUG: INFO, N: 1, ON: yes, EMPTY: , ODD: "a'b\nc"}
vllm: {max_num_seqs: 8, enforce_eager: true, compilation_config: {level: 3, list: [1, a]}, day: 2026-01-01}
`))
	if err != nil {
		t.Fatal(err)
	}
	want := seedExperiment()
	want.Engine = model.EngineReplay
	want.Profiling = model.Profiling{ExecutionTrace: true, Nsys: true, TraceTokens: 16}
	want.Comm.AllReduce = "nccl"
	want.Slurm = model.SlurmRequest{Account: "m1234_g", QOS: "auto", Constraint: "gpu&hbm80g", Time: "00:45:00"}
	want.Replay.Factor = 0.5
	want.Env = map[string]string{"NCCL_DEBUG": "INFO", "N": "1", "ON": "yes", "EMPTY": "", "ODD": "a'b\nc"}
	want.VLLM = map[string]any{"max_num_seqs": 8, "enforce_eager": true, "day": "2026-01-01",
		"compilation_config": map[string]any{"level": 3, "list": []any{1, "a"}}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// TestReadFaults: every fault names its place and what to do.
func TestReadFaults(t *testing.T) {
	seed := func(old, new string) string { return strings.Replace(seedConfig, old, new, 1) }
	for name, c := range map[string]struct{ text, want string }{
		"empty":           {"", "a.yaml: is empty: write at least"},
		"comments only":   {"# nothing\n", "a.yaml: is empty"},
		"null":            {"~\n", "a.yaml: is empty"},
		"list":            {"- a\n- b\n", "a.yaml:1:1: must hold keys with values"},
		"word":            {"hello\n", "a.yaml:1:1: must hold keys with values"},
		"binary":          {"\x1f\x8b\x00\x01", "a.yaml: is not text"},
		"latin1":          {"description: caf\xe9\n", "a.yaml: is not text"},
		"syntax":          {"model: {name: x\nfoo", "is not YAML"},
		"tab":             {"model:\n\tname: x\n", "a.yaml:2:1: is not YAML"},
		"two documents":   {seedConfig + "---\na: 1\n", "a second document begins"},
		"unknown key":     {seed("  tp: 4", "  tpp: 4"), `a.yaml:7:3: unknown key "tpp" under parallelism; did you mean tp?`},
		"unknown top":     {seed("output_dir", "outputdir"), `a.yaml:18:1: unknown key "outputdir"; did you mean output_dir?`},
		"known elsewhere": {seedConfig + "max_tokens: 3\n", `a.yaml:19:1: unknown key "max_tokens"; it belongs under data`},
		"far from any":    {seedConfig + "zzzzzzzzz: 3\n", "known are experiment_id, description, engine"},
		"twice":           {seedConfig + "output_dir: b\n", "a.yaml:19:1: output_dir is given twice, first in line 18: keep one"},
		"text for number": {seed("tp: 4", "tp: four"), `a.yaml:7:7: parallelism.tp: "four" is not a whole number from 1 to 4096`},
		"quoted number":   {seed("tp: 4", `tp: "4"`), "text because of its quotes"},
		"fraction":        {seed("tp: 4", "tp: 1.5"), `"1.5" is not a whole number`},
		"negative":        {seed("tp: 4", "tp: -2"), `a.yaml:7:7: parallelism.tp: "-2" is not a whole number from 1 to 4096`},
		"zero":            {seed("batch_size: 4", "batch_size: 0"), `"0" is not a whole number from 1 to 1048576`},
		"huge":            {seed("seq_len: 2048", "seq_len: 99999999999999999999999"), "data.seq_len"},
		"exponent":        {seed("seq_len: 2048", "seq_len: 1e999"), "data.seq_len"},
		"nothing":         {seed("tp: 4", "tp:"), "parallelism.tp has no value: it takes a whole number"},
		"list for number": {seed("tp: 4", "tp: [4]"), "parallelism.tp must be a whole number"},
		"several": {seedConfig + "load: {rate: [1, 2]}\n",
			"load.rate must be a number from 0 to 1000000: an experiment has one; several are the points of a sweep, in " +
				"experiments/sweeps/<id>.yaml as vary: {load.rate: [1, 2]}"},
		"group is a word":   {seedConfig + "slurm: fast\n", "a.yaml:19:8: slurm must be keys with values"},
		"yes":               {seedConfig + "profiling: {nsys: yes}\n", `profiling.nsys: "yes" is not true or false`},
		"engine":            {seedConfig + "engine: vlm\n", `engine: "vlm" is not one of vllm, torch, replay; did you mean vllm?`},
		"precision":         {seed("bfloat16", "bfloat"), "did you mean bfloat16?"},
		"auto":              {seedConfig + "profiling: {trace_tokens: lots}\n", `"lots" is not auto or a whole number`},
		"alias":             {seedConfig + "env: &x {A: b}\nvllm: *x\n", "references (*x) are not read here"},
		"alias below":       {seedConfig + "vllm: {a: &x 1, b: *x}\n", "a.yaml:19:20: vllm: only plain values"},
		"infinity":          {seedConfig + "vllm: {a: .inf}\n", "infinities"},
		"env name":          {seedConfig + "env: {A-B: c}\n", `"A-B" cannot name an environment variable`},
		"env list":          {seedConfig + "env: {A: [b]}\n", "env.A must be text"},
		"no id":             {seed("experiment_id: E1.3\n", ""), "a.yaml:1:1: experiment_id is missing: add it"},
		"empty id":          {seed("experiment_id: E1.3\n", "experiment_id:\n"), "experiment_id is missing"},
		"no model name":     {seed("  name: meta-llama/Llama-3.1-8B\n", ""), "a.yaml:4:3: model.name is missing: add it"},
		"bad id":            {seed("E1.3", "'E1/3; rm'"), "cannot be an experiment id"},
		"escape id":         {seed("E1.3", `"E1\e[2J"`), "control character"},
		"output_dir up":     {seed("trace_collection/llama-8b-tp4", "../../x"), "without . and .. parts"},
		"output_dir blanks": {seed("trace_collection/llama-8b-tp4", "a b"), "cannot be an output directory"},
		"time":              {seedConfig + "slurm: {time: soon}\n", "is not a time: write HH:MM:SS"},
		"constraint":        {seedConfig + "slurm: {constraint: 'gpu & x'}\n", "is no constraint"},
		"key is a list":     {"? [a, b]\n: c\n", "a key must be a plain word"},
	} {
		_, err := Read("a.yaml", []byte(c.text))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v\nwant one with %s", name, err, c.want)
		}
	}
}

// TestReadGoesOn: what is right beside a fault is still read.
func TestReadGoesOn(t *testing.T) {
	got, err := Read("a.yaml", []byte(strings.Replace(seedConfig, "tp: 4", "tp: x", 1)))
	if err == nil || got.ID != "E1.3" || got.Data.SeqLen != 2048 || got.Layout.TP != 1 {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestDescriptionIsOneCleanLine(t *testing.T) {
	text := strings.Replace(seedConfig, "description: Llama-8B tensor parallelism TP=4 on 4 GPUs",
		"description: \"one\\n  two\\e[31m\\tthree\"", 1)
	got, err := Read("a.yaml", []byte(text))
	if err != nil || got.Description != "one two three" {
		t.Errorf("%q, %v", got.Description, err)
	}
}

// TestLargeFile: a file near the largest that is read at all is read to its end, and one value of it changed.
func TestLargeFile(t *testing.T) {
	var text strings.Builder
	text.WriteString(seedConfig + "env:\n")
	for i := range 3000 {
		fmt.Fprintf(&text, "  VARIABLE_%d: %s\n", i, strings.Repeat("v", 300))
	}
	d, err := NewDocument("a.yaml", []byte(text.String()))
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Set("env.VARIABLE_7", "x"); err != nil {
		t.Fatal(err)
	}
	if e := d.Experiment(); d.Err() != nil || len(e.Env) != 3000 || e.Env["VARIABLE_7"] != "x" || len(e.Env["VARIABLE_2999"]) != 300 {
		t.Error(len(e.Env), d.Err())
	}
}

// TestCatalogueEntries: every entry of the catalogue is a config.
func TestCatalogueEntries(t *testing.T) {
	var catalogue struct {
		Experiments []yaml.Node `yaml:"experiments"`
	}
	data, err := templates.FS.ReadFile("experiments.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(data, &catalogue); err != nil {
		t.Fatal(err)
	}
	for _, n := range catalogue.Experiments {
		e, ps := Decode("experiments.yaml", &n)
		for _, p := range ps {
			if p.Key != "slug" && p.Key != "default" { // the catalogue's own two keys
				t.Errorf("%s: %v", e.ID, p)
			}
		}
	}
	if len(catalogue.Experiments) < 3 {
		t.Errorf("%d entries", len(catalogue.Experiments))
	}
}

func TestRecordingsAreReadable(t *testing.T) {
	files, _ := filepath.Glob("../../templates/demo/*/config.yaml")
	if len(files) == 0 {
		t.Skip("no demo recordings in this checkout")
	}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Read(f, data); err != nil {
			t.Error(err)
		}
	}
}

func TestApplyAndValue(t *testing.T) {
	e := seedExperiment()
	for _, c := range []struct{ path, value, back string }{
		{"parallelism.tp", "2", "2"}, {"profiling.trace_tokens", "auto", "auto"}, {"profiling.trace_tokens", "7", "7"},
		{"profiling.nsys", "true", "true"}, {"replay.factor", "0.25", "0.25"}, {"description", "x: y", "x: y"},
		{"env.A_B", "a b", "a b"}, {"vllm.max_num_seqs", "8", "8"}, {"vllm.x", "[a, 1]", "[a, 1]"}, {"vllm.y", "{a: b}", "{a: b}"},
	} {
		if err := Apply(&e, c.path, c.value); err != nil {
			t.Errorf("%s=%s: %v", c.path, c.value, err)
		}
		if got, err := Value(e, c.path); err != nil || got != c.back {
			t.Errorf("%s = %q, %v, want %q", c.path, got, err, c.back)
		}
	}
	for _, c := range []struct{ path, value, want string }{
		{"parallelism.t", "2", "did you mean parallelism.tp?"}, {"parallelism", "2", "unknown key"}, {"env", "2", "unknown key"},
		{"parallelism.tp", "", "whole number"}, {"env.A-B", "1", "cannot name"}, {"description", "a\x1bb", "control character"},
		{"vllm.x", "{", "cannot be read"}, {"vllm.x", "*a", "cannot be"}, {"slurm.time", "", "is not a time"},
		{"output_dir", "/", "cannot be an output"},
	} {
		if err := Apply(&e, c.path, c.value); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s=%s: error %v, want %s", c.path, c.value, err, c.want)
		}
	}
}

// TestApplySharesNothing: a copy of an experiment keeps its own env and vllm.
func TestApplySharesNothing(t *testing.T) {
	a := seedExperiment()
	a.Env, a.VLLM = map[string]string{"A": "1"}, map[string]any{"x": 1}
	b := a
	if Apply(&b, "env.A", "2") != nil || Apply(&b, "vllm.x", "2") != nil || a.Env["A"] != "1" || a.VLLM["x"] != 1 {
		t.Errorf("the first changed: %v %v", a.Env, a.VLLM)
	}
}

func TestKeysHaveBounds(t *testing.T) {
	for _, k := range Keys() {
		f, _, err := lookup(k)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, ok := bounds(k); !ok && (f.Of(new(model.Experiment)).CanInt() || f.Of(new(model.Experiment)).CanFloat()) {
			t.Errorf("%s has no bounds", k)
		}
	}
	for _, k := range append(slices.Collect(maps.Keys(patterns)), required...) {
		if !slices.Contains(Keys(), k) {
			t.Errorf("%s is no key", k)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(seedConfig))
	f.Add([]byte("env: {A: 1}\nvllm: {a: [1, {b: c}]}\n"))
	f.Add([]byte("a: &x [*x]\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := Read("f.yaml", data)
		if err == nil && (model.CheckID(e.ID) != nil || model.CheckOutputDir(e.OutputDir) != nil || e.Layout.TP < 1) {
			t.Errorf("accepted %+v", e)
		}
		if err != nil && bytes.ContainsRune([]byte(err.Error()), '\x1b') {
			t.Errorf("escape in %q", err)
		}
	})
}

// TestChanges: keys, variables and engine arguments alike; a default is what the file would have said.
func TestChanges(t *testing.T) {
	run, now := seedExperiment(), seedExperiment()
	if got := Changes(run, now); len(got) > 0 {
		t.Errorf("of equal configs: %v", got)
	}
	run.Replay.Factor, now.Replay.Factor = 0, 1
	now.Description, now.Slurm.Time, now.Data.BatchSize, now.Env, now.VLLM = "x", "01:00:00", 8, map[string]string{"A": "1"},
		map[string]any{"x": []any{1}}
	run.VLLM = map[string]any{"x": []any{2}}
	if got := Changes(run, now).String(); got != "batch 4 → 8, env.A none → 1, vllm.x [2] → [1]" {
		t.Errorf("%s", got)
	}
}
