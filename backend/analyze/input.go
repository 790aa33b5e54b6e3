package analyze

import (
	"context"
	"maps"
	"slices"

	"shardeck/backend/trace"
	"shardeck/model"
	"shardeck/model/metric"
)

// Input is all that is known of a run. Records are put in order of time where they
// lie, since a copy of millions would double what a trace costs; nothing else in it
// is changed, so that one reading of the files may be analysed more than once, one
// after the other.
type Input struct {
	Run         string
	Experiment  *model.Experiment       // as run; nil: no config that can be read
	Shape       *model.Shape            // of the experiment's model; nil: not known
	GPU         func(string) *model.GPU // by the name a driver gives; nil, or nil for a name: not known
	GPUsPerNode int                     // of the site; 0: not known
	Ranks       map[int]*trace.Rank     // Kineto traces by global rank, from the file names
	Timing      map[int]*trace.Timing   // timing statistics by global rank
	Info        *model.RunInfo          // run.json; nil: none
	NoTraces    string                  // why Ranks is empty, where the caller knows ("not read yet"); empty: there are none
}

// Analyse computes every metric of model.Definitions, in their order. It fails
// only when ctx ends: whatever is missing or contradictory becomes a metric
// without value and a reason, or a warning.
func Analyse(ctx context.Context, in Input) (*metric.Analysis, error) {
	w, err := newWorld(ctx, in)
	if err != nil {
		return nil, err
	}
	families := []func(*world){
		timingMetrics, commMetrics, countMetrics, bandwidthMetrics,
		deviceMetrics, phaseMetrics, pipelineMetrics, skewMetrics,
	}
	for _, family := range families {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		family(w)
	}
	return w.analysis(ctx)
}

// analysis gathers what the families found.
func (w *world) analysis(ctx context.Context) (*metric.Analysis, error) {
	a := &metric.Analysis{Run: w.in.Run, Ranks: w.rankList(), Damaged: len(w.losses) > 0}
	a.Replay = w.in.Info != nil && w.in.Info.Replay
	for _, d := range metric.Definitions {
		a.Metrics = append(a.Metrics, w.metrics[d.Name])
	}
	if len(w.lanes) > 0 {
		a.Trace = w.summary()
	}
	w.worldWarnings()
	a.Warnings = slices.Concat(w.losses, w.warnings)
	return a, ctx.Err()
}

// rankList is the ranks of the traces, of the timings when there are none.
func (w *world) rankList() []int {
	if len(w.in.Ranks) > 0 {
		return slices.Sorted(maps.Keys(w.in.Ranks))
	}
	return slices.Sorted(maps.Keys(w.in.Timing))
}
