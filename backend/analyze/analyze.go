// Package analyze turns the traces and timings of a run into the metrics of metric.Definitions. Nothing is read here, and
// the same input gives the same output. All times are whole nanoseconds.
//
// The story of a number: align lays the traces of the ranks side by side on one clock, with their calls matched and the
// steady window found; kernelname tells compute from communication; each family of metrics is a function over that
// timeline, most of them lengths of unions of intervals (span); and warnings travel with the result.
package analyze

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"shardeck/backend/analyze/align"
	"shardeck/backend/analyze/span"
	"shardeck/backend/trace"
	"shardeck/model"
	"shardeck/model/metric"
)

// Input is all that is known of a run.
type Input = align.Input

// facts are what families of metrics are functions of: a run, its timeline, and what several ask of that. Nobody changes them.
type facts struct {
	*align.Timeline
	in      Input
	kernels kernelSums
	late    []lateness // of each component
}

type family struct {
	names   []string
	missing func(*facts) string // why none of them has a value; empty: they may
	metrics func(*facts) []metric.Metric
}

var families = []family{
	{nil, func(*facts) string { return "" }, timingMetrics}, // of latencies and throughput
	{energyNames, noEnergy, energyMetrics},
	{[]string{"comm_overhead", "exposed_comm", "comm_comp_overlap", "comm_transfer", "comm_wait", "comm_unmatched"},
		noCommunication, commMetrics},
	{[]string{"coll_call_num", "coll_calls_total", "coll_calls_per_step"}, noTraces, countMetrics},
	{[]string{"coll_bytes", "coll_algbw", "coll_busbw"}, noCommunication, bandwidthMetrics},
	{[]string{"gpu_busy", "sm_coverage", "sm_active", "kernel_classes", "top_kernels"}, noTraces, deviceMetrics},
	{[]string{"phase_time"}, noTraces, phaseMetrics},
	{[]string{"bubble"}, noPipeline, pipelineMetrics},
	{[]string{"profiler_start_skew", "clock_drift", "straggler", "load_imbalance"}, noOtherRank, skewMetrics},
}

// Analyse computes every metric of metric.DefinitionsOf such a run, in their order. It fails only when ctx ends: what is missing or
// contradictory becomes a metric without value and a reason, or a warning.
func Analyse(ctx context.Context, in Input) (*metric.Analysis, error) {
	f, err := factsOf(ctx, in)
	if err != nil {
		return nil, err
	}
	found := map[string]metric.Metric{}
	for _, fam := range families {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		for _, m := range fam.of(f) {
			found[m.Name] = m
		}
	}
	a := &metric.Analysis{Run: in.Run, Ranks: slices.Sorted(maps.Keys(in.Timing)), Damaged: len(f.Losses) > 0,
		Replay: in.Info != nil && in.Info.Replay}
	if len(f.Traces) > 0 {
		a.Ranks = slices.Sorted(maps.Keys(f.Traces))
	}
	a.Metrics = model.Each(metric.DefinitionsOf(in.Serving != nil), func(d metric.Definition) metric.Metric { return found[d.Name] })
	if len(f.Ranks) > 0 {
		a.Trace = summary(f)
	}
	a.Warnings = slices.Concat(f.Losses, f.warnings())
	return a, ctx.Err()
}

func factsOf(ctx context.Context, in Input) (*facts, error) {
	t, err := align.Build(ctx, in)
	if err != nil {
		return nil, err
	}
	if in.Given { // the ranks of the timeline have them until they are gone over
		for _, traces := range []map[int]*trace.Rank{t.Traces, in.Ranks} {
			for _, r := range traces {
				r.Columns = nil
			}
		}
	}
	f := &facts{Timeline: t, in: in}
	walks := make([]rankKernels, len(t.Ranks))
	in.SideBySide(len(walks)+1, func(i int) {
		if i < len(walks) {
			walks[i] = walkKernels(t.Ranks[i])
			t.Ranks[i].Forget()
		} else {
			f.late = model.Each(t.Components, func(c *align.Component) lateness { return sumDelays(delaysIn(c, t.Matches)) })
		}
	})
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if in.Given { // in the room that the launches had
		t.SplitTransfers()
	}
	f.kernels = sumKernels(t, walks)
	return f, nil
}

