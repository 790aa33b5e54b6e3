package metric

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"shardeck/model"
)

// TraceSummary is the picture of a run's traces. All times are nanoseconds.
type TraceSummary struct {
	WindowNS    int64         `json:"window_ns"` // longest steady window over ranks
	Bytes       int64         `json:"bytes"`     // size of the traces read, as on disk
	Ranks       []RankSplit   `json:"ranks"`
	Phases      []Phase       `json:"phases"`
	NoSteps     string        `json:"no_steps,omitempty"` // why there are no phases
	Timeline    []RankDensity `json:"timeline"`
	Classes     []KernelClass `json:"classes"`
	Kernels     []KernelStat  `json:"kernels"`
	Collectives []CollStat    `json:"collectives"`
	Lateness    *Lateness     `json:"lateness,omitempty"` // nil: no call was matched between ranks
	Ops         []OpStat      `json:"ops,omitempty"`      // of the execution trace of the lowest rank that has one
	Asked       []CollCount   `json:"asked,omitempty"`    // of torch.distributed, by the same trace
}

// RankSplit divides one rank's window: compute + transfer + wait + unmatched + copy + idle = window.
// Communication that overlaps compute is counted as compute; HiddenCommNS says how much that was.
type RankSplit struct {
	Rank         int    `json:"rank"`
	Node         int    `json:"node,omitempty"` // of the run, from 0
	Device       string `json:"device"`
	WindowNS     int64  `json:"window_ns"`
	ComputeNS    int64  `json:"compute_ns"`
	TransferNS   *int64 `json:"transfer_ns"`  // exposed communication, moving data; nil: none of it was matched
	WaitNS       *int64 `json:"wait_ns"`      // exposed communication, waiting for a peer; nil as TransferNS
	UnmatchedNS  int64  `json:"unmatched_ns"` // exposed communication without a partner: transfer or wait, nobody knows
	CopyNS       int64  `json:"copy_ns"`      // copies beside neither
	IdleNS       int64  `json:"idle_ns"`
	HiddenCommNS int64  `json:"hidden_comm_ns"`
	SkewNS       int64  `json:"skew_ns"` // cut at the start: profiler_start_skew
	Kernels      int    `json:"kernels"`
}

// SplitNames are the parts of a split in the order of a rank's bar, the window first.
var SplitNames = []string{"window", "compute", "transfer", "wait", "unmatched", "copy", "idle"}

// HasUnmatched reports whether some exposed communication of some rank has no partner.
func (t *TraceSummary) HasUnmatched() bool {
	return slices.ContainsFunc(t.Ranks, func(r RankSplit) bool { return r.UnmatchedNS > 0 })
}

// Parts are the times of a split, in the order of SplitNames; nil: not known.
func (s *RankSplit) Parts() []*int64 {
	return []*int64{&s.WindowNS, &s.ComputeNS, s.TransferNS, s.WaitNS, &s.UnmatchedNS, &s.CopyNS, &s.IdleNS}
}

// OrZero is a time for bars, sums and orders, in which one that is not known counts as nothing.
func OrZero[T int64 | float64](ns *T) T {
	if ns == nil {
		return 0
	}
	return *ns
}

// Phase is a span of prefill or decode, on the clock of the window of its rank.
type Phase struct {
	Rank    int    `json:"rank"`
	Name    string `json:"name"`  // prefill, decode, mixed or step
	Steps   int    `json:"steps"` // forward steps in the span
	StartNS int64  `json:"start_ns"`
	EndNS   int64  `json:"end_ns"`

	Starts []int64 `json:"starts,omitempty"` // of each of several steps
}

// RankDensity cuts a rank's window into equal bins; each holds the nanoseconds
// of the bin spent on each thing, summing to BinNS in all but the last.
type RankDensity struct {
	Rank      int     `json:"rank"`
	BinNS     int64   `json:"bin_ns"`
	StartNS   int64   `json:"start_ns"` // of the window, on the clock of the rank's own trace
	Compute   []int64 `json:"compute"`
	Transfer  []int64 `json:"transfer"`
	Wait      []int64 `json:"wait"`
	Unmatched []int64 `json:"unmatched"`
	Idle      []int64 `json:"idle"` // copies alone count as idle here
	Late      []int64 `json:"late"` // by how much it was last in the calls that it starts in the bin; may exceed it
}

