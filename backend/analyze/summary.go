package analyze

import (
	"iter"

	"shardeck/backend/analyze/align"
	"shardeck/backend/analyze/span"
	"shardeck/model/metric"
)

func summary(f *facts) *metric.TraceSummary {
	var late []delay
	for i, l := range f.late {
		if late = append(late, l.delays...); i == 0 {
			late = l.delays[:len(l.delays):len(l.delays)] // most runs have no more
		}
	}
	s := &metric.TraceSummary{Kernels: f.kernels.names, Classes: f.kernels.classes, Collectives: collectives(f)}
	s.Lateness = latenessPicture(f, late)
	for _, r := range f.Traces {
		s.Bytes += r.Bytes
	}
	s.Timeline = make([]metric.RankDensity, len(f.Ranks))
	s.Ranks = make([]metric.RankSplit, len(f.Ranks))
	f.EachRank(&f.in, func(i int, r *align.Rank) {
		p := partsOf(r)
		s.Ranks[i] = rankSplit(r, p, f.kernels.ranks[r.Number].count)
		s.Timeline[i] = density(r, p, timelineBins, late)
	})
	nodes := nodesOf(f.Ranks)
	for i, r := range f.Ranks {
		s.Ranks[i].Node = nodes[i]
		s.WindowNS = max(s.WindowNS, r.Window.Length())
		s.Phases = append(s.Phases, phasesOf(r)...)
	}
	if len(s.Phases) == 0 && len(f.Ranks) > 0 {
		s.NoSteps = f.Ranks[0].NoSteps()
	}
	return s
}

// windowParts divides a rank's window: disjoint lists of spans that, with idle time, fill it.
type windowParts struct {
	compute                           iter.Seq[span.Span]
	transfer, wait, unmatched, copied span.List
}

func partsOf(r *align.Rank) windowParts {
	exposed := r.Comm.Subtract(r.HiddenComm)
	return windowParts{
		compute:   r.Compute(),
		transfer:  span.Intersect(exposed.All(), r.Transfers),
		wait:      span.Intersect(exposed.All(), r.Waits),
		unmatched: span.Intersect(exposed.All(), r.Unmatched),
		copied:    r.Copies.Subtract(r.HiddenCopies).Subtract(r.Comm),
	}
}

func rankSplit(r *align.Rank, p windowParts, kernels int) metric.RankSplit {
	s := metric.RankSplit{
		Rank: r.Number, Device: r.Device.Name, Kernels: kernels,
		WindowNS: r.Window.Length(), SkewNS: r.Skew, HiddenCommNS: r.HiddenComm.Length(), ComputeNS: r.Computed,
		UnmatchedNS: p.unmatched.Length(), CopyNS: p.copied.Length(),
	}
	transfer, wait := p.transfer.Length(), p.wait.Length()
	s.IdleNS = s.WindowNS - s.ComputeNS - transfer - wait - s.UnmatchedNS - s.CopyNS
	if len(r.Transfers)+len(r.Waits) > 0 || len(r.Unmatched) == 0 {
		s.TransferNS, s.WaitNS = &transfer, &wait
	}
	return s
}

// phasesOf lists a rank's phases on the clock of its window; steps of one phase that follow each other are one entry.
func phasesOf(r *align.Rank) []metric.Phase {
	var out []metric.Phase
	for _, s := range r.Steps {
		c := s.Clip(r.Window)
		if c.Length() == 0 {
			continue
		}
		start, end := c.Start-r.Window.Start, c.End-r.Window.Start
		if n := len(out); n > 0 && out[n-1].Name == s.Phase {
			last := &out[n-1]
			if last.Starts == nil {
				last.Starts = []int64{last.StartNS}
			}
			last.Starts = append(last.Starts, start)
			last.Steps, last.EndNS = last.Steps+1, end
			continue
		}
		out = append(out, metric.Phase{Rank: r.Number, Name: s.Phase, Steps: 1, StartNS: start, EndNS: end})
	}
	return out
}

// timelineBins is how many bins a rank's window is cut into: as many as a wide terminal has columns.
const timelineBins = 240

// density cuts a window into n equal bins and sums each part in them.
func density(r *align.Rank, p windowParts, n int64, late []delay) metric.RankDensity {
	d := metric.RankDensity{Rank: r.Number, BinNS: max(1, (r.Window.Length()+n-1)/n), StartNS: r.TraceStart()}
	d.Compute = sumBins(p.compute, r.Window, d.BinNS)
	d.Transfer = sumBins(p.transfer.All(), r.Window, d.BinNS)
	d.Wait = sumBins(p.wait.All(), r.Window, d.BinNS)
	d.Unmatched = sumBins(p.unmatched.All(), r.Window, d.BinNS)
	d.Idle, d.Late = sumBins(span.List{r.Window}.All(), r.Window, d.BinNS), make([]int64, len(d.Compute))
	for i := range d.Idle {
		d.Idle[i] -= d.Compute[i] + d.Transfer[i] + d.Wait[i] + d.Unmatched[i]
	}
	for _, l := range late {
		if i := (l.at - r.Window.Start) / d.BinNS; l.rank == r && i >= 0 && i < int64(len(d.Late)) {
			d.Late[i] += l.ns
		}
	}
	return d
}

// sumBins sums spans, in order and inside the window, into bins of equal length from its start.
func sumBins(spans iter.Seq[span.Span], window span.Span, bin int64) []int64 {
	out := make([]int64, (window.Length()+bin-1)/bin)
	if len(out) == 0 {
		return out
	}
	i, edge := 0, window.Start+bin
	for s := range spans {
		for s.Start >= edge {
			i, edge = i+1, edge+bin
		}
		for ; s.End > edge; i, edge = i+1, edge+bin {
			out[i] += edge - s.Start
			s.Start = edge
		}
		out[i] += s.Length()
	}
	return out
}
