package align

import (
	"fmt"
	"slices"
	"strings"

	"shardeck/backend/analyze/kernelname"
	"shardeck/backend/trace"
	"shardeck/model"
	"shardeck/model/present/unit"
)

// maxWorld is more ranks than any run has: a number beyond it, in a config, a file name or a damaged trace, is none.
const maxWorld = 1 << 14

// resolveLayout decides how the ranks lie: as the config says, unless the traces are of another number of ranks: those
// are then taken for one tensor-parallel group, as a run without a config is too.
func (b *builder) resolveLayout() {
	traced := b.tracedWorld()
	b.Layout = tensorParallel(max(1, traced, len(b.in.Timing)), 1)
	if b.in.Experiment == nil {
		return
	}
	if l, ok := soundLayout(b.in.Experiment.Layout); ok {
		b.Layout = l
	} else {
		b.warn("the config's layout (%s) cannot be: each part must be 1 or more, and the run at most %d ranks",
			b.in.Experiment.Layout, maxWorld)
	}
	gpus := b.Layout.GPUs()
	switch n := len(b.Traces); {
	case n == 0:
	case traced != gpus:
		b.warn("the config says %s (%s), the traces are of %s: the traces win, so groups that they do not name are guessed",
			unit.Plural(gpus, "rank"), b.Layout, unit.Plural(traced, "rank"))
		b.Layout = tensorParallel(traced, b.Layout.EP)
	case n < gpus:
		var untraced []int // the first ones
		for r := 0; r < gpus && len(untraced) < 8; r++ {
			if b.Traces[r] == nil {
				untraced = append(untraced, r)
			}
		}
		b.warn("no trace of rank %s: the run has %s, and only %d are measured", rankList(untraced), unit.Plural(gpus, "rank"), n)
	}
}

// tracedWorld is the number of ranks that traces, timing files and run.json speak of; 0 without traces.
func (b *builder) tracedWorld() int {
	n := len(b.Traces)
	if n == 0 {
		return 0
	}
	more := func(m int) {
		if m <= maxWorld {
			n = max(n, m)
		}
	}
	for rank, r := range b.Traces {
		more(rank + 1)
		more(r.Info.WorldSize)
		for i := range r.Colls {
			for _, peer := range r.Colls[i].GroupRanks {
				more(peer + 1)
			}
		}
	}
	for rank := range b.in.Timing {
		more(rank + 1)
	}
	if b.in.Info != nil {
		more(b.in.Info.WorldSize)
	}
	return n
}

// tensorParallel is n ranks in one tensor-parallel group.
func tensorParallel(n, ep int) model.Layout {
	l := model.Layout{TP: n, PP: 1, DPReplicate: 1, DPShard: 1, EP: 1}
	if ep > 1 {
		l.EP = n
	}
	return l
}

// soundLayout is the layout where parts left out count as 1; not ok if a part or the whole is no number of ranks.
func soundLayout(l model.Layout) (out model.Layout, ok bool) {
	gpus := 1
	for _, part := range []*int{&l.TP, &l.PP, &l.DPReplicate, &l.DPShard} {
		if *part < 0 || *part > maxWorld {
			return l, false
		}
		*part = max(1, *part)
		gpus = min(gpus**part, maxWorld+1)
	}
	l.EP = max(1, l.EP)
	return l, gpus <= maxWorld
}

// groupOf is the ranks a call meets, rising (of a send and its recv the sender first): by metadata, else by the layout. nil: nothing tells.
func groupOf(c *Call, layout model.Layout, moe bool) []int {
	rank := c.Rank.Number
	switch {
	case c.Type == kernelname.Send && c.peer >= 0:
		return []int{rank, int(c.peer)}
	case c.Type == kernelname.Recv && c.peer >= 0:
		return []int{int(c.peer), rank}
	case c.Type == kernelname.Send || c.Type == kernelname.Recv:
		return nil
	case c.meta != nil && slices.Contains(c.meta.GroupRanks, rank):
		return slices.Compact(slices.Sorted(slices.Values(c.meta.GroupRanks)))
	case c.meta != nil && c.meta.GroupRanks == nil && c.meta.GroupSize == layout.GPUs():
		return trace.RankStride(0, 1, int64(c.meta.GroupSize)) // a long list of ranks is cut short in metadata
	}
	return layoutGroup(c.Type, rank, layout, moe)
}

