// Package report writes what leaves shardeck: the summary of runs as CSV and the scaling charts as PNG. It computes nothing; values come
// ready from backend/measure. Both files are written whole into a writer, so the caller decides where they lie.
package report

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"shardeck/model"
	"shardeck/model/metric"
	"shardeck/model/present/unit"
	"shardeck/model/scaling"
)

// PointsCSV writes the points of a chart, one a row, in full precision; no value is an empty cell.
func PointsCSV(w io.Writer, c scaling.Chart) error {
	y := model.Slug(strings.NewReplacer("%", "pct", "×", "").Replace(c.Quantity+"_"+c.Unit), "_") // throughput_tok_s, efficiency_pct
	lines := [][]string{{"series", "run", "layout", string(c.Axis), y, "spread_pct", "n", "speedup", "efficiency_pct", "serial_fraction",
		"ideal_" + y, "unsure", "config_changed"}}
	for _, s := range c.Series {
		for _, p := range s.Points {
			lines = append(lines, []string{s.Name, p.Run, p.Layout, exact(p.X), exact(p.Value), above(0, p.Spread), above(0, float64(p.N)),
				above(0, p.Speedup), above(0, p.Efficiency), above(-1, p.Serial), above(0, p.Ideal), p.Unsure, p.Changed})
		}
	}
	return WriteCSV(w, "points", lines)
}

// WriteCSV writes lines of cells; what names them in errors. A text that a spreadsheet would take for a formula gets an apostrophe before it; numbers stay numbers.
func WriteCSV(w io.Writer, what string, lines [][]string) error {
	for _, line := range lines {
		for i, text := range line {
			line[i] = model.Printable(text)
			if _, err := strconv.ParseFloat(line[i], 64); err != nil && strings.HasPrefix(strings.TrimLeft(line[i], " "), "=") ||
				err != nil && line[i] != "" && strings.Contains("+-@", line[i][:1]) {
				line[i] = "'" + line[i]
			}
		}
	}
	if err := csv.NewWriter(w).WriteAll(lines); err != nil {
		return fmt.Errorf("cannot write the %s: %w", what, err)
	}
	return nil
}

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

// Row is one run of the summary.
type Row struct {
	Run      model.Run
	GPU      string // as the traces name it, empty: not known
	Analysis *metric.Analysis
}

// field is one column of the summary: its header and what a run has there.
type field struct {
	name string
	text func(Row) string
}

// CSV writes one row a run: what was run, the seed's figures under the seed's names, then every further metric, each with its unit in the
// header. Where there is no value the cell is empty, never zero. Numbers are full precision.
func CSV(w io.Writer, rows []Row, defs []metric.Definition) error {
	return WriteCSV(w, "summary", Summary(rows, defs))
}

// Summary is what CSV writes, the header first.
func Summary(rows []Row, defs []metric.Definition) [][]string {
	fields := metricFields(rows, defs)
	lines := [][]string{slices.Concat(configNames, model.Each(fields, func(f field) string { return f.name }), tailNames)}
	for _, r := range rows {
		config, tail := told(r)
		lines = append(lines, slices.Concat(config, model.Each(fields, func(f field) string { return f.text(r) }), tail))
	}
	return lines
}

// The columns of a run's config, and those that say what a reader must know before comparing rows.
var (
	configNames = []string{"run", "experiment", "model", "tp", "pp", "dp", "ep", "gpus", "batch_size", "seq_len", "max_tokens"}
	tailNames   = []string{"layers", "precision", "engine", "gpu", "replay", "damaged", "problem", "config_changed", "load", "forecast"}
)

// Told is what a run has in the columns that no metric is in, by name; what it does not tell is left out.
func Told(r Row) map[string]string {
	config, tail := told(r)
	all := map[string]string{}
	for i, name := range slices.Concat(configNames, tailNames) {
		if text := slices.Concat(config, tail)[i]; text != "" {
			all[name] = text
		}
	}
	return all
}

