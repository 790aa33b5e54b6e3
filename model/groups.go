package model

// A group is a set of global ranks, in rising order, that communicate with each
// other. The groups of one kind partition the ranks of a run.

// ranks lists every rank of the layout that keep accepts, in rising order.
func (l Layout) ranks(keep func(Coord) bool) []int {
	var out []int
	for r := range l.GPUs() {
		if keep(l.Coord(r)) {
			out = append(out, r)
		}
	}
	return out
}

// TPGroup is the tensor-parallel group of a rank: one stage of one replica.
func (l Layout) TPGroup(rank int) []int {
	at := l.Coord(rank)
	return l.ranks(func(c Coord) bool { return c.PP == at.PP && c.DP == at.DP })
}

// PPGroup is the pipeline of a rank: the same place in every stage of its replica,
// in the order of the stages.
func (l Layout) PPGroup(rank int) []int {
	at := l.Coord(rank)
	return l.ranks(func(c Coord) bool { return c.TP == at.TP && c.DP == at.DP })
}

// DPGroup holds the same place of every replica.
func (l Layout) DPGroup(rank int) []int {
	at := l.Coord(rank)
	return l.ranks(func(c Coord) bool { return c.TP == at.TP && c.PP == at.PP })
}

// EPGroup is all ranks of a rank's stage over DP × TP; with EP off it is the rank alone.
// [vllm/distributed/parallel_state.py]
func (l Layout) EPGroup(rank int) []int {
	if l.EP <= 1 {
		return []int{rank}
	}
	return l.StageRanks(l.Coord(rank).PP)
}

// StageRanks lists the ranks that hold pipeline stage pp, over all replicas.
func (l Layout) StageRanks(pp int) []int {
	return l.ranks(func(c Coord) bool { return c.PP == pp })
}

// Replica lists the ranks of one data-parallel copy.
func (l Layout) Replica(dp int) []int {
	return l.ranks(func(c Coord) bool { return c.DP == dp })
}

// StageLayers is how many of a model's layers each pipeline stage holds: equal
// parts, the remainder given from the last but one stage backwards, because the
// last also holds the output head. [vllm/distributed/utils.py get_pp_indices]
func StageLayers(layers, pp int) []int {
	out := make([]int, pp)
	for i := range out {
		out[i] = layers / pp
	}
	for i := range layers % pp {
		out[pp-2-i]++
	}
	return out
}
