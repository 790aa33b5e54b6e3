package metrics

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"

	"shardeck/model/metric"
	"shardeck/model/present/unit"
	"shardeck/ui/list"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// detail is one run opened: a row a metric, with what each rank has of it.
type detail struct {
	run   string
	view  int // of views
	table widget.Table
	names []string  // metric of each row; in a split view of each column but the first
	keys  []string  // ranks, phases or types of a split view
	sort  list.Sort // of the rows of a split view
}

// rankColumns is how many ranks have a column of their own; below the table are all.
const rankColumns = 8

// show fills the rows from an analysis; the cursor stays on its metric.
func (d *detail) show(th *theme.Theme, a *metric.Analysis, defs []metric.Definition) {
	if views[d.view].keys != nil {
		d.split(th, a, defs)
		return
	}
	ranks := a.Ranks[:min(len(a.Ranks), rankColumns)]
	d.table.Columns = detailColumns(ranks)
	d.names = d.names[:0]
	var rows [][]widget.Cell
	for _, def := range defs {
		d.names = append(d.names, def.Name)
		rows = append(rows, detailCells(th, a, def, ranks))
	}
	d.table.SetRows(rows)
}

func (d *detail) goTo(metric string) {
	at := max(slices.Index(d.names, metric), 0)
	if views[d.view].keys != nil {
		d.table.Column = at + 1
		return
	}
	d.table.Cursor = at
}

// metric is the name of the metric under the cursor.
func (d *detail) metric() string {
	at := d.table.Cursor
	if views[d.view].keys != nil {
		at = d.table.Column - 1
	}
	if at < 0 || at >= len(d.names) {
		return ""
	}
	return d.names[at]
}

func detailColumns(ranks []int) []widget.Column {
	columns := []widget.Column{{Title: "metric"}, {Title: "value", Right: true, Mixed: true}, {Title: "unit"}}
	if len(ranks) > 1 {
		columns = append(columns, widget.Column{Title: "ranks", Worth: 1})
	}
	for i, r := range ranks {
		columns = append(columns, widget.Column{Title: "rank " + unit.Int(r), Right: true, Mixed: true, Worth: 3 + i})
	}
	return append(columns, widget.Column{Title: "n", Right: true, Worth: 2}, widget.Column{Title: "", Worth: 20, Min: 12})
}

func detailCells(th *theme.Theme, a *metric.Analysis, def metric.Definition, ranks []int) []widget.Cell {
	m := a.Metric(def.Name)
	cells := []widget.Cell{{Text: def.Name}, valueCell(th, m, def), {Text: unitBeside(m, def), Tone: theme.Dim}}
	if len(ranks) > 1 {
		cells = append(cells, widget.Cell{Text: spark(th, m.PerRank)})
	}
	for _, r := range ranks {
		cell := widget.Cell{}
		if v, ok := m.PerRank[r]; ok {
			cell.Text = rankText(v, def)
		}
		cells = append(cells, cell)
	}
	n := widget.Cell{Tone: theme.Dim}
	if m.N > 0 {
		n.Text = unit.Int(m.N)
	}
	return append(cells, n, widget.Cell{Text: remark(m), Tone: theme.Dim})
}

// unitBeside is the unit of a value; a size brings its own.
func unitBeside(m metric.Metric, def metric.Definition) string {
	if def.Unit == "B" && m.Value != nil {
		return ""
	}
	return def.Unit
}

// rankText is the value of one rank or part; sizes are rounded, so that columns stay narrow.
func rankText(v float64, def metric.Definition) string {
	if def.Unit == "B" {
		return unit.Memory(int64(v))
	}
	return unit.Figure(v, def.Decimals)
}

func valueCell(th *theme.Theme, m metric.Metric, def metric.Definition) widget.Cell {
	if m.Value == nil {
		if m.Reason == "none" {
			return widget.Cell{Text: "none"}
		}
		return widget.Cell{Text: th.Missing, Tone: theme.Dim}
	}
	cell := widget.Cell{Text: rankText(*m.Value, def)}
	if m.Estimate {
		cell.Lead = th.About
	}
	return cell
}

// remark is what must be known of a value, or why there is none.
func remark(m metric.Metric) string {
	if m.Value == nil && m.Reason != "none" {
		return m.Reason
	}
	var parts []string
	if m.Estimate {
		parts = append(parts, "estimate")
	}
	if m.Cause != "" {
		parts = append(parts, "cause: "+m.Cause)
	}
	if m.Note != "" {
		parts = append(parts, m.Note)
	}
	return strings.Join(parts, " · ")
}

// spark draws the ranks side by side, each as high as its share of the largest, so that
// an uneven one is seen at once.
func spark(th *theme.Theme, perRank map[int]float64) string {
	if len(perRank) < 2 {
		return ""
	}
	top := 0.0
	for _, v := range perRank {
		top = math.Max(top, v)
	}
	var levels []float64
	for _, r := range slices.Sorted(maps.Keys(perRank)) {
		levels = append(levels, math.Max(perRank[r], 0)/math.Max(top, math.SmallestNonzeroFloat64))
	}
	return widget.Levels(th, levels)
}

// rankWords are the values of the ranks: "rank 0 7.76 · rank 1 11.47"; of many the least
// and the most: the view of the ranks has them all.
func rankWords(m metric.Metric, def metric.Definition) string {
	ranks := slices.Sorted(maps.Keys(m.PerRank))
	word := func(r int) string { return "rank " + unit.Int(r) + " " + rankText(m.PerRank[r], def) }
	if len(ranks) > rankColumns {
		byValue := func(a, b int) int { return cmp.Compare(m.PerRank[a], m.PerRank[b]) }
		return "least " + word(slices.MinFunc(ranks, byValue)) + " · most " + word(slices.MaxFunc(ranks, byValue)) + " of " + unit.Int(len(ranks)) + " ranks"
	}
	var parts []string
	for _, r := range ranks {
		parts = append(parts, word(r))
	}
	return strings.Join(parts, " · ")
}

// partWords are the parts of a value, the largest first: "all_reduce 4 096 · broadcast 64".
func partWords(m metric.Metric, def metric.Definition) string {
	var parts []string
	for _, part := range m.By.List() {
		parts = append(parts, part.Name+" "+rankText(part.Value, def))
	}
	return strings.Join(parts, " · ")
}
