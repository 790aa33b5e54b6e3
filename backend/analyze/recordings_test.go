package analyze

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"

	"shardeck/backend/analyze/align"
	"shardeck/backend/analyze/kernelname"
	"shardeck/model/metric"
)

// recordings are all runs with traces, those in the repository first.
var recordings = []struct{ archive, run string }{
	{"", "llama-8b-tp1"}, {"", "llama-8b-tp2"}, {"", "llama-8b-tp2-straggler"}, {"", "llama-8b-tp2-stack"}, {"", "llama-8b-pp2"},
	{"", "vllm-deepseek-v2-lite-ep2"}, {"", "vllm-llama-8b-tp1"}, {"", "vllm-llama-8b-tp2"},
	{"small.txz", "small/llama-8b-tp2-stack"}, {"small.txz", "small/deepseek-v2-lite-ep1"}, {"small.txz", "small/deepseek-v2-lite-ep2"},
	{"demo.txz", "demo/llama-8b-tp1"}, {"demo.txz", "demo/llama-8b-tp2"}, {"demo.txz", "demo/llama-8b-tp2-slow-gpu"},
	{"demo.txz", "demo/llama-8b-pp2"}, {"demo.txz", "demo/deepseek-v2-lite-ep1"}, {"demo.txz", "demo/deepseek-v2-lite-ep2"},
	{"full-tp1.txz", "graph/llama-8b-tp1"}, {"full-tp2.txz", "graph/llama-8b-tp2"},
}

// TestRecordings checks on every recording that is here what must hold on all.
func TestRecordings(t *testing.T) {
	for _, r := range recordings {
		t.Run(r.run, func(t *testing.T) {
			dir := small(r.run)
			if r.archive != "" {
				dir = large(t, r.archive, r.run)
			}
			in := load(t, dir)
			a := analyse(t, in)
			checkMetrics(t, a)
			if a.Damaged {
				t.Errorf("a sound recording is called damaged: %v", a.Warnings)
			}
			checkCalls(t, in, a)
			checkSummary(t, in, a.Trace)
			checkXRay(t, in)
		})
	}
}

// checkMetrics wants every defined metric, in order, with a value or a reason.
func checkMetrics(t *testing.T, a *metric.Analysis) {
	t.Helper()
	if len(a.Metrics) != len(metric.DefinitionsOf(false)) {
		t.Fatalf("%d metrics, %d definitions", len(a.Metrics), len(metric.DefinitionsOf(false)))
	}
	for i, m := range a.Metrics {
		d := metric.DefinitionsOf(false)[i]
		if m.Name != d.Name || m.Unit != d.Unit {
			t.Errorf("metric %d is %q in %q, defined as %q in %q", i, m.Name, m.Unit, d.Name, d.Unit)
		}
		if (m.Value == nil) == (m.Reason == "") {
			t.Errorf("%s: a value or a reason, not both: %v, %q", m.Name, m.Value, m.Reason)
		}
		if m.Value != nil && (math.IsNaN(*m.Value) || math.IsInf(*m.Value, 0) || *m.Value < 0) {
			t.Errorf("%s is %v", m.Name, *m.Value)
		}
		if m.PerRank == nil || m.Source == nil {
			t.Errorf("%s: null in JSON", m.Name)
		}
		if m.Unit == "%" && m.Value != nil && *m.Value > 100 {
			t.Errorf("%s is %v %%", m.Name, *m.Value)
		}
	}
	if _, err := json.Marshal(a); err != nil {
		t.Error(err)
	}
}

// checkCalls wants transfer and wait that are never negative and fill communication.
func checkCalls(t *testing.T, in Input, a *metric.Analysis) {
	t.Helper()
	comm, transfer, wait := a.Metric("comm_overhead"), a.Metric("comm_transfer"), a.Metric("comm_wait")
	if len(in.Ranks) < 2 {
		if transfer.Value != nil || wait.Value != nil {
			t.Errorf("one rank waits %v and transfers %v", wait, transfer)
		}
		return
	}
	for rank := range in.Ranks {
		tr, w := transfer.PerRank[rank], wait.PerRank[rank]
		if tr < 0 || w < 0 {
			t.Errorf("rank %d: transfer %v, wait %v", rank, tr, w)
		}
		// Equal unless calls overlap each other, which they do not here.
		if d := math.Abs(tr + w - comm.PerRank[rank]); d > 1e-9 {
			t.Errorf("rank %d: transfer %v + wait %v is not communication %v", rank, tr, w, comm.PerRank[rank])
		}
	}
	for _, m := range []metric.Metric{transfer, wait} {
		for _, part := range m.By.List() {
			if part.Value < 0 {
				t.Errorf("%s of %s is %v", m.Name, part.Name, part.Value)
			}
		}
	}
}

