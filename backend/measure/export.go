package measure

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"shardeck/backend/pool"
	"shardeck/backend/report"
	"shardeck/model"
	"shardeck/model/figure"
	"shardeck/model/metric"
	"shardeck/model/scaling"
)

// Files that Export writes, relative to the workspace.
const (
	SummaryFile = "experiments/results_summary.csv"
	ScalingFile = "experiments/scaling_analysis.png"
)

// Report is what analyze found and wrote.
type Report struct {
	Files []string    `json:"files"`
	Runs  []RunReport `json:"runs"`
}

// RunReport is one run of a report.
type RunReport struct {
	Run      string           `json:"run"`
	Layout   string           `json:"layout"`
	Marks    []model.Mark     `json:"marks,omitempty"` // why its numbers are not those of the experiment that writes there
	Analysis *metric.Analysis `json:"analysis"`        // nil: it could not be read
	Problem  string           `json:"problem"`         // why not
	Large    bool             `json:"large,omitempty"` // not read: beyond the login node's budget
	Fix      string           `json:"fix,omitempty"`   // what to do about Problem
}

// Export writes results_summary.csv and scaling_analysis.png and returns their paths.
func (m *Measure) Export(ctx context.Context) ([]string, error) {
	r, err := m.ExportAll(ctx, nil, nil)
	return r.Files, err
}

// ExportAll reads every run, and those that lie elsewhere by their paths, one after the other, and writes the summary and
// the charts. A run that cannot be read has its row, empty, and its Problem.
func (m *Measure) ExportAll(ctx context.Context, elsewhere []string, progress pool.Progress) (Report, error) {
	if err := m.Workspace.Writable("write the summary"); err != nil {
		return Report{}, err
	}
	runs, err := m.Runs(ctx)
	more, errMore := m.named(elsewhere)
	if err = cmp.Or(err, errMore); err != nil {
		return Report{}, err
	}
	for _, r := range more {
		if !slices.ContainsFunc(runs, func(o model.Run) bool { return o.Name == r.Name }) {
			runs = append(runs, r)
		}
	}
	out := Report{Runs: []RunReport{}, Files: []string{}}
	var rows []report.Row
	var all []scaling.Measured
	for _, run := range slices.Backward(runs) { // the oldest first, as in a notebook
		a, err := m.analyseRun(ctx, run, pool.Wanted, progress)
		if ctx.Err() != nil {
			return out, ctx.Err()
		}
		rr := RunReport{Run: run.Name, Marks: run.Marks()}
		if err != nil {
			if rr.Problem, rr.Fix, rr.Large = err.Error(), model.FixOf(err), errors.Is(err, model.ErrBudget); rr.Large {
				a = m.Quick(ctx, run)
			}
			run.Problem = rr.Problem
		}
		if run.Experiment != nil {
			rr.Layout = run.Experiment.Layout.Short()
		}
		rr.Analysis = a
		out.Runs = append(out.Runs, rr)
		rows = append(rows, report.Row{Run: run, GPU: a.Device(), Analysis: a})
		if x := m.MeasuredOf(run, a); scaling.InSeries(x) {
			all = append(all, x)
		}
	}
	m.Cache.pruneDaily(m.Now())
	err = m.write(&out, rows, m.repeats(ctx).folded(all))
	return out, err
}

func (m *Measure) write(out *Report, rows []report.Row, all []scaling.Measured) error {
	var summary, picture bytes.Buffer
	if err := report.CSV(&summary, rows, metric.Definitions); err != nil {
		return err
	}
	panels, common := factored(panelsOf(all))
	note := strings.Trim(common+scaling.NameSign+scaling.ChartStatistic, " ·")
	if err := report.PNG(&picture, fmt.Sprintf("Scaling of %d runs", len(all)), note, panels); err != nil {
		return err
	}
	for _, f := range []struct {
		rel  string
		data []byte
	}{{SummaryFile, summary.Bytes()}, {ScalingFile, picture.Bytes()}} {
		if err := m.Workspace.WriteFile(f.rel, f.data, 0o644); err != nil {
			return err
		}
		out.Files = append(out.Files, filepath.FromSlash(f.rel))
	}
	return nil
}

