package metrics

import (
	"fmt"
	"shardeck/ui/list"
	"shardeck/ui/widget"
)

// turn goes to another view, to the same metric where it has it.
func (p *Pane) turn(by int) {
	d, metric := p.detail, p.metricName()
	d.view = (d.view + by + len(views)) % len(views)
	d.sort = list.Sort{}
	d.table = widget.Table{Column: -1, Focused: p.focused}
	if d.byColumn() {
		d.table.Column, d.table.Freeze = 1, 1
	}
	if a := p.analyses[d.run]; a != nil {
		d.show(p.env.Theme, a, p.metrics())
	}
	d.goTo(metric)
}

// viewLine is the rule over an opened run: the names of its views.
func (p *Pane) viewLine() string {
	d := p.detail
	return widget.RuleWith(p.env.Theme, p.width, p.viewNames().String(p.env.Theme), d.sort.Words(d.table.Columns))
}

func (p *Pane) viewNames() widget.Choice {
	c := widget.Choice{At: p.detail.view, Focused: p.focused}
	c.Names = views
	return c
}

// noRows says why the view has none; empty: it has some.
func (p *Pane) noRows() string {
	d := p.detail
	a := p.analyses[d.run]
	if a == nil || d.table.Rows() > 0 {
		return ""
	}
	if !p.read[d.run] {
		return fmt.Sprintf("the traces of %s are not read yet", d.run)
	}
	return d.all.Empty
}
