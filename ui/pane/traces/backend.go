package traces

import (
	"context"

	"shardeck/backend/pool"
	"shardeck/model"
	"shardeck/model/metric"
	"shardeck/model/scaling"
	"shardeck/ui/pane"
)

// Backend is what the pane of traces asks of the use cases.
type Backend interface {
	pane.Analyser

	// Runs lists trace directories, newest first.
	Runs(ctx context.Context) ([]model.Run, error)
	// Timeline is the timeline of each rank of a run in smaller bins; nil: none was kept.
	Timeline(ctx context.Context, run string) ([]metric.RankDensity, error)
	// Kernels lists what a rank did in a part of its timeline, kernel by kernel.
	Kernels(ctx context.Context, run string, d metric.RankDensity, from, to int64, progress pool.Progress) (metric.KernelSpans, error)
	// CompareTraces sets the traces of two runs side by side; the first is the base.
	CompareTraces(ctx context.Context, base, other string, progress pool.Progress) (scaling.TraceComparison, error)
}

// env is the surroundings, with what may be asked.
type env struct {
	pane.Env
	Backend
}
