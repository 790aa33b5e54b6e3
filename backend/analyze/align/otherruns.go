package align

import (
	"cmp"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"shardeck/backend/analyze/span"
	"shardeck/model/present/unit"
)

// Files get mixed up: one rank's trace copied under another's name, or one of yesterday's run left in the folder. Beside
// the others it gives numbers that look sound, so it is left out and said. Of what is left, file names tell the ranks.

// Traces of one run overlap in time, but for gaps that no clock explains.
const (
	maxGapOnHost    = int64(10 * time.Second)          // of ranks that may share a host
	maxGapOverHosts = int64(time.Hour)                 // of hosts with names of their own
	absolute        = int64(20 * 365 * 24 * time.Hour) // 1990: a later time is no count from the start of a program
)

// leaveOutOtherRuns leaves out the traces that are not of this run's rank.
func (b *builder) leaveOutOtherRuns() {
	for _, find := range []func() map[int]string{b.copiedTraces, b.otherWorlds, b.otherTimes} {
		found := find()
		for _, rank := range slices.Sorted(maps.Keys(found)) {
			b.loss("%s: %s; lost: rank %d, left out", filepath.Base(b.Traces[rank].File), found[rank], rank)
			delete(b.Traces, rank)
		}
	}
}

// copiedTraces are traces that another file of the run holds already, under the name of the rank that it says it is.
func (b *builder) copiedTraces() map[int]string {
	found := map[int]string{}
	order := slices.Sorted(maps.Keys(b.Traces))
	for i, rank := range order {
		r := b.Traces[rank]
		own := b.Traces[r.Info.Rank]
		if own != nil && r.Info.Rank != rank && own.Info.Rank == r.Info.Rank {
			found[rank] = fmt.Sprintf("says it is rank %d, whose trace is %s", r.Info.Rank, filepath.Base(own.File))
			continue
		}
		for _, lower := range order[:i] {
			if a := b.Traces[lower]; a.Info.Rank == r.Info.Rank && a.Columns.Len() > 0 && a.Columns.Equal(r.Columns) {
				found[rank] = "a copy of " + filepath.Base(a.File)
			}
		}
	}
	return found
}

// otherWorlds are traces of a run with another number of ranks than the config's, if any has that, else than the lowest rank's.
func (b *builder) otherWorlds() map[int]string {
	sizes := map[int]int{}
	for rank, r := range b.Traces {
		if n := r.Info.WorldSize; n > 0 && n <= maxWorld {
			sizes[rank] = n
		}
	}
	if len(sizes) < 2 {
		return nil
	}
	own := sizes[slices.Min(slices.Collect(maps.Keys(sizes)))]
	if e := b.in.Experiment; e != nil && slices.Contains(slices.Collect(maps.Values(sizes)), e.Layout.GPUs()) {
		own = e.Layout.GPUs()
	}
	found := map[int]string{}
	for rank, n := range sizes {
		if n != own {
			found[rank] = fmt.Sprintf("of a run of %s, where the others are of one of %d", unit.Plural(n, "rank"), own)
		}
	}
	return found
}

// otherTimes are traces of long before or after the others: most that overlap are believed, of equally many those of the lowest rank.
func (b *builder) otherTimes() map[int]string {
	times := map[int]span.Span{}
	for rank, r := range b.Traces {
		if start, end := r.Columns.Extent(); start > absolute {
			times[rank] = span.Span{Start: start, End: end}
		}
	}
	groups := b.groupByTime(times)
	found := map[int]string{}
	for _, rank := range slices.Concat(groups[min(1, len(groups)):]...) {
		best, side := groups[0][0], "before"
		if times[rank].Start > times[best].Start {
			side = "after"
		}
		found[rank] = fmt.Sprintf("recorded %s %s %s, so it is of another run",
			time.Duration(gapBetween(times[rank], times[best])).Round(time.Second), side, filepath.Base(b.Traces[best].File))
	}
	return found
}

// groupByTime puts together the traces that may be of one run by their times, the largest group first.
func (b *builder) groupByTime(times map[int]span.Span) [][]int {
	overlap := func(x, y int) bool {
		most := maxGapOnHost
		if p, q := b.in.host(x, b.Traces[x].Info), b.in.host(y, b.Traces[y].Info); p != "" && q != "" && p != q {
			most = maxGapOverHosts
		}
		return gapBetween(times[x], times[y]) <= most
	}
	var groups [][]int
	for _, rank := range slices.Sorted(maps.Keys(times)) {
		i := slices.IndexFunc(groups, func(group []int) bool {
			return slices.ContainsFunc(group, func(member int) bool { return overlap(rank, member) })
		})
		if i < 0 {
			i, groups = len(groups), append(groups, nil)
		}
		groups[i] = append(groups[i], rank)
	}
	slices.SortStableFunc(groups, func(a, b []int) int { return cmp.Compare(len(b), len(a)) })
	return groups
}

// gapBetween is the time between two spans, negative where they overlap.
func gapBetween(a, b span.Span) int64 { return max(a.Start, b.Start) - min(a.End, b.End) }
