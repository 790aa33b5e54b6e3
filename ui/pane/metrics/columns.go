package metrics

import (
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/model/metric"
	"shardeck/model/present"
	"shardeck/ui/list"
	"shardeck/ui/pane"
	"shardeck/ui/widget"
)

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
	names := make([]string, len(defs))
	for i, d := range defs {
		names[i] = d.Name
	}
	return names
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

// setColumns chooses the columns. The cursor and the order of the rows stay with their
// metric, while it is a column.
func (p *Pane) setColumns(names []string) tea.Cmd {
	at, sort := p.metricName(), p.list.Sort()
	by := p.columns.name(sort.Column)
	p.columns.set(names)
	p.list.Table.Columns = p.rows.header()
	p.list.Table.Column = max(p.columns.of(at), 1)
	if sort.Column = p.columns.of(by); sort.Column == 0 {
		sort = list.Sort{}
	}
	refresh := p.refresh()
	p.list.SetSort(sort)
	return refresh
}

// chooser is the list of metrics from which the columns are chosen: those that are, in
// their order, then the others.
type chooser struct {
	list    *list.List[metric.Definition]
	columns *columns
	choose  func(names []string) tea.Cmd
}

// openChooser opens the chooser at the metric under the cursor.
func openChooser(p *Pane) tea.Cmd {
	c := &chooser{columns: p.columns, choose: p.setColumns}
	c.list = list.New(p.env.Env, list.Of[metric.Definition]{
		One: "metric", ID: func(d metric.Definition) string { return d.Name },
		Columns: pane.Columns(present.Table{Columns: present.Columns("column", "unit/1", "family/2", "what it is/3-20")}),
		Cells: func(d metric.Definition) []widget.Cell {
			row := present.Row{Cells: present.Texts(d.Name, d.Unit, d.Family, firstSentence(d.Text))}
			for i := range row.Cells[1:] {
				row.Cells[i+1].Role = present.Dim
			}
			return pane.Cells(p.env.Theme, row)
		},
		Marked: func(d metric.Definition) bool { return c.columns.of(d.Name) > 0 }})
	c.list.Table.Focused = p.focused
	c.list.SetRows(slices.Concat(p.columns.defs, c.others()))
	c.list.GoTo(p.metricName())
	p.chooser = c
	return nil
}

// others are the metrics that are no columns.
func (c *chooser) others() []metric.Definition {
	return slices.DeleteFunc(slices.Clone(metric.Definitions), func(d metric.Definition) bool { return c.columns.of(d.Name) > 0 })
}

// firstSentence is what a definition says first.
func firstSentence(text string) string {
	for _, end := range []string{". ", ": ", "; "} {
		text, _, _ = strings.Cut(text, end)
	}
	return text
}

// toggle shows or hides the metric under the cursor; one column stays.
func (c *chooser) toggle() tea.Cmd {
	id := c.list.CurrentID()
	is := c.columns.of(id) > 0
	if is && len(c.columns.defs) == 1 {
		return pane.Warn("one column stays")
	}
	names := slices.DeleteFunc(namesOf(c.list.Rows()), func(n string) bool {
		return n == id && is || n != id && c.columns.of(n) == 0
	})
	cmd := c.choose(names)
	c.list.Move("down")
	return cmd
}

// shift moves the metric under the cursor among the others.
func (c *chooser) shift(by int) tea.Cmd {
	rows := slices.Clone(c.list.Rows())
	from := c.list.Table.Cursor
	to := from + by
	if to < 0 || to >= len(rows) {
		return nil
	}
	rows[from], rows[to] = rows[to], rows[from]
	c.list.SetRows(rows)
	return c.choose(slices.DeleteFunc(namesOf(rows), func(n string) bool { return c.columns.of(n) == 0 }))
}
