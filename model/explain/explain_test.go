package explain

import (
	"math"
	"testing"

	"shardeck/model"
	"shardeck/model/xray"
)

// op is an operator of so many µs; of communication wait is 0 or more.
func op(name string, us, bytes, wait int64) xray.Operator {
	o := xray.Operator{Name: name, NS: us * 1000, DurNS: us * 1000}
	if bytes > 0 {
		o.Bytes, o.Floor, o.FloorNS = new(float64(bytes)), "memory", new(us*500)
	}
	if wait >= 0 {
		o.WaitNS = new(wait * 1000)
	}
	return o
}

func step(index int, phase string, tokens int, next int64, ops ...xray.Operator) xray.Step {
	s := xray.Step{Index: index, Phase: phase, Tokens: tokens, Requests: 4, NextNS: next * 1000, Operators: ops,
		Gaps: []xray.Gap{{Cause: "between", NS: 7000, N: 2}}}
	s.WallNS = 7000
	for _, o := range ops {
		s.WallNS += o.NS
	}
	return s
}

// run is a prompt and two decode steps on each rank; the ranks of stage 1 follow those of stage 0.
func run(name string, l model.Layout, ranks ...[]xray.Operator) Run {
	r := Run{Name: name, TTFT: 5.1, TPOT: 1.2, Iteration: 0.0077, Requests: 4, Prompt: 512, Output: 3,
		Steps: xray.Report{Layout: l, GPU: "some"}}
	for i, ops := range ranks {
		r.Steps.Ranks = append(r.Steps.Ranks, xray.Rank{Rank: i, Stage: i * l.PP / len(ranks), Steps: []xray.Step{
			step(0, "prefill", 2048, 30, op("qkv", 4000, 4e9, -1)), step(1, "decode", 4, 5, ops...), step(2, "decode", 4, -1, ops...)}})
	}
	return r
}

var (
	one = run("tp1", model.Layout{TP: 1, PP: 1, DPReplicate: 1, DPShard: 1, EP: 1}, []xray.Operator{op("norm", 40, 100, -1),
		op("qkv", 1000, 4000, -1)})
	two = run("tp2", model.Layout{TP: 2, PP: 1, DPReplicate: 1, DPShard: 1, EP: 1},
		[]xray.Operator{op("norm", 40, 100, -1), op("qkv", 520, 2000, -1), op("all_reduce", 90, 0, 50)},
		[]xray.Operator{op("norm", 40, 100, -1), op("qkv", 560, 2000, -1), op("all_reduce", 50, 0, 10)})
)

func TestPartsAddUpToWhatWasMeasured(t *testing.T) {
	piped := run("pp2", model.Layout{TP: 1, PP: 2, DPReplicate: 1, DPShard: 1, EP: 1},
		[]xray.Operator{op("qkv", 500, 2000, -1), op("broadcast", 600, 0, 590)}, []xray.Operator{op("recv", 520, 0, 500),
			op("qkv", 505, 2000, -1)})
	bare := one
	bare.TTFT, bare.TPOT, bare.Iteration = 0, 0, 0
	for _, pair := range [][2]Run{{one, two}, {two, one}, {one, piped}, {piped, two}, {bare, two}, {one, one}} {
		w, err := Compare(pair[0], pair[1])
		if err != nil || len(w.Metrics) != 3 {
			t.Fatalf("%s and %s: %v, %d metrics", pair[0].Name, pair[1].Name, err, len(w.Metrics))
		}
		for _, m := range w.Metrics {
			a, b := 0.0, 0.0
			for _, p := range m.Parts {
				a, b = a+p.Before, b+p.After
			}
			if math.Abs(a-m.Before) > 1e-12 || math.Abs(b-m.After) > 1e-12 {
				t.Errorf("%s and %s: %s is %v and %v, its parts make %v and %v", pair[0].Name, pair[1].Name, m.Name, m.Before, m.After, a, b)
			}
		}
	}
}

