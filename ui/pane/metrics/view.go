package metrics

import (
	"shardeck/model/metric"
	"shardeck/model/present/unit"
	"shardeck/ui/pane"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// belowRows is the room under the table, kept whatever there is to say, so that nothing
// jumps; an opened run has more to say of each metric.
const belowRows, detailBelowRows = 5, 6

// previewFrom is the height from which the run under the cursor is shown below the table,
// metric by metric.
const previewFrom = 34

// below is the room under a table in a pane of that height.
func below(height int, opened bool) int {
	switch {
	case height < 14:
		return 0
	case opened:
		return detailBelowRows
	}
	return belowRows
}

// Title names the runs shown, or the one opened, and how far a reading is.
func (p *Pane) Title() (left, right string) {
	left = "Metrics"
	switch column := p.list.Table.Column; {
	case p.chooser != nil:
		return "Metrics · columns", unit.Int(len(p.columns.defs)) + " of " + unit.Plural(len(metric.Definitions), "metric")
	case p.detail != nil:
		left += " · " + p.detail.run
	case p.base.name != "":
		left += " · diff % from " + p.base.name
	case column > 0:
		left += " · " + p.columns.defs[min(column, len(p.columns.defs))-1].Family
	}
	right = p.progress()
	if by := p.list.Ordered(); by != "" && p.detail == nil {
		right += ", " + by
	}
	return left, right
}

// progress is how far a reading is, else how many runs there are.
func (p *Pane) progress() string {
	r := p.readings
	switch filtered := p.list.Filtered(); {
	case r.look.Busy():
		return r.look.Words()
	case r.all.Busy():
		return unit.Int(r.total-len(r.queue)) + " of " + unit.Int(r.total) + " · " + r.all.Words()
	case filtered != "":
		return filtered
	case p.loaded && p.rows.replays:
		return unit.Plural(len(p.list.Rows()), "run") + ", all replays"
	case p.loaded:
		return unit.Plural(len(p.list.Rows()), "run")
	}
	return ""
}

// View draws the table or the opened run, and what is open over them.
func (p *Pane) View() string { return p.Frame(p.env.Theme, p.body) }

func (p *Pane) body() []string {
	room := p.Height - below(p.Height, p.detail != nil)
	if p.chooser != nil {
		return p.chooser.list.View(p.Width, p.Height)
	}
	if d := p.detail; d != nil {
		return noted(d.lines(p.Width, room-1), room, p.Height, p.notes.metric(d.run, d.metric(), p.Width-4))
	}
	if _, ok := p.list.Current(); !ok {
		return p.empty()
	}
	r, _ := p.list.Rested()
	notes := p.notes.run(r, p.metricName(), p.Width-4)
	if p.Height < previewFrom {
		return noted(p.list.View(p.Width, room), room, p.Height, notes)
	}
	rows := min(len(p.list.Shown())+p.list.Table.HeaderRows()+1, room/2)
	lines := pane.Filled(p.list.View(p.Width, rows), rows)
	if p.known.analyses[r.Name] != nil {
		lines = append(lines, newDetail(p.env.Theme, p.known, r.Name, p.metricName()).preview(p.Width, room-rows)...)
	}
	return noted(lines, room, p.Height, notes)
}

// noted puts the notes below, at their place whatever is above.
func noted(lines []string, room, height int, notes []string) []string {
	if room == height {
		return lines
	}
	lines = pane.Filled(lines, room+1)
	for _, text := range notes {
		lines = append(lines, "   "+text)
	}
	return lines
}

// empty says why there is nothing, and what to do.
func (p *Pane) empty() []string {
	switch {
	case !p.loaded:
		return []string{"", "   looking for runs …"}
	case p.err != nil:
		why := widget.Sentence("the runs cannot be listed: "+p.err.Error(), p.Width-4)
		return []string{"", "   " + p.env.Theme.Paint(theme.Bad, why), "", "   r tries again"}
	case len(p.list.Rows()) > 0:
		return p.list.NoMatch(p.Width)
	}
	return []string{"", "   There is no run in trace_collection yet.", "",
		"   1 Experiments, then s   submits one; its run appears here when the job ends"}
}
