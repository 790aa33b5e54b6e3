package measure

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"shardeck/backend/catalog"
	"shardeck/backend/intake"
	"shardeck/model"
)

const card = `hf_url: https://huggingface.co/meta-llama/Llama-3.1-8B/tree/main
trace_url: /data/rows/x
workload:
  model: {phase: inference, precision: bf16}
  data: {batch_size: 8, seq_len: 1152, input_len: 1024, output_len: OUT}
  hardware: {xpu_spec: {model: nvidia_a100, total_count: 4}}
Model-executor:
  framework: {name: vllm}
  model_plan_parallelization: {dp_replicate: 1, dp_shard: 1, tp: 4, pp: 1, cp: 1, ep: 1}
metric_source: {traces: [json]}
`

// rowOf writes a row whose steps of the host take so many µs each, and returns its folder.
func rowOf(t *testing.T, text string, us int) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "llama-tp4[nccl]")
	var marks []string
	for _, at := range []string{"1", "1000001", "2000001", "3000001"} {
		marks = append(marks, `{"ph":"X","cat":"user_annotation","name":"execute_context_0(0)_generation_1(1)","pid":1,"tid":1,"ts":`+at+
			`,"dur":`+strconv.Itoa(us)+`}`)
	}
	trace := `{"traceEvents":[{"ph":"X","cat":"kernel","name":"a","pid":0,"tid":7,"ts":5,"dur":9},` + strings.Join(marks, ",") + `]}`
	for name, body := range map[string]string{"llama-tp4.yaml": text, "kineto_trace_0.json": trace} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(body), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestCardOfARow: brackets in the folder's name, the hub's id, the length of the prompt; what is not told stays open.
func TestCardOfARow(t *testing.T) {
	r := rowIn(rowOf(t, strings.Replace(card, "OUT", "128", 1), 1))
	if r == nil {
		t.Fatal("no card")
	}
	got := string(r.config("x", "trace_collection/x"))
	for _, line := range []string{`model: {name: "meta-llama/Llama-3.1-8B", precision: bfloat16}`, "engine: vllm\n",
		"parallelism: {tp: 4, pp: 1, dp_replicate: 1, dp_shard: 1, ep: 1}", "data: {batch_size: 8, seq_len: 1024, max_tokens: 128}"} {
		if !strings.Contains(got, line) {
			t.Errorf("no %q in\n%s", line, got)
		}
	}
	bare := &row{}
	if got := string(bare.config("x", "trace_collection/x")); bare.whole() || !r.whole() ||
		!strings.Contains(got, "model: {name: , precision: }") || !strings.Contains(got, "data: {batch_size: , seq_len: , max_tokens: }") {
		t.Errorf("what no card tells:\n%s", got)
	}
	if rowIn(t.TempDir()) != nil {
		t.Error("a row of nothing")
	}
}

// TestNumbersOfACard: in quotes or not; lists and words are none, and without a plan no layout is known.
func TestNumbersOfACard(t *testing.T) {
	for from, tt := range map[string]struct{ to, line string }{
		"batch_size: 8":   {`batch_size: "8"`, "data: {batch_size: 8, seq_len: 1024, max_tokens: 128}"},
		"tp: 4":           {`tp: "4"`, "parallelism: {tp: 4, pp: 1, dp_replicate: 1, dp_shard: 1, ep: 1}"},
		"seq_len: 1152":   {"seq_len: [1, 2]", "data: {batch_size: 8, seq_len: 1024, max_tokens: 128}"},
		"precision: bf16": {"precision: [bf16]", `model: {name: "meta-llama/Llama-3.1-8B", precision: }`},
		"batch_size: 8,":  {"batch_size: [1, 2],", "data: {batch_size: , seq_len: 1024, max_tokens: 128}"},
		"model_plan_para": {"plan_para", "parallelism: {tp: , pp: , dp_replicate: 1, dp_shard: , ep: }"},
	} {
		r := rowIn(rowOf(t, strings.Replace(strings.Replace(card, "OUT", "128", 1), from, tt.to, 1), 1))
		if got := string(r.config("x", "trace_collection/x")); !strings.Contains(got, tt.line+"\n") {
			t.Errorf("%s: no %q in\n%s", tt.to, tt.line, got)
		}
	}
}

// TestDoubtsOfARow: each at its bound, by the floor of 16.06 GB less the embeddings, over 4 × 2039 GB/s at most.
func TestDoubtsOfARow(t *testing.T) {
	known, err := catalog.Load(catalog.Options{Sets: []string{"site=perlmutter"}, Env: func(string) string { return "" }})
	if err != nil {
		t.Fatal(err)
	}
	im := &Importer{world: known.World()}
	const profiled = "its times are of profiled steps: untraced ones are shorter"
	for _, tt := range []struct {
		out   string
		us    int
		ranks int
		want  []string
	}{
		{"129", 3000, 4, []string{profiled}},
		{"128", 3000, 4, []string{"127 decode steps, of which upstream's rule asks for 128", profiled}},
		{"129", 3000, 2, []string{"its card says 4 GPUs (TP4), its traces are of 2 ranks", profiled}},
		{"129", 1000, 4, []string{profiled,
			"a TPOT of 1.00 ms (the mean of 2 profiled steps) is below the floor of FLOOR that reading the weights takes"}},
		{"129", 35000, 4, []string{profiled,
			"a TPOT of 35.0 ms (the mean of 2 profiled steps) is TIMES times the floor of FLOOR that reading the weights takes"}},
	} {
		dir := rowOf(t, strings.Replace(card, "OUT", tt.out, 1), tt.us)
		run := model.Run{Files: []model.RunFile{{Kind: model.FileKineto, Path: filepath.Join(dir, "kineto_trace_0.json")}}}
		got := im.doubts(rowIn(dir), run, intake.Facts{World: tt.ranks})
		if len(got) == len(tt.want) && len(got) > 0 {
			tt.want[len(got)-1] = strings.NewReplacer("FLOOR", "1.84 ms", "TIMES", "19").Replace(tt.want[len(got)-1])
		}
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%s tokens, %d µs, %d ranks: %s", tt.out, tt.us, tt.ranks, d)
		}
	}
}
