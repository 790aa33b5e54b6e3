package analyze

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"testing"

	"shardeck/backend/trace"
	"shardeck/model/metric"
)

// Matching, transfer and wait, start skew and straggler once more, for runs of two
// ranks on one host, from metrics.md and the metadata of the calls alone. A call is
// the same on both ranks if it is the k-th of its kind on both.

// bruteCall is one call on both ranks.
type bruteCall struct {
	kind string // allreduce, broadcast, pair
	on   [2]trace.Record
	from int // of a pair: the rank that sends
}

// lastStart is when the last rank had come.
func (c bruteCall) lastStart() int64 { return max(c.on[0].Start, c.on[1].Start) }

// bruteRun is a run of two ranks.
type bruteRun struct {
	ranks [2]bruteRank
	calls []bruteCall
	t0    int64
	end   [2]int64
}

func newBruteRun(t *testing.T, in Input) bruteRun {
	t.Helper()
	b := bruteRun{ranks: [2]bruteRank{bruteRead(in.Ranks[0]), bruteRead(in.Ranks[1])}}
	sequences := map[string]*[2][]trace.Record{}
	for rank := range b.ranks {
		b.t0 = max(b.t0, b.ranks[rank].calls[0].Start)
		for _, k := range b.ranks[rank].kernels {
			b.end[rank] = max(b.end[rank], k.End())
		}
		for _, c := range b.ranks[rank].calls {
			kind := bruteKind(in.Ranks[rank], c, rank)
			if sequences[kind] == nil {
				sequences[kind] = &[2][]trace.Record{}
			}
			sequences[kind][rank] = append(sequences[kind][rank], c)
		}
	}
	for kind, s := range sequences {
		if len(s[0]) != len(s[1]) {
			t.Fatalf("%s: %d and %d calls: not a run for this test", kind, len(s[0]), len(s[1]))
		}
		for k := range s[0] {
			b.calls = append(b.calls, bruteCall{kind, [2]trace.Record{s[0][k], s[1][k]}, len(kind) - len(strings.TrimSuffix(kind, "1"))})
		}
	}
	slices.SortFunc(b.calls, func(x, y bruteCall) int { return cmp.Compare(x.lastStart(), y.lastStart()) })
	return b
}

// bruteKind is the kind of a call by its metadata, else by its kernel's name.
func bruteKind(r *trace.Rank, c trace.Record, rank int) string {
	kind := "allreduce"
	switch {
	case c.Coll >= 0:
		kind = r.Colls[c.Coll].Name
	case strings.Contains(r.Names[c.Name], "Broadcast"):
		kind = "broadcast"
	}
	switch {
	case kind == "send" && rank == 0, kind == "recv" && rank == 1:
		return "pair from 0"
	case kind == "send", kind == "recv":
		return "pair from 1"
	}
	return kind
}

// parts divides the call on one rank, inside the window: it waits, then it moves.
func (b bruteRun) parts(c bruteCall, rank int) (start, moves, end int64) {
	clipped := func(r int) (int64, int64) {
		return max(b.t0, c.on[r].Start), max(b.t0, c.on[r].End())
	}
	start, end = clipped(rank)
	switch {
	case strings.HasPrefix(c.kind, "pair") && rank == c.from:
		return start, start, end
	case strings.HasPrefix(c.kind, "pair"):
		return start, min(end, max(start, c.on[c.from].Start)), end
	}
	other, otherEnd := clipped(1 - rank)
	return start, end - min(end-start, otherEnd-other), end
}

// times sums the pieces of a rank's window in which a call moves, and those in which
// calls only wait.
func (b bruteRun) times(rank int) (transfer, wait int64) {
	var cuts []int64
	for _, c := range b.calls {
		start, moves, end := b.parts(c, rank)
		cuts = append(cuts, start, moves, end)
	}
	slices.Sort(cuts)
	for i := 1; i < len(cuts); i++ {
		moving, waiting := false, false
		for _, c := range b.calls {
			start, moves, end := b.parts(c, rank)
			moving = moving || moves <= cuts[i-1] && cuts[i] <= end
			waiting = waiting || start <= cuts[i-1] && cuts[i] <= moves
		}
		switch piece := cuts[i] - cuts[i-1]; {
		case moving:
			transfer += piece
		case waiting:
			wait += piece
		}
	}
	return transfer, wait
}

