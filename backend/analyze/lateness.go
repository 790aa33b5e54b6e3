package analyze

import (
	"cmp"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"time"

	"shardeck/backend/analyze/align"
	"shardeck/backend/analyze/kernelname"
	"shardeck/backend/analyze/span"
	"shardeck/model/metric"
)

// delay is what the last rank of a call costs the others. Starts are clipped to the window: before it profilers start.
type delay struct {
	match  *align.Match
	rank   *align.Rank // that started last
	first  int64       // start of the first rank
	at     int64       // start of the last
	ns     int64       // after the second latest
	excess int64       // how much more rank computed since the previous call than the second latest, at most ns
}

// delaysIn are the delays of all calls that all ranks of a component must reach, in order
// of time. The first of each group is left out: it holds the wait for the profilers.
func delaysIn(component *align.Component, matches []*align.Match) []delay {
	byGroup, n := map[string][]lastStart{}, 0
	for _, m := range matches {
		if m.Calls[0].Rank.Component == component && m.Sequence.Type != kernelname.Send {
			byGroup[m.Sequence.Group] = append(byGroup[m.Sequence.Group], lastStart{m, m.LastStart()})
			n++
		}
	}
	computed := map[*align.Rank]*align.ComputeIndex{}
	for _, r := range component.Ranks {
		computed[r] = align.NewComputeIndex(r)
	}
	out := make([]delay, 0, n)
	for _, calls := range byGroup {
		slices.SortFunc(calls, func(a, b lastStart) int { return cmp.Compare(a.at, b.at) })
		first := slices.IndexFunc(calls, func(c lastStart) bool { return c.match.Sequence.Type.MeetsAll() })
		for i := first + 1; first >= 0 && i < len(calls); i++ {
			if m := calls[i].match; m.Sequence.Type.MeetsAll() {
				out = append(out, delayOf(m, calls[i-1].match, computed))
			}
		}
	}
	slices.SortFunc(out, func(a, b delay) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.rank.Number, b.rank.Number))
	})
	return out
}

type lastStart struct {
	match *align.Match
	at    int64
}

// delayOf finds who was last in a call; previous is the call before it.
func delayOf(m, previous *align.Match, computed map[*align.Rank]*align.ComputeIndex) delay {
	last, second := 0, 1
	start := func(i int) int64 { return m.Calls[i].Clipped().Start }
	first := start(0)
	for i := 1; i < len(m.Calls); i++ {
		first = min(first, start(i))
		if start(i) > start(last) {
			last, second = i, last
		} else if i > 1 && start(i) > start(second) {
			second = i
		}
	}
	since := func(i int) int64 {
		return computed[m.Calls[i].Rank].Within(span.Span{Start: previous.Calls[i].End, End: m.Calls[i].Start})
	}
	ns := start(last) - start(second)
	return delay{m, m.Calls[last].Rank, first, start(last), ns, min(ns, since(last)-since(second))}
}

// lateness is how late ranks were over a list of calls.
type lateness struct {
	delays []delay
	ranks  []*rankLateness // that make the calls, by number
	latest *rankLateness   // of those that were last, nil: none
	ns     int64           // of all ranks
}

type rankLateness struct {
	rank   *align.Rank
	last   int     // calls in which it was last, by nothing too
	late   []int64 // ns after the second latest, of each call where that is something
	ns     int64   // sum of late
	excess int64   // of ns that more compute than the second latest explains
}

func sumDelays(delays []delay) lateness {
	l := lateness{delays: delays}
	byRank := map[*align.Rank]*rankLateness{}
	for _, d := range delays {
		for _, c := range d.match.Calls {
			if byRank[c.Rank] == nil {
				byRank[c.Rank] = &rankLateness{rank: c.Rank}
				l.ranks = append(l.ranks, byRank[c.Rank])
			}
		}
		r := byRank[d.rank]
		l.ns, r.last, r.ns, r.excess = l.ns+d.ns, r.last+1, r.ns+d.ns, r.excess+d.excess
		if d.ns > 0 {
			r.late = append(r.late, d.ns)
		}
	}
	slices.SortFunc(l.ranks, func(a, b *rankLateness) int { return cmp.Compare(a.rank.Number, b.rank.Number) })
	for _, r := range l.ranks {
		if r.last > 0 && (l.latest == nil || r.ns > l.latest.ns) {
			l.latest = r
		}
	}
	return l
}

