package model

import (
	"cmp"
	"slices"
)

// cut is how a tensor is spread over the ranks of a TP group.
type cut int

const (
	whole     cut = iota
	byOut         // its outputs: each rank computes some
	byIn          // its inputs: the ranks' results are added
	byKV          // by key-value heads, which are repeated where there are fewer than ranks
	experts       // experts over TP × DP, by their outputs where EP is off
	expertsIn     // the same, by their inputs
)

// tensor is a matrix of a layer, or count alike; vectors have one input.
type tensor struct {
	name           string // as in checkpoints, below layers.N
	out, in, count int64
	cut            cut
}

func (t tensor) size() int64 { return t.out * t.in * t.count }

// matrix reports whether a quantisation may take it: vectors and convolutions are none.
func (t tensor) matrix() bool { return t.in > 16 && t.out > 1 }

func mat(name string, out, in int, c cut) tensor { return tensor{name, int64(out), int64(in), 1, c} }

func vec(n int, c cut) tensor { return mat("", n, 1, c) }

// mixerTensors is what mixes tokens in a layer, by its letter: a attention, s with a window, b attention beside Mamba, m Mamba,
// l gated delta net, k the same with a gate a channel (Kimi), i lightning attention, c short convolution, - nothing.
// Vectors of a letter are as transformers has them.
func (s Shape) mixerTensors(letter byte) []tensor {
	s = s.of(letter)
	switch letter {
	case 'a', 's':
		if s.MLA != nil {
			return s.latentAttention()
		}
		return s.attention()
	case 'b':
		return append(s.attention(), s.mamba()...)
	case 'm':
		return s.mamba()
	case 'l', 'k':
		return s.deltaNet(letter)
	case 'i':
		n := s.Heads * s.HeadDim
		return []tensor{mat("self_attn.qkv_proj", 3*n, s.Hidden, byOut), mat("self_attn.output_gate", n, s.Hidden, byOut),
			mat("self_attn.out_proj", s.Hidden, n, byIn), vec(n, byOut)}
	case 'c':
		return []tensor{mat("conv.in_proj", 3*s.Hidden, s.Hidden, byOut), mat("conv.conv", s.Hidden, s.SSM.Conv, byOut),
			mat("conv.out_proj", s.Hidden, s.Hidden, byIn)}
	}
	return nil
}

// of is the shape as layers of a letter have it.
func (s Shape) of(letter byte) Shape {
	if letter == 's' {
		s.KVHeads, s.HeadDim = cmp.Or(s.WindowKV, s.KVHeads), cmp.Or(s.WindowHD, s.HeadDim)
	}
	return s
}

// where is tensors that only some families have.
func where(has bool, t ...tensor) []tensor {
	if !has {
		return nil
	}
	return t
}

// layer is what a layer of a kind holds, but for its norms.
func (s Shape) layer(k kind) []tensor { return append(s.mixerTensors(k.mixer), s.ffnTensors(k.ffn)...) }

func (s Shape) attention() []tensor {
	q, k, v := s.Heads*s.HeadDim, s.KVHeads*s.HeadDim, s.KVHeads*s.VDim()
	wide := q
	if s.Gate {
		wide *= 2
	}
	return slices.Concat([]tensor{mat("self_attn.q_proj", wide, s.Hidden, byOut), mat("self_attn.k_proj", k, s.Hidden, byKV),
		mat("self_attn.v_proj", v, s.Hidden, byKV), mat("self_attn.o_proj", s.Hidden, s.Heads*s.VDim(), byIn)},
		where(s.QKVBias, vec(wide, byOut), vec(k, byKV), vec(v, byKV)), where(s.OutBias, vec(s.Hidden, whole)),
		where(s.QKNorm, vec(2*s.HeadDim, whole)), where(s.WideNorm, vec(q, byOut), vec(k, byKV)), where(s.Sinks, vec(s.Heads, byOut)))
}

// latentAttention is DeepSeek's: projections into the latent space and norms are replicated, others split by heads.
func (s Shape) latentAttention() []tensor {
	m, q := s.MLA, s.Heads*s.QKDim()
	t := []tensor{mat("self_attn.q_proj", q, s.Hidden, byOut)}
	if r := m.QLoraRank; r > 0 {
		t = []tensor{mat("self_attn.q_a_proj", r, s.Hidden, whole), vec(r, whole), mat("self_attn.q_b_proj", q, r, byOut)}
	}
	n := s.Indexer * s.IndexDim
	return slices.Concat(t, where(n > 0, mat("self_attn.indexer.wq_b", n, m.QLoraRank, whole),
		mat("self_attn.indexer.wk", s.IndexDim, s.Hidden, whole),
		mat("self_attn.indexer.weights_proj", s.Indexer, s.Hidden, whole), vec(2*s.IndexDim, whole)),
		where(s.Gate, mat("self_attn.g_proj", s.Heads*m.VDim, s.Hidden, byOut)),
		[]tensor{mat("self_attn.kv_a_proj_with_mqa", m.KVLoraRank+m.RopeDim, s.Hidden, whole), vec(m.KVLoraRank, whole),
			mat("self_attn.kv_b_proj", s.Heads*(m.NopeDim+m.VDim), m.KVLoraRank, byOut),
			mat("self_attn.o_proj", s.Hidden, s.Heads*m.VDim, byIn)})
}

