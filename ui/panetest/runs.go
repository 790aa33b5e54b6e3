package panetest

import (
	"context"
	"fmt"
	"slices"

	"shardeck/backend/pool"
	"shardeck/model"
	"shardeck/model/metric"
	"shardeck/model/scaling"
)

// Runs are those of the rows.
func (l *Lab) Runs(ctx context.Context) ([]model.Run, error) {
	if err := l.call(ctx, "Runs", ""); err != nil {
		return nil, err
	}
	if l.NoRuns {
		return nil, nil
	}
	return runs(), nil
}

// Analyse finds a run's analysis, with progress on the way.
func (l *Lab) Analyse(ctx context.Context, run string, p pool.Priority, progress pool.Progress) (*metric.Analysis, error) {
	if progress != nil {
		progress(60<<20, 149<<20)
	}
	if err := l.call(ctx, "Analyse", run); err != nil {
		return nil, err
	}
	a, ok := l.Analyses[run]
	if !ok {
		return nil, fmt.Errorf("no run %s under trace_collection", run)
	}
	return a, nil
}

// Timeline is what the test set.
func (l *Lab) Timeline(ctx context.Context, run string) ([]metric.RankDensity, error) {
	if err := l.call(ctx, "Timeline", run); err != nil {
		return nil, err
	}
	return l.Fine, nil
}

// Kernels are those the test set.
func (l *Lab) Kernels(ctx context.Context, run string, d metric.RankDensity, from, to int64, progress pool.Progress) (metric.KernelSpans, error) {
	if err := l.call(ctx, "Kernels", fmt.Sprint(run, " ", d.Rank, " ", from, " ", to)); err != nil {
		return metric.KernelSpans{}, err
	}
	return l.Spans, nil
}

// Differences are those the test set.
func (l *Lab) Differences(ctx context.Context, base string, runs []string) (map[string]map[string]scaling.CompareCell, error) {
	if err := l.call(ctx, "Differences", base); err != nil {
		return nil, err
	}
	return l.Diffs, nil
}

// Ties are those the test set, where the best is among their runs.
func (l *Lab) Ties(ctx context.Context, contests []scaling.Contest) ([]scaling.Tie, error) {
	if err := l.call(ctx, "Ties", ""); err != nil {
		return nil, err
	}
	all := make([]scaling.Tie, len(contests))
	for i, c := range contests {
		if t := l.Tie[c.Metric]; len(t.Runs) == 0 || slices.Contains(t.Runs, c.Runs[0]) {
			all[i] = t
		}
	}
	return all, nil
}

// CompareTraces compares the traces of two analyses, with progress on the way.
func (l *Lab) CompareTraces(ctx context.Context, base, other string, progress pool.Progress) (scaling.TraceComparison, error) {
	progress(60<<20, 149<<20)
	if err := l.call(ctx, "CompareTraces", base+" "+other); err != nil {
		return scaling.TraceComparison{}, err
	}
	a, b := l.Analyses[base], l.Analyses[other]
	if a == nil || a.Trace == nil || b == nil || b.Trace == nil {
		return scaling.TraceComparison{}, fmt.Errorf("%s or %s has no traces to compare", base, other)
	}
	return scaling.TraceComparison{TraceDiff: scaling.DiffTraces([2]string{base, other}, [2]*metric.TraceSummary{a.Trace, b.Trace}), Warnings: l.Unlike}, nil
}

// Scaling is the series, with y of the metric asked for.
func (l *Lab) Scaling(ctx context.Context, x scaling.Axis, y string) ([]scaling.Series, error) {
	if err := l.call(ctx, "Scaling", string(x)+" "+y); err != nil {
		return nil, err
	}
	return l.Series, nil
}
