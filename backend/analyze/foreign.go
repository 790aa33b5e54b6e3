package analyze

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"shardeck/backend/trace"
)

// Files get mixed up: one rank's trace copied under another's name, or a trace of
// yesterday's run left in the folder. Side by side with the others such a trace
// gives numbers that look sound, so it is left out and said. Of what is left, the
// file names tell the ranks.

// Traces of one run overlap in time. These are the gaps that no clock explains: of
// ranks that may share a host, and of hosts with names of their own.
const (
	apartOnHost    = int64(10 * time.Second)
	apartOverHosts = int64(time.Hour)
)

// absolute is a time that is no count from the start of a program: the year 1990.
const absolute = int64(20 * 365 * 24 * time.Hour)

// dropForeign leaves out the traces that are not of this run's rank.
func (w *world) dropForeign() {
	w.in.Ranks = maps.Clone(w.in.Ranks)
	for _, sort := range []func() map[int]string{w.copies, w.otherWorlds, w.otherTimes} {
		found := sort()
		for _, rank := range slices.Sorted(maps.Keys(found)) {
			w.loss("%s: %s; lost: rank %d, left out", base(w.in.Ranks[rank].File), found[rank], rank)
			delete(w.in.Ranks, rank)
		}
	}
}

// copies are traces that another file of the run holds already, under the name of
// the rank that it says it is.
func (w *world) copies() map[int]string {
	found := map[int]string{}
	order := slices.Sorted(maps.Keys(w.in.Ranks))
	for i, rank := range order {
		r := w.in.Ranks[rank]
		own := w.in.Ranks[r.Info.Rank]
		if own != nil && r.Info.Rank != rank && own.Info.Rank == r.Info.Rank {
			found[rank] = fmt.Sprintf("says it is rank %d, whose trace is %s", r.Info.Rank, base(own.File))
			continue
		}
		for _, lower := range order[:i] {
			if a := w.in.Ranks[lower]; a.Info.Rank == r.Info.Rank && len(a.Records) > 0 && slices.Equal(a.Records, r.Records) {
				found[rank] = "a copy of " + base(a.File)
			}
		}
	}
	return found
}

// otherWorlds are traces of a run with another number of ranks. Where traces
// disagree, those believed are of the config's world, else of the lowest rank's.
func (w *world) otherWorlds() map[int]string {
	sizes := map[int]int{}
	for rank, r := range w.in.Ranks {
		if n := r.Info.WorldSize; n > 0 && n <= maxWorld {
			sizes[rank] = n
		}
	}
	if len(sizes) < 2 {
		return nil
	}
	own := sizes[slices.Min(slices.Collect(maps.Keys(sizes)))]
	if e := w.in.Experiment; e != nil && slices.Contains(slices.Collect(maps.Values(sizes)), e.Layout.GPUs()) {
		own = e.Layout.GPUs()
	}
	found := map[int]string{}
	for rank, n := range sizes {
		if n != own {
			found[rank] = fmt.Sprintf("of a run of %s, where the others are of one of %d", ranks(n), own)
		}
	}
	return found
}

// otherTimes are traces that were recorded long before or after the others. The
// most that overlap are believed, of equally many those with the lowest rank.
func (w *world) otherTimes() map[int]string {
	times := map[int]span{}
	for rank, r := range w.in.Ranks {
		if s := recorded(r); s.start > absolute {
			times[rank] = s
		}
	}
	best, others := w.together(times)
	found := map[int]string{}
	for _, rank := range others {
		found[rank] = apartWords(times[rank], times[best], base(w.in.Ranks[best].File))
	}
	return found
}

// together finds the most traces that may be of one run by their times, and says
// which is the lowest of them and which are not among them.
func (w *world) together(times map[int]span) (best int, others []int) {
	var groups [][]int
	for _, rank := range slices.Sorted(maps.Keys(times)) {
		i := slices.IndexFunc(groups, func(g []int) bool {
			return slices.ContainsFunc(g, func(member int) bool { return w.meet(times, rank, member) })
		})
		if i < 0 {
			groups = append(groups, []int{rank})
			continue
		}
		groups[i] = append(groups[i], rank)
	}
	slices.SortStableFunc(groups, func(a, b []int) int { return len(b) - len(a) })
	if len(groups) < 2 {
		return 0, nil
	}
	return groups[0][0], slices.Concat(groups[1:]...)
}

// meet reports whether two traces may be of one run by their times.
func (w *world) meet(times map[int]span, a, b int) bool {
	most := apartOnHost
	if p, q := w.hostName(a), w.hostName(b); p != "" && q != "" && p != q {
		most = apartOverHosts
	}
	return max(times[a].start, times[b].start)-min(times[a].end, times[b].end) <= most
}

// hostName is where a rank ran, empty if nothing says.
func (w *world) hostName(rank int) string {
	if i := w.in.Info; i != nil && rank < len(i.Hosts) {
		return i.Hosts[rank]
	}
	return w.in.Ranks[rank].Info.Hostname
}

// apartWords says when a was recorded, from the view of b in file.
func apartWords(a, b span, file string) string {
	gap, side := b.start-a.end, "before"
	if a.start > b.start {
		gap, side = a.start-b.end, "after"
	}
	return fmt.Sprintf("recorded %s %s %s, so it is of another run", time.Duration(gap).Round(time.Second), side, file)
}

// recorded is the time from the first start to the last end in a trace; the zero
// span if it holds nothing.
func recorded(r *trace.Rank) span {
	if len(r.Records) == 0 {
		return span{}
	}
	s := span{r.Records[0].Start, r.Records[0].End()}
	for i := range r.Records {
		s.start = min(s.start, r.Records[i].Start)
		s.end = max(s.end, r.Records[i].End())
	}
	return s
}
