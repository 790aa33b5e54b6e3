package align

import (
	"shardeck/model"
	"shardeck/model/present/unit"
)

// maxWorld is more ranks than any run has. A number beyond it, in a config, a file
// name or a damaged trace, is none.
const maxWorld = 1 << 14

// resolveLayout decides how the ranks lie: as the config says, unless the traces
// are of another number of ranks. Then the traces win, and all of them are taken
// for one tensor-parallel group, which is what a run without a config is too.
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

// tracedWorld is the number of ranks the traces speak of: the files, and what they,
// the timing files beside them and run.json say of their world where that is more;
// 0 without traces.
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

// soundLayout is the layout with every part at least 1: parts left out count as 1. ok is
// false if a part is negative or the whole is no number of ranks.
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
