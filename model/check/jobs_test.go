package check

import (
	"strings"
	"testing"

	"shardeck/model"
	"shardeck/model/modeltest"
)

// TestSoftwareOfJobs: what the layout asks of the runtime of the jobs.
func TestSoftwareOfJobs(t *testing.T) {
	spans := modeltest.With(modeltest.Of(modeltest.Llama8B, 8, 1, 1, 1), func(e *model.Experiment) { e.Slurm.Time = "00:10:00" })
	socket := modeltest.With(spans, func(e *model.Experiment) { e.Env = map[string]string{"NCCL_NET": "Socket"} })
	one := modeltest.Of(modeltest.Llama8B, 4, 1, 1, 1)
	for _, c := range []struct {
		e       model.Experiment
		runtime model.Runtime
		want    string // "": neither rule speaks
	}{
		{spans, model.Runtime{Kind: "conda", Name: "x"}, "network-plugin"},
		{spans, model.Runtime{Kind: "none"}, "network-plugin"},
		{one, model.Runtime{Kind: "conda", Name: "x"}, ""},
		{socket, model.Runtime{Kind: "conda", Name: "x"}, ""},
		{spans, model.Runtime{Kind: "conda", Name: "x", Modules: []string{"nccl"}}, ""},
		{spans, model.Runtime{Kind: "module", Name: "pytorch/2.8.0"}, ""},
		{spans, model.Runtime{Kind: "shifter", Name: "vllm/vllm-openai:v0.11.0"}, "image-nodes"},
		{spans, model.Runtime{Kind: "podman-hpc", Name: "vllm/vllm-openai:0.9.1"}, "image-nodes"},
		{spans, model.Runtime{Kind: "shifter", Name: "vllm/vllm-openai:v0.12.0"}, ""},
		{spans, model.Runtime{Kind: "shifter", Name: "nersc/pytorch:25.06.01"}, ""},
		{spans, model.Runtime{Kind: "shifter", Name: "vllm/vllm-openai:latest"}, ""},
		{one, model.Runtime{Kind: "shifter", Name: "vllm/vllm-openai:v0.11.0"}, ""},
	} {
		w := testWorld()
		w.Runtime, w.Site.Network = c.runtime, map[string]string{"NCCL_NET": "AWS Libfabric"}
		v := Check(c.e, w)
		for _, code := range []string{"network-plugin", "image-nodes"} {
			if f := findCode(v, code); (f != nil) != (code == c.want) || f != nil && f.Fix == "" {
				t.Errorf("%+v with %s: %s is %+v", c.runtime, c.e.Layout, code, f)
			}
		}
	}
}

// TestSlicesDoNotTalk: a layout over MIG slices is refused, one on a slice is not.
func TestSlicesDoNotTalk(t *testing.T) {
	w := testWorld()
	w.GPUs = map[string]model.GPU{"s": {Key: "s", Title: "A100 MIG 3g.20gb", Bytes: 20 << 30, MIG: true}}
	w.Site = model.Site{Name: "x", GPUsPerNode: 4, MaxNodes: 1, Partitions: []model.NodeKind{{GPU: "s"}}}
	if f := findCode(Check(modeltest.Of(modeltest.Llama8B, 2, 1, 1, 1), w), "mig"); f == nil {
		t.Error("TP=2 on slices is let pass")
	}
	if f := findCode(Check(modeltest.Of(modeltest.Llama8B, 1, 1, 1, 1), w), "mig"); f != nil {
		t.Errorf("%+v", f)
	}
}

// TestMixedCards: two of a model that either card may be given to are warned about, and told how to have one.
func TestMixedCards(t *testing.T) {
	w := testWorld()
	tp1, tp2 := modeltest.Of(modeltest.Llama8B, 1, 1, 1, 1), modeltest.Of(modeltest.Llama8B, 2, 1, 1, 1)
	on := func(e model.Experiment, constraint string) model.Experiment {
		return modeltest.With(e, func(e *model.Experiment) { e.Slurm.Constraint = constraint })
	}
	small := w.Site.Kind(model.SlurmRequest{}).Constraint
	for name, c := range map[string]struct {
		all  []model.Experiment
		want bool
	}{
		"either":        {[]model.Experiment{tp1, tp2}, true},
		"one each":      {[]model.Experiment{on(tp1, "gpu&hbm40g"), on(tp2, "gpu&hbm80g")}, true},
		"half a choice": {[]model.Experiment{on(tp1, small), tp2}, true},
		"the same":      {[]model.Experiment{on(tp1, small), on(tp2, small)}, false},
		"alone":         {[]model.Experiment{tp1}, false},
		"replays":       {[]model.Experiment{tp1, modeltest.With(tp2, func(e *model.Experiment) { e.Engine = model.EngineReplay })}, false},
	} {
		found := MixedCards(c.all, w)
		if (len(found) == 1) != c.want || c.want && (!strings.Contains(found[0].Fault, "A100-40GB or A100-80GB") ||
			!strings.Contains(found[0].Fix, small)) {
			t.Errorf("%s: %+v", name, found)
		}
	}
	w.Site = model.Site{}
	if found := MixedCards([]model.Experiment{tp1, tp2}, w); len(found) != 0 {
		t.Errorf("of a site that nothing is known of: %+v", found)
	}
}
