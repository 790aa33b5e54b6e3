package align

import (
	"maps"
	"slices"
	"testing"
)

// hour in µs, as fakes count.
const hour = 3600 * 1_000_000

// epoch is a time of this century, in µs: before it, times are no dates.
const epoch = 1_790_000_000 * 1_000_000

// mixedUp are runs of two or three ranks of which some traces are not their own.
var mixedUp = []struct {
	name    string
	change  func(in *Input)
	ranks   []int // that are left
	warning string
}{
	{"two of one run", func(*Input) {}, []int{0, 1}, ""},
	{"rank 0's trace under rank 1's name", func(in *Input) {
		twin := *in.Ranks[0]
		twin.File = "kineto_trace_1.json"
		in.Ranks[1] = &twin
	}, []int{0}, "kineto_trace_1.json: says it is rank 0, whose trace is kineto_trace_0.json; lost: rank 1, left out"},
	{"a copy that does not say whose", func(in *Input) {
		in.Ranks[0].Info.Rank = -1
		twin := *in.Ranks[0]
		twin.File = "kineto_trace_1.json"
		in.Ranks[1] = &twin
	}, []int{0}, "kineto_trace_1.json: a copy of kineto_trace_0.json; lost: rank 1, left out"},
	{"recorded two hours later", func(in *Input) { fake{Rank: in.Ranks[1]}.Later(2 * hour) },
		[]int{0}, "kineto_trace_1.json: recorded 2h0m0s after kineto_trace_0.json, so it is of another run; lost: rank 1, left out"},
	{"recorded two hours before, on another host", func(in *Input) {
		fake{Rank: in.Ranks[0]}.On("nid1")
		fake{Rank: in.Ranks[1]}.On("nid2").Later(-2 * hour)
	}, []int{0}, "recorded 2h0m0s before kineto_trace_0.json"},
	{"a clock half an hour wrong on another host", func(in *Input) {
		fake{Rank: in.Ranks[0]}.On("nid1")
		fake{Rank: in.Ranks[1]}.On("nid2").Later(hour / 2)
	}, []int{0, 1}, ""},
	{"two of three agree", func(in *Input) {
		fake{Rank: in.Ranks[0]}.Later(-hour)
		r, _ := twoRanks(20, 0)
		r.Later(epoch)
		r.Info.Rank, r.File = 2, "kineto_trace_2.json"
		r.Records[0].Dur++
		in.Ranks[2] = r.Rank
	}, []int{1, 2}, "kineto_trace_0.json: recorded 1h0m0s before kineto_trace_1.json"},
	{"of a larger run", func(in *Input) { in.Ranks[0].Info.WorldSize, in.Ranks[1].Info.WorldSize = 2, 4 },
		[]int{0}, "kineto_trace_1.json: of a run of 4 ranks, where the others are of one of 2; lost: rank 1, left out"},
	{"the config tells which world is meant", func(in *Input) { in.Ranks[0].Info.WorldSize, in.Ranks[1].Info.WorldSize = 8, 2 },
		[]int{1}, "kineto_trace_0.json: of a run of 8 ranks, where the others are of one of 2"},
	{"the lowest rank is believed where the config tells nothing", func(in *Input) {
		in.Ranks[0].Info.WorldSize, in.Ranks[1].Info.WorldSize = 8, 3
	}, []int{0}, "kineto_trace_1.json: of a run of 3 ranks"},
}

func TestTracesOfOtherRunsAreLeftOut(t *testing.T) {
	for _, c := range mixedUp {
		t.Run(c.name, func(t *testing.T) {
			r0, r1 := twoRanks(20, 0)
			in := fakeInput(layoutOf(2, 1, 1, 1), r0.Later(epoch), r1.Later(epoch))
			c.change(&in)
			given := len(in.Ranks)
			got := build(t, in)
			if ranks := slices.Sorted(maps.Keys(got.Traces)); !slices.Equal(ranks, c.ranks) || len(got.Ranks) != len(ranks) ||
				len(in.Ranks) != given {
				t.Errorf("ranks %v, want %v; the input has %d of %d", ranks, c.ranks, len(in.Ranks), given)
			}
			if len(got.Losses) > 0 != (c.warning != "") || c.warning != "" && !said(got, c.warning) {
				t.Errorf("losses %q, want %q", got.Losses, c.warning)
			}
		})
	}
}