// checkSummary wants parts that add up to their whole.
func checkSummary(t *testing.T, in Input, s *metric.TraceSummary) {
	t.Helper()
	if len(s.Ranks) != len(in.Ranks) || s.Bytes <= 0 {
		t.Fatalf("%d ranks, %d bytes", len(s.Ranks), s.Bytes)
	}
	for i, r := range s.Ranks {
		if sum, least := parts(r); sum != r.WindowNS || r.WindowNS <= 0 || min(least, r.HiddenCommNS, r.SkewNS) < 0 {
			t.Errorf("rank %d: parts of its window: %+v", r.Rank, r)
		}
		checkDensity(t, s.Timeline[i], r)
	}
	var share float64
	for _, c := range s.Classes {
		share += c.Share
		if c.Name == kernelname.Other && c.Share > 2 {
			t.Errorf("%.1f %% of kernel time is of class other", c.Share)
		}
	}
	near(t, "shares of classes", share, 100, 6)
	if !slices.IsSortedFunc(s.Kernels, func(a, b metric.KernelStat) int { return int(b.TotalNS - a.TotalNS) }) {
		t.Error("kernels are not sorted by time")
	}
	checkPhases(t, s)
}

// parts are the sum of the parts of a window, and the least of them.
func parts(r metric.RankSplit) (sum, least int64) {
	for _, ns := range r.Parts()[1:] {
		sum, least = sum+metric.OrZero(ns), min(least, metric.OrZero(ns))
	}
	return sum, least
}

func checkDensity(t *testing.T, d metric.RankDensity, r metric.RankSplit) {
	t.Helper()
	if n := len(d.Compute); n == 0 || n > timelineBins || len(d.Late) != n || len(d.Transfer) != n || len(d.Wait) != n ||
		len(d.Unmatched) != n || len(d.Idle) != n {
		t.Fatalf("rank %d: %d, %d, %d, %d bins", r.Rank, n, len(d.Transfer), len(d.Wait), len(d.Idle))
	}
	var compute, transfer, wait, unmatched, idle int64
	for i := range d.Compute {
		if sum := d.Compute[i] + d.Transfer[i] + d.Wait[i] + d.Unmatched[i] + d.Idle[i]; i < len(d.Compute)-1 && sum != d.BinNS {
			t.Fatalf("rank %d: bin %d holds %d of %d ns", r.Rank, i, sum, d.BinNS)
		}
		compute, transfer, wait, idle = compute+d.Compute[i], transfer+d.Transfer[i], wait+d.Wait[i], idle+d.Idle[i]
		unmatched += d.Unmatched[i]
	}
	if compute != r.ComputeNS || transfer != metric.OrZero(r.TransferNS) || wait != metric.OrZero(r.WaitNS) ||
		unmatched != r.UnmatchedNS || idle != r.IdleNS+r.CopyNS {
		t.Errorf("rank %d: timeline sums to %d, %d, %d, %d and the split is %+v", r.Rank, compute, transfer, wait, idle, r)
	}
}

// checkPhases wants each rank's phases to follow each other and fill its window.
func checkPhases(t *testing.T, s *metric.TraceSummary) {
	t.Helper()
	at := map[int]int64{}
	steps := map[string]int{}
	for _, p := range s.Phases {
		if p.StartNS != at[p.Rank] || p.EndNS <= p.StartNS || p.Steps < 1 {
			t.Errorf("phase %+v does not follow %d", p, at[p.Rank])
		}
		at[p.Rank] = p.EndNS
		steps[p.Name] += p.Steps
	}
	for _, r := range s.Ranks {
		if at[r.Rank] != r.WindowNS {
			t.Errorf("rank %d: phases end at %d of %d", r.Rank, at[r.Rank], r.WindowNS)
		}
	}
	if steps["prefill"] == 0 || steps["decode"] == 0 {
		t.Errorf("steps by phase: %v", steps)
	}
}