// runs are the sums of k equal runs of the calls.
func (l *lateness) runs(k int) []lateness {
	out := make([]lateness, k)
	for i := range out {
		out[i] = sumDelays(l.delays[i*len(l.delays)/k : (i+1)*len(l.delays)/k])
	}
	return out
}

// latenessPicture shows who was last to which call; nil where there is none.
func latenessPicture(f *facts, all []delay) *metric.Lateness {
	if len(all) == 0 {
		return nil
	}
	out := &metric.Lateness{Calls: len(all), Bins: lateHistogram(all), Worst: worstCalls(all)}
	for _, l := range f.late {
		for _, r := range l.ranks {
			late := metric.RankLate{Rank: r.rank.Number, Calls: len(r.late), LateNS: r.ns}
			if late.Calls > 0 {
				late.MedianNS, late.MaxNS = align.Median(r.late), slices.Max(r.late)
			}
			out.Ranks = append(out.Ranks, late)
		}
	}
	slices.SortFunc(out.Ranks, func(a, b metric.RankLate) int { return cmp.Compare(a.Rank, b.Rank) })
	return out
}

// lateHistogram counts delays in bins that double, from a microsecond on.
func lateHistogram(all []delay) []metric.LateBin {
	var out []metric.LateBin
	for _, d := range all {
		i := bits.Len64(uint64(d.ns / int64(time.Microsecond)))
		for n := len(out); n <= i; n++ {
			out = append(out, metric.LateBin{FromNS: int64(time.Microsecond) * (1 << n >> 1)})
		}
		out[i].Calls++
	}
	return out
}

// worstCalls are the calls whose last rank was latest, the latest first.
func worstCalls(all []delay) []metric.LateCall {
	var worst []delay
	for _, d := range all {
		if n := len(worst); d.ns <= 0 || n == metric.MostLate && d.ns <= worst[n-1].ns {
			continue
		}
		at, _ := slices.BinarySearchFunc(worst, d.ns, func(w delay, ns int64) int { // behind those as late
			if w.ns >= ns {
				return -1
			}
			return 1
		})
		worst = slices.Insert(worst, at, d)
		worst = worst[:min(len(worst), metric.MostLate)]
	}
	var out []metric.LateCall
	for _, d := range worst {
		own := d.match.Calls[slices.IndexFunc(d.match.Calls, func(c *align.Call) bool { return c.Rank == d.rank })]
		call := metric.LateCall{
			Type: own.Type.String(), Bytes: metric.Size(own.Bytes), Inferred: own.Inferred, Group: d.match.Sequence.Ranks,
			Number: int(d.match.Number),
			Rank:   d.rank.Number, AtNS: d.at - d.rank.Window.Start, LateNS: d.ns, SpreadNS: d.at - d.first, ComputeNS: max(0, d.excess),
		}
		call.Phase, call.Step = stepNumber(d.rank, d.at)
		out = append(out, call)
	}
	return out
}

// stepNumber is the phase of the step that a moment lies in, and its number among those of the phase in the window, from 1.
func stepNumber(r *align.Rank, at int64) (phase string, number int) {
	own := r.StepAt(at)
	if own == nil {
		return "", 0
	}
	for i := range r.Steps {
		if s := &r.Steps[i]; s.Phase == own.Phase && s.Clip(r.Window).Length() > 0 {
			number++
			if s == own {
				break
			}
		}
	}
	return own.Phase, number
}

// What makes the last rank a straggler, and its device the cause (metrics.md).
const (
	lateOfWindow = 0.05   // of its window
	lateOfAll    = 2. / 3 // of all ranks' lateness
	lateInOneRun = 2. / 3 // of its lateness: worth a word
	deviceShare  = 0.5    // of its lateness that more compute explains
)

// straggler names the rank that others wait for, or says that there is none.
func straggler(f *facts) metric.Metric {
	m := metric.Metric{Source: f.Files()}
	m.By.Late = map[int]float64{}
	var worst lateness
	for _, l := range f.late {
		m.N += len(l.delays)
		for _, r := range l.ranks {
			if r.last > 0 {
				m.By.Late[r.rank.Number] = float64(r.ns) / 1e6
			}
		}
		if l.latest != nil && (worst.latest == nil || l.latest.ofWindow() > worst.latest.ofWindow()) {
			worst = l
		}
	}
	latest := worst.latest
	if latest == nil {
		m.Reason = "no all-reduce, all-gather, reduce-scatter or all-to-all call was matched between ranks after the first"
		return m
	}
	m.By.Latest = &metric.Latest{Total: float64(latest.ns) / 1e6, Device: float64(latest.excess) / 1e6}
	iterations, _ := f.in.TracedIterations()
	runs := worst.runs(max(2, iterations))
	m.Note, m.Reason = joinNotes(worst.words(), latest.uneven(runs)), "none"
	if worst.isStraggler(runs) {
		m.Value, m.Reason, m.Cause = new(float64(latest.rank.Number)), "", "host"
		if float64(latest.excess) >= deviceShare*float64(latest.ns) {
			m.Cause = "device"
		}
	}
	return m
}