func part4(t *testing.T, w Waterfall, metric, name string) Part {
	t.Helper()
	for _, m := range w.Metrics {
		for _, p := range m.Parts {
			if m.Name == metric && p.Name == name {
				return p
			}
		}
	}
	t.Fatalf("%s has no part %s", metric, name)
	return Part{}
}

func TestSplitHalvesTheWork(t *testing.T) {
	w, _ := Compare(one, two)
	if got := w.After.Ranks; len(got) != 1 || got[0] != 1 {
		t.Errorf("time is that of rank %v, want 1: it does most, rank 0 waits for it", got)
	}
	if p := part4(t, w, "tpot", "qkv"); p.Expected == nil || *p.Expected != 0.5 || p.After != 0.56 {
		t.Errorf("qkv is %+v, want 0.56 of 0.5 expected", p)
	}
	if p := part4(t, w, "tpot", "norm"); p.Expected == nil || *p.Expected != p.Before {
		t.Errorf("norm is %+v, want as before: it is not split", p)
	}
	if p, q := part4(t, w, "tpot", "all_reduce"), part4(t, w, "tpot", "wait"); p.After != 0.04 || p.Expected != nil || q.After != 0.01 {
		t.Errorf("all_reduce is %+v with a wait of %v, want 0.04 and 0.01", p, q.After)
	}
}

func TestDelayIsOfItsOperatorAlone(t *testing.T) {
	late := run("late", two.Steps.Layout, []xray.Operator{op("norm", 60, 100, -1), op("qkv", 520, 2000, -1), op("all_reduce", 90, 0, 50)},
		[]xray.Operator{op("norm", 60, 100, -1), op("qkv", 560, 2000, -1), op("all_reduce", 50, 0, 10)})
	late.TPOT, late.Iteration = late.TPOT+0.02, late.Iteration+0.00004
	w, _ := Compare(two, late)
	for _, m := range w.Metrics {
		for _, p := range m.Parts {
			if want := (m.After - m.Before) * map[bool]float64{true: 1}[p.Name == "norm"]; math.Abs(p.Change()-want) > 1e-12 {
				t.Errorf("%s: %s changes by %v, want %v", m.Name, p.Name, p.Change(), want)
			}
		}
	}
}

func TestScheduleOfTwoPrompts(t *testing.T) {
	r := one
	r.Steps.Ranks = []xray.Rank{{Steps: []xray.Step{step(0, "prefill", 1024, 0, op("qkv", 1993, 0, -1)), step(1, "mixed",
		1026, 0, op("qkv", 1993, 0, -1)),
		step(2, "decode", 4, 0, op("qkv", 993, 0, -1)), step(3, "decode", 4, -1, op("qkv", 993, 0, -1))}}}
	w, err := Compare(r, r)
	if err != nil {
		t.Fatal(err)
	}
	if got := part4(t, w, "ttft", "schedule").Before; got != -1 { // half of the requests wait 2 ms, half 4
		t.Errorf("first tokens are %v ms sooner, want -1", got)
	}
	if got := part4(t, w, "tpot", "schedule").Before; got != 0.25 { // half of them have a step of 2 ms for one of 1, of two
		t.Errorf("tokens are %v ms later, want 0.25", got)
	}
}

func TestWhatIfs(t *testing.T) {
	all, err := WhatIfs(two)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]float64{"no_straggler": 1.2 - (0.657 - 0.607), "fast_link": 1.2 - 0.02, "overlap": 1.2 - 0.05,
		"no_gaps": 1.2 - 0.007 - 0.005, "floor": 1.2 - 0.3}
	for _, w := range all {
		if got := w.Bounds[0].Best; math.Abs(got-want[w.Name]) > 1e-9 {
			t.Errorf("%s: tpot at best %v, want %v", w.Name, got, want[w.Name])
		}
	}
	if all, _ = WhatIfs(one); all[0].Unknown == "" || all[1].Unknown == "" || len(all[1].Bounds) != 0 {
		t.Errorf("one GPU has a straggler or a link: %+v", all[:2])
	}
	if _, err := WhatIfs(Run{Name: "empty"}); err == nil {
		t.Error("a run without steps has bounds")
	}
}
