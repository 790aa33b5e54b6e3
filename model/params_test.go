package model_test

import (
	"math"
	"testing"

	"shardeck/model"
	"shardeck/model/modeltest"
)

// The published totals, to the digit, and the active parameters to the digits published.
func TestParams(t *testing.T) {
	for _, tt := range []struct {
		shape  model.Shape
		total  int64
		active float64 // 10⁹
	}{
		{modeltest.Llama8B, 8_030_261_248, 8.03},
		{modeltest.Llama70B, 70_553_706_496, 70.55},
		{modeltest.Qwen25, 32_763_876_352, 32.76},
		{modeltest.Qwen3, 32_762_123_264, 32.76},
		{modeltest.Mixtral, 46_702_792_704, 12.88},
		{modeltest.Qwen3MoE, 30_532_122_624, 3.35},
		{modeltest.V2Lite, 15_706_484_224, 2.66},
	} {
		if got := tt.shape.Params(); got != tt.total {
			t.Errorf("%s: %d parameters, want %d", tt.shape.Short, got, tt.total)
		}
		if got := float64(tt.shape.ActiveParams()) / 1e9; math.Abs(got-tt.active) > 0.005 {
			t.Errorf("%s: %.4f billion active, want %.2f", tt.shape.Short, got, tt.active)
		}
	}
	if got := float64(modeltest.V2Lite.MatmulParams()) / 1e9; math.Abs(got-2.45) > 0.005 {
		t.Errorf("V2-Lite without the input embedding: %.4f billion, want 2.45", got)
	}
}

// A tied embedding is counted once, and takes part in the arithmetic.
func TestTiedEmbedding(t *testing.T) {
	tied := modeltest.Llama8B
	tied.TiedEmbed = true
	if got, want := modeltest.Llama8B.Params()-tied.Params(), modeltest.Llama8B.EmbedParams(); got != want {
		t.Errorf("tying saves %d parameters, want %d", got, want)
	}
	if got, want := tied.MatmulParams(), modeltest.Llama8B.MatmulParams(); got != want {
		t.Errorf("tied: %d parameters in arithmetic, want %d", got, want)
	}
}

// kvBytes is what one token costs in a cache of 16 bits.
func kvBytes(s model.Shape, l model.Layout) int64 {
	cached, _ := s.OnRank(l, 0).KVValues(1)
	return 2 * cached
}

func TestKVBytesPerToken(t *testing.T) {
	for _, tt := range []struct {
		shape model.Shape
		want  int64
	}{
		{modeltest.Llama8B, 131_072}, {modeltest.Llama70B, 327_680}, {modeltest.Qwen25, 262_144}, {modeltest.Qwen3, 262_144},
		{modeltest.Mixtral, 131_072}, {modeltest.Qwen3MoE, 98_304}, {modeltest.V2Lite, 31_104},
	} {
		one := model.Layout{TP: 1, PP: 1, DPReplicate: 1, DPShard: 1, EP: 1}
		if got := kvBytes(tt.shape, one); got != tt.want {
			t.Errorf("%s: %d bytes a token, want %d", tt.shape.Short, got, tt.want)
		}
	}
	if got := kvBytes(modeltest.V2Lite, model.Layout{TP: 4, PP: 1, DPReplicate: 1, DPShard: 1, EP: 1}); got != 31_104 {
		t.Errorf("a latent cache is whole on every TP rank: %d", got)
	}
	if got := kvBytes(modeltest.Qwen3MoE, model.Layout{TP: 8, PP: 1, DPReplicate: 1, DPShard: 1, EP: 1}); got != 98_304/4 {
		t.Errorf("4 KV heads on 8 ranks are one each: %d", got)
	}
}

// FLOPs worked out by hand for a batch of one and three tokens through the model.
func TestFLOPs(t *testing.T) {
	w := model.Workload{BatchSize: 1, SeqLen: 2, MaxTokens: 2}
	matmul := 2 * float64(8_030_261_248-128256*4096) * 3
	attention := 2.0 * 32 * 32 * 256 * (1 + 2 + 3)
	if got := modeltest.Llama8B.FLOPs(w, 0); got != matmul+attention {
		t.Errorf("got %g, want %g", got, matmul+attention)
	}
	if got := modeltest.V2Lite.FLOPs(w, 6) / modeltest.V2Lite.WithLayers(6).FLOPs(w, 0); got != 1 {
		t.Errorf("a depth given differs from a shape of that depth: %g", got)
	}
	if got := modeltest.Llama8B.FLOPs(model.Workload{}, 0); got != 0 {
		t.Errorf("no workload: %g", got)
	}
}

// The shards of one layout hold the whole model between them, save for what is
// replicated; so the fullest rank holds at least its even share.
func TestRanksHoldTheModel(t *testing.T) {
	for _, s := range modeltest.Shapes {
		for _, l := range []model.Layout{{2, 1, 1, 1, 1}, {1, 4, 1, 1, 1}, {4, 2, 1, 1, 1}, {2, 1, 1, 2, 4}, {2, 2, 2, 1, 1}} {
			if s.MoE == nil {
				l.EP = 1
			}
			var sum int64
			for r := range l.GPUs() {
				sum += s.OnRank(l, l.Coord(r).PP).Params()
			}
			if sum < s.Params() {
				t.Errorf("%s %v: ranks hold %d of %d", s.Short, l, sum, s.Params())
			}
			if s.MoE == nil && float64(sum) > float64(s.Params()*int64(l.DP()))*1.01 {
				t.Errorf("%s %v: ranks hold %d, %d copies of %d", s.Short, l, sum, l.DP(), s.Params())
			}
		}
	}
}
