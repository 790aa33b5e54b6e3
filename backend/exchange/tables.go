package exchange

import (
	"bufio"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/parquet-go/parquet-go"

	"shardeck/backend/report"
	"shardeck/model"
	"shardeck/model/metric"
	"shardeck/model/present"
	"shardeck/model/present/unit"
)

// table is a table as files hold it: an empty cell is no value.
type table struct {
	name    string
	columns []string
	rows    [][]string
}

// tables are the row of results_summary.csv, every metric by rank, and what shardeck trace shows.
func tables(s Source) []table {
	lines := report.Summary([]report.Row{rowOf(s)}, metric.Definitions)
	all := []table{{"summary", lines[0], lines[1:]}, metrics(s)}
	if s.Found.Trace != nil {
		all = append(all, model.Each(present.Trace(s.Found), shown)...)
	}
	return slices.DeleteFunc(all, func(t table) bool { return len(t.rows) == 0 })
}

// rowOf is the run as results_summary.csv has it.
func rowOf(s Source) report.Row {
	return report.Row{Run: s.Run, GPU: s.Found.Device(), Analysis: s.Found}
}

// metrics has a row for each metric, and for what each rank has of it; in full precision.
func metrics(s Source) table {
	t := table{"metrics", []string{"run", "metric", "unit", "rank", "value", "n", "spread_pct", "estimate", "reason", "note"}, nil}
	for _, d := range metric.Definitions {
		m := s.Found.Metric(d.Name)
		value, spread := "", ""
		if m.Value != nil {
			value = unit.Full(*m.Value)
		}
		if m.Spread != nil {
			spread = unit.Full(*m.Spread)
		}
		estimate := strconv.FormatBool(m.Estimate)
		t.rows = append(t.rows, []string{s.Run.Name, d.Name, d.Unit, "", value, strconv.Itoa(m.N), spread, estimate, m.Reason, m.Note})
		for _, r := range slices.Sorted(maps.Keys(m.PerRank)) {
			t.rows = append(t.rows, []string{s.Run.Name, d.Name, d.Unit, strconv.Itoa(r), unit.Full(m.PerRank[r]), "", "", estimate, "", m.Note})
		}
	}
	return t
}

// shown is a table of the screen with its units in the names of columns; a sign before a number has a column of its own.
func shown(p present.Table) table {
	t := table{name: model.Slug(p.Name, "_")}
	signs := make([]bool, len(p.Columns))
	for i, c := range p.Columns {
		t.columns = append(t.columns, model.Slug(strings.NewReplacer("µ", "u", "%", "pct").Replace(c.Title+" "+c.Unit), "_"))
		if t.columns[i] == "" {
			t.columns[i] = "remark"
		}
		signs[i] = slices.ContainsFunc(p.Rows, func(r present.Row) bool { return i < len(r.Cells) && r.Cells[i].Lead != "" })
		if signs[i] {
			t.columns[i] += "|" // split below
		}
	}
	for _, r := range p.Rows {
		var row []string
		for i := range p.Columns {
			c := present.Cell{}
			if i < len(r.Cells) {
				c = r.Cells[i]
			}
			text := c.Text
			if text == unit.Missing {
				text = ""
			}
			if i == 0 && r.Full != "" {
				text = r.Full
			}
			if whole := strings.ReplaceAll(text, " ", ""); p.Columns[i].Right && isNumber(whole) {
				text = whole
			}
			if row = append(row, text); signs[i] {
				row = append(row, c.Lead)
			}
		}
		t.rows = append(t.rows, row)
	}
	t.columns = strings.Split(strings.Join(model.Each(t.columns, func(c string) string {
		if name, has := strings.CutSuffix(c, "|"); has {
			return name + "\n" + name + "_sign"
		}
		return c
	}), "\n"), "\n")
	return t
}

func tablesBy(ending string, write func(w *bufio.Writer, t table) error) func(string, Source) ([]string, error) {
	return func(dir string, s Source) ([]string, error) {
		for _, t := range tables(s) {
			if err := file(dir, t.name+ending, func(w *bufio.Writer) error { return write(w, t) }); err != nil {
				return nil, err
			}
		}
		return nil, nil
	}
}

func writeCSV(w *bufio.Writer, t table) error {
	return report.WriteCSV(w, t.name, append([][]string{t.columns}, t.rows...))
}

// numbers reports whether every value of a column is a number.
func (t table) numbers(column int) bool {
	return !slices.ContainsFunc(t.rows, func(r []string) bool {
		return r[column] != "" && !isNumber(r[column])
	})
}

func isNumber(text string) bool {
	_, err := strconv.ParseFloat(text, 64)
	return err == nil
}

// writeParquet writes numbers as doubles and all else as text; what has no value is null. Numbers are of what their column is of in
// every run: a column that holds none here is text only if it is named so.
func writeParquet(w *bufio.Writer, t table) error {
	fields, numbers := make([]reflect.StructField, len(t.columns)), make([]bool, len(t.columns))
	for i, name := range t.columns {
		of := reflect.TypeFor[*string]()
		if numbers[i] = t.numbers(i) && !slices.Contains(texts, name); numbers[i] {
			of = reflect.TypeFor[*float64]()
		}
		fields[i] = reflect.StructField{Name: "F" + strconv.Itoa(i), Type: of, Tag: reflect.StructTag(`parquet:"` + name + `,optional"`)}
	}
	out := parquet.NewWriter(w, parquet.SchemaOf(reflect.New(reflect.StructOf(fields)).Interface()), parquet.Compression(&parquet.Snappy))
	for _, r := range t.rows {
		row := make(parquet.Row, len(r))
		for i, text := range r {
			switch v, err := strconv.ParseFloat(text, 64); {
			case text == "":
				row[i] = parquet.NullValue().Level(0, 0, i)
			case numbers[i] && err == nil:
				row[i] = parquet.DoubleValue(v).Level(0, 1, i)
			default:
				row[i] = parquet.ByteArrayValue([]byte(text)).Level(0, 1, i)
			}
		}
		if _, err := out.WriteRows([]parquet.Row{row}); err != nil {
			return err
		}
	}
	return out.Close()
}

// texts are columns of words, in which a run may have none, or one that reads as a number.
var texts = []string{"run", "experiment", "model", "precision", "engine", "gpu", "problem", "config_changed", "load", "metric", "unit",
	"reason", "note", "remark", "kernel", "class", "call"}
