package lab

import (
	"context"

	"shardeck/backend/pool"
	"shardeck/model/metric"
	"shardeck/model/scaling"
)

// TraceComparison is two runs' traces side by side.
type TraceComparison = scaling.TraceComparison

// CompareTraces sets the traces of two runs side by side; the first is the base. A run
// without traces is an error.
func (l *Lab) CompareTraces(ctx context.Context, base, other string, progress pool.Progress) (TraceComparison, error) {
	c := TraceComparison{Warnings: []string{}}
	runs, err := l.named([]string{base, other})
	if err != nil {
		return c, err
	}
	for _, run := range runs {
		if len(tracesOf(run)) == 0 {
			return c, noTraces(run.Name) // before the other is read for nothing
		}
	}
	read, err := l.analyseAll(ctx, runs, progress)
	if err != nil {
		return c, err
	}
	var sides [2]side
	var names [2]string
	var traces [2]*metric.TraceSummary
	for i, a := range read {
		if a.Trace == nil {
			return c, noTraces(a.Run)
		}
		sides[i], names[i], traces[i] = side{run: runs[i], analysis: a}, a.Run, a.Trace
		c.Warnings = append(c.Warnings, l.differs(sides[0], sides[i])...)
		c.Damaged = c.Damaged || a.Damaged
	}
	c.TraceDiff = scaling.DiffTraces(names, traces)
	if len(c.Warnings) > 0 {
		c.Loss = nil // of other work, or of a part of it, nothing is ideal
	}
	for _, s := range sides { // last: they say least of the difference
		c.Warnings = append(c.Warnings, replayed(s)...)
	}
	return c, nil
}

func noTraces(run string) error {
	return failed(run+" has no traces to compare", nil, "to read its other figures: shardeck metrics "+run)
}
