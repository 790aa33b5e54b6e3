package analyze

import "shardeck/model"

// precisionSizes are the bytes of an activation under a config's precision; fp8
// models still exchange 16-bit activations.
var precisionSizes = map[string]int64{"bfloat16": 2, "float16": 2, "float32": 4, "fp8": 2}

// tokenID is the bytes of one token id as the reference engine broadcasts it.
const tokenID = 8

// inferBytes works out the size of a call without metadata, from what the model
// must exchange there: activations are tokens × hidden. -1: not known.
func (w *world) inferBytes(c *call, s *step) int64 {
	e, shape := w.in.Experiment, w.in.Shape
	if e == nil || shape == nil || s == nil || c.typ == control {
		return -1
	}
	size := precisionSizes[e.Model.Precision]
	tokens := w.stepTokens(s)
	requests := perReplica(e.Data.BatchSize, w.layout.DP())
	if size == 0 || tokens < 0 || requests < 0 {
		return -1
	}
	activations := tokens * int64(shape.Hidden) * size
	switch c.typ {
	case allReduce:
		return activations
	case send, recv:
		if e.Engine == model.EngineVLLM {
			return activations / int64(w.layout.TP) // each TP rank sends its slice [vllm send_tensor_dict]
		}
		return activations
	case allToAll:
		if shape.MoE != nil {
			return activations * int64(shape.MoE.TopK)
		}
	case broadcast:
		if e.Engine != model.EngineVLLM {
			return requests * tokenID
		}
	case allGather:
		if shape.MoE == nil { // logits of the last token of each request
			return requests * int64(shape.Vocab) * size
		}
	}
	return -1
}

// stepTokens is how many tokens a replica puts through the model in a step: as the
// annotation says, else the whole prompt of each request in a prefill and one token
// of each in a decode step. -1: not known.
func (w *world) stepTokens(s *step) int64 {
	if s.tokens >= 0 {
		return int64(s.tokens)
	}
	d := w.in.Experiment.Data
	requests := perReplica(d.BatchSize, w.layout.DP())
	switch {
	case requests < 0:
		return -1
	case s.phase == prefill && w.in.Experiment.Engine != model.EngineVLLM:
		return requests * int64(d.SeqLen)
	case s.phase == decode:
		return requests
	}
	return -1
}

// perReplica is the requests of one data-parallel replica; -1 if they do not divide.
func perReplica(batch, dp int) int64 {
	if batch <= 0 || batch%dp != 0 {
		return -1
	}
	return int64(batch / dp)
}
