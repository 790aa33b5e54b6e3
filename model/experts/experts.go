// Package experts says how evenly a mixture of experts works: from counts of the tokens that each expert took, by step and layer, how
// much fuller the fullest rank is than the mean, what that costs a step, and what another placement of experts could gain at most.
package experts

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"shardeck/model/metric"
)

// Counts is experts_<rank>.json: which experts the tokens took that a rank, or a replica, routed in a short pass.
type Counts struct {
	Schema  int    `json:"schema"`
	Engine  string `json:"engine"`
	Experts int    `json:"experts"`
	TopK    int    `json:"top_k"`
	Random  bool   `json:"random_router"` // weights are random: balance is that of a random router
	Owner   []int  `json:"owner"`         // the rank that holds each expert; empty: every rank has a slice of every expert
	Layers  []int  `json:"layers"`        // with experts, as the model counts them
	Steps   []Step `json:"steps"`
}

// Step is one forward step.
type Step struct {
	Phase  string  `json:"phase"` // metric.Prefill or metric.Decode
	Tokens int     `json:"tokens"`
	Counts [][]int `json:"counts"` // of each layer, of each expert
}

// Read reads a file of counts. An error says what is wrong with it.
func Read(text []byte) (Counts, error) {
	var c Counts
	if err := json.Unmarshal(text, &c); err != nil {
		return c, fmt.Errorf("counts of experts are not sound JSON: %w", err)
	}
	if c.Experts < 1 || len(c.Owner) != 0 && len(c.Owner) != c.Experts {
		return c, fmt.Errorf("counts of experts name %d experts and the ranks of %d", c.Experts, len(c.Owner))
	}
	for _, s := range c.Steps {
		if len(s.Counts) != len(c.Layers) || slices.ContainsFunc(s.Counts, func(l []int) bool { return len(l) != c.Experts }) {
			return c, fmt.Errorf("counts of experts: a step has not %d layers of %d experts", len(c.Layers), c.Experts)
		}
	}
	return c, nil
}

// Sum is the counts of a run from those of its files: tokens that several ranks routed, and layers of several stages.
func Sum(files []Counts) (Counts, error) {
	if len(files) == 0 {
		return Counts{}, errors.New("no counts of experts in this run")
	}
	all := files[0]
	layers := map[int]bool{}
	for _, f := range files {
		if f.Experts != all.Experts || len(f.Steps) != len(all.Steps) {
			return all, errors.New("the files with counts of experts are not of one pass")
		}
		for _, l := range f.Layers {
			layers[l] = true
		}
	}
	all.Layers, all.Steps = slices.Sorted(maps.Keys(layers)), make([]Step, len(all.Steps))
	for i := range all.Steps {
		all.Steps[i] = sumStep(files, i, all.Layers, all.Experts)
	}
	return all, nil
}

func sumStep(files []Counts, i int, layers []int, experts int) Step {
	s := Step{Phase: files[0].Steps[i].Phase, Counts: make([][]int, len(layers))}
	for l := range layers {
		s.Counts[l] = make([]int, experts)
	}
	stages := map[int]int{} // tokens by the first layer of a stage: each stage sees all of them
	for _, f := range files {
		for k, layer := range f.Layers {
			to := s.Counts[slices.Index(layers, layer)]
			for x, n := range f.Steps[i].Counts[k] {
				to[x] += n
			}
		}
		if len(f.Layers) > 0 {
			stages[f.Layers[0]] += f.Steps[i].Tokens
			s.Tokens = max(s.Tokens, stages[f.Layers[0]])
		}
	}
	return s
}

// NoRank stands for no rank.
const NoRank = -1

// Balance is how evenly the ranks of a run work in one phase.
type Balance struct {
	Phase     string          `json:"phase"`
	Steps     int             `json:"steps"`
	Imbalance float64         `json:"imbalance"`   // Σ load of the fullest rank / Σ mean load, over steps and layers; 1 is even
	Placed    float64         `json:"placed"`      // the same, had experts been placed by these very counts: no placement is known to do better
	Worst     int             `json:"worst_layer"` // the layer with the largest Imbalance
	Loads     map[int]float64 `json:"loads"`       // of each rank, against the mean
	Fullest   int             `json:"fullest"`     // the rank that is fullest most often: the others wait for it; NoRank: they are even
	Waits     int             `json:"waits"`       // the rank that is emptiest most often: it waits most; NoRank likewise
	Touched   float64         `json:"touched"`     // distinct experts that a layer's tokens took in a step, the mean
	Random    bool            `json:"random_router"`
}

