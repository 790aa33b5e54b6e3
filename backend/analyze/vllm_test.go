package analyze

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestVLLM reads recordings of vLLM 0.25.1 on two H100: what a forward step
// communicates must be what vLLM documents, 2L+1 all-reduce calls (two a layer, one
// behind the embedding) and one all-gather of the logits.
func TestVLLM(t *testing.T) {
	for _, c := range []struct {
		run                  string
		allReduce, allGather float64 // a step
		steps                string
	}{
		{"vllm-llama-8b-tp1", 0, 0, "6 decode steps; 1 mixed step; 2 prefill steps"},
		{"vllm-llama-8b-tp2", 65, 1, "8 decode steps; 2 mixed steps; 2 prefill steps"},
		{"vllm-deepseek-v2-lite-ep2", 55, 1, "6 decode steps; 1 mixed step; 2 prefill steps"},
	} {
		t.Run(c.run, func(t *testing.T) {
			a := analyse(t, load(t, small(c.run)))
			by := a.Metric("coll_calls_per_step").By.Types
			if by["all_reduce"] != c.allReduce || by["all_gather"] != c.allGather {
				t.Errorf("calls a step: %v, want %v all_reduce and %v all_gather", by, c.allReduce, c.allGather)
			}
			if n := a.Metric("phase_time").Note; !strings.Contains(n, c.steps) {
				t.Errorf("steps: %q, want %q", n, c.steps)
			}
			if ttft := a.Metric("ttft"); ttft.N != 3 || ttft.Note != "12 requests in 3 iterations" {
				t.Errorf("ttft n %d, %q", ttft.N, ttft.Note)
			}
		})
	}
}

// TestVLLMReplicas reads one rank of two replicas that share their experts (vLLM 0.25.1,
// DeepSeek-V2-Lite on two H100). Its two steps, a prefill and a decode, are followed by
// empty batches until the replicas ask each other, every 32 steps, whether all are done.
// Each pass gathers and scatters once for each of the 26 layers with experts.
func TestVLLMReplicas(t *testing.T) {
	a := analyse(t, load(t, filepath.Join("testdata", "vllm-deepseek-v2-lite-dp2-ep2")))
	if by := a.Metric("coll_calls_per_step").By.Types; by["all_gather"] != 26 || by["reduce_scatter"] != 26 {
		t.Errorf("calls a step: %v", by)
	}
	if by := a.Metric("coll_calls_total").By.Types; by["all_gather"] != 32*26 || by["reduce_scatter"] != 32*26 {
		t.Errorf("calls: %v", by)
	}
	if got := strings.Join(a.Warnings, "\n"); !strings.Contains(got, "30 forward passes without requests") {
		t.Errorf("warnings: %s", got)
	}
	if m := a.Metric("phase_time"); !strings.Contains(m.Note, "1 decode step; 1 prefill step") || m.By.Phases["decode"] > 20 {
		t.Errorf("phases: %+v", m)
	}
}
