package publish

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"shardeck/backend/pool"
	"shardeck/backend/report"
	"shardeck/model"
	"shardeck/model/explain"
	"shardeck/model/figure"
	"shardeck/model/page"
	"shardeck/model/scaling"
	"shardeck/model/xray"
)

// FigureOrder is what a figure is asked for.
type FigureOrder struct {
	Kind      string   // one of Kinds
	Of        []string // runs, or one sweep; none: every run here
	Metric    string   // of waterfall and heatmap; empty: the usual one
	By        []string // fields of a heat map; none: those of scaling.Plane
	Forecasts []string // experiments that stand in a scaling as they are foretold
}

// kind is a sort of figure; runs is how many runs it is of, 0: any number.
type kind struct {
	name string
	runs int
	draw func(*Publisher, context.Context, FigureOrder, pool.Progress) (figure.Figure, error)
}

var kinds = []kind{
	{"scaling", 0, (*Publisher).scaling}, {"frontier", 0, (*Publisher).frontier}, {"latency", 0, (*Publisher).latency},
	{"waterfall", 2, (*Publisher).waterfall}, {"ranks", 1, (*Publisher).ranks},
	{"layers", 1, (*Publisher).layers}, {"heatmap", 0, (*Publisher).heatmap},
}

// Kinds are the sorts of figures.
func Kinds() []string { return model.Each(kinds, func(k kind) string { return k.name }) }

// Figure makes a figure. progress may be nil.
func (p *Publisher) Figure(ctx context.Context, o FigureOrder, progress pool.Progress) (figure.Figure, error) {
	k := model.First(kinds, func(k kind) bool { return k.name == o.Kind })
	switch {
	case k == nil:
		return figure.Figure{}, model.Invalid(fmt.Sprintf("there is no figure %.20q", o.Kind), "figures are "+strings.Join(Kinds(), ", "))
	case k.runs > 0 && len(o.Of) != k.runs:
		return figure.Figure{}, model.Invalid(fmt.Sprintf("a figure %s is of %d runs, not of %d", k.name, k.runs, len(o.Of)), "name them")
	case len(o.Forecasts) > 0 && o.Kind != "scaling":
		return figure.Figure{}, model.Invalid("forecasts stand in a figure scaling alone", "")
	}
	return k.draw(p, ctx, o, progress)
}

// series are the lines of the runs of an order, with what is foretold; only the small files of a run are read.
func (p *Publisher) series(ctx context.Context, o FigureOrder, x scaling.Axis, y string, told ...scaling.Measured) ([]scaling.Series, error) {
	here := p.Among(nil)
	if len(o.Of) > 0 {
		runs, err := p.runs(ctx, o.Of, &page.Input{})
		if err != nil {
			return nil, err
		}
		here = p.Among(model.Each(runs, func(r model.Run) string { return r.Name }))
	}
	return here.Scaling(ctx, x, y, told...)
}

// entries are the points of a sweep, or runs.
func (p *Publisher) entries(ctx context.Context, o FigureOrder) ([]scaling.Entry, error) {
	if len(o.Of) == 1 && slices.Contains(p.Sweeps.SweepIDs(), o.Of[0]) {
		plan, err := p.Sweeps.PlanSweep(ctx, o.Of[0])
		return plan.Entries(), err
	}
	return p.Among(nil).Entries(ctx, o.Of)
}

func (p *Publisher) scaling(ctx context.Context, o FigureOrder, _ pool.Progress) (figure.Figure, error) {
	told, err := p.Foretold(ctx, o.Forecasts)
	if err != nil {
		return figure.Figure{}, err
	}
	found, err := p.series(ctx, o, scaling.AxisGPUs, scaling.ThroughputMetric, told...)
	return figure.Scaling(found, p.NodeGPUs), err
}

func (p *Publisher) latency(ctx context.Context, o FigureOrder, _ pool.Progress) (figure.Figure, error) {
	ttft, err := p.series(ctx, o, scaling.AxisBatch, "ttft")
	tpot, errTPOT := p.series(ctx, o, scaling.AxisBatch, "tpot")
	return figure.Latency(ttft, tpot), cmp.Or(err, errTPOT)
}