// KernelClass is a share of summed kernel time over all ranks.
type KernelClass struct {
	Name    string  `json:"name"`
	TotalNS int64   `json:"total_ns"`
	Count   int     `json:"count"`
	Share   float64 `json:"share"` // %
}

// KernelStat sums all launches of one kernel name over all ranks.
type KernelStat struct {
	Name    string  `json:"name"`  // full, as in the trace
	Short   string  `json:"short"` // function name alone
	Class   string  `json:"class"`
	TotalNS int64   `json:"total_ns"`
	Count   int     `json:"count"`
	MinNS   int64   `json:"min_ns"`
	MaxNS   int64   `json:"max_ns"`
	Share   float64 `json:"share"` // % of summed kernel time

	Distinct string `json:"distinct"`       // with namespaces and template arguments: what tells it from others
	Also     string `json:"also,omitempty"` // what a kernel of communication computes besides: norm
}

// Others are the kernels of no known class, in their order.
func Others(kernels []KernelStat) []KernelStat {
	return slices.DeleteFunc(slices.Clone(kernels), func(k KernelStat) bool { return k.Class != "other" })
}

// mostOthers is how many kernels OtherNames names.
const mostOthers = 5

// OtherNames are the kernels of no known class with their shares, in words; empty: there are none.
func OtherNames(kernels []KernelStat) string {
	words := model.Each(Others(kernels), func(k KernelStat) string { return fmt.Sprintf("%s %.1f %%", k.Short, k.Share) })
	if len(words) > mostOthers {
		words = append(words[:mostOthers], "…")
	}
	return strings.Join(words, ", ")
}

// OpStat is how often an operator was called.
type OpStat struct {
	Name  string `json:"name"` // aten::mm
	Count int    `json:"count"`
}

// CollCount counts the calls of torch.distributed of one sort, as the program asked for
// them; what a CUDA graph replays, and what an engine sends by itself, is not among them.
type CollCount struct {
	Name     string `json:"name"` // as PyTorch writes it: allreduce
	DType    string `json:"dtype"`
	Group    []int  `json:"group"` // global ranks; null: not given
	Calls    int    `json:"calls"`
	InBytes  Size   `json:"in_bytes"`  // of one call
	OutBytes Size   `json:"out_bytes"` // of one call
}

// Size is bytes of a call, as nccl-tests counts them; negative: not known, which is null in JSON.
type Size int64

