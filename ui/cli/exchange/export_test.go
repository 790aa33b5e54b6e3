package exchange

import (
	"context"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"

	"shardeck/model/timeline"
	"shardeck/ui/cli/result"
)

// TestBenchFolderIsWhatUpstreamReads: the files and the card as ccl-bench wants them, and its numbers, which were taken from its
// own tools (commit 1d257f07) over these very folders.
func TestBenchFolderIsWhatUpstreamReads(t *testing.T) {
	a := demo(t, false)
	for run, want := range map[string]map[string]float64{
		"vllm-llama-8b-tp2":    {"ttft": 0.0478499085, "tpot": 0.012356559428571428, "avg_step_time": 0.012356559428571428, "mfu": 15.3317},
		"llama-8b-tp2":         {"ttft": 0.575224628, "tpot": 0.0268726025, "avg_step_time": 0.0268726025, "mfu": 45.0958},
		"deepseek-v2-lite-ep2": {"ttft": 0.1689792445, "tpot": 0.097898022, "avg_step_time": 0.097898022, "mfu": 2.6274},
	} {
		found, err := result.Analysed(t.Context(), a, run, nil)
		if err != nil {
			t.Fatal(err)
		}
		lanes := func(ctx context.Context) (*timeline.Run, error) { return a.Lanes(ctx, run, timeline.View{}, nil) }
		f, err := a.ExportBench(t.Context(), run, t.TempDir()+"/out", found, lanes)
		if err != nil {
			t.Fatal(err)
		}
		files := []string{"kineto_trace_0.json", "kineto_trace_1.json", "rank0_trace.json", "rank1_trace.json", run + ".latency.json",
			run + ".yaml"}
		there, _ := filepath.Glob(f.Dir + "/*")
		if d := cmp.Diff(len(files), len(there)); d != "" {
			t.Errorf("%s: %v", run, there)
		}
		for _, name := range files[:4] {
			text, err := os.ReadFile(filepath.Join(f.Dir, name))
			if err != nil || !json.Valid(text) {
				t.Errorf("%s: %s is no plain JSON: %v", run, name, err)
			}
		}
		checkCard(t, filepath.Join(f.Dir, run+".yaml"), strings.HasPrefix(run, "deepseek"))
		for _, m := range f.Beside {
			theirs, has := want[m.Name]
			if (m.Theirs != nil) != has || has && math.Abs(*m.Theirs-theirs) > 1e-4*theirs || m.Why == "" {
				t.Errorf("%s: %s: %+v, want %v", run, m.Name, m, theirs)
			}
		}
		added := map[string]string{"vllm-llama-8b-tp2": "1 559 calls", "llama-8b-tp2": "16 ranges of steps; 780 calls", "deepseek-v2-lite-ep2": "8 ranges of steps"}
		var said []string
		for _, w := range f.Warnings[3:] { // what the run has too little of comes first
			said = append(said, regexp.MustCompile(`^[\d ]+ (calls|ranges of steps)`).FindString(w))
		}
		if got := strings.Join(said, "; "); got != added[run] {
			t.Errorf("%s: what was added: %q", run, got)
		}
		if _, err := a.ExportBench(t.Context(), run, filepath.Dir(f.Dir), found, lanes); err == nil {
			t.Error("written over what was there")
		}
	}
}

// checkCard is our schema of what upstream's tools read of a card: each key as they want it.
func checkCard(t *testing.T, path string, moe bool) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var c struct {
		Workload struct {
			Model struct {
				Phase, Precision string
				MoE              *bool               `yaml:"moe"`
				Arch             map[string]*float64 `yaml:"model_arch"`
			}
			Data     map[string]any
			Hardware struct {
				Network struct {
					Gbps []*float64 `yaml:"bandwidth_gbps"`
				} `yaml:"network_topo"`
				XPU struct {
					Model string
					Total float64 `yaml:"total_count"`
				} `yaml:"xpu_spec"`
			}
		}
		Source struct{ Traces []string } `yaml:"metric_source"`
	}
	if err := yaml.Unmarshal(text, &c); err != nil {
		t.Fatal(err)
	}
	w := c.Workload
	if w.Model.Phase != "inference" || w.Hardware.XPU.Model != "nvidia_h100" || w.Hardware.XPU.Total != 2 || w.Model.MoE == nil ||
		*w.Model.MoE != moe {
		t.Errorf("card:\n%s", text)
	}
	keys := []string{"num_params", "num_layers", "num_heads", "head_dim", "num_params_embedding"}
	if moe {
		keys = append(keys, "num_params_active")
	}
	for _, k := range keys {
		if v := w.Model.Arch[k]; v == nil || *v <= 0 {
			t.Errorf("card has no %s", k)
		}
	}
	if !moe && w.Model.Arch["num_params_active"] != nil {
		t.Error("active parameters of a dense model")
	}
	for _, k := range []string{"batch_size", "seq_len", "input_len", "output_len"} {
		if n, _ := w.Data[k].(int); n <= 0 {
			t.Errorf("card has no %s", k)
		}
	}
	if w.Data["batch_size_scope"] != "global" || len(w.Hardware.Network.Gbps) != 2 || *w.Hardware.Network.Gbps[1] != 3600 {
		t.Errorf("card:\n%s", text)
	}
	if d := cmp.Diff([]string{"json"}, c.Source.Traces); d != "" {
		t.Error(d)
	}
}
