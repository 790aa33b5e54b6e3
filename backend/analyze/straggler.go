package analyze

import (
	"cmp"
	"fmt"
	"slices"

	"shardeck/model/metric"
)

// What makes the last rank a straggler, and its device the cause (metrics.md).
const (
	lateOfWindow = 0.05   // of its window
	lateOfAll    = 2. / 3 // of all ranks' lateness
	deviceShare  = 0.5    // of its lateness that more compute explains
)

// charge is what one call costs the others: its last rank started by so much
// later than the second latest.
type charge struct {
	at     int64 // start of the last rank
	lane   *lane
	ns     int64
	excess int64 // how much more that rank computed since the previous call, at most ns
	met    *match
	first  int64 // start of the first rank
}

// straggler names the rank that others wait for, or says that there is none.
func (w *world) straggler() {
	m := metric.Metric{Source: w.traceFiles()}
	m.By.Late = map[int]float64{}
	var worst *late
	for _, s := range w.sets {
		s.charges = w.charges(s)
		m.N += len(s.charges)
		if l := mostLate(s.charges); l != nil {
			for lane, ns := range l.lateness {
				m.By.Late[lane.rank] = float64(ns) / 1e6
			}
			if worst == nil || l.ofWindow() > worst.ofWindow() {
				worst = l
			}
		}
	}
	if worst == nil {
		m.Reason = "no all-reduce, all-gather, reduce-scatter or all-to-all call was matched between ranks after the first"
		w.set("straggler", m)
		return
	}
	m.By.Latest = &metric.Latest{Total: float64(worst.ns) / 1e6, Device: float64(worst.excess()) / 1e6}
	iterations, _ := w.tracedIterations()
	k := max(2, iterations)
	m.Note, m.Reason = joinNotes(worst.words(), worst.uneven(k)), "none"
	if worst.isStraggler(k) {
		m.Value, m.Reason, m.Cause = ptr(float64(worst.lane.rank)), "", worst.cause()
	}
	w.set("straggler", m)
}

// charges of all calls that all ranks must reach, in order of time. The first of
// each group is left out: it holds the wait for the profilers.
func (w *world) charges(s *set) []charge {
	byGroup := map[string][]*match{}
	for _, m := range w.matches {
		if slices.Contains(s.lanes, m.calls[0].lane) && m.channel.typ != sendRecv {
			k := key(m.channel.ranks)
			byGroup[k] = append(byGroup[k], m)
		}
	}
	computed := map[*lane]computing{}
	for _, l := range s.lanes {
		computed[l] = l.computing()
	}
	out := make([]charge, 0, len(w.matches))
	for _, calls := range byGroup {
		out = groupCharges(out, calls, computed)
	}
	slices.SortFunc(out, func(a, b charge) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.lane.rank, b.lane.rank))
	})
	return out
}

// groupCharges adds the charges of the calls of one group.
func groupCharges(out []charge, calls []*match, computed map[*lane]computing) []charge {
	slices.SortFunc(calls, func(a, b *match) int { return cmp.Compare(a.lastStart(), b.lastStart()) })
	seen := false
	for i, m := range calls {
		if !m.channel.typ.meetsAll() {
			continue
		}
		if seen {
			out = append(out, chargeOf(m, calls[i-1], computed))
		}
		seen = true
	}
	return out
}

// chargeOf charges the last rank of a call. Starts are clipped to the steady
// window: what lies before it is the profilers' doing.
func chargeOf(m, previous *match, computed map[*lane]computing) charge {
	last, second := 0, 1
	start := func(i int) int64 { return m.calls[i].clipped().start }
	for i := 1; i < len(m.calls); i++ {
		if start(i) > start(last) {
			last, second = i, last
		} else if i > 1 && start(i) > start(second) {
			second = i
		}
	}
	since := func(i int) int64 {
		return computed[m.calls[i].lane].within(span{previous.calls[i].end, m.calls[i].start})
	}
	first := start(last)
	for i := range m.calls {
		first = min(first, start(i))
	}
	ns := start(last) - start(second)
	return charge{start(last), m.calls[last].lane, ns, min(ns, since(last)-since(second)), m, first}
}

// late is how late ranks were over a list of charges, and who most.
type late struct {
	charges  []charge
	lateness map[*lane]int64
	lane     *lane
	ns       int64 // of lane
}

// mostLate sums charges by rank; nil if there are none.
func mostLate(charges []charge) *late {
	if len(charges) == 0 {
		return nil
	}
	l := &late{charges: charges, lateness: map[*lane]int64{}, lane: charges[0].lane}
	for _, c := range charges {
		l.lateness[c.lane] += c.ns
	}
	for lane, ns := range l.lateness {
		if best := l.lateness[l.lane]; ns > best || ns == best && lane.rank < l.lane.rank {
			l.lane = lane
		}
	}
	l.ns = l.lateness[l.lane]
	return l
}

func (l *late) ofWindow() float64 { return float64(l.ns) / float64(max(1, l.lane.window.length())) }

func (l *late) total() int64 {
	var n int64
	for _, ns := range l.lateness {
		n += ns
	}
	return n
}

// isStraggler applies the rule, with k equal runs of calls.
func (l *late) isStraggler(k int) bool {
	if l.ofWindow() < lateOfWindow || float64(l.ns) < lateOfAll*float64(l.total()) || len(l.charges) < k {
		return false
	}
	for i := range k {
		most := mostLate(l.run(i, k))
		if most == nil || most.lane != l.lane || most.ns == 0 {
			return false
		}
	}
	return true
}

// run is the i-th of k equal runs of calls.
func (l *late) run(i, k int) []charge {
	return l.charges[i*len(l.charges)/k : (i+1)*len(l.charges)/k]
}

// uneven says when one run of calls holds most of the lateness: a warm-up, say, of
// the profiler in the first traced iteration.
func (l *late) uneven(k int) string {
	for i := range k {
		var ns int64
		for _, c := range l.run(i, k) {
			if c.lane == l.lane {
				ns += c.ns
			}
		}
		if share := float64(ns) / float64(max(1, l.ns)); share > 2./3 {
			return fmt.Sprintf("%.0f %% of it in part %d of %d of the calls", 100*share, i+1, k)
		}
	}
	return ""
}

// excess is how much of the lateness more compute explains.
func (l *late) excess() int64 {
	var n int64
	for _, c := range l.charges {
		if c.lane == l.lane {
			n += c.excess
		}
	}
	return n
}

// cause is device where more compute explains half the lateness, else host.
func (l *late) cause() string {
	if float64(l.excess()) >= deviceShare*float64(l.ns) {
		return "device"
	}
	return "host"
}

// words describe the most late rank in a line.
func (l *late) words() string {
	var own []int64
	for _, c := range l.charges {
		if c.lane == l.lane && c.ns > 0 {
			own = append(own, c.ns)
		}
	}
	if len(own) == 0 {
		return "all ranks started their calls at the same time"
	}
	return fmt.Sprintf("rank %d was last in %d of %d calls, by %.1f µs in the middle; %.1f %% of its window",
		l.lane.rank, len(own), len(l.charges), float64(median(own))/1e3, 100*l.ofWindow())
}