func (p *Publisher) frontier(ctx context.Context, o FigureOrder, _ pool.Progress) (figure.Figure, error) {
	entries, err := p.entries(ctx, o)
	fronts := scaling.FrontiersOf(entries)
	if err == nil && len(fronts) == 0 {
		err = model.Failed("no run has tokens a second of a GPU and of a user", nil, "")
	}
	if err != nil {
		return figure.Figure{}, err
	}
	largest := slices.MaxFunc(fronts, func(a, b scaling.Frontier) int { return len(a.Points) - len(b.Points) })
	return figure.Frontier(largest), nil
}

func (p *Publisher) waterfall(ctx context.Context, o FigureOrder, progress pool.Progress) (figure.Figure, error) {
	w, err := p.Among(nil).Explain(ctx, o.Of[0], o.Of[1], progress)
	if err != nil {
		return figure.Figure{}, err
	}
	m := model.First(w.Metrics, func(m explain.Metric) bool { return o.Metric == "" || m.Name == o.Metric })
	if m == nil {
		names := strings.Join(model.Each(w.Metrics, func(m explain.Metric) string { return m.Name }), ", ")
		return figure.Figure{}, model.Unknown(fmt.Sprintf("%.40q is not explained for these runs", o.Metric), "what is: "+names)
	}
	return figure.Waterfall(w, *m), nil
}

func (p *Publisher) ranks(ctx context.Context, o FigureOrder, progress pool.Progress) (figure.Figure, error) {
	a, err := p.Among(nil).Analyse(ctx, o.Of[0], pool.Wanted, progress)
	if err == nil && a.Trace == nil {
		err = model.Failed(a.Run+" has no traces", nil, "")
	}
	if err != nil {
		return figure.Figure{}, err
	}
	return figure.Ranks(a.Run, a.Trace), nil
}

func (p *Publisher) layers(ctx context.Context, o FigureOrder, progress pool.Progress) (figure.Figure, error) {
	r, err := p.Among(nil).XRay(ctx, o.Of[0], progress)
	if err != nil {
		return figure.Figure{}, err
	}
	of := model.First(r.Ranks, func(x xray.Rank) bool { return len(x.Kinds()) > 0 })
	if of == nil {
		return figure.Figure{}, model.Failed(r.Run+": no step to take apart", nil, "shardeck xray "+r.Run+" says why")
	}
	return figure.Layers(r.Run, of.Rank, of.Kinds()[0]), nil
}

func (p *Publisher) heatmap(ctx context.Context, o FigureOrder, _ pool.Progress) (figure.Figure, error) {
	entries, err := p.entries(ctx, o)
	if err != nil {
		return figure.Figure{}, err
	}
	by := o.By
	if len(by) == 0 {
		by = scaling.Plane(entries)
	}
	fields, err := model.Through(by, func(w string) (string, error) { return scaling.FieldOf(entries, w) })
	if err == nil && (len(fields) == 0 || len(fields) > 2) {
		err = model.Invalid(fmt.Sprintf("a heat map is over one or two fields that differ, not over %d", len(fields)), "--by tp,batch")
	}
	if err != nil {
		return figure.Figure{}, err
	}
	g, err := scaling.GridOf(entries, cmp.Or(o.Metric, scaling.ThroughputMetric), fields)
	return figure.Heatmap(g), err
}

// Written is a figure's files, by their ends: the figure itself in one of its formats, its caption and its numbers.
func (p *Publisher) Written(f figure.Figure, inches float64, format string) (map[string][]byte, error) {
	var drawn, numbers bytes.Buffer
	if err := report.Paper(&drawn, f, inches, format); err != nil {
		return nil, err
	}
	err := report.WriteCSV(&numbers, "figure", f.Records())
	return map[string][]byte{"." + format: drawn.Bytes(), ".csv": numbers.Bytes(), ".txt": []byte(f.Title + ". " + f.Caption + "\n")}, err
}
