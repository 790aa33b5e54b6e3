package traces

import (
	"strings"
	"testing"

	"shardeck/model/compare"
	"shardeck/model/metric"
	"shardeck/ui/pane"
	"shardeck/ui/panetest"
)

func TestOddSummaries(t *testing.T) {
	for name, s := range map[string]*metric.TraceSummary{
		"empty":    {},
		"no bins":  {WindowNS: 5, Ranks: []metric.RankSplit{{WindowNS: 5}}, Timeline: []metric.RankDensity{{BinNS: 5}}},
		"no ranks": {Timeline: []metric.RankDensity{{BinNS: 0, Compute: []int64{1}, Transfer: []int64{0}, Wait: []int64{0}, Idle: []int64{0}}}},
		"uneven": {Timeline: []metric.RankDensity{{BinNS: 2, Compute: []int64{1, 2, 2}, Transfer: []int64{1}}},
			Kernels: []metric.KernelStat{{}}, Collectives: []metric.CollStat{{Bytes: -1}}},
	} {
		t.Run(name, func(t *testing.T) {
			d := opened(t, panetest.Open(t), "llama-8b-tp2", 80, 18)
			d.Send(pane.AnalysedMsg{Analysis: &metric.Analysis{Run: "llama-8b-tp2", Trace: s}})
			panetest.Sizes(d.Press("+", "right", "-", "]", "tab", "tab", "tab"))
		})
	}
}

// What nobody could match is a part of its own: in the bars and their legend, the timeline and the tables.
func TestUnmatchedCommunicationIsSeen(t *testing.T) {
	none := []int64{0, 0}
	s := &metric.TraceSummary{WindowNS: 1100,
		Ranks: []metric.RankSplit{{WindowNS: 1100, ComputeNS: 200, UnmatchedNS: 900}},
		Timeline: []metric.RankDensity{{BinNS: 550, Compute: []int64{100, 100}, Transfer: none, Wait: none,
			Unmatched: []int64{450, 450}, Idle: none, Late: none}},
		Collectives: []metric.CollStat{{Type: "all_reduce", Bytes: 8192, Ranks: 1, Count: 1, UnmatchedNS: 900_000}}}
	d := opened(t, panetest.Open(t), "llama-8b-tp2", 100, 30)
	d.Send(pane.AnalysedMsg{Analysis: &metric.Analysis{Run: "llama-8b-tp2", Trace: s}})
	d.Expect("███▒▒▒", "▒ unmatched", "unmatched ", "81.8 %").Press("tab").Expect("all_reduce", "unmatched", "0.9").
		Press("tab", "tab").Expect("unmatched", "81.8", "–")
	c := comparison{found: &compare.TraceComparison{TraceDiff: compare.DiffTraces([2]string{"a", "b"}, [2]*metric.TraceSummary{s, s})}}
	if r := c.split(1, [2]int{1, 1}); r.UnmatchedNS != 900 || *r.TransferNS != 0 || r.WindowNS != 1100 {
		t.Errorf("the mean rank: %+v", r)
	}
}

// Kernels of no known class are named where their class stands, the largest first, with the file that can tell what they are.
func TestOtherKernelsAreNamed(t *testing.T) {
	s := &metric.TraceSummary{WindowNS: 1000, Ranks: []metric.RankSplit{{WindowNS: 1000, ComputeNS: 1000}},
		Kernels: []metric.KernelStat{{Short: "gemm_a", Class: "gemm", TotalNS: 700, Count: 1, Share: 70},
			{Short: "odd_b", Class: "other", TotalNS: 200, Count: 1, Share: 20},
			{Short: "odd_c", Class: "other", TotalNS: 100, Count: 1, Share: 10}},
		Classes: []metric.KernelClass{{Name: "gemm", TotalNS: 700, Share: 70}, {Name: "other", TotalNS: 300, Share: 30}}}
	d := opened(t, panetest.Open(t), "llama-8b-tp2", 100, 30)
	d.Send(pane.AnalysedMsg{Analysis: &metric.Analysis{Run: "llama-8b-tp2", Trace: s}}).Press("tab", "tab", "tab", "tab").Expect("classes")
	if strings.Contains(message(d), "kernels.yaml") {
		t.Errorf("said of gemm: %s", message(d))
	}
	has(t, message(d.Press("down")), "odd_b 20.0 %, odd_c 10.0 %: kernels.yaml in the workspace can say what they are")
}
