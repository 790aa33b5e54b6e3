// Package analyze turns the traces and timings of a run into the metrics of
// metric.Definitions. Nothing is read here: records come in, a metric.Analysis goes out,
// and the same input gives the same output. All times are whole nanoseconds.
//
// The story of a number: align lays the traces of the ranks side by side on one clock,
// with their calls matched and the steady window found; kernelname tells compute from
// communication; each family of metrics is a function over that timeline (a file a
// family), most of them lengths of unions of intervals (span); and warnings travel with
// the result.
package analyze

import (
	"context"
	"maps"
	"slices"

	"shardeck/backend/analyze/align"
	"shardeck/model/metric"
)

// Input is all that is known of a run.
type Input = align.Input

// facts are what families of metrics are functions of: what is known of a run, its
// timeline, and what more than one family asks of that. Nobody changes them.
type facts struct {
	*align.Timeline
	in      Input
	kernels kernelSums
	late    []lateness // of each component
}

// family is metrics that are found together.
type family struct {
	names   []string
	missing func(*facts) string // why none of them has a value; empty: they may
	metrics func(*facts) []metric.Metric
}

var families = []family{
	{nil, nil, timingMetrics}, // of latencies and throughput
	{[]string{"comm_overhead", "exposed_comm", "comm_comp_overlap", "comm_transfer", "comm_wait"}, noCommunication, commMetrics},
	{[]string{"coll_call_num", "coll_calls_total", "coll_calls_per_step"}, noTraces, countMetrics},
	{[]string{"coll_bytes", "coll_algbw", "coll_busbw"}, noCommunication, bandwidthMetrics},
	{[]string{"gpu_busy", "sm_coverage", "sm_active", "kernel_classes", "top_kernels"}, noTraces, deviceMetrics},
	{[]string{"phase_time"}, noTraces, phaseMetrics},
	{[]string{"bubble"}, noPipeline, pipelineMetrics},
	{[]string{"profiler_start_skew", "straggler", "load_imbalance"}, noOtherRank, skewMetrics},
}

// Analyse computes every metric of metric.Definitions, in their order. It fails
// only when ctx ends: whatever is missing or contradictory becomes a metric
// without value and a reason, or a warning.
func Analyse(ctx context.Context, in Input) (*metric.Analysis, error) {
	t, err := align.Build(ctx, in)
	if err != nil {
		return nil, err
	}
	f := &facts{Timeline: t, in: in, kernels: sumKernels(t), late: latenessOf(t)}
	found := map[string]metric.Metric{}
	for _, fam := range families {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		for _, m := range fam.of(f) {
			found[m.Name] = m
		}
	}
	a := &metric.Analysis{Run: in.Run, Ranks: f.rankNumbers(), Damaged: len(t.Losses) > 0, Replay: in.Info != nil && in.Info.Replay}
	for _, d := range metric.Definitions {
		a.Metrics = append(a.Metrics, found[d.Name])
	}
	if len(t.Ranks) > 0 {
		a.Trace = summary(f)
	}
	a.Warnings = slices.Concat(t.Losses, f.warnings())
	return a, ctx.Err()
}

// of is the family's metrics, or why they have no value.
func (fam family) of(f *facts) []metric.Metric {
	reason := ""
	if fam.missing != nil {
		reason = fam.missing(f)
	}
	if reason == "" {
		return fam.metrics(f)
	}
	source := f.Files()
	if len(f.Ranks) == 0 {
		source = f.NoKernels
	}
	return withoutValue(reason, source, fam.names...)
}

// rankNumbers are the ranks of the traces, of the timings when there are none.
func (f *facts) rankNumbers() []int {
	if len(f.Traces) > 0 {
		return slices.Sorted(maps.Keys(f.Traces))
	}
	return slices.Sorted(maps.Keys(f.in.Timing))
}
