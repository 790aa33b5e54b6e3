package metrics

import (
	"fmt"
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/model"
	"shardeck/model/metric"
	"shardeck/model/present"
	"shardeck/ui/list"
	"shardeck/ui/pane"
	"shardeck/ui/widget"
)

func header(p *Pane) []widget.Column {
	t := present.Table{Columns: []present.Column{{Title: "run", Min: 22}}}
	for _, d := range p.columns.defs {
		c := present.MetricColumn(d)
		if p.base.name != "" && c.Title != "straggler" {
			c.Unit = "diff %"
		}
		t.Columns = append(t.Columns, c)
	}
	return pane.Columns(t)
}

// cells of one run, in the order of the columns: one value a metric, or its difference from the baseline.
func cells(p *Pane, r model.Run) []widget.Cell {
	row := present.Row{Cells: present.Texts(label(p, r))}
	a := p.known.analyses[r.Name]
	unlike := p.base.unlike(r) != ""
	for _, d := range p.columns.defs {
		cell := present.None()
		if a != nil {
			cell = valueCell(p, r.Name, a.Metric(d.Name), d)
		}
		if unlike && a != nil {
			cell.Role = present.Dim
		}
		row.Cells = append(row.Cells, cell)
	}
	cells := pane.Cells(p.env.Theme, row)
	for i, d := range p.columns.defs {
		cells[i+1].Lead = p.best.marks[r.Name+" "+d.Name] + cells[i+1].Lead
	}
	return cells
}

// valueCell is one value, or its difference from the baseline; either is ordered by the value.
func valueCell(p *Pane, run string, m metric.Metric, d metric.Definition) present.Cell {
	cell := present.MetricCell(m, d)
	if m.Value == nil || d.Name == "straggler" || p.base.name == "" || run == p.base.name {
		return cell
	}
	change := p.base.change(run, m, d)
	change.By = cell.By
	return change
}

// label is a run's name, with a word for what is no measurement of this machine; where all are replays the title says so once.
func label(p *Pane, r model.Run) string {
	marks := r.Marks()
	switch {
	case r.Unfinished:
		return r.Name + " (unfinished)"
	case len(marks) == 0, p.replays && marks[0].Word == model.ReplayWord:
		return r.Name
	}
	return r.Name + " (" + marks[0].Word + ")"
}

func fields(r model.Run) map[string]string {
	f := map[string]string{"run": r.Name, "job": r.JobID, "tag": strings.Join(r.Said.Tags, "\n"), "note": r.Said.Note}
	if r.Replay {
		f["state"] = "replay"
	}
	if e := r.Experiment; e != nil {
		f["id"], f["model"], f["engine"] = e.ID, e.Model.Name, string(e.Engine)
		for key, n := range map[string]int{"tp": e.Layout.TP, "pp": e.Layout.PP, "dp": e.Layout.DP(), "ep": e.Layout.EP, "gpus": e.Layout.GPUs(),
			"batch": e.Data.BatchSize, "seq": e.Data.SeqLen, "out": e.Data.MaxTokens} {
			f[key] = fmt.Sprint(n)
		}
	}
	return f
}

// columns are the metrics that are columns of the table, after that of the runs.
type columns struct{ defs []metric.Definition }

// set makes metrics the columns, in this order; none: all, in their own.
func (c *columns) set(names []string) {
	c.defs = nil
	for _, name := range names {
		if d, ok := metric.Define(name); ok && c.of(d.Name) == 0 {
			c.defs = append(c.defs, d)
		}
	}
	if len(c.defs) == 0 {
		c.defs = metric.Definitions
	}
}

// of is the column of a metric; 0: it is none.
func (c *columns) of(name string) int {
	return 1 + slices.IndexFunc(c.defs, func(d metric.Definition) bool { return d.Name == name })
}

// name is the metric of a column; empty: it is that of the runs.
func (c *columns) name(column int) string {
	if column < 1 || column > len(c.defs) {
		return ""
	}
	return c.defs[column-1].Name
}

func namesOf(defs []metric.Definition) []string {
	return model.Each(defs, func(d metric.Definition) string { return d.Name })
}

// text is the choice as it is kept; empty: the usual columns.
func (c *columns) text() string {
	if names := namesOf(c.defs); !slices.Equal(names, namesOf(metric.Definitions)) {
		return strings.Join(names, " ")
	}
	return ""
}

// family is the first column of the next family, or of this one or the one before.
func (c *columns) family(column int, forth bool) int {
	at := 1
	for i, d := range c.defs {
		start := i + 1
		switch {
		case i > 0 && d.Family == c.defs[i-1].Family:
		case forth && start > column:
			return start
		case start < column:
			at = start
		}
	}
	if forth {
		return column
	}
	return at
}

// setColumns chooses the columns. The cursor and the order of the rows stay with their metric, while it is a column.
func (p *Pane) setColumns(names []string) tea.Cmd {
	at, sort := p.metricName(), p.list.Sort()
	by := p.columns.name(sort.Column)
	p.columns.set(names)
	p.list.Table.Columns = header(p)
	p.list.Table.Column = max(p.columns.of(at), 1)
	if sort.Column = p.columns.of(by); sort.Column == 0 {
		sort = list.Sort{}
	}
	refresh := p.refresh()
	p.list.SetSort(sort)
	return refresh
}

// openChooser opens the list of metrics from which the columns are chosen, at the one under
// the cursor: those that are, in their order, then the others.
func openChooser(p *Pane) tea.Cmd {
	chosen := func(d metric.Definition) bool { return p.columns.of(d.Name) > 0 }
	p.chooser = list.New(p.env.Env, list.Of[metric.Definition]{
		One: "metric", ID: func(d metric.Definition) string { return d.Name },
		Columns: pane.Columns(present.Table{Columns: present.Columns("column", "unit/1", "family/2", "what it is/3-20")}),
		Cells: func(d metric.Definition) []widget.Cell {
			row := present.Row{Cells: present.Texts(d.Name, d.Unit, d.Family, firstSentence(d.Text))}
			for i := range row.Cells[1:] {
				row.Cells[i+1].Role = present.Dim
			}
			return pane.Cells(p.env.Theme, row)
		},
		Marked: chosen})
	p.chooser.Table.Focused = p.focused
	p.chooser.SetRows(slices.Concat(p.columns.defs, slices.DeleteFunc(slices.Clone(metric.Definitions), chosen)))
	p.chooser.GoTo(p.metricName())
	return nil
}

func firstSentence(text string) string {
	for _, end := range []string{". ", ": ", "; "} {
		text, _, _ = strings.Cut(text, end)
	}
	return text
}

// toggleColumn shows or hides the metric under the cursor; one column stays.
func toggleColumn(p *Pane) tea.Cmd {
	id := p.chooser.CurrentID()
	is := p.columns.of(id) > 0
	if is && len(p.columns.defs) == 1 {
		return pane.Warn("one column stays")
	}
	cmd := p.setColumns(slices.DeleteFunc(namesOf(p.chooser.Rows()), func(n string) bool { return (p.columns.of(n) > 0) == (n == id) }))
	p.chooser.Move("down")
	return cmd
}

func shiftColumn(p *Pane, by int) tea.Cmd {
	rows := slices.Clone(p.chooser.Rows())
	from := p.chooser.Table.Cursor
	to := from + by
	if to < 0 || to >= len(rows) {
		return nil
	}
	rows[from], rows[to] = rows[to], rows[from]
	p.chooser.SetRows(rows)
	return p.setColumns(slices.DeleteFunc(namesOf(rows), func(n string) bool { return p.columns.of(n) == 0 }))
}
