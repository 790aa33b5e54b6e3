package measure

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"shardeck/backend/report"
	"shardeck/model"
	"shardeck/model/scaling"
)

// Format of an exported chart.
type Format string

// The formats.
const (
	FormatCSV Format = "csv"
	FormatPNG Format = "png"
)

// ExportChart writes the very points of a chart as CSV, or the chart as PNG, and returns
// the file's path, relative to the workspace. The name says what is drawn: the same
// chart is written over, another is not.
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
		err = report.Figure(&out, strings.ToUpper(c.Quantity[:1])+c.Quantity[1:]+" against "+c.Across, c.Note, panelOf(c))
	default:
		err = model.Invalid(fmt.Sprintf("a chart cannot be written as %.20q", f), "formats are csv and png")
	}
	if err != nil {
		return "", err
	}
	rel := "experiments/" + fileName(c) + "." + string(f)
	return filepath.FromSlash(rel), m.Workspace.WriteFile(rel, out.Bytes(), 0o644)
}

// fileName is that of the chart's file: chart_throughput_gpus_batch-4.
func fileName(c scaling.Chart) string {
	name := "chart"
	for _, part := range []string{c.Quantity, string(c.Axis), c.Of} {
		if slug := report.Slug(part, "-"); slug != "" {
			name += "_" + slug[:min(len(slug), 60)]
		}
	}
	return name
}

func panelOf(c scaling.Chart) report.Panel {
	p := report.Panel{X: c.Across, Y: strings.Trim(c.Quantity+", "+c.Unit, ", "), Ideal: c.Ideal && c.HasIdeal(), Nodes: c.Nodes,
		Scale: report.Linear, Series: c.Series}
	if c.Log {
		p.Scale = report.Log
	}
	if c.Quantity == "efficiency" {
		p.Kind = report.Efficiency
	}
	return p
}
