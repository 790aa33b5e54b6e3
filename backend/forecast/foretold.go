package forecast

import (
	"context"

	"shardeck/model"
	"shardeck/model/board"
	"shardeck/model/metric"
	"shardeck/model/scaling"
)

// ForetoldOf is Foretold of experiments by their ids, by all traces. Of one that cannot be foretold, or was run, the error says so.
func (f *Forecasts) ForetoldOf(ctx context.Context, ids []string) ([]scaling.Measured, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	said, err := f.Forecast(ctx, ids, false)
	if err != nil {
		return nil, err
	}
	for _, x := range said {
		if x.Refused != "" {
			return nil, model.Failed(x.ID+" cannot be forecast: "+x.Refused, nil, "")
		} else if x.Measured != "" {
			return nil, model.Failed(x.ID+" needs no forecast: it was measured, by "+x.Measured, nil, "")
		}
	}
	rows, err := model.Through(ids, f.Row)
	if err != nil {
		return nil, err
	}
	return f.Foretold(ctx, rows)
}

// Foretold are the experiments without a run, as far as the laws say something of them, to stand among runs in charts: metrics by their
// forecasts, named for the experiment. It reads no trace.
func (f *Forecasts) Foretold(ctx context.Context, rows []board.Row) (all []scaling.Measured, err error) {
	fitted, err := f.KnownLaws(ctx)
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if row.Run != nil && row.Run.Forecast == nil {
			continue
		}
		out := f.Of(fitted, row, false)
		if out.Refused != "" || out.Measured != "" {
			continue
		}
		e := row.Experiment
		if e.Engine == model.EngineReplay {
			e.Replay.Engine = f.recorded(e)
		}
		x := scaling.Measured{Run: model.Run{Name: e.ID, Experiment: &e}, Analysis: &metric.Analysis{}, Shape: f.World.Shape(e.Model.Name),
			Foretold: map[string][2]float64{}}
		if gpu, _ := f.gpuOf(row, fitted.only); gpu != nil {
			x.GPU = gpu.Title
		}
		for _, m := range out.Measures(e.Layout.GPUs()) {
			x.Analysis.Metrics = append(x.Analysis.Metrics, metric.Metric{Name: m.Name, Value: &m.Value})
			x.Foretold[m.Name] = [2]float64{m.Low, m.High}
		}
		all = append(all, x)
	}
	return all, nil
}
