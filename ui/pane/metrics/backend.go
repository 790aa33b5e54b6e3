package metrics

import (
	"context"

	"shardeck/model"
	"shardeck/model/scaling"
	"shardeck/ui/pane"
)

// Backend is what the pane of metrics asks of the use cases.
type Backend interface {
	pane.Analyser

	// Runs lists trace directories, newest first.
	Runs(ctx context.Context) ([]model.Run, error)
	// Differences sets runs beside a base in the metrics that are sampled, by run and metric.
	Differences(ctx context.Context, base string, runs []string) (map[string]map[string]scaling.CompareCell, error)
	// Ties says of contests for the best value between which runs chance decides.
	Ties(ctx context.Context, contests []scaling.Contest) ([]scaling.Tie, error)
}

// env is the surroundings, with what may be asked.
type env struct {
	pane.Env
	Backend
}
