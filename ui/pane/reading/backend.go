package reading

import (
	"context"

	"shardeck/backend/pool"
	"shardeck/model/metric"
	"shardeck/ui/pane"
)

// Backend is what a reading asks of the use cases.
type Backend interface {
	// LoginBudget is how many bytes of traces may be read on this machine; 0: any number.
	LoginBudget() int64
	// Analyse reads a run through the pool and the cache; progress may be nil.
	Analyse(ctx context.Context, run string, p pool.Priority, progress pool.Progress) (*metric.Analysis, error)
}

// env is the surroundings, with what may be asked.
type env struct {
	pane.Env
	Backend
}