// of is the family's metrics, or why they have no value.
func (fam family) of(f *facts) []metric.Metric {
	reason := fam.missing(f)
	if reason == "" {
		return fam.metrics(f)
	}
	source := f.Files()
	if len(f.Ranks) == 0 {
		source = f.NoKernels
	}
	return withoutValue(reason, source, fam.names...)
}

// warnings are those of the timeline, of a cold engine, and where config and traces disagree, each once.
func (f *facts) warnings() []string {
	out := slices.Clone(f.Warnings)
	for _, text := range slices.Concat(coldStart(f), doubtfulRanks(f), doubtfulIterations(f), alsoComputing(f)) {
		if !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	out = append(out, overload(f.in)...)
	if f.in.Info != nil {
		out = slices.Concat(out, f.in.Info.Missing, f.in.Info.Notes)
	}
	return out
}

// coldRatio is how many times longer than the others a first iteration takes that was still part of warming up. On two H100
// vLLM's replicas of experts took 1.86 s, then 0.56 and 0.43, when two iterations had warmed them up; warm runs stay below 1.1.
const coldRatio = 1.5

func coldStart(f *facts) []string {
	d := f.iterations().durations()
	if len(d) < 3 || d[0] <= coldRatio*metric.Median(d[1:]) {
		return nil
	}
	return []string{fmt.Sprintf("the first timed iteration took %.3g s, the others %.3g s in the middle: "+
		"the engine was not warm yet, which mean, max and spread hold; raise warmup_iterations", d[0], metric.Median(d[1:]))}
}

// doubtfulRanks are the traces that say they are another rank, and those of several that do not say which: nobody can
// tell then whether their names are right. A report of nsys never does, and holds all ranks of a node.
func doubtfulRanks(f *facts) (out []string) {
	files := map[string]int{}
	for _, r := range f.Traces {
		files[r.File]++
	}
	var nameless, reports []string
	for _, rank := range slices.Sorted(maps.Keys(f.Traces)) {
		r := f.Traces[rank]
		switch {
		case f.in.RanksTold && files[r.File] < 2:
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

// doubtfulIterations compares prefill steps with traced iterations. Only plain annotations count one an iteration; vLLM may cut a
// prompt into chunks.
func doubtfulIterations(f *facts) (out []string) {
	want, from := f.in.TracedIterations()
	files := map[int][]string{} // by the prefill steps seen in them
	for _, r := range f.Ranks {
		seen := 0
		for _, m := range f.Traces[r.Number].Marks {
			if m.GPU && m.Name == metric.Prefill {
				seen++
			}
		}
		if seen > 0 && want > 0 && seen != want {
			files[seen] = append(files[seen], r.File)
		}
	}
	for _, seen := range slices.Sorted(maps.Keys(files)) {
		out = append(out, fmt.Sprintf("%s: %d prefill steps, but %s says %d traced iterations; calls per iteration may be wrong",
			strings.Join(firstTwo(files[seen]), ", "), seen, from, want))
	}
	return out
}

// defined gives a metric the name and unit of its definition. Lists and maps are never nil, so that JSON has them.
func defined(name string, m metric.Metric) metric.Metric {
	d, ok := metric.Define(name)
	if !ok {
		panic("analyze: metric " + name + " has no definition")
	}
	m.Name, m.Unit = d.Name, d.Unit
	if m.Value == nil && m.Reason != "none" {
		m.Note, m.Estimate = "", false // they qualify a value
	}
	if m.PerRank == nil {
		m.PerRank = map[int]float64{}
	}
	if m.Source == nil {
		m.Source = []string{}
	}
	return m
}

func withoutValue(reason string, source []string, names ...string) []metric.Metric {
	return model.Each(names, func(name string) metric.Metric { return defined(name, metric.Metric{Reason: reason, Source: source}) })
}

func noTraces(f *facts) string {
	switch {
	case len(f.Ranks) > 0:
		return ""
	case len(f.NoKernels) > 0 && len(f.Losses) > 0:
		return strings.Join(f.NoKernels, ", ") + ": no GPU kernels in what could be read; the warnings say what was lost"
	case len(slices.Compact(slices.Clone(f.WhyNone))) > 1:
		return f.NoKernels[0] + ": " + f.WhyNone[0] + "; the warnings tell of the others"
	case len(f.NoKernels) > 0:
		return strings.Join(f.NoKernels, ", ") + ": " + f.WhyNone[0]
	case f.in.NoTraces != "":
		return f.in.NoTraces
	case f.in.Serving != nil:
		return "no traces: a run under load is not traced"
	}
	return noTracesAtAll
}

const noTracesAtAll = "no traces: there is no kineto_trace_<rank>.json in this run; set profiling.kineto: true and run it again"

// perRank is what a metric is on each rank, whose mean is the one number for all, and why it is not on others.
type perRank struct {
	values map[int]float64
	list   []float64 // the values, in the order of ranks: sums of floats depend on it
	lacks  []string  // "rank 1: …"
}

// onRanks asks value of every rank; a reason means that there is none.
func onRanks(f *facts, value func(*align.Rank) (v float64, reason string)) perRank {
	p := perRank{values: map[int]float64{}}
	for _, r := range f.Ranks {
		v, reason := value(r)
		if reason != "" {
			p.lacks = append(p.lacks, fmt.Sprintf("rank %d: %s", r.Number, reason))
			continue
		}
		p.values[r.Number] = v
		p.list = append(p.list, v)
	}
	return p
}

func inWindows(f *facts, value func(*align.Rank) (v float64, reason string)) perRank {
	return onRanks(f, func(r *align.Rank) (float64, string) {
		if r.Window.Length() == 0 {
			return 0, "its trace ends before all ranks were recorded"
		}
		return value(r)
	})
}

// metric is the mean over the ranks that have a value, with least and largest; if none has, the reason of the first.
func (p perRank) metric(source []string) metric.Metric {
	m := metric.Metric{PerRank: p.values, N: len(p.list), Source: source}
	lacks := strings.Join(firstTwo(p.lacks), "; ")
	if m.N == 0 {
		m.Reason = lacks
		return m
	}
	m.Value = new(metric.Mean(p.list))
	if m.N > 1 {
		m.By.Stats = map[metric.Stat]float64{metric.Min: slices.Min(p.list), metric.Max: slices.Max(p.list)}
	}
	if lacks != "" {
		m.Note = "no value for " + lacks
	}
	return m
}

// firstTwo keeps a sentence readable when many ranks lack a value for their own reason.
func firstTwo(lacks []string) []string {
	if len(lacks) > 2 {
		return append(lacks[:2:2], fmt.Sprintf("and %d more ranks", len(lacks)-2))
	}
	return lacks
}

// overTime is a metric of a part of a rank's time: of its steady window, and by phase the mean over the ranks that have it.
func overTime(f *facts, value func(r *align.Rank, phase string, part span.List) (v float64, reason string)) metric.Metric {
	m := inWindows(f, func(r *align.Rank) (float64, string) {
		return value(r, align.WholeWindow, span.List{r.Window})
	}).metric(f.Files())
	m.By.Phases = map[string]float64{}
	for _, phase := range metric.PhaseNames {
		var values []float64
		for _, r := range f.Ranks {
			if part := r.Phases[phase]; len(part) > 0 {
				if v, reason := value(r, phase, part); reason == "" {
					values = append(values, v)
				}
			}
		}
		if len(values) > 0 {
			m.By.Phases[phase] = metric.Mean(values)
		}
	}
	return m
}

// shareOfTime is one length as a percentage of another, both inside some part of a rank's time.
func shareOfTime(f *facts, part, of func(r *align.Rank, inside span.List) int64) metric.Metric {
	return overTime(f, func(r *align.Rank, _ string, inside span.List) (float64, string) {
		if n := of(r, inside); n > 0 {
			return percent(part(r, inside), n), ""
		}
		return 0, "no communication in its window"
	})
}

// percent is 100·part/whole, 0 of nothing.
func percent(part, whole int64) float64 { return 100 * float64(part) / float64(max(1, whole)) }

// longestFirst orders what has a length by it, and by name where that is the same.
func longestFirst(aNS, bNS int64, a, b string) int {
	return cmp.Or(cmp.Compare(bNS, aNS), cmp.Compare(a, b))
}

func joinNotes(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "; " + b
}

// getOrAdd is what m has for k, added if it has nothing yet.
func getOrAdd[K comparable, V any](m map[K]*V, k K) *V {
	if m[k] == nil {
		m[k] = new(V)
	}
	return m[k]
}