func TestFullTP2(t *testing.T) {
	a := analyse(t, load(t, large(t, "full-tp2.txz", "graph/llama-8b-tp2")))
	calls := a.Metric("coll_call_num")
	if value(t, a, "coll_call_num") != 4160 || calls.PerRank[0] != 4160 || calls.PerRank[1] != 4160 {
		t.Errorf("coll_call_num: %+v", calls)
	}
	if len(calls.By.List()) != 2 || calls.By.Types["all_reduce"] != 4096 || calls.By.Types["broadcast"] != 64 {
		t.Errorf("coll_call_num by type: %v", calls.By)
	}
	if !strings.Contains(calls.Note, "64 output tokens traced in each") {
		t.Errorf("coll_call_num does not say how many tokens were traced: %q", calls.Note)
	}
	if value(t, a, "coll_calls_total") != 8320 || value(t, a, "coll_calls_per_step") != 65 {
		t.Errorf("total %+v, per step %+v", a.Metric("coll_calls_total"), a.Metric("coll_calls_per_step"))
	}
	comm := a.Metric("comm_overhead")
	near(t, "comm_overhead of rank 0", comm.PerRank[0], 7.76, 2)
	near(t, "comm_overhead of rank 1", comm.PerRank[1], 11.47, 2)
	near(t, "comm_overhead", value(t, a, "comm_overhead"), (comm.PerRank[0]+comm.PerRank[1])/2, 9)
	skew := a.Metric("profiler_start_skew")
	near(t, "skew of rank 0", skew.PerRank[0], 0, 3)
	near(t, "skew of rank 1", skew.PerRank[1], 401, 0)
	if !slices.Contains(a.Warnings, "rank 1: first 401 ms cut: waiting for rank 0's profiler to start") {
		t.Errorf("warnings: %q", a.Warnings)
	}
	if s := a.Metric("straggler"); s.Value != nil || s.Reason != "none" || s.Cause != "" {
		t.Errorf("straggler: %+v", s)
	}
	for _, c := range a.Trace.Collectives {
		if c.Type == "all_reduce" && c.Bytes == 64<<20 && (c.Count != 128 || c.Inferred) {
			t.Errorf("prefill all-reduce: %+v", c)
		}
		if c.Type == "all_reduce" && c.Bytes == 32<<10 && (c.Count != 8064 || !c.Inferred) {
			t.Errorf("decode all-reduce: %+v", c)
		}
	}
}

func TestStraggler(t *testing.T) {
	for _, c := range []struct {
		archive, run string
		rank         float64 // -1: none
		cause        string
	}{
		{"", "llama-8b-tp2-straggler", 1, "host"},
		// The extra work makes rank 1 late all along, but by less than its host does in
		// the first traced prefill, when its profiler warms up: 5.2 of 43.6 ms.
		{"demo.txz", "demo/llama-8b-tp2-slow-gpu", 1, "host"},
		// Four tokens are short: here too the first traced prefill decides.
		{"demo.txz", "demo/llama-8b-tp2", 0, "host"},
		{"full-tp2.txz", "graph/llama-8b-tp2", -1, ""},
	} {
		t.Run(c.run, func(t *testing.T) {
			dir := small(c.run)
			if c.archive != "" {
				dir = large(t, c.archive, c.run)
			}
			m := analyse(t, load(t, dir)).Metric("straggler")
			got := -1.
			if m.Value != nil {
				got = *m.Value
			}
			if got != c.rank || m.Cause != c.cause || (c.rank < 0) != (m.Reason == "none") {
				t.Errorf("got %v, cause %q, reason %q (%s), want %v, %q", got, m.Cause, m.Reason, m.Note, c.rank, c.cause)
			}
		})
	}
}

