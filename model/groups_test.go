package model

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// randomLayout is any layout of up to a few hundred ranks, EP on or off.
func randomLayout(r *rand.Rand) Layout {
	l := Layout{TP: 1 + r.IntN(8), PP: 1 + r.IntN(5), DPReplicate: 1 + r.IntN(3), DPShard: 1 + r.IntN(3), EP: 1}
	if r.IntN(2) == 0 {
		l.EP = l.TP * l.DP()
	}
	return l
}

func TestCoordAndRankAreInverse(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		l := randomLayout(r)
		for rank := range l.GPUs() {
			c := l.Coord(rank)
			if l.Rank(c) != rank || c.TP >= l.TP || c.PP >= l.PP || c.DP >= l.DP() {
				t.Fatalf("%v: rank %d is %+v is rank %d", l, rank, c, l.Rank(c))
			}
		}
	}
}

// Every kind of group partitions the ranks, has the size its name says, and is
// the same seen from each of its members.
func TestGroupsPartitionRanks(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 100 {
		l := randomLayout(r)
		for name, kind := range map[string]struct {
			of   func(int) []int
			size int
		}{
			"TP": {l.TPGroup, l.TP}, "EP": {l.EPGroup, l.EP},
		} {
			groups := make([][]int, l.GPUs())
			for rank := range groups {
				groups[rank] = kind.of(rank)
			}
			for rank, g := range groups {
				if len(g) != kind.size || !slices.Contains(g, rank) {
					t.Fatalf("%v: %s group of rank %d is %v, want %d ranks with it", l, name, rank, g, kind.size)
				}
				for _, other := range g {
					if !slices.Equal(groups[other], g) {
						t.Fatalf("%v: %s groups of %d and %d differ", l, name, rank, other)
					}
				}
			}
		}
	}
}

// vLLM's order: TP innermost, then PP, then DP.
func TestGroupsOfAKnownLayout(t *testing.T) {
	l := Layout{TP: 2, PP: 2, DPReplicate: 1, DPShard: 2, EP: 4}
	for name, tt := range map[string]struct{ got, want []int }{
		"TP":      {l.TPGroup(3), []int{2, 3}},
		"EP":      {l.EPGroup(0), []int{0, 1, 4, 5}},
		"stage":   {l.StageRanks(1), []int{2, 3, 6, 7}},
		"replica": {l.Replica(1), []int{4, 5, 6, 7}},
	} {
		if diff := cmp.Diff(tt.want, tt.got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestStageLayers(t *testing.T) {
	for _, tt := range []struct {
		layers, pp int
		want       []int
	}{
		{32, 1, []int{32}}, {32, 2, []int{16, 16}}, {32, 3, []int{11, 11, 10}}, {27, 4, []int{7, 7, 7, 6}},
		{27, 2, []int{14, 13}}, {10, 4, []int{2, 3, 3, 2}},
	} {
		if diff := cmp.Diff(tt.want, StageLayers(tt.layers, tt.pp)); diff != "" {
			t.Errorf("%d layers in %d stages: %s", tt.layers, tt.pp, diff)
		}
	}
}

func TestShortLayout(t *testing.T) {
	for want, l := range map[string]Layout{
		"1 GPU": {TP: 1, PP: 1, DPReplicate: 1, DPShard: 1, EP: 1}, "TP2 PP2": {TP: 2, PP: 2, DPReplicate: 1, DPShard: 1, EP: 1},
		"DP4 EP4": {TP: 1, PP: 1, DPReplicate: 2, DPShard: 2, EP: 4},
	} {
		if got := l.Short(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
