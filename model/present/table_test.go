package present

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"shardeck/model"
	"shardeck/model/compare"
	"shardeck/model/metric"
)

// lines are a table's rows, the cells with their signs apart by "|".
func lines(t Table) []string {
	var out []string
	for _, r := range t.Rows {
		var cells []string
		for _, c := range r.Cells {
			cells = append(cells, c.Lead+c.Text)
		}
		out = append(out, strings.Join(cells, "|"))
	}
	return out
}

func same(t *testing.T, got Table, want ...string) {
	t.Helper()
	if d := cmp.Diff(want, lines(got)); d != "" {
		t.Errorf("%s: %s", got.Name, d)
	}
	for i, r := range got.Rows {
		if len(r.Cells) > len(got.Columns) {
			t.Errorf("%s: row %d has %d cells in %d columns", got.Name, i, len(r.Cells), len(got.Columns))
		}
	}
}

func TestColumns(t *testing.T) {
	want := []Column{{Title: "time", Unit: "ms", Right: true, Worth: 2}, {Title: "kernel", Min: 24, Middle: true},
		{Title: "why / where", Worth: 2, Min: 28},
		{Title: "bus", Unit: "GB/s", Right: true, Worth: 4}, {}}
	if d := cmp.Diff(want, Columns(">time|ms/2", "kernel…24", "why / where/2-28", ">bus|GB/s/4", "")); d != "" {
		t.Error(d)
	}
}

func TestTablesAreTakenApart(t *testing.T) {
	table := Table{Columns: Columns("a", "b", "c")}
	table.Add(Texts("1", "2", "–")...)
	table.Add(Texts("4", "5", "6")...)
	same(t, table.Only(2, 0), "–|1", "6|4")
	same(t, table.With(1, Column{Title: "x"}, func(row int) Cell { return Cell{Text: strings.Repeat("x", row)} }).Top(1), "1||2|–")
	same(t, table, "1|2|–", "4|5|6")
	if table.Rows[0].Cells[2].Role != Dim || len(table.Top(-1).Rows) != 0 || len(table.Top(9).Rows) != 2 {
		t.Error("a missing cell is dim, and there is no row before the first nor after the last")
	}
}

func num(v float64) *float64 { return &v }

// traced is a run of two ranks whose second is the straggler.
func traced() *metric.Analysis {
	return &metric.Analysis{Run: "r", Ranks: []int{0, 1},
		Metrics: []metric.Metric{{Name: "straggler", Value: num(1), Cause: "host", Note: "why",
			By: metric.Parts{Latest: &metric.Latest{Total: 44.04}}}},
		Trace: &metric.TraceSummary{WindowNS: 2e6,
			Ranks: []metric.RankSplit{{Rank: 0, WindowNS: 2e6, ComputeNS: 1e6, TransferNS: new(int64), WaitNS: new(int64(5e5)),
				SkewNS: 3e6, Kernels: 1200, Device: "H100"}, {Rank: 1, UnmatchedNS: 5}},
			Phases: []metric.Phase{{Name: "prefill", Steps: 1, EndNS: 15e6}, {Name: "decode", Steps: 3, StartNS: 15e6, EndNS: 21e6},
				{Rank: 1, Name: "decode", Steps: 9}},
			Kernels: []metric.KernelStat{{Name: "void f<int>()", Short: "f", Distinct: "f<int>", Class: "gemm", TotalNS: 4_500_000,
				Count: 3, MinNS: 1000, MaxNS: 2_000_000, Share: 83.24}},
			Classes: []metric.KernelClass{{Name: "gemm", TotalNS: 4_500_000, Count: 3, Share: 83.24}, {Name: "moe"}},
			Collectives: []metric.CollStat{{Type: "all_reduce", Bytes: 32 << 10, Inferred: true, Count: 64, Matched: 2,
				TransferNS: new(int64(13_000)), WaitNS: new(int64(3_000)), AlgBW: num(0.01), BusBW: num(190.6)},
				{Type: "send", Bytes: -1, Count: 1, UnmatchedNS: 2_000_000}},
			Lateness: &metric.Lateness{Calls: 63, Ranks: []metric.RankLate{{Rank: 1, Calls: 52, LateNS: 113_900_000,
				MedianNS: 1_412_500, MaxNS: 9_392_100}}, Bins: []metric.LateBin{{}, {FromNS: 512_000}},
				Worst: []metric.LateCall{{Type: "all_reduce", Bytes: 32 << 10, Group: []int{0, 1, 2}, Number: 17, Phase: "decode",
					Step: 2, Rank: 1, AtNS: 55_990_000, LateNS: 9_392_100, SpreadNS: 9_500_000}}},
		}}
}

