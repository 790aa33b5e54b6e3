package traces

import (
	"slices"

	"shardeck/model/board"
	"shardeck/model/metric"
)

// boardRun is a run that can be gone to.
type boardRun struct {
	name     string
	bytes    int64            // of its traces
	analysis *metric.Analysis // in full; nil: not read
}

// boardRuns are the newest runs of the experiments, in their order.
type boardRuns []boardRun

// with are the runs of a new board. A run whose files changed is to be read again.
func (b boardRuns) with(rows []board.Row) (now boardRuns) {
	for _, r := range rows {
		if r.Run == nil {
			continue
		}
		run := boardRun{r.Run.Name, r.Run.TraceBytes(), r.Analysis}
		if run.analysis != nil && run.analysis.Trace == nil && run.bytes > 0 {
			run.analysis = nil
		}
		if old := b.at(run.name); old >= 0 && b[old].bytes == run.bytes && run.analysis == nil {
			run.analysis = b[old].analysis
		}
		now = append(now, run)
	}
	return now
}

// at is the place of a run; -1: it is not there.
func (b boardRuns) at(run string) int {
	return slices.IndexFunc(b, func(r boardRun) bool { return r.name == run })
}

// analysed takes an analysis, whoever asked for it.
func (b boardRuns) analysed(a *metric.Analysis) {
	if i := b.at(a.Run); i >= 0 {
		b[i].analysis = a
	}
}
