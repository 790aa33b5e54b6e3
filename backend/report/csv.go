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

	"shardeck/model"
	"shardeck/model/metric"
	"shardeck/model/present/unit"
)

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

// CSV writes one row a run: what was run, the seed's figures under the seed's
// names, then every further metric, each with its unit in the header. Where there is no
// value the cell is empty, never zero. Numbers are full precision.
func CSV(w io.Writer, rows []Row, defs []metric.Definition) error {
	fields := slices.Concat(configFields, metricFields(rows, defs), tailFields)
	lines := [][]string{model.Each(fields, func(f field) string { return f.name })}
	for _, r := range rows {
		lines = append(lines, model.Each(fields, func(f field) string { return f.text(r) }))
	}
	if err := csv.NewWriter(w).WriteAll(lines); err != nil {
		return fmt.Errorf("cannot write the summary: %w", err)
	}
	return nil
}

// configFields come from the run's config and are empty without one.
var configFields = []field{
	{"run", func(r Row) string { return r.Run.Name }},
	{"experiment", of(func(e *model.Experiment) string { return e.ID })},
	{"model", of(func(e *model.Experiment) string { return e.Model.Name })},
	{"tp", number(func(e *model.Experiment) int { return e.Layout.TP })},
	{"pp", number(func(e *model.Experiment) int { return e.Layout.PP })},
	{"dp", number(func(e *model.Experiment) int { return e.Layout.DP() })},
	{"ep", number(func(e *model.Experiment) int { return e.Layout.EP })},
	{"gpus", number(func(e *model.Experiment) int { return e.Layout.GPUs() })},
	{"batch_size", number(func(e *model.Experiment) int { return e.Data.BatchSize })},
	{"seq_len", number(func(e *model.Experiment) int { return e.Data.SeqLen })},
	{"max_tokens", number(func(e *model.Experiment) int { return e.Data.MaxTokens })},
}

// seedMetrics are the figures of the original summary, in its order.
var seedMetrics = []string{"throughput_tokens_sec", "ttft", "tpot", "comm_overhead", "coll_call_num"}

// tailFields say what a reader must know before comparing rows.
var tailFields = []field{
	{"layers", of(func(e *model.Experiment) string { return above(0, float64(e.Model.Layers)) })},
	{"precision", of(func(e *model.Experiment) string { return e.Model.Precision })},
	{"engine", of(func(e *model.Experiment) string { return string(e.Engine) })},
	{"gpu", func(r Row) string { return r.GPU }},
	{"replay", func(r Row) string { return strconv.FormatBool(r.Run.Replay) }},
	{"damaged", func(r Row) string { return strconv.FormatBool(r.Analysis != nil && r.Analysis.Damaged) }},
	{"problem", func(r Row) string { return r.Run.Problem }},
	{"config_changed", func(r Row) string { return r.Run.Changed.String() }},
}

// of reads the config; without one the cell is empty.
func of(f func(*model.Experiment) string) func(Row) string {
	return func(r Row) string {
		if r.Run.Experiment == nil {
			return ""
		}
		return f(r.Run.Experiment)
	}
}

func number(f func(*model.Experiment) int) func(Row) string {
	return of(func(e *model.Experiment) string { return strconv.Itoa(f(e)) })
}

// ofMetric is the value of one metric.
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
	place := func(d metric.Definition) int { return slices.Index(seedMetrics, d.Name) }
	seeds := slices.DeleteFunc(slices.Clone(defs), func(d metric.Definition) bool { return place(d) < 0 })
	slices.SortFunc(seeds, func(a, b metric.Definition) int { return cmp.Compare(place(a), place(b)) })
	others := slices.DeleteFunc(slices.Clone(defs), func(d metric.Definition) bool { return place(d) >= 0 })
	for _, d := range append(seeds, others...) {
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