// factored takes out of the names of series what they all have in common.
func factored(panels []figure.Panel) ([]figure.Panel, string) {
	series := slices.Concat(model.Each(panels, func(p figure.Panel) []scaling.ChartSeries { return p.Series })...)
	common := scaling.CommonName(model.Each(series, func(s scaling.ChartSeries) string { return s.Name }))
	for _, p := range panels {
		for i, s := range p.Series {
			p.Series[i].Name = cmp.Or(scaling.OwnName(s.Name, common), s.Name)
		}
	}
	return panels, common
}

// panelsOf are the four charts of the original scaling analysis.
func panelsOf(all []scaling.Measured) []figure.Panel {
	const none, rate = "no run with timings yet", "prompt and output tokens / s"
	panel := func(title, across, y, empty string, kind figure.Kind, x scaling.Axis, quantity string) figure.Panel {
		q := scaling.QuantityOf(quantity)
		return figure.Panel{Title: title, X: across, Y: y, Kind: kind, Ideal: true, Empty: empty,
			Series: model.Each(scaling.SeriesOf(all, x, q.Metric), q.Draw)}
	}
	return []figure.Panel{
		panel("Throughput", "GPUs", rate, none, figure.Rate, scaling.AxisGPUs, "throughput"),
		panel("Iteration time", "GPUs", "seconds", none, figure.Time, scaling.AxisGPUs, "iteration time"),
		panel("Efficiency", "GPUs", "% of ideal speed-up", none, figure.Efficiency, scaling.AxisGPUs, "efficiency"),
		panel("Expert parallelism", "EP", rate, "no run of a mixture-of-experts model yet", figure.Rate, scaling.AxisEP, "throughput"),
	}
}

// Format of an exported chart.
type Format string

// The formats.
const (
	FormatCSV Format = "csv"
	FormatPNG Format = "png"
)

// ExportChart writes the very points of a chart as CSV, or the chart as PNG, and returns the file's path, relative to the workspace. The
// name says what is drawn: the same chart is written over, another is not.
func (m *Measure) ExportChart(_ context.Context, c scaling.Chart, f Format) (string, error) {
	if err := m.Workspace.Writable("write a chart"); err != nil {
		return "", err
	}
	var out bytes.Buffer
	var err error
	switch f {
	case FormatCSV:
		err = report.PointsCSV(&out, c)
	case FormatPNG:
		err = drawChart(&out, c)
	default:
		err = model.Invalid(fmt.Sprintf("a chart cannot be written as %.20q", f), "formats are csv and png")
	}
	if err != nil {
		return "", err
	}
	rel := "experiments/" + fileName(c) + "." + string(f)
	return filepath.FromSlash(rel), m.Workspace.WriteFile(rel, out.Bytes(), 0o644)
}

// Picture is a chart as ExportChart writes it in PNG.
func (m *Measure) Picture(c scaling.Chart) ([]byte, error) {
	var out bytes.Buffer
	err := drawChart(&out, c)
	return out.Bytes(), err
}

func drawChart(w io.Writer, c scaling.Chart) error {
	return report.Figure(w, strings.ToUpper(c.Quantity[:1])+c.Quantity[1:]+" against "+c.Across, c.Note, panelOf(c))
}

// fileName is that of the chart's file: chart_throughput_gpus_batch-4.
func fileName(c scaling.Chart) string {
	name := "chart"
	for _, part := range []string{c.Quantity, string(c.Axis), c.Of} {
		if slug := model.Slug(part, "-"); slug != "" {
			name += "_" + slug[:min(len(slug), 60)]
		}
	}
	return name
}

func panelOf(c scaling.Chart) figure.Panel {
	p := figure.Panel{X: c.Across, Y: strings.Trim(c.Quantity+", "+c.Unit, ", "), Ideal: c.Ideal && c.HasIdeal(), Nodes: c.Nodes,
		Scale: figure.Linear, Series: c.Series}
	switch {
	case c.Log:
		p.Scale = figure.Log
	case c.LogX:
		p.Scale = figure.LogX
	}
	if c.Quantity == "efficiency" {
		p.Kind = figure.Efficiency
	}
	return p
}
