package charts

import (
	"context"

	"shardeck/backend/measure"
	"shardeck/model"
	"shardeck/model/scaling"
	"shardeck/ui/pane"
)

// Backend is what the charts asks of the use cases.
type Backend interface {
	Site() model.Site
	ReadOnly() bool

	// Scaling groups all analysed runs into comparable series: y is a metric's name.
	Scaling(ctx context.Context, x scaling.Axis, y string) ([]scaling.Series, error)
	// ExportChart writes one chart as it is drawn and returns its path.
	ExportChart(ctx context.Context, c scaling.Chart, f measure.Format) (string, error)
}

// env is the surroundings, with what may be asked.
type env struct {
	pane.Env
	Backend
}