func TestTypesOfSendRecv(t *testing.T) {
	for _, c := range []struct {
		archive, run string
		want         map[string]float64
		perRank      map[int][]kernelname.CallType
	}{
		{"", "llama-8b-pp2", map[string]float64{"broadcast": 4, "send": 2, "recv": 2},
			map[int][]kernelname.CallType{0: {kernelname.Broadcast, kernelname.Send}, 1: {kernelname.Broadcast, kernelname.Recv}}},
		{"demo.txz", "demo/llama-8b-pp2", map[string]float64{"broadcast": 4, "send": 2, "recv": 2},
			map[int][]kernelname.CallType{0: {kernelname.Broadcast, kernelname.Send}, 1: {kernelname.Broadcast, kernelname.Recv}}},
		{"small.txz", "small/deepseek-v2-lite-ep2", map[string]float64{"all_to_all": 48, "broadcast": 4},
			map[int][]kernelname.CallType{0: {kernelname.AllToAll, kernelname.Broadcast},
				1: {kernelname.AllToAll, kernelname.Broadcast}}},
	} {
		t.Run(c.run, func(t *testing.T) {
			dir := small(c.run)
			if c.archive != "" {
				dir = large(t, c.archive, c.run)
			}
			in := load(t, dir)
			for _, stripped := range []bool{false, true} { // and without metadata, as inside CUDA graphs
				if stripped {
					stripMetadata(in)
				}
				by := analyse(t, in).Metric("coll_call_num").By.Types
				for typ, n := range c.want {
					near(t, typ, by[typ], n, 6)
				}
				if len(by) != len(c.want) {
					t.Errorf("stripped %v: types %v, want %v", stripped, by, c.want)
				}
				for rank, want := range c.perRank {
					if got := typesOn(t, in, rank); !slices.Equal(got, want) {
						t.Errorf("stripped %v: rank %d makes %v, want %v", stripped, rank, got, want)
					}
				}
			}
		})
	}
}

// stripMetadata takes the NCCL metadata away, as CUDA graphs do.
func stripMetadata(in Input) {
	for _, r := range in.Ranks {
		for i := range r.Records {
			r.Records[i].Coll = -1
		}
	}
}

func typesOn(t *testing.T, in Input, rank int) []kernelname.CallType {
	t.Helper()
	timeline, err := align.Build(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	var out []kernelname.CallType
	for _, r := range timeline.Ranks {
		for _, c := range r.Calls {
			if r.Number == rank && !slices.Contains(out, c.Type) {
				out = append(out, c.Type)
			}
		}
	}
	slices.Sort(out)
	return out
}

func TestInferredSizesAreThoseOfTheMetadata(t *testing.T) {
	for _, run := range []string{"llama-8b-tp2", "llama-8b-pp2"} {
		t.Run(run, func(t *testing.T) {
			in := load(t, small(run))
			told := analyse(t, in).Metric("coll_bytes")
			stripMetadata(in)
			inferred := analyse(t, in).Metric("coll_bytes")
			if told.Estimate || !inferred.Estimate {
				t.Errorf("estimate: %v with metadata, %v without", told.Estimate, inferred.Estimate)
			}
			if len(told.By.Types) < 2 {
				t.Errorf("types with sizes: %v", told.By)
			}
			for typ, bytes := range told.By.Types {
				near(t, typ, inferred.By.Types[typ], bytes, 3)
			}
		})
	}
}

func TestOneGPUHasReasonsInsteadOfZeros(t *testing.T) {
	a := analyse(t, load(t, small("llama-8b-tp1")))
	for _, name := range []string{"comm_overhead", "exposed_comm", "comm_comp_overlap", "comm_transfer", "comm_wait", "coll_bytes",
		"coll_busbw"} {
		if m := a.Metric(name); m.Value != nil || m.Reason != "TP=1: no collective to measure" {
			t.Errorf("%s: %v, %q", name, m.Value, m.Reason)
		}
	}
	if value(t, a, "coll_call_num") != 0 {
		t.Error("one GPU makes calls")
	}
	near(t, "gpu_busy", value(t, a, "gpu_busy"), 19.05, 2)
	if m := a.Metric("load_imbalance"); m.Value != nil || m.Reason == "" {
		t.Errorf("load_imbalance: %+v", m)
	}
}

func TestOneTraceOfTwo(t *testing.T) {
	a := analyse(t, load(t, small("llama-8b-tp2-stack"))) // rank 1 was not traced
	if m := a.Metric("comm_wait"); m.Value != nil || !strings.Contains(m.Reason, "rank 1 was not traced") {
		t.Errorf("comm_wait: %+v", m)
	}
	if value(t, a, "comm_overhead") <= 0 || value(t, a, "coll_call_num") != 36 {
		t.Error("what one trace says is lost")
	}
	if !slices.ContainsFunc(a.Warnings, func(w string) bool { return strings.HasPrefix(w, "no trace of rank 1") }) {
		t.Errorf("warnings: %q", a.Warnings)
	}
}

// What kernel_classes says that it is made of is what the table of names knows.
func TestDefinitionNamesTheClasses(t *testing.T) {
	d, _ := metric.Define("kernel_classes")
	if all := strings.Join(kernelname.Classes(), ", "); !strings.Contains(d.Text, all) {
		t.Errorf("%q is not in %q", all, d.Text)
	}
}