func (s Shape) mamba() []tensor {
	m, n := s.SSM, s.SSM.inner()
	if m.Heads == 0 {
		return append([]tensor{mat("mamba.in_proj", 2*n, s.Hidden, byOut), mat("mamba.conv1d", n, m.Conv, byOut), vec(n, byOut),
			mat("mamba.x_proj", m.Rank+2*m.State, n, byIn), mat("mamba.dt_proj", n, m.Rank, byOut), vec(2*n, byOut),
			mat("mamba.A_log", n*m.State, 1, byOut), mat("mamba.out_proj", s.Hidden, n, byIn)},
			where(m.Norms, vec(m.Rank+2*m.State, whole))...)
	}
	conv := m.conv()
	return slices.Concat([]tensor{mat("mamba.in_proj", n+conv+m.Heads, s.Hidden, byOut), mat("mamba.conv1d", conv, m.Conv, byOut),
		vec(3*m.Heads, byOut), mat("mamba.out_proj", s.Hidden, n, byIn)},
		where(m.ConvBias, vec(conv, byOut)), where(m.Norms, vec(n, byOut)))
}

func (s Shape) deltaNet(letter byte) []tensor {
	m := s.SSM
	key, value := m.Groups*m.State, m.inner()
	t := []tensor{mat("linear_attn.in_proj_qkv", 2*key+value, s.Hidden, byOut), mat("linear_attn.conv1d", 2*key+value, m.Conv, byOut),
		mat("linear_attn.out_proj", s.Hidden, value, byIn), vec(m.HeadDim, whole)}
	if letter == 'k' { // two gates of low rank, one of them a channel's decay
		return append(t, mat("linear_attn.a_proj", 2*m.HeadDim, s.Hidden, whole), mat("linear_attn.b_proj", key+value, m.HeadDim, byOut),
			mat("linear_attn.beta", m.Heads, s.Hidden, byOut), vec(key+m.Heads, byOut))
	}
	return append(t, mat("linear_attn.in_proj_z", value, s.Hidden, byOut), mat("linear_attn.in_proj_b", m.Heads, s.Hidden, byOut),
		mat("linear_attn.in_proj_a", m.Heads, s.Hidden, byOut), vec(2*m.Heads, byOut))
}

// shared is the width of all shared experts.
func (m MoE) shared() int { return cmp.Or(m.SharedWidth, m.Shared*m.Intermediate) }

func (m SSM) inner() int { return cmp.Or(m.Inner, m.Heads*m.HeadDim) }

// conv is how many channels of a layer's input the state remembers.
func (m SSM) conv() int {
	if m.Heads == 0 {
		return m.inner()
	}
	return m.inner() + 2*m.Groups*m.State
}

// ffnTensors is the feed-forward part of a layer: d dense, e experts with their router, - none.
func (s Shape) ffnTensors(letter byte) []tensor {
	switch letter {
	case 'd':
		return s.feedForward("mlp.", s.Hidden, s.Intermediate, 1, byOut, byIn)
	case 'e':
		m := s.MoE
		width := cmp.Or(m.Latent, s.Hidden)
		return slices.Concat([]tensor{mat("mlp.gate", m.Experts, s.Hidden, whole)},
			s.feedForward("mlp.experts.0.", width, m.Intermediate, m.Experts, experts, expertsIn),
			where(m.shared() > 0, s.feedForward("mlp.shared_experts.", s.Hidden, m.shared(), 1, byOut, byIn)...),
			where(m.SharedGate, vec(s.Hidden, whole)), where(m.RouterBias, vec(m.Experts, whole)),
			where(m.Latent > 0, mat("mlp.latent_in", m.Latent, s.Hidden, whole), mat("mlp.latent_out", s.Hidden, m.Latent, whole)))
	}
	return nil
}

// feedForward is gate, up and down projections of count parts alike.
func (s Shape) feedForward(prefix string, hidden, width, count int, out, in cut) []tensor {
	t := []tensor{mat(prefix+"up_proj", width, hidden, out), mat(prefix+"down_proj", hidden, width, in)}
	up := width
	if !s.Plain {
		t, up = append(t, mat(prefix+"gate_proj", width, hidden, out)), 2*width
	}
	if s.FFNBias {
		t = append(t, vec(up, out), vec(hidden, whole))
	}
	for i := range t {
		t[i].count = int64(count)
	}
	return t
}
