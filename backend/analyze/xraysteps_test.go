package analyze

import (
	"fmt"
	"strings"
	"testing"

	"shardeck/backend/analyze/align"
	"shardeck/backend/trace"
	"shardeck/backend/trace/stepname"
	"shardeck/model"
	"shardeck/model/xray"
)

// The context of a step follows from the steps before it: prompts go through in the order in which requests came, whole or in parts, and
// requests end in that order.
func TestContextOfSteps(t *testing.T) {
	for name, c := range map[string]struct {
		engine model.Engine
		steps  string
		want   string // context and pairs of each step
	}{
		"whole batches": {model.EngineTorch, "prefill decode decode prefill decode", "8192/8392704 8196/8196 8200/8200 8192/8392704 8196/8196"},
		"two and two": {model.EngineVLLM,
			"execute_context_2(4096)_generation_0(0) execute_context_2(4096)_generation_2(2) execute_context_0(0)_generation_4(4) " +
				"execute_context_0(0)_generation_2(2)",
			"4096/4196352 8194/4200450 8198/8198 4100/4100"},
		"a prompt in parts": {model.EngineVLLM,
			"execute_context_2(3072)_generation_0(0) execute_context_2(3072)_generation_1(1) execute_context_1(2048)_generation_2(2)",
			"3072/2622976 6145/3673601 6146/2102274"},
		"begun in the middle": {model.EngineVLLM,
			"execute_context_0(0)_generation_4(4) execute_context_1(2048)_generation_0(0) execute_context_0(0)_generation_1(1)",
			"-1/-1 2048/2098176 2049/2049"},
		"longer than prompts are": {model.EngineVLLM, "execute_context_1(4096)_generation_0(0) execute_context_0(0)_generation_1(1)",
			"-1/-1 -1/-1"},
	} {
		t.Run(name, func(t *testing.T) {
			e := model.Defaults()
			e.Engine, e.Data = c.engine, model.Workload{BatchSize: 4, SeqLen: 2048, MaxTokens: 4}
			q := newRequests(&Input{Experiment: &e}, e.Layout)
			var got []string
			for _, word := range strings.Fields(c.steps) {
				said, raw := stepname.Of(word), &xray.Raw{}
				q.step(&align.Step{Phase: said.Phase, Tokens: said.Tokens, Said: said}, raw)
				got = append(got, fmt.Sprintf("%d/%d", raw.Context, raw.Pairs))
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("%v, want %s", got, c.want)
			}
		})
	}
}

// Kernels of a replayed graph have the shapes of the graph captured for the fewest tokens that are enough, node by node.
func TestShapesOfCapturedGraphs(t *testing.T) {
	p := func(m int) trace.Product { return trace.Product{M: m, N: 6144, K: 4096} }
	l := newLaunched(trace.Launched{
		Runs:   []trace.LaunchRun{{Count: 1, Lead: 50}, {Count: 2, Lead: 1000, Call: 9, Graph: true}, {Count: 1, Lead: -1}},
		Graphs: [][]trace.Product{{p(64), {}}, {p(8), {}}, {p(4), {}}, {p(8), {}, {}}},
	}, 4)
	var got []xray.Kernel
	for i := range 4 {
		k := xray.Kernel{Start: int64(5000 + 100*i), Part: "gemm"}
		l.note(i, 6, &k)
		got = append(got, k)
	}
	if got[0].Launched != 4950 || got[0].Graph || got[1].Launched != 4100 || got[2].Launched != 4100 || got[2].Calling != 9 ||
		got[1].Recorded != (xray.Matmul{M: 8, N: 6144, K: 4096}) || got[2].Recorded.M != 0 || got[3].Launched != 0 {
		t.Errorf("%+v", got)
	}
	if l := newLaunched(trace.Launched{Runs: []trace.LaunchRun{{Count: 3}}}, 4); len(l.Runs) != 0 {
		t.Error("launches of other records are taken")
	}
}