// Of is the balance of a phase; an error says why there is none. The load of a rank is the tokens that its experts took in a
// prefill, which computes, and the experts of it that any token took in a decode step, which reads their weights.
func (c Counts) Of(phase string) (Balance, error) {
	b := Balance{Phase: phase, Loads: map[int]float64{}, Random: c.Random}
	if len(c.Owner) == 0 {
		return b, errors.New("every rank has a slice of every expert: none waits for another")
	}
	steps := slices.DeleteFunc(slices.Clone(c.Steps), func(s Step) bool { return s.Phase != phase || s.Tokens == 0 })
	if b.Steps = len(steps); b.Steps == 0 || len(c.Layers) == 0 {
		return b, fmt.Errorf("no %s step was counted", phase)
	}
	full, empty := map[int]int{}, map[int]int{}
	var most, mean, placedMost, placedMean, worst float64
	for l, layer := range c.Layers {
		placed := place(c.total(steps, l), len(slices.Compact(slices.Sorted(slices.Values(c.Owner)))))
		var layerMost, layerMean float64
		for _, s := range steps {
			loads := loadsOf(s.Counts[l], c.Owner, phase)
			top, average := spread(loads)
			layerMost, layerMean = layerMost+top, layerMean+average
			count(loads, full, empty)
			for rank, v := range loads {
				b.Loads[rank] += v
			}
			top, average = spread(loadsOf(s.Counts[l], placed, phase))
			placedMost, placedMean = placedMost+top, placedMean+average
			b.Touched += float64(touched(s.Counts[l])) / float64(len(steps)*len(c.Layers))
		}
		if ratio := layerMost / layerMean; ratio > worst {
			worst, b.Worst = ratio, layer
		}
		most, mean = most+layerMost, mean+layerMean
	}
	if mean == 0 {
		return b, fmt.Errorf("no token of a %s step was counted", phase)
	}
	b.Imbalance, b.Placed = most/mean, min(placedMost/placedMean, most/mean)
	for rank := range b.Loads {
		b.Loads[rank] /= mean
	}
	b.Fullest, b.Waits = mostOften(full), mostOften(empty)
	return b, nil
}

// Tax is what a step loses to imbalance, in ms, where the experts of the fullest rank take so many: its time against the mean. It is
// at most that: kernels have costs that no placement changes.
func (b Balance) Tax(expertsMS float64) float64 { return expertsMS * (1 - 1/b.Imbalance) }

// Gain is what of that tax another placement could give back at most.
func (b Balance) Gain(expertsMS float64) float64 { return expertsMS * (1 - b.Placed/b.Imbalance) }

func (c Counts) total(steps []Step, layer int) []int {
	sum := make([]int, c.Experts)
	for _, s := range steps {
		for x, n := range s.Counts[layer] {
			sum[x] += n
		}
	}
	return sum
}

// loadsOf is the load of every rank in a layer of a step.
func loadsOf(counts, owner []int, phase string) map[int]float64 {
	loads := map[int]float64{}
	for x, n := range counts {
		if phase == metric.Decode {
			n = min(n, 1)
		}
		loads[owner[x]] += float64(n)
	}
	return loads
}

func touched(counts []int) (n int) {
	for _, c := range counts {
		n += min(c, 1)
	}
	return n
}

func spread(loads map[int]float64) (most, mean float64) {
	for _, v := range loads {
		most, mean = max(most, v), mean+v/float64(len(loads))
	}
	return most, mean
}

// count counts which rank is fullest, and which emptiest; of several the lowest. Where all are even none is.
func count(loads map[int]float64, full, empty map[int]int) {
	ranks := slices.Sorted(maps.Keys(loads))
	least := slices.MinFunc(ranks, func(a, b int) int { return cmp.Compare(loads[a], loads[b]) })
	most := slices.MinFunc(ranks, func(a, b int) int { return cmp.Compare(loads[b], loads[a]) })
	if loads[most] > loads[least] {
		full[most]++
		empty[least]++
	}
}

func mostOften(times map[int]int) int {
	if len(times) == 0 {
		return NoRank
	}
	return slices.MinFunc(slices.Sorted(maps.Keys(times)), func(a, b int) int { return times[b] - times[a] })
}

// place gives experts to ranks, the fullest first and each to the emptiest rank that has room for it: as many on every rank.
func place(total []int, ranks int) []int {
	owner, loads, room := make([]int, len(total)), make([]int, ranks), make([]int, ranks)
	for r := range room {
		room[r] = (len(total) + ranks - 1) / ranks
	}
	order := make([]int, len(total))
	for x := range order {
		order[x] = x
	}
	slices.SortStableFunc(order, func(a, b int) int { return total[b] - total[a] })
	for _, x := range order {
		to := -1
		for r := range ranks {
			if room[r] > 0 && (to < 0 || loads[r] < loads[to]) {
				to = r
			}
		}
		owner[x], loads[to], room[to] = to, loads[to]+total[x], room[to]-1
	}
	return owner
}
