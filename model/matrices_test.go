package model_test

import (
	"fmt"
	"strings"
	"testing"

	"shardeck/model"
	"shardeck/model/modeltest"
)

// The products of a layer are those that engines launch, cut as the layout says; together they are the matrices of the weights.
func TestMatrices(t *testing.T) {
	llama, deepseek := modeltest.Llama8B, modeltest.V2Lite
	one := model.Defaults().Layout
	two, sixteen, ep := one, one, one
	two.TP, sixteen.TP, ep.DPShard, ep.EP = 2, 16, 2, 2
	for _, c := range []struct {
		shape  model.Shape
		layout model.Layout
		want   string
	}{
		{llama, one, "qkv 6144x4096 o 4096x4096 gate_up 28672x4096 down 4096x14336"},
		{llama, two, "qkv 3072x4096 o 4096x2048 gate_up 14336x4096 down 4096x7168"},
		{llama, sixteen, "qkv 512x4096 o 4096x256 gate_up 1792x4096 down 4096x896"}, // key-value heads are repeated
		{deepseek, ep, "q 3072x2048 kv_a 576x2048 kv_b 4096x512 o 2048x2048 gate_up 21888x2048 down 2048x10944 " +
			"q 3072x2048 kv_a 576x2048 kv_b 4096x512 o 2048x2048 router 64x2048 experts_gate_up 32·2816x2048 experts_down 32·2048x1408 " +
			"shared_gate_up 5632x2048 shared_down 2048x2816"},
	} {
		var got []string
		for _, m := range c.shape.OnRank(c.layout, 0).Matrices(nil, 2) {
			of := ""
			if m.Count > 1 {
				of = fmt.Sprint(m.Count, "·")
			}
			got = append(got, fmt.Sprintf("%s %s%dx%d", m.Name, of, m.Out, m.In))
			if m.Bytes != 2*m.Out*m.In {
				t.Errorf("%s: %d bytes", m.Name, m.Bytes)
			}
		}
		if have := strings.Join(got, " "); have != c.want {
			t.Errorf("%s %s:\n%s, want\n%s", c.shape.Short, c.layout, have, c.want)
		}
	}
}