func TestTrace(t *testing.T) {
	a := traced()
	all := Trace(a)
	same(t, all[Kernels], "f|gemm|2.2|2|1 500.0|1.0|2 000.0|83.2")
	same(t, all[Collectives], "all_reduce|≈32 KiB|64|6.5|1.5|0.0|191|<0.1|0.0", "send|–|1|–|–|2.0|–|–|2.0")
	same(t, all[LateCalls], "all_reduce 17|32 KiB|decode 2|55.99|1|9 392.1|0.0|9 500.0|0-2")
	same(t, all[Ranks], "0|50.0|0.0|25.0|0.0|0.0|0.0|0.0|–|–|3.0|2.0|1 200|H100", "!1|–|–|–|–|–|–|–|52|113.9|0.0|0.0|0|")
	same(t, all[Classes], "gemm|2.2|2|83.2", "moe|0.0|0|0.0")
	same(t, LateRanks(a.Trace.Lateness), "1|52 of 63|113.9|1 412.5|9 392.1")
	if all[Kernels].Rows[0].Full != "void f<int>()" || all[Kernels].Rows[0].Fields["name"] != "void f<int>()" ||
		all[Kernels].Remark != "means over 2 ranks" {
		t.Errorf("what a filter and a message ask of a kernel: %+v", all[Kernels])
	}
	for _, empty := range Trace(nil) {
		if len(empty.Columns) == 0 || len(empty.Rows) != 0 || empty.Empty == "" {
			t.Errorf("%s of nothing: %+v", empty.Name, empty)
		}
	}
}

func TestTraceSentences(t *testing.T) {
	a := traced()
	none := metric.Metric{Name: "straggler", Reason: "none"}
	for _, tt := range []struct{ got, want string }{
		{Phases(a.Trace), "prefill 1 × 15.00 = 15.0 ms · decode 3 × 2.00 = 6.0 ms"},
		{Phases(&metric.TraceSummary{}), "no step annotations in the traces"},
		{ClassShares(a.Trace), "gemm\u00a083.2 %"}, {StartCut(a.Trace.Ranks), "3.00 ms of start cut on rank 0"}, {StartCut(nil), ""},
		{StragglerSentence(a.Metric("straggler")), "straggler: rank 1, 44.0 ms late in all, cause: host · why"},
		{StragglerSentence(none), "no straggler"}, {StragglerSentence(metric.Metric{Reason: "one rank"}), "no straggler can be named: one rank"},
		{all(Trace(a)[LateCalls]), "rank 1 was last to all_reduce 17, by 9.39 ms (9.50 ms after the first), not by computing longer"},
		{LateBins(a.Trace.Lateness.Bins), "under 1 µs late, then doubling to 1.02 ms"}, {callGroup([]int{0, 4, 8}), "0 4 8"},
		{callGroup([]int{3, 4}), "3 4"},
		{strings.Join(Kernel(a.Trace.Kernels[0], 2)[2:], " / "),
			"class gemm / 4.50 ms in 3 launches on 2 ranks, 83.2 % of kernel time / one launch 1 500.0 µs in the mean, 1.0 µs to 2 " +
				"000.0 µs"},
	} {
		if tt.got != tt.want {
			t.Errorf("%q, want %q", tt.got, tt.want)
		}
	}
	ranks := []metric.RankSplit{{WaitNS: new(int64(5))}, {WaitNS: new(int64(1))}, {WaitNS: new(int64(9))}, {WaitNS: new(int64(3))}}
	if some, few := SomeRanks(ranks, 2), SomeRanks(ranks, 4); !cmp.Equal(some, []int{1, 2}) || !cmp.Equal(few, []int{0, 1, 2, 3}) ||
		SomeOf(4, 4) != "" || !strings.HasPrefix(SomeOf(2, 4), "2 of 4 ranks") {
		t.Errorf("least and most: %v, all: %v", some, few)
	}
}

// all is what the first row says in full.
func all(t Table) string { return t.Rows[0].Full }

