package metrics

import (
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/model/metric"
	"shardeck/ui/list"
	"shardeck/ui/pane"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// chooser is the list of metrics from which the columns of the table are chosen.
type chooser struct {
	table widget.Table
	names []string // metrics, those that are columns first, in their order
}

// choose opens the chooser at the metric under the cursor.
func (p *Pane) choose() tea.Cmd {
	p.chooser = &chooser{table: widget.Table{Column: -1, Focused: p.focused, Columns: []widget.Column{{Title: "column"}, {Title: "unit", Worth: 1},
		{Title: "family", Worth: 2}, {Title: "what it is", Worth: 3, Min: 20}}}}
	c := p.chooser
	c.table.Marked = func(row int) bool { return p.isColumn(c.names[row]) }
	for _, d := range p.defs {
		c.names = append(c.names, d.Name)
	}
	for _, d := range p.metrics() {
		if !p.isColumn(d.Name) {
			c.names = append(c.names, d.Name)
		}
	}
	p.fillChooser()
	c.table.Cursor = max(slices.Index(c.names, p.metricName()), 0)
	return nil
}

func (p *Pane) fillChooser() {
	var rows [][]widget.Cell
	for _, name := range p.chooser.names {
		d, _ := metric.Define(name)
		rows = append(rows, []widget.Cell{{Text: d.Name}, {Text: d.Unit, Tone: theme.Dim}, {Text: d.Family, Tone: theme.Dim}, {Text: firstSentence(d.Text), Tone: theme.Dim}})
	}
	p.chooser.table.SetRows(rows)
}

// firstSentence is what a definition says first.
func firstSentence(text string) string {
	for _, end := range []string{". ", ": ", "; "} {
		text, _, _ = strings.Cut(text, end)
	}
	return text
}

// metrics are the lab's metrics, in their own order.
func (p *Pane) metrics() []metric.Definition { return metric.Definitions }

func (p *Pane) isColumn(name string) bool {
	return slices.ContainsFunc(p.defs, func(d metric.Definition) bool { return d.Name == name })
}

// toggle shows or hides the metric under the cursor; one column stays.
func (p *Pane) toggle() tea.Cmd {
	c := p.chooser
	name := c.names[c.table.Cursor]
	switch {
	case !p.isColumn(name):
		p.setColumns(p.shownOf(c.names, name))
	case len(p.defs) == 1:
		return pane.Warn("one column stays")
	default:
		p.setColumns(slices.DeleteFunc(p.shownOf(c.names, ""), func(n string) bool { return n == name }))
	}
	c.table.Move(1, len(c.names))
	return nil
}

// shownOf are those of some metrics that are columns, and one more, in their order.
func (p *Pane) shownOf(names []string, more string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n != more && !p.isColumn(n) })
}

func (p *Pane) earlier() tea.Cmd { return p.shift(-1) }
func (p *Pane) later() tea.Cmd   { return p.shift(1) }

// shift moves the metric under the cursor among the others.
func (p *Pane) shift(by int) tea.Cmd {
	c := p.chooser
	from := c.table.Cursor
	to := from + by
	if to < 0 || to >= len(c.names) {
		return nil
	}
	c.names[from], c.names[to] = c.names[to], c.names[from]
	c.table.Cursor = to
	p.setColumns(p.shownOf(c.names, ""))
	p.fillChooser()
	return nil
}

// usual goes back to all columns in their own order.
func (p *Pane) usual() tea.Cmd {
	p.setColumns(nil)
	return p.choose()
}

func (p *Pane) closeChooser() tea.Cmd {
	p.chooser = nil
	return nil
}

// setColumns makes metrics the columns, in this order; none: all, in their own. The
// cursor and the order of the rows stay with their metric, while it is a column.
func (p *Pane) setColumns(names []string) {
	at, by := p.metricName(), p.columnMetric(p.sort.Column)
	p.defs = nil
	for _, name := range names {
		if d, ok := metric.Define(name); ok && !p.isColumn(d.Name) {
			p.defs = append(p.defs, d)
		}
	}
	if len(p.defs) == 0 {
		p.defs = p.metrics()
	}
	p.table.Column = max(p.columnOf(at), 1)
	if p.sort.Column = p.columnOf(by); p.sort.Column == 0 {
		p.sort = list.Sort{}
	}
	p.fill()
}

// columnOf is the column of a metric; 0: it is none.
func (p *Pane) columnOf(name string) int {
	return 1 + slices.IndexFunc(p.defs, func(d metric.Definition) bool { return d.Name == name })
}

// columnMetric is the metric of a column; empty: it is that of the runs.
func (p *Pane) columnMetric(column int) string {
	if column < 1 || column > len(p.defs) {
		return ""
	}
	return p.defs[column-1].Name
}

// columnsText is the choice as it is kept; empty: the usual columns.
func (p *Pane) columnsText() string {
	var names []string
	for _, d := range p.defs {
		names = append(names, d.Name)
	}
	usual := p.metrics()
	if len(names) == len(usual) && !slices.ContainsFunc(usual, func(d metric.Definition) bool {
		return p.columnOf(d.Name) == 0 || usual[p.columnOf(d.Name)-1].Name != d.Name
	}) {
		return ""
	}
	return strings.Join(names, " ")
}
