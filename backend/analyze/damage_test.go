package analyze

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"shardeck/backend/trace/kineto"
	"shardeck/model"
	"shardeck/model/metric"
)

// lengths are traces that hold another part of the run than the first.
func TestTracesOfDifferentLengths(t *testing.T) {
	for _, c := range []struct {
		name     string
		from, to int // records of rank 1, which makes one call of two
		warning  string
		wait     bool // is still known
	}{
		{"whole", 0, 40, "", true},
		{"ended early", 0, 30, "5 calls at the start or end without a partner: the traces do not cover the same calls (rank 0 has " +
			"20, rank 1 has 15: the last 5 of rank 0); lost: transfer and wait of those", true},
		{"started late", 6, 40, "3 calls at the start or end without a partner: the traces do not cover the same calls (rank 0 has " +
			"20, rank 1 has 17: the first 3 of rank 0)", true},
		{"without a call", 0, 1, "rank 0 made 20 calls and rank 1 made 0", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			r0, r1 := twoRanks(20, 0)
			r1.Records = r1.Records[c.from:c.to]
			a := analyse(t, fakeInput(layoutOf(2, 1, 1, 1), r0, r1))
			if a.Damaged != (c.warning != "") || c.warning != "" && !warned(a, c.warning) {
				t.Errorf("damaged %v, warnings %q; want %q", a.Damaged, a.Warnings, c.warning)
			}
			if m := a.Metric("comm_wait"); (m.Value != nil) != c.wait {
				t.Errorf("comm_wait: %+v", m)
			}
		})
	}
}

// TestNotesAreNoDamage: what is worth knowing of a sound trace is said, and no more.
func TestNotesAreNoDamage(t *testing.T) {
	r0, r1 := twoRanks(20, 0)
	r0.Info.Notes = []string{"2 values that no metric uses are no JSON (NaN, inf or text)"}
	r1.Info.Rank = -1
	in := fakeInput(layoutOf(2, 1, 1, 1), r0)
	in.Ranks[1] = r1.Rank
	empty := newFake(2)
	empty.Info.Notes = []string{"no GPU kernels; was the profiler running in the workers?"}
	in.Ranks[2] = empty.Rank
	in.Info = &model.RunInfo{Notes: []string{"run.json: world_size is string where int is expected: left out"}}
	a := analyse(t, in)
	if a.Damaged || !warned(a, "world_size is string") || !warned(a, "kineto_trace_0.json: 2 values that no metric uses") ||
		!warned(a, "kineto_trace_1.json: no rank in the trace (distributedInfo); the file name is believed") {
		t.Errorf("damaged %v, warnings %q", a.Damaged, a.Warnings)
	}
	said := 0
	for _, w := range a.Warnings {
		if w == "kineto_trace_2.json: no GPU kernels; was the profiler running in the workers?" {
			said++
		}
	}
	if said != 1 {
		t.Errorf("no GPU kernels is said %d times: %q", said, a.Warnings)
	}
}

// TestCutAnywhere cuts the trace of one rank at 200 random bytes, plain and gzipped:
// the analysis never panics and never gives a value without a mark.
func TestCutAnywhere(t *testing.T) {
	in := load(t, small("llama-8b-pp2"))
	packed, err := os.ReadFile(in.Ranks[1].File)
	if err != nil {
		t.Fatal(err)
	}
	plain := gunzip(t, packed)
	sound, calls := analyse(t, in), 0
	for _, n := range sound.Metric("coll_calls_total").PerRank {
		calls = max(calls, int(n))
	}
	rng := rand.New(rand.NewPCG(11, 12))
	last := bytes.LastIndexByte(plain, '}')
	for i := range 200 {
		cut, name := packed[:rng.IntN(len(packed))], "kineto_trace_1.json.gz"
		if i%2 == 0 {
			cut, name = plain[:rng.IntN(last)], "kineto_trace_1.json"
		}
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, cut, 0o600); err != nil {
			t.Fatal(err)
		}
		rank, err := kineto.Open(context.Background(), path, nil)
		if err != nil {
			if len(cut) > 20 {
				t.Errorf("%s cut at %d: %v", name, len(cut), err)
			}
			continue // nothing is there: the rank is missing, and said
		}
		in.Ranks[1] = rank
		a := analyse(t, in)
		checkMetrics(t, a)
		checkMarked(t, name, len(cut), a, calls)
	}
}

func checkMarked(t *testing.T, name string, at int, a *metric.Analysis, calls int) {
	t.Helper()
	if !a.Damaged || !warned(a, name+": ") {
		t.Errorf("%s cut at %d: damaged %v, warnings %q", name, at, a.Damaged, a.Warnings)
	}
	if n := a.Metric("coll_calls_total").PerRank[1]; n > float64(calls) {
		t.Errorf("%s cut at %d: %v calls, the whole has %d", name, at, n, calls)
	}
}

func gunzip(t *testing.T, packed []byte) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// Kind: traces without kernels, each for a reason of its own: none is said of a file that it is not true of.
func TestReasonsOfTheirOwn(t *testing.T) {
	one, two := newFake(0), newFake(1)
	one.Info.Notes, two.Info.Notes = []string{"no GPU kernels: an MTIA accelerator ran"}, []string{"no GPU kernels: the host alone ran"}
	a := analyse(t, fakeInput(layoutOf(2, 1, 1, 1), one, two))
	const want = "kineto_trace_0.json: no GPU kernels: an MTIA accelerator ran; the warnings tell of the others"
	if got := a.Metric("gpu_busy").Reason; got != want || !warned(a, "kineto_trace_1.json: no GPU kernels: the host alone ran") {
		t.Errorf("%q, warnings %q", got, a.Warnings)
	}
}
