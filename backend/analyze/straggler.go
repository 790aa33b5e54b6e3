package analyze

import (
	"fmt"

	"shardeck/backend/analyze/align"
	"shardeck/model/metric"
)

// What makes the last rank a straggler, and its device the cause (metrics.md).
const (
	lateOfWindow = 0.05   // of its window
	lateOfAll    = 2. / 3 // of all ranks' lateness
	deviceShare  = 0.5    // of its lateness that more compute explains
)

// straggler names the rank that others wait for, or says that there is none.
func straggler(f *facts) metric.Metric {
	m := metric.Metric{Source: f.Files()}
	m.By.Late = map[int]float64{}
	var worst *lateness
	for _, delays := range f.delays {
		m.N += len(delays)
		if l := sumDelays(delays); l != nil {
			for rank, ns := range l.byRank {
				m.By.Late[rank.Number] = float64(ns) / 1e6
			}
			if worst == nil || l.ofWindow() > worst.ofWindow() {
				worst = l
			}
		}
	}
	if worst == nil {
		m.Reason = "no all-reduce, all-gather, reduce-scatter or all-to-all call was matched between ranks after the first"
		return m
	}
	m.By.Latest = &metric.Latest{Total: float64(worst.ns) / 1e6, Device: float64(worst.excess()) / 1e6}
	iterations, _ := f.in.TracedIterations()
	k := max(2, iterations)
	m.Note, m.Reason = joinNotes(worst.words(), worst.uneven(k)), "none"
	if worst.isStraggler(k) {
		m.Value, m.Reason, m.Cause = ptr(float64(worst.rank.Number)), "", worst.cause()
	}
	return m
}

// lateness is how late ranks were over a list of calls, and who most.
type lateness struct {
	delays []delay
	byRank map[*align.Rank]int64
	rank   *align.Rank // the latest
	ns     int64       // of rank
}

// sumDelays sums delays by rank; nil if there are none.
func sumDelays(delays []delay) *lateness {
	if len(delays) == 0 {
		return nil
	}
	l := &lateness{delays: delays, byRank: map[*align.Rank]int64{}, rank: delays[0].rank}
	for _, d := range delays {
		l.byRank[d.rank] += d.ns
	}
	for rank, ns := range l.byRank {
		if best := l.byRank[l.rank]; ns > best || ns == best && rank.Number < l.rank.Number {
			l.rank = rank
		}
	}
	l.ns = l.byRank[l.rank]
	return l
}

func (l *lateness) ofWindow() float64 { return float64(l.ns) / float64(max(1, l.rank.Window.Length())) }

// isStraggler applies the rule, with k equal runs of calls.
func (l *lateness) isStraggler(k int) bool {
	var total int64
	for _, ns := range l.byRank {
		total += ns
	}
	if l.ofWindow() < lateOfWindow || float64(l.ns) < lateOfAll*float64(total) || len(l.delays) < k {
		return false
	}
	for i := range k {
		run := sumDelays(l.run(i, k))
		if run == nil || run.rank != l.rank || run.ns == 0 {
			return false
		}
	}
	return true
}

// run is the i-th of k equal runs of calls.
func (l *lateness) run(i, k int) []delay {
	return l.delays[i*len(l.delays)/k : (i+1)*len(l.delays)/k]
}

// uneven says when one run of calls holds most of the lateness: a warm-up, say, of
// the profiler in the first traced iteration.
func (l *lateness) uneven(k int) string {
	for i := range k {
		run := sumDelays(l.run(i, k))
		if run == nil {
			continue
		}
		if share := float64(run.byRank[l.rank]) / float64(max(1, l.ns)); share > 2./3 {
			return fmt.Sprintf("%.0f %% of it in part %d of %d of the calls", 100*share, i+1, k)
		}
	}
	return ""
}

// excess is how much of the lateness more compute explains.
func (l *lateness) excess() int64 {
	var n int64
	for _, d := range l.delays {
		if d.rank == l.rank {
			n += d.excess
		}
	}
	return n
}

// cause is device where more compute explains half the lateness, else host.
func (l *lateness) cause() string {
	if float64(l.excess()) >= deviceShare*float64(l.ns) {
		return "device"
	}
	return "host"
}

// words describe the latest rank in a line.
func (l *lateness) words() string {
	var own []int64
	for _, d := range l.delays {
		if d.rank == l.rank && d.ns > 0 {
			own = append(own, d.ns)
		}
	}
	if len(own) == 0 {
		return "all ranks started their calls at the same time"
	}
	return fmt.Sprintf("rank %d was last in %d of %d calls, by %.1f µs in the middle; %.1f %% of its window",
		l.rank.Number, len(own), len(l.delays), float64(align.Median(own))/1e3, 100*l.ofWindow())
}
