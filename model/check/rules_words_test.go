package check

import (
	"testing"

	"shardeck/model"
)

func TestDescribed(t *testing.T) {
	for _, c := range []struct {
		text string
		l    model.Layout
		want string
	}{
		{"Llama-8B tensor parallelism TP=2 on 2 GPUs", model.Layout{TP: 8, PP: 1, DPReplicate: 1, DPShard: 1, EP: 1}, "Llama-8B tensor parallelism TP=8 on 8 GPUs"},
		{"baseline on 1 GPU (TP=1, PP=1, EP=1)", model.Layout{TP: 2, PP: 2, DPReplicate: 1, DPShard: 1, EP: 1}, "baseline on 4 GPUs (TP=2, PP=2, EP=1)"},
		{"from E1.1, tp=2", model.Layout{TP: 4, PP: 1, DPReplicate: 1, DPShard: 1, EP: 1}, "from E1.1, tp=4"},
		{"TP2PP2, step=3 on TP and HTTP2", model.Layout{TP: 4, PP: 1, DPReplicate: 1, DPShard: 1, EP: 1}, "TP2PP2, step=3 on TP and HTTP2"},
		{"TP=2 against TP=4 on 4 GPUs", model.Layout{TP: 1, PP: 1, DPReplicate: 1, DPShard: 1, EP: 1}, "TP=2 against TP=4 on 1 GPU"},
	} {
		if got := described(model.Experiment{Description: c.text, Layout: c.l}); got != c.want {
			t.Errorf("%q is now %q, want %q", c.text, got, c.want)
		}
	}
}
