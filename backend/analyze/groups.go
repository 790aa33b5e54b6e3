package analyze

import (
	"fmt"
	"slices"
	"strings"

	"shardeck/backend/trace"
	"shardeck/model"
)

// groupOf is the ranks a call meets, in rising order (a send and its recv: sender,
// then receiver): from metadata, else from the layout. nil: nothing tells.
func groupOf(c *call, layout model.Layout, moe bool) []int {
	rank := c.lane.rank
	switch {
	case c.typ == send && c.peer >= 0:
		return []int{rank, int(c.peer)}
	case c.typ == recv && c.peer >= 0:
		return []int{int(c.peer), rank}
	case c.typ == send || c.typ == recv || c.typ == sendRecv:
		return nil
	case c.meta != nil && slices.Contains(c.meta.GroupRanks, rank):
		g := slices.Clone(c.meta.GroupRanks)
		slices.Sort(g)
		return slices.Compact(g)
	}
	if all := layout.GPUs(); c.meta != nil && c.meta.GroupRanks == nil && c.meta.GroupSize == all {
		return count0(all) // a long list of ranks is cut short in metadata
	}
	return layoutGroup(c.typ, rank, layout, moe)
}

// count0 is 0 … n-1.
func count0(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// layoutGroup is the group that vLLM would use for a type of call (metrics.md,
// Groups). A group of one rank cannot communicate: then it is the widest group
// that can, all ranks of the stage, else all ranks.
func layoutGroup(t callType, rank int, layout model.Layout, moe bool) []int {
	at := layout.Coord(rank)
	tp, ep := layout.TPGroup(rank), layout.EPGroup(rank)
	group := tp
	switch t {
	case allGather, reduceScatter:
		if moe && layout.DP() > 1 {
			group = ep
		}
	case allToAll:
		group = ep
	case broadcast:
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

// key names a set of ranks; equal sets have equal keys.
func key(ranks []int) string {
	parts := make([]string, len(ranks))
	for i, r := range ranks {
		parts[i] = fmt.Sprint(r)
	}
	return strings.Join(parts, ",")
}

// channel is all calls of one type in one group, by rank: what is matched call by
// call. A send and its recv are one channel.
type channel struct {
	typ   callType // sendRecv for pairs
	ranks []int
	calls map[int][]*call
}

func (c channel) String() string {
	if c.typ == sendRecv {
		return fmt.Sprintf("send from rank %d to rank %d", c.ranks[0], c.ranks[1])
	}
	return fmt.Sprintf("%s of ranks %s", c.typ, key(c.ranks))
}

// channels sorts all typed calls into channels, in a fixed order.
func channels(lanes []*lane, layout model.Layout, moe bool) (out []*channel, homeless []*call) {
	byName := map[string]*channel{}
	for _, l := range lanes {
		known := map[kind]*channel{} // a rank makes thousands of calls, of few kinds
		count := map[*channel]int{}
		for _, c := range l.calls {
			k := c.kind()
			ch, seen := known[k]
			if !seen {
				ch = channelOf(c, layout, moe, byName, &out)
				known[k] = ch
			}
			count[ch]++
		}
		for _, c := range l.calls {
			ch := known[c.kind()]
			if ch == nil {
				homeless = append(homeless, c)
				continue
			}
			if ch.calls[l.rank] == nil {
				ch.calls[l.rank] = make([]*call, 0, count[ch])
			}
			ch.calls[l.rank] = append(ch.calls[l.rank], c)
		}
	}
	return out, homeless
}

// kind is what decides which channel a rank's call belongs to.
type kind struct {
	typ  callType
	meta *trace.Coll
	peer int32
}

func (c *call) kind() kind { return kind{c.typ, c.meta, c.peer} }

// channelOf finds a call's channel, or makes it; nil: its group is not known.
func channelOf(c *call, layout model.Layout, moe bool, byName map[string]*channel, all *[]*channel) *channel {
	ranks := groupOf(c, layout, moe)
	if len(ranks) < 2 {
		return nil
	}
	typ := c.typ
	if typ == send || typ == recv {
		typ = sendRecv
	}
	name := typ.String() + " " + key(ranks)
	if byName[name] == nil {
		byName[name] = &channel{typ: typ, ranks: ranks, calls: map[int][]*call{}}
		*all = append(*all, byName[name])
	}
	return byName[name]
}