func TestTraceDiff(t *testing.T) {
	d := compare.TraceDiff{
		Parts: []compare.DiffRow{{Name: "window", Sides: [2]compare.DiffCell{{NS: num(100e6), Count: 1, Share: num(100)},
			{NS: num(120e6), Count: 1, Share: num(100)}}, ChangeNS: num(20e6), ChangePct: num(20)},
			{Name: "idle", Sides: [2]compare.DiffCell{{NS: num(90e6), Count: 1, Share: num(90)},
				{NS: num(89.5e6), Count: 1, Share: num(74.6)}}, ChangeNS: num(-0.5e6), ChangePct: num(-0.56)}},
		Kernels: []compare.DiffRow{{Name: "f", Class: "gemm",
			Sides: [2]compare.DiffCell{{NS: num(4.81e6), Count: 2, Share: num(23.3)}}, ChangeNS: num(-4.81e6), OnlyIn: "a"}},
		Collectives: []compare.DiffRow{{Name: "send", Bytes: 16 << 20,
			Sides: [2]compare.DiffCell{{}, {NS: num(9000), Count: 3, Share: num(1),
				CallCell: &compare.CallCell{TransferNS: num(6000), WaitNS: num(3000), Matched: 3}}},
			ChangeNS: num(9000), OnlyIn: "b"}},
	}
	tables := TraceDiff(d)
	same(t, tables[0], "window|100.00|100.0|120.00|100.0|+20.00|+20.0", "idle|90.00|90.0|89.50|74.6|-0.50|-0.6")
	same(t, tables[2], "f|gemm|4.81|23.3|–||-4.81|gone")
	same(t, tables[3], "send|16 MiB|–||0.01|1.0|+0.01|new|2.0|–|1.0|–")
	if roles := []Role{tables[0].Rows[0].Cells[5].Role, tables[0].Rows[1].Cells[5].Role,
		tables[2].Rows[0].Cells[6].Role}; !cmp.Equal(roles, []Role{Bad, Plain, Good}) {
		t.Errorf("longer is bad, shorter good, from 1 %% of the window: %v", roles)
	}
	if got := all(tables[2]); got != "f: only a has it" || tables[2].Rows[0].Fields["change"] != "gone" {
		t.Errorf("%q", got)
	}
	if got := TraceChange(d); got != "window +20.00 ms, idle -0.50 ms" {
		t.Errorf("%q", got)
	}
	d.Loss = &compare.Loss{Percent: 50, WindowNS: 1}
	if got := TraceChange(d); !strings.HasPrefix(got, "50.0 % of ideal") {
		t.Errorf("%q", got)
	}
}

func TestMetrics(t *testing.T) {
	defs := []metric.Definition{{Name: "tpot", Title: "TPOT ms", Unit: "ms", Decimals: 2},
		{Name: "coll_bytes", Title: "bytes", Unit: "B"}, {Name: "straggler", Title: "straggler", Unit: "rank"},
		{Name: "ttft", Title: "TTFT ms", Unit: "ms"}}
	a := &metric.Analysis{Ranks: []int{0, 1}, Metrics: []metric.Metric{
		{Name: "tpot", Value: num(0.0004), PerRank: map[int]float64{0: 1.234, 1: 2}, N: 1000,
			By: metric.Parts{Types: map[string]float64{"a": 5, "b": 4, "a name that is longer than the room for it": 3, "d": 2, "e": 1}}},
		{Name: "coll_bytes", Value: num(32 << 10), Estimate: true, Note: "from the shape"},
		{Name: "straggler", Reason: "none"}, {Name: "ttft", Reason: "no timing file", Estimate: true}}}
	same(t, Metrics(a, defs),
		"tpot|0.0004|ms|1.23|2.00|1 000|a 5.00, b 4.00, a name that is longer t… 3.00, d 2.00, …",
		"coll_bytes|≈32 KiB|||||estimate · from the shape", "straggler|none|rank||||", "ttft|–|ms||||no timing file")
	if got := len(Metrics(&metric.Analysis{Ranks: []int{0}}, defs).Columns); got != 5 {
		t.Errorf("of one rank the value says all: %d columns", got)
	}
	m := metric.Metric{PerRank: map[int]float64{}}
	for r := range 9 {
		m.PerRank[r] = float64(r)
	}
	for _, tt := range []struct{ got, want string }{
		{strings.Join(MetricParts(metric.Metric{By: metric.Parts{Late: map[int]float64{0: 14.94}}}, defs[2]), " "), "rank_0_lateness_ms 14.9"},
		{MetricValue(a.Metrics[1], defs[1]), "≈32 KiB"}, {MetricValue(a.Metrics[3], defs[3]), "–"},
		{MetricValue(a.Metrics[0], defs[0]), "0.0004 ms"},
		{MetricRanks(a.Metrics[0], defs[0]), "rank 0 1.23 · rank 1 2.00"},
		{MetricRanks(m, defs[0]), "least rank 0 0.00 · most rank 8 8.00 of 9 ranks"},
		{NoValue(metric.Metric{Reason: "none"}), "none, which is an answer"}, {NoValue(metric.Metric{}), "no value, and no reason was given"},
	} {
		if tt.got != tt.want {
			t.Errorf("%q, want %q", tt.got, tt.want)
		}
	}
	if c := MetricColumn(defs[0]); c.Title != "TPOT" || c.Unit != "ms" {
		t.Errorf("%+v", c)
	}
	if c := MetricColumn(metric.Definition{Title: "tok/s", Unit: "tok/s"}); c.Title != "tok/s" || c.Unit != "" {
		t.Errorf("a title that is its unit: %+v", c)
	}
}

