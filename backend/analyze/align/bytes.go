package align

import (
	"shardeck/backend/analyze/kernelname"
	"shardeck/backend/trace"
	"shardeck/model"
	"shardeck/model/metric"
)

// sizeCalls finds the bytes of every call of a rank, as nccl-tests counts them.
func (b *builder) sizeCalls(r *Rank) {
	for _, c := range r.Calls {
		if c.meta != nil {
			c.Bytes = metaBytes(c)
		}
		if c.Bytes < 0 {
			c.Bytes = b.inferBytes(c, r.StepAt(c.Start))
			c.Inferred = c.Bytes >= 0
		}
	}
}

// metaBytes is the size of a call from its NCCL metadata: the larger buffer of an
// all-gather or reduce-scatter, what is sent otherwise. -1: not said.
func metaBytes(c *Call) int64 {
	elems := c.meta.InElems
	if c.Type == kernelname.AllGather || c.Type == kernelname.Recv || c.Type == kernelname.Gather {
		elems = c.meta.OutElems
	}
	if elems < 0 {
		elems = max(c.meta.InElems, c.meta.OutElems)
	}
	return trace.ElementBytes(elems, c.meta.DType)
}

// precisionSizes are the bytes of an activation under a config's precision; fp8
// models still exchange 16-bit activations.
var precisionSizes = map[string]int64{"bfloat16": 2, "float16": 2, "float32": 4, "fp8": 2}

// tokenID is the bytes of one token id as the reference engine broadcasts it.
const tokenID = 8

// inferBytes works out the size of a call without metadata, from what the model
// must exchange there: activations are tokens × hidden. -1: not known.
func (b *builder) inferBytes(c *Call, s *Step) int64 {
	e, shape := b.in.Experiment, b.in.Shape
	if e == nil || shape == nil || s == nil || c.Type == kernelname.Control {
		return -1
	}
	size, batch, dp := precisionSizes[e.Model.Precision], e.Data.BatchSize, b.Layout.DP()
	if size == 0 || batch <= 0 || batch%dp != 0 {
		return -1
	}
	requests := int64(batch / dp)
	tokens := stepTokens(s, e, requests)
	if tokens < 0 {
		return -1
	}
	vllm, activations := e.Engine == model.EngineVLLM, tokens*int64(shape.Hidden)*size
	switch {
	case c.Type == kernelname.AllReduce:
		return activations
	case c.Type == kernelname.Send || c.Type == kernelname.Recv:
		if vllm {
			return activations / int64(b.Layout.TP) // each TP rank sends its slice [vllm send_tensor_dict]
		}
		return activations
	case c.Type == kernelname.AllToAll && shape.MoE != nil:
		return activations * int64(shape.MoE.TopK)
	case c.Type == kernelname.Broadcast && !vllm:
		return requests * tokenID
	case c.Type == kernelname.AllGather && shape.MoE == nil: // logits of the last token of each request
		return requests * int64(shape.Vocab) * size
	}
	return -1
}

// stepTokens is how many tokens a replica of so many requests puts through the model in a
// step: as the annotation says, else the whole prompt of each request in a prefill and one
// token of each in a decode step. -1: not known.
func stepTokens(s *Step, e *model.Experiment, requests int64) int64 {
	switch {
	case s.Tokens >= 0:
		return int64(s.Tokens)
	case s.Phase == metric.Prefill && e.Engine != model.EngineVLLM:
		return requests * int64(e.Data.SeqLen)
	case s.Phase == metric.Decode:
		return requests
	}
	return -1
}