// layoutGroup is the group that vLLM would use for a type of call (metrics.md, Groups). A group of one cannot
// communicate: then it is the widest that can, all ranks of the stage, else all ranks.
func layoutGroup(t kernelname.CallType, rank int, layout model.Layout, moe bool) []int {
	at := layout.Coord(rank)
	tp, ep := layout.TPGroup(rank), layout.EPGroup(rank)
	group := tp
	switch t.Among() {
	case kernelname.AllGather, kernelname.ReduceScatter:
		if moe && layout.DP() > 1 {
			group = ep
		}
	case kernelname.AllToAll:
		group = ep
	case kernelname.Broadcast:
		if layout.PP > 1 {
			group = layout.Replica(at.DP)
		} else if layout.TP == 1 {
			group = ep
		}
	}
	for _, wider := range [][]int{layout.StageRanks(at.PP), layout.Replica(at.DP)} {
		if len(group) < 2 {
			group = wider
		}
	}
	return group
}

// manyRanks is from how many ranks on a list of neighbours is written by its ends.
const manyRanks = 9

// rankList writes ranks as 0,1,2, or 0-15.
func rankList(ranks []int) string {
	if n := len(ranks); n >= manyRanks && slices.IsSorted(ranks) && ranks[n-1]-ranks[0] == n-1 {
		return fmt.Sprintf("%d-%d", ranks[0], ranks[n-1])
	}
	return strings.ReplaceAll(strings.Trim(fmt.Sprint(ranks), "[]"), " ", ",")
}

// Sequence is the calls of one type in one group, in each rank's order: what is matched call by call. A send and its recv are of one.
type Sequence struct {
	Type  kernelname.CallType // Send for pairs
	Ranks []int               // of the group
	Group string              // names them: 0,1; equal groups have equal names
	calls map[int][]*Call     // by rank
}

func (s *Sequence) String() string {
	if s.Type == kernelname.Send {
		return fmt.Sprintf("send from rank %d to rank %d", s.Ranks[0], s.Ranks[1])
	}
	return fmt.Sprintf("%s of ranks %s", s.Type, s.Group)
}

// sequences sorts the typed calls of a run into sequences, in a fixed order.
type sequences struct {
	layout    model.Layout
	moe       bool
	list      []*Sequence
	byName    map[string]*Sequence
	ungrouped []*Call // whose group is not known
}

// callKey is what decides which sequence a rank's call belongs to.
type callKey struct {
	typ  kernelname.CallType
	meta *trace.Coll
	peer int32
}

// add sorts the calls of one rank. It counts them first, to take no more memory than they need.
func (s *sequences) add(r *Rank) {
	known, count := map[callKey]*Sequence{}, map[*Sequence]int{} // a rank makes thousands of calls, with few keys
	for _, c := range r.Calls {
		seq, seen := known[c.key()]
		if !seen {
			seq = s.of(c)
			known[c.key()] = seq
		}
		count[seq]++
	}
	for seq, n := range count {
		if seq != nil {
			seq.calls[r.Number] = make([]*Call, 0, n)
		}
	}
	for _, c := range r.Calls {
		if seq := known[c.key()]; seq != nil {
			seq.calls[r.Number] = append(seq.calls[r.Number], c)
		} else {
			s.ungrouped = append(s.ungrouped, c)
		}
	}
}

func (c *Call) key() callKey { return callKey{c.Type, c.meta, c.peer} }

// of finds a call's sequence, or makes it; nil: its group is not known.
func (s *sequences) of(c *Call) *Sequence {
	ranks := groupOf(c, s.layout, s.moe)
	if len(ranks) < 2 {
		return nil
	}
	typ, group := c.Type, rankList(ranks)
	if typ == kernelname.Recv {
		typ = kernelname.Send
	}
	name := typ.String() + " " + group
	if s.byName[name] == nil {
		s.byName[name] = &Sequence{Type: typ, Ranks: ranks, Group: group, calls: map[int][]*Call{}}
		s.list = append(s.list, s.byName[name])
	}
	return s.byName[name]
}
