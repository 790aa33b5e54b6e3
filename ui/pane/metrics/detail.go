package metrics

import (
	"maps"
	"slices"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/model"
	"shardeck/model/present"
	"shardeck/ui/list"
	"shardeck/ui/pane"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// views are the ways to look at an opened run, in the order of the key tab: a row a metric,
// then a column a metric and a row a rank, a phase or a type of call.
var views = []string{"metrics", "ranks", "phases", "collectives"}

type detail struct {
	th      *theme.Theme
	known   *known
	run     string
	view    int    // of views
	none    string // why the view has no rows
	table   *widget.Table
	page    int       // rows in sight
	metrics []string  // of each row; in a view that divides, of each column, the first empty
	sort    list.Sort // of the rows of a view that divides
}

func newDetail(th *theme.Theme, k *known, run, name string) *detail {
	d := &detail{th: th, known: k, run: run}
	d.show()
	d.goTo(name)
	return d
}

// show fills the rows from what is known; the cursor stays where it is.
func (d *detail) show() {
	a := d.known.analyses[d.run]
	if a == nil {
		return
	}
	was := d.table
	if d.divides() {
		t := present.MetricsBy(a, a.Defined())[d.view-1]
		d.table, d.metrics, d.none = d.ordered(t), model.Each(t.Columns, func(c present.Column) string { return c.Name }), t.Empty
		d.table.Column, d.table.Freeze = 1, 1
	} else {
		d.metrics, d.none = namesOf(a.Defined()), ""
		t := present.Metrics(a, a.Defined())
		if len(a.Ranks) > 1 {
			t = t.With(3, present.Column{Title: "ranks", Worth: 1}, func(row int) present.Cell {
				return present.Cell{Text: spark(d.th, a.Metric(d.metrics[row]).PerRank)}
			})
		}
		d.table = pane.Drawn(d.th, t)
	}
	if was != nil {
		d.table.Window, d.table.Focused = was.Window, was.Focused
		if was.Column > 0 && d.table.Column > 0 {
			d.table.Column = was.Column
		}
	}
}

// ordered is a table that divides metrics, its rows but the first in their order.
func (d *detail) ordered(t present.Table) *widget.Table {
	out := &widget.Table{Columns: pane.Columns(t)}
	rows := model.Each(t.Rows, func(r present.Row) []widget.Cell { return pane.Cells(d.th, r) })
	if len(rows) > 0 {
		sorted, _ := d.sort.Apply(rows[1:], make([]int, len(rows)-1))
		out.SetRows(append(rows[:1:1], sorted...))
	}
	return out
}

func (d *detail) divides() bool { return d.view > 0 }

// at is the place of the cursor among the metrics.
func (d *detail) at() *int {
	if d.divides() {
		return &d.table.Column
	}
	return &d.table.Cursor
}

func (d *detail) goTo(name string) {
	*d.at() = max(slices.Index(d.metrics, name), min(d.view, 1))
}

// metric is the name of the metric under the cursor; empty: none.
func (d *detail) metric() string {
	if at := *d.at(); at >= 0 && at < len(d.metrics) {
		return d.metrics[at]
	}
	return ""
}

// turn goes to another view, to the same metric where it has it.
func (d *detail) turn(by int) {
	name, focused := d.metric(), d.table.Focused
	d.view, d.sort, d.table = (d.view+by+len(views))%len(views), list.Sort{}, nil
	d.show()
	d.table.Focused = focused
	d.goTo(name)
}

// order orders the rows of a view that divides by the metric under the cursor: greatest first, least first, as they are.
func (d *detail) order() {
	d.sort = d.sort.Next(d.table.Column, true)
	d.show()
}

// move answers the keys that go to another row; step goes to another metric in a view that divides.
func (d *detail) move(key string, step int) bool {
	if d.divides() {
		d.table.Column = max(min(d.table.Column+step, len(d.metrics)-1), 1)
	}
	return d.table.MoveKey(key, d.table.Rows(), d.page)
}

func (d *detail) viewNames() widget.Choice {
	return widget.Choice{Names: views, At: d.view, Focused: d.table.Focused}
}

// clicked is clicked in the view below the names of all.
func (d *detail) clicked(x, line int) tea.Cmd {
	if to, ok := d.viewNames().Pointed(x); ok && line < 0 {
		d.turn(to - d.view)
		return nil
	}
	spot, ok := d.table.At(x, line)
	if !ok {
		return nil
	}
	if d.divides() && spot.Column > 0 {
		d.table.Column = spot.Column
	}
	switch {
	case spot.Row >= 0:
		d.table.Cursor = spot.Row
	case d.divides() && spot.Column > 0:
		d.order()
	}
	return nil
}

// lines are the view, below the names of all views, or why it has no rows.
func (d *detail) lines(width, height int) []string {
	a := d.known.analyses[d.run]
	d.page = height - d.table.HeaderRows()
	lines := []string{widget.RuleWith(d.th, width, d.viewNames().String(d.th), d.sort.Words(d.table.Columns))}
	if a == nil || d.table.Rows() > 0 {
		return append(lines, d.table.View(d.th, width, height)...)
	}
	why := d.none
	if !d.known.full[d.run] {
		why = "the traces of " + d.run + " are not read yet"
	}
	return append(lines, "   "+d.th.Paint(theme.Dim, widget.Sentence(why, width-4)))
}

// preview is the view without keys, below its name.
func (d *detail) preview(width, height int) []string {
	if height < 2 {
		return nil
	}
	return append([]string{widget.Rule(d.th, width, d.run)}, d.table.View(d.th, width, height-1)...)
}

// spark draws the ranks side by side, each as high as its share of the largest, so that an uneven one is seen at once.
func spark(th *theme.Theme, perRank map[int]float64) string {
	if len(perRank) < 2 {
		return ""
	}
	values := model.Each(slices.Sorted(maps.Keys(perRank)), func(r int) float64 { return perRank[r] })
	return widget.Sparkline(th, values)
}
