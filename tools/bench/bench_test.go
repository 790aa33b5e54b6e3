package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shardeck/backend/analyze"
	"shardeck/backend/trace"
	"shardeck/backend/trace/kineto"
	"shardeck/tools/bench/peers"
)

// The whole of it on a small document, in this process, but for the program's own
// memory: every suite runs, everybody agrees, and the tables have every row.
func TestTables(t *testing.T) {
	m, err := eager()
	if err != nil {
		t.Fatal(err)
	}
	in, err := m.make(t.TempDir(), 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	got := measured{Input: in, Stop: map[string]stops{"plain": {0.001}}}
	order := raceOrder{in, 1}
	if got.One, err = order.oneCore(); err != nil {
		t.Fatal(err)
	}
	if got.Two, err = order.twoCores(); err != nil {
		t.Fatal(err)
	}
	if got.Open, err = (openOrder{in.Big}).run(); err != nil {
		t.Fatal(err)
	}
	if got.Open.Kernels != in.BigMade.Kernels || got.Open.Allocs == 0 {
		t.Errorf("%+v of %+v", got.Open, in.BigMade)
	}
	path := filepath.Join(t.TempDir(), "out.md")
	took := series{Samples: []sample{{Wall: 3, CPU: 4}}}
	r := report{inputs: []measured{got}, run: wholeRun{metrics: took, reader: took, wc: took},
		many: []manyRanks{{Made: pair{Bytes: 2e6, Kernels: 7}, Ranks: 64, Metrics: took, RSS: 5e6, First: took.Samples[0], Kept: 1e6,
			Second: took.Samples}}}
	if err := r.write(path); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range targets {
		if !strings.Contains(string(text), "| "+want.what+" | "+want.must) {
			t.Errorf("no row for %s", want.what)
		}
	}
	for _, want := range []string{"reader alone | ≤ 2.5 | 1.000 ", "processor time | ≤ 0.65 on two cores | 0.750 ", "`wc -l` | ≤ 5 | 1.000 ",
		"| 64 | 2 | 7 | 3.00 | 4.00 | 5 | 4.00 | 1.0 | 3.00 |"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %s of the whole run", want)
		}
	}
	for _, name := range []string{stdJSON, sonicCopy, parser, gjsonName, wc, floor, gunzip, inflate, twoFiles, twoGz, oneMember, splitGz} {
		if !strings.Contains(string(text), "\n| "+name+" | 0.") {
			t.Errorf("no times of %s", name)
		}
	}
}

func TestCompareSeesDisagreement(t *testing.T) {
	kernels := func(n int) func() (peers.Work, error) {
		return func() (peers.Work, error) { return peers.Work{Kernels: n}, nil }
	}
	list := []contestant{{name: "a", run: kernels(3)}, {name: "less", run: kernels(0), free: true}}
	got, err := compare(list, 2, 0)
	if err != nil || len(got) != 2 || len(got[0].Samples) != 2 {
		t.Fatalf("%v, %v", got, err)
	}
	if _, err := compare(append(list, contestant{name: "b", run: kernels(4)}), 1, 0); err == nil ||
		!strings.Contains(err.Error(), "b does not agree") {
		t.Errorf("4 kernels instead of 3: %v", err)
	}
}

func TestVerdicts(t *testing.T) {
	s := func(name string, cpu ...float64) series {
		x := series{Name: name}
		for _, v := range cpu {
			x.Samples = append(x.Samples, sample{Wall: 9, CPU: v})
		}
		return x
	}
	m := measured{One: race{"mid": {s(ours, 1, 2, 1), s(parser, 3, 8, 2)}, "big": {s(ours, 3), s(wc, 1)}}}
	if v := faster(parser, 3, 4)(m); v.Median != 3 || v.Min != 2 || v.Max != 4 || !v.must || v.stretch {
		t.Errorf("three times faster, by the round: %+v", v)
	}
	if v := slower("big", wc, 2.5, 1.7)(m); v.Median != 3 || v.must || !v.known {
		t.Errorf("three times slower: %+v", v)
	}
	if v := slower("gz", gunzip, 2.5, 1.7)(m); v.known {
		t.Errorf("not measured: %+v", v)
	}
}

func TestWordsLeaveFoldersOut(t *testing.T) {
	got := strings.Join(words([]string{"-o", "../../docs/benchmarks.md", "-run", "/home/me/run", "graph=/home/me/t.json"}), " ")
	if want := "-o ../../docs/benchmarks.md -run run graph=t.json"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// The ranks of a pair meet: what the program says of their calls can be said of matched
// calls only.
func TestPair(t *testing.T) {
	m, err := eager()
	if err != nil {
		t.Fatal(err)
	}
	ranks := m.pairOf()
	if len(ranks) != 2 {
		t.Fatalf("%v", ranks)
	}
	p, err := (pairOrder{ranks, t.TempDir(), 20e6, 2}).run()
	if err != nil {
		t.Fatal(err)
	}
	in := analyze.Input{Ranks: map[int]*trace.Rank{}, Timing: map[int]*trace.Timing{}}
	kernels := 0
	for i := range 2 {
		r, err := kineto.Open(t.Context(), filepath.Join(p.Dir, fmt.Sprintf("kineto_trace_%d.json", i)), nil)
		if err != nil {
			t.Fatal(err)
		}
		in.Ranks[i] = r
		for _, k := range r.Records {
			if k.Kind == trace.KindKernel {
				kernels++
			}
		}
	}
	if kernels != p.Kernels || kernels == 0 {
		t.Errorf("%d kernels, made %d", kernels, p.Kernels)
	}
	a, err := analyze.Analyse(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	if w := a.Metric("comm_wait"); w.Value == nil || a.Damaged {
		t.Errorf("not all calls meet: %s; %v", w.Reason, a.Warnings)
	}
}
