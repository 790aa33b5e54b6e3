package align

import (
	"cmp"

	"shardeck/backend/analyze/kernelname"
	"shardeck/backend/analyze/span"
	"shardeck/backend/trace"
	"shardeck/model"
	"shardeck/model/metric"
)

// Call is one launch of a communication kernel on one rank.
type Call struct {
	span.Span
	Rank      *Rank
	Match     *Match      // the same call on all ranks of its group; nil: not matched
	Unmatched *string     // why it was not matched, nil where it is not known to be lost
	meta      *trace.Coll // nil: launched from a CUDA graph, or not by torch.distributed

	peer     int32 // other end of a send or recv, -1: not known
	Type     kernelname.CallType
	Empty    bool // of a pass without requests; see findEmptyPasses
	Inferred bool // Bytes come from the model's shape, not from metadata

	Transfer, Wait int64 // ns inside the window; both 0 where Match is nil
	Bytes          int64 // as nccl-tests counts them, -1: not known
}

// Clipped is the part of the call inside its rank's window.
func (c *Call) Clipped() span.Span { return c.Clip(c.Rank.Window) }

// WaitSpan and TransferSpan divide the clipped call: it waits first. One that was not matched has neither.
func (c *Call) WaitSpan() span.Span {
	start := c.Clipped().Start
	return span.Span{Start: start, End: start + c.Wait}
}

// TransferSpan follows WaitSpan.
func (c *Call) TransferSpan() span.Span {
	return span.Span{Start: c.WaitSpan().End, End: c.WaitSpan().End + c.Transfer}
}

// typeCalls gives every call its type: by the metadata, else by the kernel's name; of a SendRecv kernel the layout tells more.
func (r *Rank) typeCalls(layout model.Layout) {
	bare := 0 // SendRecv kernels without metadata seen so far
	for _, c := range r.Calls {
		if c.meta != nil {
			if t := kernelname.OfMetadata(c.meta.Name); t != kernelname.NotComm {
				c.Type = t
			}
		}
		if c.Type == kernelname.SendRecv {
			c.Type = sendRecvType(r.Number, layout, bare)
			bare++
		}
		if c.Type == kernelname.Send || c.Type == kernelname.Recv {
			c.peer = int32(peerOf(c, layout))
		}
	}
}

// sendRecvType tells what the k-th bare SendRecv kernel of a rank does: all-to-all under expert parallelism without a
// pipeline; send on a pipeline's first stage, recv on its last. A stage between receives, computes and sends, so its
// kernels alternate, receiving first; where an engine sends several tensors a step this is wrong, and times do not fit.
func sendRecvType(rank int, layout model.Layout, k int) kernelname.CallType {
	switch stage := layout.Coord(rank).PP; {
	case layout.PP == 1 && layout.EP > 1:
		return kernelname.AllToAll
	case layout.PP == 1:
		return kernelname.SendRecv
	case stage == 0:
		return kernelname.Send
	case stage == layout.PP-1:
		return kernelname.Recv
	}
	return [2]kernelname.CallType{kernelname.Recv, kernelname.Send}[k%2]
}

var noMeta = trace.Coll{InElems: -1, OutElems: -1, Src: -1, Dst: -1}

// peerOf is the other end of a send or recv: from metadata, else the same place in the neighbouring stage; -1: not known.
func peerOf(c *Call, layout model.Layout) int {
	meta := cmp.Or(c.meta, &noMeta)
	step, given := 1, meta.Dst
	if c.Type == kernelname.Recv {
		step, given = -1, meta.Src
	}
	if given >= 0 {
		return given
	}
	at := layout.Coord(c.Rank.Number)
	at.PP += step
	if at.PP < 0 || at.PP >= layout.PP {
		return -1
	}
	return layout.Rank(at)
}

// sizeCalls finds the bytes of every call of a rank, as nccl-tests counts them.
func (b *builder) sizeCalls(r *Rank) {
	for _, c := range r.Calls {
		c.Bytes = sizeOf(c)
		if c.meta != nil && c.Type == kernelname.AllGather && c.meta.OutElems < 0 { // the part of one rank
			c.Bytes = max(-1, c.Bytes*int64(len(groupOf(c, b.Layout, b.moe))))
		}
		if c.Bytes < 0 {
			c.Bytes = b.inferBytes(c, r.StepAt(c.Start))
			c.Inferred = c.Bytes >= 0
		}
	}
}

// CollBytes is the size of a call by its metadata: the larger buffer of an all-gather or reduce-scatter, else what is sent. -1: not said.
func CollBytes(t kernelname.CallType, meta *trace.Coll) int64 {
	elems := meta.InElems
	if t == kernelname.AllGather || t == kernelname.Recv || t == kernelname.Gather {
		elems = meta.OutElems
	}
	if elems < 0 {
		elems = max(meta.InElems, meta.OutElems)
	}
	return trace.ElementBytes(elems, meta.DType)
}

// precisionSizes are the bytes of an activation by precision; fp8 models still exchange 16-bit activations.
var precisionSizes = map[string]int64{"bfloat16": 2, "float16": 2, "float32": 4, "fp8": 2}

// inferBytes is the size of a call without metadata, from what the model must exchange there. -1: not known.
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
	case vllm && (c.Type == kernelname.Send || c.Type == kernelname.Recv):
		return activations / int64(b.Layout.TP) // each TP rank sends its slice [vllm send_tensor_dict]
	case c.Type == kernelname.AllReduce, c.Type == kernelname.Send, c.Type == kernelname.Recv:
		return activations
	case c.Type.Among() == kernelname.AllToAll && shape.MoE != nil:
		return activations * int64(shape.MoE.TopK)
	case c.Type == kernelname.Broadcast && !vllm:
		return requests * 8 // one token id each, as the reference engine sends it
	case c.Type == kernelname.AllGather && shape.MoE == nil: // logits of the last token of each request
		return requests * int64(shape.Vocab) * size
	}
	return -1
}

// stepTokens is how many tokens a replica of so many requests puts through the model in a step: as the annotation
// says, else whole prompts in a prefill and one token of each in a decode step. -1: not known.
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