// told is what a run has in those columns; without a config they are empty.
func told(r Row) (config, tail []string) {
	e := r.Run.Experiment
	if config = make([]string, len(configNames)); e == nil {
		e = &model.Experiment{}
	} else {
		l, d := e.Layout, e.Data
		numbers := []int{l.TP, l.PP, l.DP(), l.EP, l.GPUs(), d.BatchSize, d.SeqLen, d.MaxTokens}
		config = append([]string{"", e.ID, e.Model.Name}, model.Each(numbers, strconv.Itoa)...)
	}
	config[0] = r.Run.Name
	return config, []string{above(0, float64(e.Model.Layers)), e.Model.Precision, string(cmp.Or(r.Run.Engine, e.Engine)),
		cmp.Or(r.GPU, r.Run.GPU), strconv.FormatBool(r.Run.Replay), strconv.FormatBool(r.Analysis != nil && r.Analysis.Damaged),
		r.Run.Problem, r.Run.Changed.String(), e.Load.String(), strconv.FormatBool(r.Run.Forecast != nil)}
}

// seedMetrics are the figures of the original summary, in its order.
var seedMetrics = []string{"throughput_tokens_sec", "ttft", "tpot", "comm_overhead", "coll_call_num"}

func ofMetric(name string) func(Row) string {
	return func(r Row) string {
		if r.Analysis == nil {
			return ""
		}
		m := r.Analysis.Metric(name)
		if m.Value == nil {
			return ""
		}
		return unit.Full(*m.Value)
	}
}

// divided are the parts of metrics that have columns of their own.
var divided = map[string]func(metric.Parts) map[string]float64{
	"kernel_classes": func(p metric.Parts) map[string]float64 { return p.Classes },
	"phase_time":     func(p metric.Parts) map[string]float64 { return p.Phases },
}

// metricFields has a column for every metric, the seed's first, and for the parts of some.
func metricFields(rows []Row, defs []metric.Definition) []field {
	var all []field
	place := func(d metric.Definition) int {
		if i := slices.Index(seedMetrics, d.Name); i >= 0 {
			return i
		}
		return len(seedMetrics)
	}
	for _, d := range slices.SortedStableFunc(slices.Values(defs), func(a, b metric.Definition) int { return place(a) - place(b) }) {
		all = append(all, field{d.Name + unitSuffix(d), ofMetric(d.Name)})
		if parts := divided[d.Name]; parts != nil {
			all = append(all, partFields(rows, d, parts)...)
		}
	}
	return all
}

// partFields has a column for every part that the metric has in some run, sorted.
func partFields(rows []Row, d metric.Definition, parts func(metric.Parts) map[string]float64) []field {
	of := func(r Row) map[string]float64 {
		if r.Analysis == nil {
			return nil
		}
		return parts(r.Analysis.Metric(d.Name).By)
	}
	found := map[string]float64{}
	for _, r := range rows {
		maps.Copy(found, of(r))
	}
	var all []field
	for _, part := range slices.Sorted(maps.Keys(found)) {
		name := d.Name + "_" + strings.ReplaceAll(part, " ", "_") + unitSuffix(d)
		all = append(all, field{name, func(r Row) string {
			if v, ok := of(r)[part]; ok {
				return unit.Full(v)
			}
			return ""
		}})
	}
	return all
}

// suffixes write units as the seed's headers did.
var suffixes = map[string]string{"ms": "_ms", "s": "_s", "%": "_pct", "B": "_bytes", "GB/s": "_gbs", "W": "_w", "J": "_j"}

// unitSuffix is that of a header; names that say their unit, and plain counts, get none.
func unitSuffix(d metric.Definition) string {
	if strings.HasSuffix(d.Name, strings.TrimSpace(suffixes[d.Unit])) {
		return ""
	}
	return suffixes[d.Unit]
}
