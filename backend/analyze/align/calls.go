package align

import (
	"shardeck/backend/analyze/kernelname"
	"shardeck/backend/analyze/span"
	"shardeck/backend/trace"
	"shardeck/model"
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

// WaitSpan and TransferSpan divide the clipped call: it waits first and transfers then. A
// call that was not matched has neither.
func (c *Call) WaitSpan() span.Span {
	start := c.Clipped().Start
	return span.Span{Start: start, End: start + c.Wait}
}

// TransferSpan follows WaitSpan.
func (c *Call) TransferSpan() span.Span {
	start := c.WaitSpan().End
	return span.Span{Start: start, End: start + c.Transfer}
}

// typeCalls gives every call of a rank its type: that of the metadata, else that
// of the kernel name; a SendRecv kernel says too little, so the layout tells.
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

// sendRecvType tells what the k-th bare SendRecv kernel of a rank does: all-to-all
// under expert parallelism without a pipeline; send on a pipeline's first stage,
// recv on its last. A stage between receives, computes and sends, so its kernels
// alternate, receiving first; where an engine sends several tensors a step this
// is wrong, and the times of the pair will not fit.
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

// peerOf is the other end of a send or recv: from metadata, else the same place in
// the next or previous stage; -1: not known.
func peerOf(c *Call, layout model.Layout) int {
	step, given := 1, -1
	if c.Type == kernelname.Recv {
		step = -1
	}
	switch {
	case c.meta != nil && c.Type == kernelname.Recv:
		given = c.meta.Src
	case c.meta != nil:
		given = c.meta.Dst
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
