package timeline

import "shardeck/model/metric"

// OfSummary is the timeline that the summary of a run gives, in bins: without kernels, calls and layers. Inside a bin the order of
// things is not known.
func OfSummary(s *metric.TraceSummary) *Run {
	run := &Run{WindowNS: s.WindowNS, Coarse: true}
	steps := StepsOf(s.Phases)
	for i, d := range s.Timeline {
		length := d.BinNS * int64(len(d.Compute))
		rank := Rank{Number: d.Rank, Steps: steps[d.Rank]}
		if i < len(s.Ranks) {
			length, rank.Node = min(length, s.Ranks[i].WindowNS), s.Ranks[i].Node
		}
		var pieces []Piece
		for bin := range d.Compute {
			at := int64(bin) * d.BinNS
			for kind, of := range [][]int64{Compute: d.Compute, Transfer: d.Transfer, Wait: d.Wait, Unmatched: d.Unmatched} {
				if bin < len(of) && of[bin] > 0 {
					pieces = append(pieces, Piece{at, at + of[bin], Kind(kind)})
					at += of[bin]
				}
			}
		}
		rank.States = NewStates(length, pieces)
		run.Ranks = append(run.Ranks, rank)
	}
	return run
}

// StepsOf are the steps of phases by rank.
func StepsOf(phases []metric.Phase) map[int][]Step {
	out, count := map[int][]Step{}, map[string]int{}
	last := -1
	for _, ph := range phases {
		if ph.Rank != last {
			clear(count)
			last = ph.Rank
		}
		starts := ph.Starts
		if len(starts) == 0 {
			starts = []int64{ph.StartNS}
		}
		for i, start := range starts {
			end := ph.EndNS
			if i+1 < len(starts) {
				end = starts[i+1]
			}
			count[ph.Name]++
			out[ph.Rank] = append(out[ph.Rank], Step{Phase: ph.Name, Number: count[ph.Name], Start: start, End: end})
		}
	}
	return out
}
