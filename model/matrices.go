package model

import "strings"

// Matrix is a product of a layer: what one launch of a GEMM multiplies by. Projections that engines join are one: q, k and v
// of attention (qkv), gate and up of a feed-forward part (gate_up).
type Matrix struct {
	Name    string // as the operators of a layer are called: qkv, o, gate_up, down, router, experts_gate_up, experts_down, shared_gate_up …
	Out, In int64  // on this rank
	Count   int64  // alike on this rank: its experts; else 1
	Bytes   int64  // of one, as it is held
	Layers  int    // of this stage that have it
	Experts bool   // of which a token takes some
}

// joined names products by the ends of the names of their tensors; others keep their last name without _proj.
var joined = []struct{ end, name string }{
	{"self_attn.q_proj", "qkv"}, {"self_attn.k_proj", "qkv"}, {"self_attn.v_proj", "qkv"}, {"mlp.gate", "router"},
	{"gate_proj", "gate_up"}, {"up_proj", "gate_up"},
}

// Matrices are the products of this stage's layers, weights held as a quantisation says (nil: none), else in so many bytes a
// parameter. Embedding and head are not among them.
func (r RankShape) Matrices(q *Quant, width int64) (all []Matrix) {
	for _, k := range r.kinds {
		first := len(all)
	next:
		for _, t := range r.Shape.layer(k) {
			if !t.matrix() || t.name == "" {
				continue
			}
			here := r.share(k, t)
			m := Matrix{Name: productName(t.name), Out: here.out, In: here.in, Count: here.count, Layers: k.layers,
				Experts: t.cut == experts || t.cut == expertsIn}
			if m.Name == "qkv" && r.Shape.MLA != nil {
				m.Name = "q" // keys and values come of the latents
			}
			here.count = 1
			if m.Bytes = here.size() * width; q.takes(t, k.layer) {
				m.Bytes = q.bytes(here)
			}
			for i := range all[first:] {
				if one := &all[first+i]; one.Name == m.Name && one.In == m.In {
					one.Out, one.Bytes = one.Out+m.Out, one.Bytes+m.Bytes
					continue next
				}
			}
			all = append(all, m)
		}
	}
	return all
}

func productName(tensor string) string {
	prefix := ""
	switch {
	case strings.Contains(tensor, ".shared_experts."):
		prefix = "shared_"
	case strings.Contains(tensor, ".experts."):
		prefix = "experts_"
	}
	for _, j := range joined {
		if strings.HasSuffix(tensor, j.end) {
			return prefix + j.name
		}
	}
	last := tensor[strings.LastIndexByte(tensor, '.')+1:]
	return prefix + strings.TrimSuffix(strings.TrimSuffix(last, "_with_mqa"), "_proj")
}
