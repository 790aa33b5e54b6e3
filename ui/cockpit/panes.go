package cockpit

import (
	"shardeck/ui/pane"
	"shardeck/ui/pane/charts"
	"shardeck/ui/pane/config"
	"shardeck/ui/pane/experiments"
	"shardeck/ui/pane/jobs"
	"shardeck/ui/pane/metrics"
	"shardeck/ui/pane/traces"
)

// makers is the list of panes: what a new pane is added to, and nothing else here.
var makers = map[pane.Name]func(pane.Env) pane.Pane{
	pane.Experiments: func(e pane.Env) pane.Pane { return experiments.New(e) },
	pane.Config:      func(e pane.Env) pane.Pane { return config.New(e) },
	pane.Jobs:        func(e pane.Env) pane.Pane { return jobs.New(e) },
	pane.Metrics:     func(e pane.Env) pane.Pane { return metrics.New(e) },
	pane.Charts:      func(e pane.Env) pane.Pane { return charts.New(e) },
	pane.Traces:      func(e pane.Env) pane.Pane { return traces.New(e) },
}
