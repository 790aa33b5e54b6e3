package analyze

import (
	"iter"
	"slices"

	"shardeck/backend/analyze/align"
	"shardeck/backend/analyze/span"
	"shardeck/model/metric"
)

// summary is the picture of the traces.
func summary(f *facts) *metric.TraceSummary {
	late := slices.Concat(f.delays...)
	s := &metric.TraceSummary{Kernels: f.kernels.names, Classes: f.kernels.classes, Collectives: collectives(f), Lateness: latenessOf(f.Timeline, late)}
	for _, r := range f.Traces {
		s.Bytes += r.Bytes
	}
	k := fineBins(len(f.Ranks))
	for _, r := range f.Ranks {
		s.WindowNS = max(s.WindowNS, r.Window.Length())
		p := partsOf(r)
		s.Ranks = append(s.Ranks, rankSplit(r, p, f.kernels.ranks[r.Number].count))
		fine := density(r, p, int64(timelineBins*k), late)
		s.Fine, s.Timeline = append(s.Fine, fine), append(s.Timeline, joinBins(fine, k))
		s.Phases = append(s.Phases, phasesOf(r)...)
	}
	return s
}

// windowParts divides a rank's window: disjoint lists of spans that, with idle time, fill it.
type windowParts struct {
	compute                iter.Seq[span.Span]
	transfer, wait, copied span.List
}

func partsOf(r *align.Rank) windowParts {
	exposed := r.Comm.Subtract(r.HiddenComm)
	wait := span.Intersect(exposed.All(), r.Waits)
	return windowParts{
		compute:  r.Compute(),
		transfer: exposed.Subtract(wait),
		wait:     wait,
		copied:   r.Copies.Subtract(span.Intersect(r.Compute(), r.Copies)).Subtract(r.Comm),
	}
}

func rankSplit(r *align.Rank, p windowParts, kernels int) metric.RankSplit {
	s := metric.RankSplit{
		Rank: r.Number, Device: r.Device.Name, Kernels: kernels, WindowNS: r.Window.Length(), SkewNS: r.Skew, HiddenCommNS: r.HiddenComm.Length(),
		ComputeNS: r.Computed, TransferNS: p.transfer.Length(), WaitNS: p.wait.Length(), CopyNS: p.copied.Length(),
	}
	s.IdleNS = s.WindowNS - s.ComputeNS - s.TransferNS - s.WaitNS - s.CopyNS
	return s
}

// phasesOf lists a rank's phases on the clock of its window; steps of one phase
// that follow each other are one entry.
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