// computed is how long a rank computed between two moments of its window.
func (b bruteRun) computed(rank int, from, to int64) (ns int64) {
	from = max(from, b.t0)
	var cuts []int64
	for i, k := range b.ranks[rank].kernels {
		if !b.ranks[rank].comm[i] && k.End() > from && k.Start < to {
			cuts = append(cuts, max(from, k.Start), min(to, k.End()))
		}
	}
	slices.Sort(cuts)
	for i := 1; i < len(cuts); i++ {
		for j, k := range b.ranks[rank].kernels {
			if !b.ranks[rank].comm[j] && k.Start <= cuts[i-1] && cuts[i] <= k.End() {
				ns += cuts[i] - cuts[i-1]
				break
			}
		}
	}
	return ns
}

// bruteLate is the straggler's rule on two ranks, k runs of calls.
type bruteLate struct {
	by, excess [2]int64
	charges    []int64 // of rank 1; those of rank 0 are negative
}

func (b bruteRun) late() (l bruteLate) {
	first := true
	for i, c := range b.calls {
		if c.kind != "allreduce" {
			continue
		}
		if first {
			first = false
			continue
		}
		by := max(b.t0, c.on[1].Start) - max(b.t0, c.on[0].Start)
		who := 0
		if by > 0 {
			who = 1
		}
		more := b.computed(who, b.calls[i-1].on[who].End(), c.on[who].Start) -
			b.computed(1-who, b.calls[i-1].on[1-who].End(), c.on[1-who].Start)
		l.charges = append(l.charges, by)
		l.by[who] += max(by, -by)
		l.excess[who] += min(max(by, -by), more)
	}
	return l
}

// named is the straggler, -1 if there is none.
func (b bruteRun) defined(l bruteLate, k int) int {
	for rank, own := range l.by {
		window := b.end[rank] - b.t0
		ok := 100*own >= 5*window && 3*own >= 2*(l.by[0]+l.by[1])
		for i := range k {
			sum := [2]int64{}
			for _, by := range l.charges[i*len(l.charges)/k : (i+1)*len(l.charges)/k] {
				sum[0] += max(0, -by)
				sum[1] += max(0, by)
			}
			ok = ok && sum[rank] > sum[1-rank]
		}
		if ok {
			return rank
		}
	}
	return -1
}

func TestBruteForceCalls(t *testing.T) {
	for _, run := range []string{"llama-8b-tp2", "llama-8b-tp2-straggler", "llama-8b-pp2", "demo/llama-8b-tp2-slow-gpu"} {
		t.Run(run, func(t *testing.T) {
			dir := small(run)
			if strings.HasPrefix(run, "demo/") {
				dir = large(t, "demo.txz", run)
			}
			in := load(t, dir)
			a, b := analyse(t, in), newBruteRun(t, in)
			for rank := range 2 {
				window := float64(b.end[rank] - b.t0)
				same := func(name string, ns int64) {
					t.Helper()
					if got := a.Metric(name).PerRank[rank] / 100 * window; int64(math.Round(got)) != ns {
						t.Errorf("rank %d: %s: %.3f ns, brute force %d", rank, name, got, ns)
					}
				}
				transfer, wait := b.times(rank)
				same("comm_transfer", transfer)
				same("comm_wait", wait)
				if got, want := a.Metric("profiler_start_skew").PerRank[rank], float64(b.t0-b.ranks[rank].calls[0].Start)/1e6; got != want {
					t.Errorf("rank %d: profiler_start_skew %v, brute force %v", rank, got, want)
				}
			}
			if run != "llama-8b-pp2" { // its ranks meet in no call that all must reach
				sameStraggler(t, a.Metric("straggler"), b)
			}
		})
	}
}

func sameStraggler(t *testing.T, m metric.Metric, b bruteRun) {
	t.Helper()
	l := b.late()
	if m.N != len(l.charges) {
		t.Errorf("%d calls charged, brute force %d", m.N, len(l.charges))
	}
	near(t, "lateness of rank 0", m.By.Late[0], float64(l.by[0])/1e6, 6)
	near(t, "lateness of rank 1", m.By.Late[1], float64(l.by[1])/1e6, 6)
	worst := 0
	if l.by[1] > l.by[0] {
		worst = 1
	}
	near(t, "compute that explains it", m.By.Latest.Device, float64(l.excess[worst])/1e6, 6)
	who := b.defined(l, 2)
	if (m.Value == nil) != (who < 0) || m.Value != nil && *m.Value != float64(who) {
		t.Errorf("straggler %v (%s), brute force %d", m.Value, m.Reason, who)
	}
	if who >= 0 && (m.Cause == "device") != (2*l.excess[who] >= l.by[who]) {
		t.Errorf("cause %s of %d ns late, %d computed", m.Cause, l.by[who], l.excess[who])
	}
}
