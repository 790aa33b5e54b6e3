// Package report writes what leaves shardeck: the summary of runs as CSV and the
// scaling charts as PNG. It computes nothing; values come ready from backend/measure.
// Both files are written whole into a writer, so the caller decides where they lie.
package report

import (
	"encoding/csv"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"shardeck/model/scaling"
)

// Panel is one chart of the picture.
type Panel struct {
	Title  string
	X, Y   string // axis labels, with units
	Series []scaling.ChartSeries
	Ideal  bool   // a dashed line at 100 (efficiency), or through the Ideal of each series' points
	Kind   Kind   // what Y is
	Empty  string // what stands in the panel when no series has a point

	Scale Scale     // of both axes
	Nodes []float64 // X at which a node is full, marked
}

// Scale of a panel's axes.
type Scale int

// The scales: each axis as its values ask for, or both as told.
const (
	Auto Scale = iota
	Linear
	Log
)

// Kind of a panel's Y, which decides its scale.
type Kind int

// The kinds: a rate grows with GPUs, a time falls, an efficiency is a percentage of 100.
const (
	Rate Kind = iota
	Time
	Efficiency
)

// points are those of all series.
func (p Panel) points() []scaling.ChartPoint {
	var all []scaling.ChartPoint
	for _, s := range p.Series {
		all = append(all, s.Points...)
	}
	return all
}

// names lists the series of all panels, in order of first appearance.
func names(panels []Panel) []string {
	var all []string
	for _, p := range panels {
		for _, s := range p.Series {
			if len(s.Points) > 0 && !slices.Contains(all, s.Name) {
				all = append(all, s.Name)
			}
		}
	}
	return all
}

// PointsCSV writes the points of a chart, one a row, in full precision; no value is an empty cell.
func PointsCSV(w io.Writer, c scaling.Chart) error {
	y := header(c.Quantity, c.Unit)
	lines := [][]string{{"series", "run", "layout", string(c.Axis), y, "spread_pct", "n", "speedup", "efficiency_pct", "serial_fraction",
		"ideal_" + y, "unsure", "config_changed"}}
	for _, s := range c.Series {
		for _, p := range s.Points {
			lines = append(lines, []string{s.Name, p.Run, p.Layout, exact(p.X), exact(p.Value), above(0, p.Spread), above(0, float64(p.N)),
				above(0, p.Speedup), above(0, p.Efficiency), above(-1, p.Serial), above(0, p.Ideal), p.Unsure, p.Changed})
		}
	}
	if err := csv.NewWriter(w).WriteAll(lines); err != nil {
		return fmt.Errorf("cannot write the points: %w", err)
	}
	return nil
}

// notInNames is what stands in no name of a column or file.
var notInNames = regexp.MustCompile(`[^a-z0-9]+`)

// header names the column of the value: throughput_tok_s, efficiency_pct.
func header(quantity, unit string) string {
	return Slug(strings.NewReplacer("%", "pct", "×", "").Replace(quantity+"_"+unit), "_")
}

// Slug is a text as a part of a name, its words joined by a sign.
func Slug(text, sign string) string {
	return strings.Trim(notInNames.ReplaceAllString(strings.ToLower(text), sign), sign)
}

// exact is a number in full.
func exact(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

// above is a number in full, nothing for one that is none: not above a bound.
func above(none, v float64) string {
	if v > none {
		return exact(v)
	}
	return ""
}

// nodeLine marks the X at which a node is full: beyond it calls leave the node.
type nodeLine float64

// Plot draws the line, and its name at its foot.
func (x nodeLine) Plot(c draw.Canvas, p *plot.Plot) {
	toX, _ := p.Transforms(&c)
	at := toX(float64(x))
	dotted := draw.LineStyle{Color: grey, Width: vg.Points(0.8), Dashes: []vg.Length{vg.Points(1), vg.Points(3)}}
	c.StrokeLine2(dotted, at, c.Min.Y, at, c.Max.Y)
	c.FillText(textStyle(9, grey, draw.XLeft, draw.YBottom), vg.Point{X: at + vg.Points(4), Y: c.Min.Y + vg.Points(4)}, "node full")
}
