package analyze

import (
	"shardeck/backend/trace"
	"shardeck/model"
)

// call is one launch of a communication kernel on one rank.
type call struct {
	span
	lane *lane
	meta *trace.Coll // nil: launched from a CUDA graph, or not by torch.distributed
	met  *match      // the same call on all ranks of its group; nil: not matched
	lost *string     // why it was not matched, nil where it is not known to be lost

	peer     int32 // other end of a send or recv, -1: not known
	typ      callType
	idle     bool // of a pass without requests; see findIdle
	inferred bool // bytes come from the model's shape, not from metadata

	transfer, wait int64 // inside the window; both 0 where met is nil
	bytes          int64 // -1: not known
}

// clipped is the part of the call inside its rank's window.
func (c *call) clipped() span { return c.span.clip(c.lane.window) }

// waiting and moving divide the clipped call: it waits first and transfers then. A
// call that was not matched has neither.
func (c *call) waiting() span {
	own := c.clipped()
	return span{own.start, own.start + c.wait}
}

func (c *call) moving() span {
	start := c.waiting().end
	return span{start, start + c.transfer}
}

// typeCalls gives every call of a lane its type: that of the metadata, else that
// of the kernel name; a SendRecv kernel says too little, so the layout tells.
func typeCalls(l *lane, layout model.Layout) {
	bare := 0 // SendRecv kernels without metadata seen so far
	for _, c := range l.calls {
		c.peer, c.bytes = -1, -1
		if c.meta != nil {
			if t := opOf(c.meta.Name); t != notComm {
				c.typ = t
			}
		}
		if c.typ == sendRecv {
			c.typ = sendRecvType(l.rank, layout, bare)
			bare++
		}
		if c.typ == send || c.typ == recv {
			c.peer = int32(peerOf(c, l.rank, layout))
		}
	}
}

// sendRecvType tells what the k-th bare SendRecv kernel of a rank does: all-to-all
// under expert parallelism without a pipeline; send on a pipeline's first stage,
// recv on its last. A stage between receives, computes and sends, so its kernels
// alternate, receiving first; where an engine sends several tensors a step this
// is wrong, and the times of the pair will not fit.
func sendRecvType(rank int, layout model.Layout, k int) callType {
	if layout.PP > 1 {
		switch layout.Coord(rank).PP {
		case 0:
			return send
		case layout.PP - 1:
			return recv
		}
		return [2]callType{recv, send}[k%2]
	}
	if layout.EP > 1 {
		return allToAll
	}
	return sendRecv
}

// peerOf is the other end of a send or recv: from metadata, else the same place in
// the next or previous stage.
func peerOf(c *call, rank int, layout model.Layout) int {
	at := layout.Coord(rank)
	step := 1
	given := -1
	if c.meta != nil {
		given = c.meta.Dst
	}
	if c.typ == recv {
		step = -1
		if c.meta != nil {
			given = c.meta.Src
		}
	}
	if given >= 0 {
		return given
	}
	at.PP += step
	if at.PP < 0 || at.PP >= layout.PP {
		return -1
	}
	return layout.Rank(at)
}
