package model

import (
	"cmp"
	"fmt"
	"strings"
)

// Layout is how one model copy is spread over GPUs. EP does not multiply them: it re-uses the TP × DP ranks.
type Layout struct {
	TP          int `yaml:"tp" json:"tp"`                     // tensor parallel
	PP          int `yaml:"pp" json:"pp"`                     // pipeline parallel
	DPReplicate int `yaml:"dp_replicate" json:"dp_replicate"` // data parallel, whole copies
	DPShard     int `yaml:"dp_shard" json:"dp_shard"`         // data parallel, counted with DPReplicate
	EP          int `yaml:"ep" json:"ep"`                     // expert parallel: 1, or TP × DP for MoE models
}

// DP is the data-parallel size: dp_replicate × dp_shard.
func (l Layout) DP() int { return l.DPReplicate * l.DPShard }

// GPUs is TP × PP × DP, the number of ranks of a run.
func (l Layout) GPUs() int { return l.TP * l.PP * l.DP() }

// String is the short form used in tables and messages: "TP2 PP1 DP1 EP1".
func (l Layout) String() string { return fmt.Sprintf("TP%d PP%d DP%d EP%d", l.TP, l.PP, l.DP(), l.EP) }

// Short is the factors that are not 1: "TP2 PP2", or "1 GPU".
func (l Layout) Short() string { return cmp.Or(strings.Join(l.factors("%s%d"), " "), OneGPU) }

// Kind names the factors that are not 1: "TP+PP"; empty for one GPU.
func (l Layout) Kind() string { return strings.Join(l.factors("%[1]s"), "+") }

func (l Layout) factors(format string) (out []string) {
	for _, p := range []struct {
		name string
		n    int
	}{{"TP", l.TP}, {"PP", l.PP}, {"DP", l.DP()}, {"EP", l.EP}} {
		if p.n > 1 {
			out = append(out, fmt.Sprintf(format, p.name, p.n))
		}
	}
	return out
}

// OneGPU is the short form of the layout whose factors are all 1.
const OneGPU = "1 GPU"

// Coord is the place of a rank in the layout, each part counted from 0.
type Coord struct{ TP, PP, DP int }

// Coord places a global rank: vLLM orders ranks DP, PP, TP from outer to inner. [vllm/distributed/parallel_state.py]
func (l Layout) Coord(rank int) Coord {
	return Coord{TP: rank % l.TP, PP: rank / l.TP % l.PP, DP: rank / (l.TP * l.PP)}
}

// Rank is the inverse of Coord.
func (l Layout) Rank(c Coord) int { return (c.DP*l.PP+c.PP)*l.TP + c.TP }

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

// TPGroup is the tensor-parallel group of a rank, the ranks that communicate with each other
// in rising order: one stage of one replica. The groups of a kind partition the ranks.
func (l Layout) TPGroup(rank int) []int {
	at := l.Coord(rank)
	return l.ranks(func(c Coord) bool { return c.PP == at.PP && c.DP == at.DP })
}

// EPGroup is all ranks of a rank's stage over DP × TP; with EP off it is the rank alone. [vllm/distributed/parallel_state.py]
func (l Layout) EPGroup(rank int) []int {
	if l.EP <= 1 {
		return []int{rank}
	}
	return l.StageRanks(l.Coord(rank).PP)
}

// StageRanks lists the ranks that hold pipeline stage pp, over all replicas.
func (l Layout) StageRanks(pp int) []int { return l.ranks(func(c Coord) bool { return c.PP == pp }) }

// Replica lists the ranks of one data-parallel copy.
func (l Layout) Replica(dp int) []int { return l.ranks(func(c Coord) bool { return c.DP == dp }) }

// StageLayers is how many of a model's layers each pipeline stage holds: equal parts, the remainder given from the last but one
// stage backwards, because the last also holds the output head. [vllm/distributed/utils.py get_pp_indices]
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