// isStraggler applies the rule to the latest rank, over equal runs of calls.
func (l *lateness) isStraggler(runs []lateness) bool {
	if l.latest.ofWindow() < lateOfWindow || float64(l.latest.ns) < lateOfAll*float64(l.ns) {
		return false
	}
	return !slices.ContainsFunc(runs, func(run lateness) bool {
		return run.latest == nil || run.latest.rank != l.latest.rank || run.latest.ns == 0
	})
}

func (r *rankLateness) ofWindow() float64 {
	return float64(r.ns) / float64(max(1, r.rank.Window.Length()))
}

// uneven says when one run of calls holds most of the lateness: the profiler's warm-up, say, in the first iteration.
func (r *rankLateness) uneven(runs []lateness) string {
	for i, run := range runs {
		for _, part := range run.ranks {
			if share := float64(part.ns) / float64(max(1, r.ns)); part.rank == r.rank && share > lateInOneRun {
				return fmt.Sprintf("%.0f %% of it in part %d of %d of the calls", 100*share, i+1, len(runs))
			}
		}
	}
	return ""
}

func (l *lateness) words() string {
	r := l.latest
	if len(r.late) == 0 {
		return "all ranks started their calls at the same time"
	}
	return fmt.Sprintf("rank %d was last in %d of %d calls, by %.1f µs in the middle; %.1f %% of its window",
		r.rank.Number, len(r.late), len(l.delays), float64(align.Median(r.late))/1e3, 100*r.ofWindow())
}

func skewMetrics(f *facts) []metric.Metric {
	skew := onRanks(f, func(r *align.Rank) (float64, string) {
		if r.Component == nil {
			return 0, "none of its calls was matched with another rank's"
		}
		return float64(r.Skew) / 1e6, ""
	})
	return []metric.Metric{
		defined("profiler_start_skew", skew.metric(f.Files())),
		defined("clock_drift", clockDrift(f)), defined("straggler", straggler(f)), defined("load_imbalance", loadImbalance(f)),
	}
}

// clockDrift is the fastest drift of a rank's clock; "none" where all were compared and none drifts.
func clockDrift(f *facts) metric.Metric {
	m := metric.Metric{Source: f.Files(), PerRank: map[int]float64{}}
	for _, r := range f.Ranks {
		m.Reason = cmp.Or(m.Reason, r.NoDrift)
		if r.Drift == 0 {
			continue
		}
		m.PerRank[r.Number], m.N = r.Drift, m.N+1
		if m.Value == nil || math.Abs(r.Drift) > math.Abs(*m.Value) {
			m.Value = new(r.Drift)
		}
	}
	if m.Reason = cmp.Or(m.Reason, "none"); m.Value != nil {
		m.Reason = ""
	}
	return m
}

func noOtherRank(f *facts) string {
	if reason := noTraces(f); reason != "" || len(f.Ranks) > 1 {
		return reason
	}
	if n := f.Layout.GPUs(); n > 1 {
		return fmt.Sprintf("the run has %d ranks, but only rank %d has a trace with kernels", n, f.Ranks[0].Number)
	}
	return "one GPU: there is no other rank to compare with"
}

func loadImbalance(f *facts) metric.Metric {
	p := inWindows(f, func(r *align.Rank) (float64, string) { return float64(r.Computed), "" })
	m := metric.Metric{N: len(p.list), Source: f.Files(), PerRank: map[int]float64{}}
	switch middle := metric.Mean(p.list); {
	case m.N < 2:
		m.Reason = "fewer than two ranks have a steady window"
	case middle == 0:
		m.Reason = "no compute kernels in the steady window"
	default:
		for rank, t := range p.values {
			m.PerRank[rank] = t / middle
		}
		m.Value = new(slices.Max(p.list) / middle)
	}
	return m
}
