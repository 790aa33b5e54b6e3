package check

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"shardeck/model"
	"shardeck/model/modeltest"
)

func TestLegal(t *testing.T) {
	w := testWorld()
	for _, tt := range []struct {
		name string
		e    model.Experiment
		path string
		want []int
	}{
		{"TP of Llama-8B", modeltest.Baseline(), "parallelism.tp", []int{1, 2, 4, 8, 16, 32}},
		{"PP of Llama-8B", modeltest.Baseline(), "parallelism.pp", []int{1, 2, 4, 8, 16, 32}},
		{"DP of batch 4", modeltest.Baseline(), "parallelism.dp_replicate", []int{1, 2, 4}},
		{"EP of a dense model", modeltest.Baseline(), "parallelism.ep", []int{1}},
		{"EP of V2-Lite on DP2", modeltest.Of(modeltest.V2Lite, 1, 1, 2, 1), "parallelism.ep", []int{1, 2}},
		{"TP with EP on", modeltest.Of(modeltest.V2Lite, 2, 1, 2, 4), "parallelism.tp", []int{1, 2, 4, 8, 16}},
		{"the present value stays", modeltest.Of(modeltest.V2Lite, 1, 2, 1, 1), "parallelism.pp", []int{1, 2}},
		{"TP beside a batch that does not divide", modeltest.With(modeltest.Of(modeltest.Llama8B, 3, 1, 2, 1),
			func(e *model.Experiment) { e.Data.BatchSize = 7 }), "parallelism.tp", []int{1, 2, 4, 8, 16, 32}},
		{"no such key", modeltest.Baseline(), "data.batch_size", nil},
		{"nothing to judge", modeltest.Of(modeltest.Llama8B, 0, 1, 1, 1), "parallelism.pp", nil},
	} {
		if diff := cmp.Diff(tt.want, Legal(tt.e, tt.path, w)); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

func BenchmarkCheckWithRemedy(b *testing.B) {
	w, e := testWorld(), modeltest.Of(modeltest.Llama70B, 2, 1, 1, 1)
	for b.Loop() {
		Check(e, w)
	}
}

func TestDescribed(t *testing.T) {
	for _, c := range []struct {
		text string
		l    model.Layout
		want string
	}{
		{"Llama-8B tensor parallelism TP=2 on 2 GPUs", model.Layout{TP: 8, PP: 1, DPReplicate: 1, DPShard: 1, EP: 1},
			"Llama-8B tensor parallelism TP=8 on 8 GPUs"},
		{"baseline on 1 GPU (TP=1, PP=1, EP=1)", model.Layout{TP: 2, PP: 2, DPReplicate: 1, DPShard: 1, EP: 1},
			"baseline on 4 GPUs (TP=2, PP=2, EP=1)"},
		{"from E1.1, tp=2", model.Layout{TP: 4, PP: 1, DPReplicate: 1, DPShard: 1, EP: 1}, "from E1.1, tp=4"},
		{"TP2PP2, step=3 on TP and HTTP2", model.Layout{TP: 4, PP: 1, DPReplicate: 1, DPShard: 1, EP: 1}, "TP2PP2, step=3 on TP and HTTP2"},
		{"TP=2 against TP=4 on 4 GPUs", model.Layout{TP: 1, PP: 1, DPReplicate: 1, DPShard: 1, EP: 1}, "TP=2 against TP=4 on 1 GPU"},
	} {
		if got := described(model.Experiment{Description: c.text, Layout: c.l}); got != c.want {
			t.Errorf("%q is now %q, want %q", c.text, got, c.want)
		}
	}
}
