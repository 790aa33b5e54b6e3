package analyze

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"shardeck/model/metric"
)

// warnings are those of the timeline, an engine that was cold, and where config and traces
// disagree. Ranks of one file say the same, once.
func (f *facts) warnings() []string {
	out := slices.Clone(f.Warnings)
	for _, text := range slices.Concat(coldStart(f), doubtfulRanks(f), doubtfulIterations(f)) {
		if !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	if f.in.Info != nil {
		out = slices.Concat(out, f.in.Info.Missing, f.in.Info.Notes)
	}
	return out
}

// coldRatio is how many times longer than the others a first iteration takes that was still
// part of warming up. On two H100 vLLM's replicas of experts took 1.86 s, then 0.56 and
// 0.43, when two iterations had warmed them up; warm runs stay below 1.1.
const coldRatio = 1.5

// coldStart says that the means hold an engine that was not warm yet.
func coldStart(f *facts) []string {
	d := f.iterations().durations()
	if len(d) < 3 {
		return nil
	}
	first, rest := d[0], metric.Median(d[1:])
	if first <= coldRatio*rest {
		return nil
	}
	return []string{fmt.Sprintf("the first timed iteration took %.3g s, the others %.3g s in the middle: "+
		"the engine was not warm yet, and means hold that; read p50, or raise warmup_iterations", first, rest)}
}

// doubtfulRanks are the traces that say they are another rank, and those of a run of
// several that do not say which rank they are: nobody can tell then whether their names are
// right. A report of nsys never does, and holds all ranks of a node.
func doubtfulRanks(f *facts) (out []string) {
	files := map[string]int{}
	for _, r := range f.Traces {
		files[r.File]++
	}
	var nameless, reports []string
	for _, rank := range slices.Sorted(maps.Keys(f.Traces)) {
		r := f.Traces[rank]
		switch {
		case r.Info.Rank >= 0 && r.Info.Rank != rank:
			out = append(out, fmt.Sprintf("%s: the trace says it is rank %d; the file name is believed", filepath.Base(r.File), r.Info.Rank))
		case r.Info.Rank >= 0 || len(f.Traces) == 1 || len(r.Damage) > 0:
		case r.File != "" && files[r.File] > 1:
			reports = append(reports, filepath.Base(r.File))
		default:
			nameless = append(nameless, filepath.Base(r.File))
		}
	}
	if len(nameless) > 0 {
		out = append(out, strings.Join(firstTwo(nameless), ", ")+": no rank in the trace (distributedInfo); the file name is believed")
	}
	if reports = slices.Compact(reports); len(reports) > 0 {
		out = append(out, strings.Join(firstTwo(reports), ", ")+
			": a report does not say which process is which rank; they are numbered in the order of their GPUs")
	}
	return out
}

// doubtfulIterations compares the prefill steps in the traces with the iterations that
// they should hold. Only plain annotations count one an iteration; vLLM may cut a prompt
// into chunks.
func doubtfulIterations(f *facts) (out []string) {
	want, from := f.in.TracedIterations()
	for _, r := range f.Ranks {
		seen := 0
		for _, m := range f.Traces[r.Number].Marks {
			if m.GPU && m.Name == metric.Prefill {
				seen++
			}
		}
		if seen > 0 && want > 0 && seen != want {
			out = append(out, fmt.Sprintf("%s: %d prefill steps, but %s says %d traced iterations; calls per iteration may be wrong",
				r.File, seen, from, want))
		}
	}
	return out
}
