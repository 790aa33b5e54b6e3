package metric

// Lateness says how far apart ranks start the calls that all of a group must reach
// (all-reduce, all-gather, reduce-scatter, all-to-all), call by call. The first call of
// each group is left out: it holds the wait for the profilers.
type Lateness struct {
	Calls int        `json:"calls"`
	Ranks []RankLate `json:"ranks"` // that make such calls, by rank
	Bins  []LateBin  `json:"bins"`  // how many calls had a last rank so late; rising, without a gap
	Worst []LateCall `json:"worst"` // the latest first, at most MostLate
}

// MostLate is how many calls Worst lists.
const MostLate = 100

// RankLate is how often and by how much one rank was last.
type RankLate struct {
	Rank     int   `json:"rank"`
	Calls    int   `json:"calls"` // in which it was last
	LateNS   int64 `json:"late_ns"`
	MedianNS int64 `json:"median_ns"` // of those calls
	MaxNS    int64 `json:"max_ns"`
}

// LateBin counts calls whose last rank was at least From and less than twice From late;
// the first, with From 0, those below the second.
type LateBin struct {
	FromNS int64 `json:"from_ns"`
	Calls  int   `json:"calls"`
}

// LateCall is one call and who was last in it.
type LateCall struct {
	Type     string `json:"type"`
	Bytes    int64  `json:"bytes"` // as nccl-tests counts them; -1: not known
	Inferred bool   `json:"inferred"`
	Group    []int  `json:"group"`  // global ranks
	Number   int    `json:"number"` // among the matched calls of its type in its group, from 1
	Phase    string `json:"phase"`  // of the step that Rank was in; empty: no annotations
	Step     int    `json:"step"`   // of that phase in the window, from 1; 0: no annotations
	Rank     int    `json:"rank"`   // that was last
	AtNS     int64  `json:"at_ns"`  // its start, from the start of its window

	LateNS    int64 `json:"late_ns"`    // after the second latest: what it is charged
	SpreadNS  int64 `json:"spread_ns"`  // after the first: what that rank waited for
	ComputeNS int64 `json:"compute_ns"` // of LateNS that more compute than the second latest explains
}
