package metrics

import (
	"shardeck/model/present/unit"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// belowRows is the room under the table, kept whatever there is to say, so that
// nothing jumps; an opened run has more to say of each metric.
const belowRows, detailBelowRows = 5, 6

func (p *Pane) below() int {
	switch {
	case p.height < 14 || p.chooser != nil:
		return 0
	case p.detail != nil:
		return detailBelowRows
	}
	return belowRows
}

func (p *Pane) tableRows() int { return p.tableRoom() - p.onTable().HeaderRows() }

// onTable is the table that has the keys.
func (p *Pane) onTable() *widget.Table {
	switch {
	case p.chooser != nil:
		return &p.chooser.table
	case p.detail != nil:
		return &p.detail.table
	}
	return &p.table
}

// previewFrom is the height from which the run under the cursor is shown below the
// table, metric by metric.
const previewFrom = 34

// tableRoom is the lines of the table: all but the notes, or where there is room for
// the run beside it, what its rows need.
func (p *Pane) tableRoom() int {
	room := p.height - p.below()
	switch {
	case p.chooser != nil:
		return p.height
	case p.detail != nil:
		return room - 1 // the names of the views
	case p.height < previewFrom:
		return room
	}
	return min(len(p.shown)+p.table.HeaderRows()+1, room/2)
}

// preview is the run under the cursor opened, its cursor on the same metric.
func (p *Pane) preview(height int) []string {
	r, _ := p.beneath()
	name := r.Name
	a := p.analyses[name]
	if height < 2 || a == nil {
		return nil
	}
	d := &detail{run: name, table: widget.Table{Column: -1}}
	d.show(p.env.Theme, a, p.metrics())
	d.goTo(p.metricName())
	return append([]string{widget.Rule(p.env.Theme, p.width, name)}, d.table.View(p.env.Theme, p.width, height-1)...)
}

// Title names the runs shown, or the one opened, and how far a reading is.
func (p *Pane) Title() (left, right string) {
	left = "Metrics"
	switch {
	case p.chooser != nil:
		return "Metrics · columns", unit.Int(len(p.defs)) + " of " + unit.Plural(len(p.metrics()), "metric")
	case p.detail != nil:
		left += " · " + p.detail.run
	case p.baseline != "":
		left += " · diff % from " + p.baseline
	case len(p.defs) > 0 && p.table.Column > 0:
		left += " · " + p.defs[min(p.table.Column, len(p.defs))-1].Family
	}
	switch {
	case p.look.Busy():
		right = p.look.Words()
	case p.all.Busy():
		right = unit.Int(p.total-len(p.queue)) + " of " + unit.Int(p.total) + " · " + p.all.Words()
	case !p.filter.Empty():
		right = unit.Int(len(p.shown)) + " of " + unit.Int(len(p.runs)) + " match " + p.filter.Text
	case p.loaded:
		right = unit.Plural(len(p.runs), "run")
		if p.replays {
			right += ", all replays"
		}
	}
	if p.sort.On && p.detail == nil {
		right += ", " + p.sort.Words(p.table.Columns)
	}
	return left, right
}

// View draws the table or the opened run, and what is open over them.
func (p *Pane) View() string {
	if p.width <= 0 || p.height <= 0 {
		return ""
	}
	lines := p.body()
	lines = p.typing.Below(p.env.Theme, lines, p.width, p.height)
	if p.popup != nil {
		lines = p.popup.Popup.Over(p.env.Theme, lines, p.width, p.height)
	}
	return widget.Block(lines, p.width, p.height)
}

func (p *Pane) body() []string {
	switch {
	case p.chooser != nil:
		return p.chooser.table.View(p.env.Theme, p.width, p.height)
	case p.detail != nil:
		return p.noted(p.opened(), p.metricLines)
	case len(p.shown) == 0:
		return p.empty()
	}
	lines := p.table.View(p.env.Theme, p.width, p.tableRoom())
	if room := p.height - p.below(); p.tableRoom() < room {
		for len(lines) < p.tableRoom() {
			lines = append(lines, "")
		}
		lines = append(lines, p.preview(room-len(lines))...)
	}
	return p.noted(lines, p.runLines)
}

// opened is the view of one run, below the names of all views.
func (p *Pane) opened() []string {
	lines := []string{p.viewLine()}
	if why := p.noRows(); why != "" {
		return append(lines, "   "+p.env.Theme.Paint(theme.Dim, widget.Sentence(why, p.width-4)))
	}
	return append(lines, p.detail.table.View(p.env.Theme, p.width, p.tableRoom())...)
}

// noted puts the notes below, at their place whatever is above.
func (p *Pane) noted(lines []string, notes func(width int) []string) []string {
	if p.below() == 0 {
		return lines
	}
	for len(lines) < p.height-p.below()+1 {
		lines = append(lines, "")
	}
	for _, text := range notes(p.width - 4) {
		lines = append(lines, "   "+text)
	}
	return lines
}

// empty says why there is nothing, and what to do.
func (p *Pane) empty() []string {
	th := p.env.Theme
	switch {
	case !p.loaded:
		return []string{"", "   looking for runs …"}
	case p.err != nil:
		return []string{"", "   " + th.Paint(theme.Bad, widget.Sentence("the runs cannot be listed: "+p.err.Error(), p.width-4)), "", "   r tries again"}
	case len(p.runs) > 0:
		return []string{"", "   no run matches " + p.filter.Text, "", "   esc drops the filter"}
	}
	return []string{"", "   There is no run in trace_collection yet.", "",
		"   1 Experiments, then s   submits one; its run appears here when the job ends"}
}