func TestMetricsBy(t *testing.T) {
	defs := []metric.Definition{{Name: "comm_wait", Title: "wait %", Unit: "%", Decimals: 2},
		{Name: "coll_bytes", Title: "bytes", Unit: "B"}, {Name: "straggler", Title: "straggler", Unit: "rank"},
		{Name: "ttft", Title: "TTFT ms", Unit: "ms"}}
	a := &metric.Analysis{Ranks: []int{0, 1, 2}, Metrics: []metric.Metric{
		{Name: "comm_wait", Value: num(2), PerRank: map[int]float64{0: 1, 1: 3},
			By: metric.Parts{Phases: map[string]float64{"decode": 2.5}, Types: map[string]float64{"send": 0.5, "all_reduce": 1}}},
		{Name: "coll_bytes", Value: num(1 << 20), Estimate: true, By: metric.Parts{Types: map[string]float64{"all_reduce": 32 << 10}}},
		{Name: "coll_call_num", By: metric.Parts{Types: map[string]float64{"send": 4, "all_reduce": 64}}},
		{Name: "straggler", Value: num(1), PerRank: map[int]float64{1: 9},
			By: metric.Parts{Late: map[int]float64{0: 14.94, 1: 113.9}}}, {Name: "ttft", Value: num(60)}}}
	all := MetricsBy(a, defs)
	same(t, all[0], "all|2.00|", "0|1.00|14.9", "1|3.00|113.9")
	same(t, all[1], "all|2.00", "decode|2.50")
	same(t, all[2], "all|2.00|≈1 MiB", "all_reduce|1.00|32 KiB", "send|0.50|–")
	if c := all[0].Columns[2]; c.Name != "straggler" || c.Title != "late" || c.Unit != "ms" {
		t.Errorf("of the straggler ranks have their lateness: %+v", c)
	}
	for i, want := range []string{"no metric of this run has values by rank", "no phases: not computed for this run",
		"no collectives: not computed for this run"} {
		if got := MetricsBy(&metric.Analysis{}, defs)[i]; got.Empty != want || len(got.Rows) != 0 {
			t.Errorf("%+v, want %q", got, want)
		}
	}
}

// Values of a comparison that differ read differently; a change that chance can make has no
// good or bad.
func TestComparison(t *testing.T) {
	c := compare.Comparison{Runs: []string{"a", "b"}, Rows: []compare.Row{
		{Name: "tpot", Cells: []compare.Cell{{Value: num(8.514), N: 3, Spread: 0.24},
			{Value: num(8.5142), Change: num(0.0023), Same: true}}},
		{Name: "coll_bytes", Cells: []compare.Cell{{}, {Value: num(1 << 20)}}}}}
	same(t, Comparison(c), "tpot ms|8.51|0.2|8.5142||~0.0", "coll_bytes|–||1 MiB||")
	for _, tt := range []struct {
		change    float64
		tie, few  bool
		better    metric.Better
		want      Role
		wantDoubt string
	}{{5, false, false, metric.Higher, Good, ""}, {5, false, false, metric.Lower, Bad, ""}, {-5, false, false, metric.Lower, Good, ""},
		{5, true, false, metric.Higher, Plain, "~"}, {5, false, true, metric.Higher, Plain, "?"}, {0.01, false, false, metric.Lower, Plain, ""},
		{5, false, false, metric.NoBetter, Plain, ""}} {
		got := Change(compare.Cell{Change: &tt.change, Same: tt.tie, TooFew: tt.few}, tt.better)
		if got.Role != tt.want || got.Lead != tt.wantDoubt {
			t.Errorf("%+v: %+v", tt, got)
		}
	}
}

