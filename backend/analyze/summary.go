package analyze

import (
	"cmp"
	"iter"
	"slices"

	"shardeck/model/metric"
)

// Bins that a rank's window is cut into: for the picture as many as a wide terminal has
// columns, to zoom each of these into several, so that a step of decoding is seen; of many
// ranks fewer, so that the whole stays small.
const (
	timelineBins = 240
	mostFiner    = 10
	allFineBins  = 24_000 // of all ranks
)

// finer is how many fine bins make one of the picture, for so many ranks.
func finer(ranks int) int {
	return max(1, min(mostFiner, allFineBins/(timelineBins*max(1, ranks))))
}

// summary is the picture of the traces.
func (w *world) summary() *metric.TraceSummary {
	s := &metric.TraceSummary{Kernels: w.kernelStats(), Collectives: w.collectives()}
	s.Classes = classes(s.Kernels)
	late := w.charged()
	s.Lateness = w.lateness(late)
	for _, r := range w.in.Ranks {
		s.Bytes += r.Bytes
	}
	for _, l := range w.lanes {
		s.WindowNS = max(s.WindowNS, l.window.length())
		p := l.parts()
		s.Ranks = append(s.Ranks, w.rankSplit(l, p))
		k := finer(len(w.lanes))
		fine := density(l, p, int64(timelineBins*k), late)
		s.Fine, s.Timeline = append(s.Fine, fine), append(s.Timeline, coarse(fine, k))
		s.Phases = append(s.Phases, phasesOf(l)...)
	}
	return s
}

// parts divides a lane's window: disjoint lists of spans that, with idle time, fill it.
type parts struct {
	compute                iter.Seq[span]
	transfer, wait, copied []span
}

func (l *lane) parts() parts {
	exposed := subtract(l.comm, l.hidden)
	wait := intersect(exposed, l.waiting)
	return parts{
		compute:  l.compute(),
		transfer: subtract(exposed, wait),
		wait:     wait,
		copied:   subtract(subtract(l.copied, meeting(l.compute(), l.copied)), l.comm),
	}
}

func (w *world) rankSplit(l *lane, p parts) metric.RankSplit {
	skew, _, _ := w.skew(l)
	r := metric.RankSplit{
		Rank: l.rank, Device: l.device.Name, WindowNS: l.window.length(), SkewNS: skew, HiddenCommNS: length(l.hidden),
		ComputeNS: l.computed, TransferNS: length(p.transfer), WaitNS: length(p.wait), CopyNS: length(p.copied),
	}
	r.IdleNS = r.WindowNS - r.ComputeNS - r.TransferNS - r.WaitNS - r.CopyNS
	for s := range l.launches() {
		if s.clip(l.window).length() > 0 {
			r.Kernels++
		}
	}
	return r
}

// density cuts a window into equal bins and sums each part in them.
func density(l *lane, p parts, n int64, late []charge) metric.RankDensity {
	d := metric.RankDensity{Rank: l.rank, BinNS: max(1, (l.window.length()+n-1)/n), StartNS: l.window.start - l.ahead}
	d.Compute = bins(p.compute, l.window, d.BinNS)
	d.Transfer = bins(slices.Values(p.transfer), l.window, d.BinNS)
	d.Wait = bins(slices.Values(p.wait), l.window, d.BinNS)
	d.Idle, d.Late = make([]int64, len(d.Compute)), lateBins(l, late, d.BinNS, len(d.Compute))
	for i := range d.Idle {
		bin := span{l.window.start + int64(i)*d.BinNS, l.window.start + int64(i+1)*d.BinNS}
		d.Idle[i] = bin.clip(l.window).length() - d.Compute[i] - d.Transfer[i] - d.Wait[i]
	}
	return d
}

// coarse joins so many bins each.
func coarse(d metric.RankDensity, k int) metric.RankDensity {
	join := func(bins []int64) []int64 {
		out := make([]int64, (len(bins)+k-1)/k)
		for i, v := range bins {
			out[i/k] += v
		}
		return out
	}
	return metric.RankDensity{Rank: d.Rank, BinNS: d.BinNS * int64(k), StartNS: d.StartNS, Compute: join(d.Compute), Transfer: join(d.Transfer),
		Wait: join(d.Wait), Idle: join(d.Idle), Late: join(d.Late)}
}

// bins sums spans into bins of equal length from the start of the window.
func bins(spans iter.Seq[span], window span, bin int64) []int64 {
	out := make([]int64, (window.length()+bin-1)/bin)
	for s := range spans {
		for i := (s.start - window.start) / bin; i < int64(len(out)) && window.start+i*bin < s.end; i++ {
			out[i] += s.clip(span{window.start + i*bin, window.start + (i+1)*bin}).length()
		}
	}
	return out
}

// phasesOf lists a lane's phases on the clock of its window; steps of one phase
// that follow each other are one entry.
func phasesOf(l *lane) []metric.Phase {
	var out []metric.Phase
	for _, s := range l.territory() {
		c := s.span.clip(l.window)
		if c.length() == 0 {
			continue
		}
		start, end := c.start-l.window.start, c.end-l.window.start
		if n := len(out); n > 0 && out[n-1].Name == string(s.phase) {
			last := &out[n-1]
			if last.Starts == nil {
				last.Starts = []int64{last.StartNS}
			}
			last.Starts = append(last.Starts, start)
			last.Steps, last.EndNS = last.Steps+1, end
			continue
		}
		out = append(out, metric.Phase{Rank: l.rank, Name: string(s.phase), Steps: 1, StartNS: start, EndNS: end})
	}
	return out
}

// collSize is one sort of collective: calls of one type and size.
type collSize struct {
	typ   callType
	bytes int64
}

// collectives sums the calls of one type and size, the mean over the ranks that make
// calls of the type, the longest first: on one rank alone the wait would be that of
// the rank that comes last, or that of the others, as it happens.
func (w *world) collectives() []metric.CollStat {
	on := map[callType]map[*lane]bool{}
	byName := map[collSize]*metric.CollStat{}
	rates := map[collSize]*rate{}
	for _, l := range w.lanes {
		for _, c := range l.calls {
			if on[c.typ] == nil {
				on[c.typ] = map[*lane]bool{}
			}
			on[c.typ][l] = true
			k := collSize{c.typ, c.bytes}
			if byName[k] == nil {
				byName[k] = &metric.CollStat{Type: c.typ.String(), Bytes: c.bytes}
				rates[k] = &rate{}
			}
			rates[k].add(c)
			byName[k].Count++
			byName[k].Inferred = byName[k].Inferred || c.inferred
			if c.met != nil && c.clipped().length() > 0 {
				byName[k].Matched++
			}
			byName[k].TransferNS += c.transfer
			byName[k].WaitNS += c.wait
		}
	}
	var out []metric.CollStat
	for k, s := range byName {
		if r := rates[k]; r.ns > 0 {
			s.AlgBW, s.BusBW = r.moved/float64(r.ns), r.bus/float64(r.ns)
		}
		s.Ranks = len(on[k.typ])
		s.Count = max(1, (s.Count+s.Ranks/2)/s.Ranks)
		s.Matched /= float64(s.Ranks)
		s.TransferNS /= int64(s.Ranks)
		s.WaitNS /= int64(s.Ranks)
		out = append(out, *s)
	}
	slices.SortFunc(out, func(a, b metric.CollStat) int {
		return cmp.Or(cmp.Compare(b.TransferNS+b.WaitNS, a.TransferNS+a.WaitNS), cmp.Compare(a.Type, b.Type), cmp.Compare(a.Bytes, b.Bytes))
	})
	return out
}
