package cockpit

import (
	"context"
	"encoding/json"

	backend "shardeck/backend/jobs"
	"shardeck/ui/pane"
	"shardeck/ui/pane/charts"
	"shardeck/ui/pane/config"
	"shardeck/ui/pane/experiments"
	"shardeck/ui/pane/jobs"
	"shardeck/ui/pane/metrics"
	"shardeck/ui/pane/traces"
)

// Backend is what the cockpit and its panes ask of the use cases.
type Backend interface {
	experiments.Backend
	config.Backend
	jobs.Backend
	metrics.Backend
	charts.Backend
	traces.Backend

	// ListJobs is the one cached answer of the scheduler; refresh asks anew, no oftener than its floor.
	ListJobs(ctx context.Context, refresh bool) (backend.JobList, error)
	// Export writes results_summary.csv and scaling_analysis.png and returns their paths.
	Export(ctx context.Context) ([]string, error)
	// LoadScreen is the state of the screen as it was left, nil if none was; SaveScreen
	// keeps it.
	LoadScreen() (json.RawMessage, error)
	SaveScreen(state json.RawMessage) error
}

// makers is the list of panes: what a new pane is added to, and nothing else here.
var makers = map[pane.Name]func(pane.Env, Backend) pane.Pane{
	pane.Experiments: func(e pane.Env, b Backend) pane.Pane { return experiments.New(e, b) },
	pane.Config:      func(e pane.Env, b Backend) pane.Pane { return config.New(e, b) },
	pane.Jobs:        func(e pane.Env, b Backend) pane.Pane { return jobs.New(e, b) },
	pane.Metrics:     func(e pane.Env, b Backend) pane.Pane { return metrics.New(e, b) },
	pane.Charts:      func(e pane.Env, b Backend) pane.Pane { return charts.New(e, b) },
	pane.Traces:      func(e pane.Env, b Backend) pane.Pane { return traces.New(e, b) },
}