func TestOperators(t *testing.T) {
	times := metric.OpTimes{KernelNS: 10e6, AttributedNS: 9e6, Ops: []metric.OpTime{{Name: "aten::mm", TotalNS: 9e6, Count: 1200, Share: 90}},
		Rest: []metric.OpRest{{Reason: "replayed by a graph", Count: 3, Share: 10}}}
	same(t, Operators(times), "aten::mm|9.0|1 200|90.0")
	if got := Attributed(times); got != "90.0 % of the kernel time has an operator; the rest: 10.0 % (3 kernels) replayed by a graph" {
		t.Errorf("%q", got)
	}
	times.JoinedNS, times.Ops[0].Within, times.Rest = 5e6, "aten::linear", nil
	same(t, Operators(times), "aten::mm|aten::linear|9.0|1 200|90.0")
	if got := Attributed(times); got != "90.0 % of the kernel time has an operator, 50.0 % one that the execution trace has too" {
		t.Errorf("%q", got)
	}
}

func TestJobs(t *testing.T) {
	first := model.Reason{Words: "other jobs go first"}
	jobs := []model.Job{
		{ID: "1", Experiment: "E1", State: model.JobRunning, NodeList: "n1", Elapsed: time.Minute, Limit: time.Hour, GPUs: 4,
			QOS: "q", Submit: now.Add(-2 * time.Hour)},
		{ID: "2", Name: "other", State: model.JobPending, Reason: "Priority", Meaning: first, Start: now.Add(18 * time.Minute)},
	}
	same(t, Jobs(jobs, map[string]string{"1": "timing 3 of 5"}, now), "1|E1|running|timing 3 of 5 · n1|1:00|1:00:00|4|q|2 h ago|–",
		"2|other|waiting|start ~14:20 · other jobs go first|–|–|–|–|–|–")
	for _, tt := range []struct {
		job        model.Job
		seen, want string
	}{
		{model.Job{State: model.JobPending, Reason: "Priority", Meaning: first, Tasks: model.Tasks{Waiting: 1, Done: 1}}, "",
			"1 of 2 done, 1 waiting · other jobs go first"},
		{model.Job{State: model.JobRunning, Tasks: model.Tasks{Running: 2}}, "", "0 of 2 done, 2 running"},
		{model.Job{State: model.JobFailed, ExitCode: "7:0", Reason: "None"}, "", "exit code 7"},
		{model.Job{State: model.JobFailed, ExitCode: "7:0"}, "CUDA out of memory", "CUDA out of memory"},
		{model.Job{State: model.JobCancelled, ExitCode: "1:0"}, "the job was cancelled by its owner", "cancelled by its owner"},
		{model.Job{State: model.JobCancelled, ExitCode: "1:0"}, "", ""},
		{model.Job{State: model.JobNodeFail, ExitCode: "0:15", Reason: "None"}, "", ""},
		{model.Job{State: model.JobCompleted, NodeList: "n1", ExitCode: "0:0"}, "", "n1"},
	} {
		if got := jobWhere(tt.job, tt.seen, now); got != tt.want {
			t.Errorf("%v: %q, want %q", tt.job.State, got, tt.want)
		}
	}
	for words, want := range map[string]Role{"running 4:12": Busy, "done": Good, "done, damaged": Warn, "out of time": Bad,
		"waiting ~14:20": Warn, "revoked": Plain} {
		if got := State(words); got.Role != want || got.Text != words {
			t.Errorf("%s: %+v", words, got)
		}
	}
}

func TestQueues(t *testing.T) {
	same(t, Queues(model.Site{Queues: []model.Queue{{Name: "shared", MaxGPUs: 2, MaxHours: 48, Factor: 1, Note: "half a node"},
		{Name: "debug", MaxNodes: 8, MaxHours: 0.5}}}),
		"shared|–|2|48|1.00|half a node", "debug|8|–|0.5|0.00|")
}

func TestRunCells(t *testing.T) {
	a := &metric.Analysis{Metrics: []metric.Metric{{Name: "throughput_tokens_sec", Value: num(15532.4)},
		{Name: "comm_overhead", Value: num(9.62)}}}
	if got := RunCells(a, Cell{Text: "r"}); len(got) != 5 || got[1].Text != "15 532" || got[2].Text != "–" || got[4].Text != "9.6" {
		t.Errorf("%+v", got)
	}
	if c := RunColumns("run"); len(c) != 6 || c[1].Title != "tok/s" || c[4].Title != "comm" || c[4].Unit != "%" {
		t.Errorf("%+v", c)
	}
}