// MarshalJSON writes the number of bytes, or null.
func (s Size) MarshalJSON() ([]byte, error) {
	if s < 0 {
		return []byte("null"), nil
	}
	return strconv.AppendInt(nil, int64(s), 10), nil
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (s *Size) UnmarshalJSON(text []byte) error {
	n := int64(-1)
	err := json.Unmarshal(text, &n)
	*s = Size(n)
	return err
}

// CollStat sums the calls of one collective type and size: the mean over the ranks that make calls of the type.
type CollStat struct {
	Type        string   `json:"type"`
	Bytes       Size     `json:"bytes"` // of one call
	Inferred    bool     `json:"inferred"`
	Ranks       int      `json:"ranks"`       // that make calls of the type
	Count       int      `json:"count"`       // launches on one rank
	Matched     float64  `json:"matched"`     // of those, inside the window: what TransferNS and WaitNS sum over
	TransferNS  *int64   `json:"transfer_ns"` // nil: no call was matched
	WaitNS      *int64   `json:"wait_ns"`
	UnmatchedNS int64    `json:"unmatched_ns"` // of the others, inside the window
	AlgBW       *float64 `json:"algbw"`        // GB/s; nil: no matched call has a known size
	BusBW       *float64 `json:"busbw"`
}

// WholeNS is the time in the calls, whatever is known of it.
func (c *CollStat) WholeNS() int64 { return OrZero(c.TransferNS) + OrZero(c.WaitNS) + c.UnmatchedNS }

// Steps counts the forward steps of the lowest rank that has annotations.
func (t *TraceSummary) Steps() int {
	n := 0
	for _, p := range t.Phases {
		if p.Rank == t.Phases[0].Rank {
			n += p.Steps
		}
	}
	return n
}

// Lateness says how far apart ranks start the calls that all of a group must reach (all-reduce, all-gather,
// reduce-scatter, all-to-all). The first call of each group is left out: it holds the wait for the profilers.
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

// LateBin counts calls whose last rank was at least From and less than twice From late; the first, with From 0, less.
type LateBin struct {
	FromNS int64 `json:"from_ns"`
	Calls  int   `json:"calls"`
}

// LateCall is one call and who was last in it.
type LateCall struct {
	Type     string `json:"type"`
	Bytes    Size   `json:"bytes"`
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

// Ranges of a program that launch kernels: an operator (cpu_op), a call of an nn.Module or of any Python function, an
// annotation of the program's own.
const (
	Operator   = "operator"
	Module     = "module"
	Frame      = "frame"
	Annotation = "annotation"
)

// Launchers are the kinds of them.
var Launchers = []string{Operator, Module, Frame, Annotation}

// OpTimes divides the kernel time of a run among the operators that launched the kernels, or among other Launchers: each
// kernel goes to the innermost around its launch. Times are ns over all ranks.
type OpTimes struct {
	Run          string   `json:"run"`
	By           string   `json:"by,omitempty"` // one of Launchers; empty: Operator
	KernelNS     int64    `json:"kernel_ns"`
	AttributedNS int64    `json:"attributed_ns"` // launched by a known operator
	JoinedNS     int64    `json:"joined_ns"`     // of these, by one that the execution trace has too
	Ops          []OpTime `json:"ops"`           // most time first
	Rest         []OpRest `json:"rest"`          // kernels of no known operator, by the reason
	Warnings     []string `json:"warnings"`
	Damaged      bool     `json:"damaged"` // of some rank only a part was read
}

// OpTime is one operator's share.
type OpTime struct {
	Name    string  `json:"name"` // aten::mm, nn.Module: Linear_3
	TotalNS int64   `json:"total_ns"`
	Count   int     `json:"count"` // kernels
	Share   float64 `json:"share"` // % of kernel time

	// Within is the outermost operator, by the execution trace, of most of the time
	// that it knows of: aten::linear. Empty: it knows of none, or the operator itself.
	Within string `json:"within,omitempty"`
}

// OpRest is kernel time that no operator can be made answerable for.
type OpRest struct {
	Reason  string  `json:"reason"`
	TotalNS int64   `json:"total_ns"`
	Count   int     `json:"count"`
	Share   float64 `json:"share"` // % of kernel time
}

// Pieces of a kernel's name between its brackets and commas, and … for those that are not its own.
var (
	argument = regexp.MustCompile(`[^<>(){},\s]+`)
	gaps     = regexp.MustCompile(`(?:(?:, )?…(?:, )?)+`)
)

// Telling shortens the names of distinct kernels (KernelStat.Distinct): to the function alone, and where several are left
// with the same, to what tells them apart in their template arguments: device_kernel<…GemmUniversal…>.
func Telling(names []string) []string {
	out, like := make([]string, len(names)), map[string][]int{}
	for i, name := range names {
		head, _, _ := strings.Cut(name, "<")
		parts := strings.Split(head, "::")
		out[i] = parts[len(parts)-1]
		like[out[i]] = append(like[out[i]], i)
	}
	for short, places := range like {
		arguments := model.Each(places, func(i int) []string { return argument.FindAllString(names[i], -1) })
		seen := map[string]bool{}
		for k, i := range places {
			if own := ownArguments(arguments, k); own != "" && own != "…" {
				out[i] = short + "<" + own + ">"
			}
			if seen[out[i]] {
				out[i] = names[i]
			}
			seen[out[i]] = true
		}
	}
	return out
}

// ownArguments are those of the k-th list that not all have in the same place, from the front or from the back.
func ownArguments(all [][]string, k int) string {
	var own []string
	for i, a := range all[k] {
		front := func(l []string) bool { return i >= len(l) || l[i] != a }
		back := func(l []string) bool { at := len(l) - len(all[k]) + i; return at < 0 || l[at] != a }
		switch shared := !slices.ContainsFunc(all, front) || !slices.ContainsFunc(all, back); {
		case !shared:
			own = append(own, a)
		case i > 0: // the first is the function
			own = append(own, "…")
		}
	}
	return gaps.ReplaceAllString(strings.Join(own, ", "), "…")
}
