package compare

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"shardeck/model/metric"
)

// traced is a summary of two ranks with steps, one kernel and one collective.
func traced(steps int, kernelNS, waitNS int64) *metric.TraceSummary {
	t := &metric.TraceSummary{WindowNS: 1000,
		Ranks: []metric.RankSplit{{Rank: 0, WindowNS: 1000, ComputeNS: 600, TransferNS: new(int64), WaitNS: &waitNS},
			{Rank: 1, WindowNS: 1000, ComputeNS: 400}},
		Classes: []metric.KernelClass{{Name: "gemm", TotalNS: kernelNS, Count: 8, Share: 100}, {Name: "moe"}},
		Kernels: []metric.KernelStat{{Name: "f<1>", Distinct: "f<1>", Class: "gemm", TotalNS: kernelNS / 2, Count: 4, Share: 50},
			{Name: "f<2>", Distinct: "f<2>", Class: "gemm", TotalNS: kernelNS / 2, Count: 4, Share: 50}},
		Collectives: []metric.CollStat{{Type: "all_reduce", Bytes: 32, Ranks: 2, Count: 4, TransferNS: new(int64(40)), WaitNS: &waitNS}},
	}
	if steps > 0 {
		t.Phases = []metric.Phase{{Rank: 0, Name: "prefill", Steps: 1}, {Rank: 0, Name: "decode", Steps: steps - 1},
			{Rank: 1, Name: "decode", Steps: 99}}
	}
	return t
}

func TestDiffTraces(t *testing.T) {
	runs := [2]string{"a", "b"}
	d := DiffTraces(runs, [2]*metric.TraceSummary{traced(4, 800, 0), traced(4, 1600, 100)})
	if d.PerStep || len(d.Notes) != 0 {
		t.Errorf("equal steps and ranks: %+v", d.Notes)
	}
	if k := d.Kernels[0]; len(d.Kernels) != 2 || *k.Sides[0].NS != 200 || *k.Sides[1].NS != 400 || *k.ChangeNS != 200 ||
		*k.ChangePct != 100 || *k.Sides[0].Share != 50 {
		t.Errorf("the variants of f are two: %+v", d.Kernels)
	}
	if p := d.Parts[3]; p.Name != "wait" || *p.ChangeNS != 50 || p.ChangePct != nil || p.OnlyIn != "" {
		t.Errorf("wait, the mean over ranks: %+v", p)
	}
	if c := d.Collectives[0]; *c.Sides[1].NS != 140 || *c.Sides[1].WaitNS != 100 || *c.ChangePct != 250 ||
		math.Abs(*c.Sides[1].Share-17.5) > 1e-9 {
		t.Errorf("all_reduce: %+v", c)
	}
	if len(d.Classes) != 1 {
		t.Errorf("a class that neither has is listed: %+v", d.Classes)
	}
}

func TestDiffTracesPerStep(t *testing.T) {
	runs := [2]string{"a", "b"}
	d := DiffTraces(runs, [2]*metric.TraceSummary{traced(4, 800, 0), traced(8, 1600, 0)})
	if !d.PerStep || *d.Kernels[0].ChangeNS != 0 || !strings.Contains(d.Notes[0], "a has 4, b 8") {
		t.Errorf("twice the steps, twice the time: %+v %+v", d.Kernels[0], d.Notes)
	}
	other := traced(0, 800, 0)
	other.Kernels[0].Distinct, other.Kernels[1].Distinct = "g", "g"
	other.Ranks = other.Ranks[:1]
	d = DiffTraces(runs, [2]*metric.TraceSummary{traced(4, 800, 0), other})
	if d.PerStep || len(d.Notes) != 2 || !strings.Contains(d.Notes[0], "step annotations") || !strings.Contains(d.Notes[1], "a has 2, b 1") {
		t.Errorf("notes: %q", d.Notes)
	}
	if d.Kernels[0].Name != "g" || d.Kernels[0].OnlyIn != "b" || d.Kernels[1].OnlyIn != "a" || *d.Kernels[1].ChangeNS != -200 {
		t.Errorf("kernels of one run alone, the largest first: %+v", d.Kernels)
	}
}

// Of one rank nobody knows what is transfer and what is wait: the difference is that of the whole.
func TestDiffOfUnmatchedCalls(t *testing.T) {
	of := func(ns int64) *metric.TraceSummary {
		return &metric.TraceSummary{Ranks: []metric.RankSplit{{WindowNS: 100 + ns, ComputeNS: 100, UnmatchedNS: ns}},
			Classes:     []metric.KernelClass{{Name: "communication", TotalNS: ns, Count: 1, Share: 90}},
			Collectives: []metric.CollStat{{Type: "all_reduce", Bytes: 32, Ranks: 1, Count: 1, UnmatchedNS: ns}}}
	}
	d := DiffTraces([2]string{"a", "b"}, [2]*metric.TraceSummary{of(900), of(1800)})
	if p := d.Parts[2]; p.Name != "transfer" || p.ChangeNS != nil || p.Sides[0].NS != nil || p.Sides[1].Share != nil {
		t.Errorf("transfer: %+v", p)
	}
	if p := d.Parts[4]; p.Name != "unmatched" || *p.ChangeNS != 900 || *p.Sides[0].Share != 90 {
		t.Errorf("unmatched: %+v", p)
	}
	if c := d.Collectives[0]; *c.ChangeNS != 900 || *c.ChangePct != 100 || c.Sides[1].TransferNS != nil || c.Sides[1].UnmatchedNS != 1800 {
		t.Errorf("all_reduce: %+v", c)
	}
	text, err := json.Marshal(d.Parts[2].Sides[0])
	if err != nil || string(text) != `{"ns":null,"count":1,"share":null}` {
		t.Errorf("%s, %v", text, err)
	}
	text, err = json.Marshal(d.Collectives[0].Sides[0])
	if err != nil || string(text) != `{"ns":900,"count":1,"share":100,"transfer_ns":null,"wait_ns":null,"unmatched_ns":900,"matched":0}` {
		t.Errorf("%s, %v", text, err)
	}
}
