package charts

import (
	"context"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/backend/measure"
	"shardeck/model/scaling"
	"shardeck/ui/pane"
	"shardeck/ui/theme"
)

// keys is everything the pane answers to, but for moving.
func keys() pane.Table[*Pane] {
	return pane.Table[*Pane]{
		{Key: pane.Foot("x", "x", "axis", "the next axis: GPUs, TP, PP, EP, batch, prompt (X: the one before)"),
			Do: func(p *Pane) tea.Cmd { return p.turn(&p.nextX, 1, len(axes)) }},
		{Key: pane.On("X", "X", "before", ""), Do: func(p *Pane) tea.Cmd { return p.turn(&p.nextX, -1, len(axes)) }},
		{Key: pane.Foot("y", "y", "quantity", "the next quantity: throughput, iteration time, TTFT … (Y: the one before)"),
			Do: func(p *Pane) tea.Cmd { return p.turn(&p.nextY, 1, len(scaling.Quantities)) }},
		{Key: pane.On("Y", "Y", "before", ""), Do: func(p *Pane) tea.Cmd { return p.turn(&p.nextY, -1, len(scaling.Quantities)) }},
		{Key: pane.Foot("g", "g", "series", "show one series alone, the next one, then those of the run again with its kin"),
			Do: func(p *Pane) tea.Cmd { p.show(p.series.next()); return nil }, Why: needSeries},
		{Key: pane.Foot("l", "l", "log", "both axes logarithmic, and back"), Do: func(p *Pane) tea.Cmd { return toggle(&p.log) }},
		{Key: pane.On("i", "i", "ideal", "show or hide the ideal line"),
			Do: func(p *Pane) tea.Cmd { return toggle(&p.bare) }, Why: needIdeal},
		{Key: pane.Foot("w", "w", "why", "why it scales so: compare the traces of this run with those of the first of its line"),
			Do: (*Pane).why, Why: needBase},
		{Key: pane.Foot("enter", "↵", "metrics", "open the run of this point in Metrics"),
			Do: func(p *Pane) tea.Cmd { return p.openIn(pane.Metrics) }, Why: needPoint},
		{Key: pane.On("t", "t", "traces", "show where the time of this run went"),
			Do: func(p *Pane) tea.Cmd { return p.openIn(pane.Traces) }, Why: needPoint},
		{Key: pane.Foot("P", "P", "PNG", "write this chart as a picture beside the experiments (:export writes the summary of all runs)"),
			Do: func(p *Pane) tea.Cmd { return p.export(measure.FormatPNG) }, Why: mayWrite},
		{Key: pane.Foot("C", "C", "CSV", "write the very points of this chart as a table"),
			Do: func(p *Pane) tea.Cmd { return p.export(measure.FormatCSV) }, Why: mayWrite},
		{Key: pane.On("left", "←→", "crosshair", "move the crosshair along its line: the values there stand in the message line"),
			Do: func(p *Pane) tea.Cmd { return p.cross(-1) }, Why: needPoint},
		{Key: pane.On("right", "→", "later", "move the crosshair along its line"),
			Do: func(p *Pane) tea.Cmd { return p.cross(1) }, Why: needPoint},
		{Key: pane.On("r", "r", "refresh", "read the runs again"), Do: (*Pane).load},
		{Key: pane.On("esc", "esc", "back", "show all series again, or of many those of the run and its kin"),
			Do: func(p *Pane) tea.Cmd { p.show(""); return nil }},
	}
}

// Keys lists what the pane answers to now.
func (p *Pane) Keys() []pane.Key {
	all := keys().Keys()
	if p.loaded && len(p.list.Rows()) == 0 {
		all = keys().OnlyFoot("x", "y", "r")
	}
	return append(all, moveKeys()...)
}

// moveKeys are those of every list but g, which chooses the series here.
func moveKeys() []pane.Key {
	return []pane.Key{
		{Keys: []string{"up", "k", "down", "j"}, Label: "↑↓ k j", Verb: "move", Help: "go to another point"},
		{Keys: []string{"pgup", "pgdown", "ctrl+u", "ctrl+d"}, Label: "PgUp PgDn ^u ^d", Verb: "page", Help: "move by a screen, or half of one"},
		{Keys: []string{"home", "end", "G"}, Label: "home end", Verb: "ends", Help: "go to the first or the last point"},
	}
}

// turn goes round among axes or quantities, and asks for their series.
func (p *Pane) turn(at *int, by, n int) tea.Cmd {
	*at = (*at + by + n) % n
	return p.load()
}

func needSeries(p *Pane) string {
	return pane.WhyNot(len(p.series.all) < 2, "there is one series at most: nothing to choose from")
}

func needIdeal(p *Pane) string {
	return pane.WhyNot(!scaling.Quantities[p.y].HasIdeal(), "nothing is ideal for "+scaling.Quantities[p.y].Title)
}

func needPoint(p *Pane) string { return p.list.Missing() }

func mayWrite(p *Pane) string {
	if len(p.list.Rows()) == 0 {
		return "nothing is drawn: there is nothing to write"
	}
	return pane.Locked(p.env.Backend, "write files")
}

func needBase(p *Pane) string {
	r, ok := p.list.Current()
	switch {
	case !ok:
		return p.list.Missing()
	case len(p.series.at(r.line).Points) < 2:
		return r.point.Run + " is alone in its series: there is nothing to compare it with"
	case p.series.at(r.line).Points[0].Run == r.point.Run:
		return r.point.Run + " is what the others of its line are compared with: go to another point"
	}
	return ""
}

func (p *Pane) openIn(to pane.Name) tea.Cmd {
	r, _ := p.list.Current()
	return pane.Send(pane.OpenMsg{To: to, Run: r.point.Run})
}

// why compares the traces of a run with those of the first of its line, over which speed-up
// and efficiency are.
func (p *Pane) why() tea.Cmd {
	r, _ := p.list.Current()
	return pane.Send(pane.OpenMsg{To: pane.Traces, Run: r.point.Run, Base: p.series.at(r.line).Points[0].Run})
}

// toggle turns what is drawn on or off.
func toggle(on *bool) tea.Cmd {
	*on = !*on
	return nil
}

// export writes the chart on the screen.
func (p *Pane) export(f measure.Format) tea.Cmd {
	c := p.chart
	c.Ideal, c.Log = scaling.Quantities[p.y].HasIdeal() && !p.bare, p.log
	write := func(ctx context.Context) (string, error) { return p.env.ExportChart(ctx, c, f) }
	return p.writing.Start(p.env.Ctx, write, func(path string, err error) tea.Cmd {
		if err != nil {
			return pane.Fail(err)
		}
		return pane.Send(pane.Note{Text: "written: " + path, Tone: theme.Good})
	})
}
