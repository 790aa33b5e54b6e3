package measure

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"shardeck/backend/report"
	"shardeck/model"
	"shardeck/model/scaling"
)

// Chart is one chart as a pane draws it, to be written to a file.
type Chart struct {
	Quantity, Unit string // throughput, tok/s
	Axis           scaling.Axis
	Across         string // what the axis counts, as its title says: GPUs
	Of             string // what is shown of several series: the one, or what the few have in common; empty: all
	Note           string // what all series have in common
	Series         []ChartSeries
	Ideal          bool // the ideal line is drawn
	Log            bool // both axes are logarithmic
	Nodes          []float64
}

// ChartSeries is one line of a chart.
type ChartSeries struct {
	Name   string
	Points []ChartPoint
}

// ChartPoint is a run with the value that is drawn of it. Ideal is NaN where there is
// nothing to compare with.
type ChartPoint struct {
	scaling.Point
	Value  float64
	Spread float64 // of Value, in %; 0: not known
	Ideal  float64
}

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
func (m *Measure) ExportChart(_ context.Context, c Chart, f Format) (string, error) {
	if err := m.Workspace.Writable("write a chart"); err != nil {
		return "", err
	}
	var out bytes.Buffer
	draw := map[Format]func(*bytes.Buffer) error{FormatCSV: c.csv, FormatPNG: c.png}[f]
	if draw == nil {
		return "", model.Invalid(fmt.Sprintf("a chart cannot be written as %.20q", f), "formats are csv and png")
	}
	if err := draw(&out); err != nil {
		return "", err
	}
	rel := "experiments/" + c.file() + "." + string(f)
	if err := m.Workspace.WriteFile(rel, out.Bytes(), 0o644); err != nil {
		return "", err
	}
	return filepath.FromSlash(rel), nil
}

var notInNames = regexp.MustCompile(`[^a-z0-9]+`)

// file is the name of the chart's file: chart_throughput_gpus_batch-4.
func (c Chart) file() string {
	parts := []string{"chart"}
	for _, part := range []string{c.Quantity, string(c.Axis), c.Of} {
		if slug := strings.Trim(notInNames.ReplaceAllString(strings.ToLower(part), "-"), "-"); slug != "" {
			parts = append(parts, slug[:min(len(slug), 60)])
		}
	}
	return strings.Join(parts, "_")
}

func (c Chart) csv(out *bytes.Buffer) error {
	var rows []report.PointRow
	for _, s := range c.Series {
		for _, p := range s.Points {
			rows = append(rows, report.PointRow{Series: s.Name, Run: p.Run, Layout: p.Layout, Unsure: p.Unsure, X: p.X, Y: known(p.Value, math.Inf(-1)), N: p.N,
				SpreadPct: known(p.Spread, 0), Speedup: known(p.Speedup, 0), EfficiencyPct: known(p.Efficiency, 0), Serial: known(p.Serial, -1), Ideal: known(p.Ideal, math.Inf(-1))})
		}
	}
	return report.PointsCSV(out, string(c.Axis), header(c.Quantity, c.Unit), rows)
}

// header names the column of the value: throughput_tok_s, efficiency_pct.
func header(quantity, unit string) string {
	words := strings.NewReplacer("%", "pct", "×", "").Replace(strings.ToLower(quantity + "_" + unit))
	return strings.Trim(notInNames.ReplaceAllString(words, "_"), "_")
}

// known is nil for NaN, and for the value that means none (or less).
func known(v, none float64) *float64 {
	if math.IsNaN(v) || v <= none {
		return nil
	}
	return &v
}

// scales reports whether some point has an ideal: on an axis of the workload none has.
func (c Chart) scales() bool {
	for _, s := range c.Series {
		if slices.ContainsFunc(s.Points, func(p ChartPoint) bool { return known(p.Ideal, 0) != nil }) {
			return true
		}
	}
	return false
}

func (c Chart) png(out *bytes.Buffer) error {
	p := report.Panel{X: c.Across, Y: strings.Trim(c.Quantity+", "+c.Unit, ", "), Ideal: c.Ideal && c.scales(), Nodes: c.Nodes, Scale: report.Linear}
	if c.Log {
		p.Scale = report.Log
	}
	if c.Quantity == "efficiency" {
		p.Kind = report.Efficiency
	}
	for _, s := range c.Series {
		line := report.Series{Name: s.Name}
		for _, point := range s.Points {
			dot := report.Point{X: point.X, Y: point.Value, Spread: point.Value * point.Spread / 100}
			if ideal := known(point.Ideal, 0); ideal != nil {
				dot.Ideal = *ideal
			}
			line.Points = append(line.Points, dot)
		}
		p.Series = append(p.Series, line)
	}
	return report.Figure(out, strings.ToUpper(c.Quantity[:1])+c.Quantity[1:]+" against "+c.Across, c.Note, p)
}
