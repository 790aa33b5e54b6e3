package charts

import (
	"context"
	"fmt"
	"slices"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/backend/measure"
	"shardeck/model"
	"shardeck/model/metric"
	"shardeck/model/present/unit"
	"shardeck/model/scaling"
	"shardeck/ui/pane"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

func keys() pane.Table[*Pane] {
	return pane.Table[*Pane]{
		{Key: pane.Foot("x", "x", "axis", "the next axis: GPUs, TP, PP, EP, batch, prompt (X: the one before)"),
			Do: func(p *Pane) tea.Cmd { return p.turnAxis(1) }},
		{Key: pane.On("X", "X", "before", ""), Do: func(p *Pane) tea.Cmd { return p.turnAxis(-1) }},
		{Key: pane.Foot("y", "y", "quantity", "the next quantity: throughput, iteration time, TTFT … (Y: the one before)"),
			Do: func(p *Pane) tea.Cmd { return p.turnQuantity(1) }},
		{Key: pane.On("Y", "Y", "before", ""), Do: func(p *Pane) tea.Cmd { return p.turnQuantity(-1) }},
		{Key: pane.Foot("g", "g", "series", "show one series alone, the next one, then those of the run again with its kin"),
			Do: func(p *Pane) tea.Cmd { p.show(p.series.next()); return nil }, Why: needSeries},
		{Key: pane.Foot("v", "v", "several", "the usual quantities side by side under one crosshair, and back"),
			Do: func(p *Pane) tea.Cmd { return tea.Batch(toggle(&p.next.several), p.load()) }},
		{Key: pane.Foot("m", "m", "any…", "choose any metric, or any field of the configs to draw it over, from a list"), Do: (*Pane).choose},
		{Key: pane.On("l", "l", "log", "a logarithmic axis of values, and back"), Do: func(p *Pane) tea.Cmd { return toggle(&p.log) }},
		{Key: pane.On("d", "d", "dots", "how fine pictures are: braille, octants where the font has them, letters, blocks"),
			Do: (*Pane).nextRung, Why: func(p *Pane) string { return pane.WhyNot(p.env.Theme.ASCII, "with --ascii pictures are of letters") }},
		{Key: pane.On("i", "i", "ideal", "show or hide the ideal line"),
			Do: func(p *Pane) tea.Cmd { return toggle(&p.bare) }, Why: needIdeal},
		{Key: pane.Foot("w", "w", "why", "why it scales so: compare the traces of this run with those of the first of its line"),
			Do: (*Pane).why, Why: needBase},
		{Key: pane.Foot("e", "e", "explain", "where the time went: this run against the first of its line, part by part, as a waterfall"),
			Do: (*Pane).explained, Why: needBase},
		{Key: pane.Foot("enter", "↵", "metrics", "open the run of this point in Metrics"),
			Do: func(p *Pane) tea.Cmd { return p.openIn(pane.Metrics) }, Why: needPoint},
		{Key: pane.On("t", "t", "traces", "show where the time of this run went"),
			Do: func(p *Pane) tea.Cmd { return p.openIn(pane.Traces) }, Why: needPoint},
		{Key: pane.Foot("P", "P", "PNG", "write this chart as a picture beside the experiments (:export writes the summary of all runs)"),
			Do: func(p *Pane) tea.Cmd { return p.export(measure.FormatPNG) }, Why: mayWrite},
		{Key: pane.On("I", "I", "image…", "show the picture that P writes in the terminal, after saying how many bytes that takes"),
			Do: (*Pane).image, Why: mayShow},
		{Key: pane.Foot("C", "C", "CSV", "write the very points of this chart as a table"),
			Do: func(p *Pane) tea.Cmd { return p.export(measure.FormatCSV) }, Why: mayWrite},
		{Key: pane.On("left", "←→", "crosshair", "move the crosshair along its line: the values there stand in the message line"),
			Do: func(p *Pane) tea.Cmd { return p.cross(-1) }},
		{Key: pane.On("right", "→", "later", "move the crosshair along its line"),
			Do: func(p *Pane) tea.Cmd { return p.cross(1) }},
		{Key: pane.On("r", "r", "refresh", "read the runs again"), Do: (*Pane).load},
		{Key: pane.On("esc", "esc", "back", "show all series again, or of many those of the run and its kin"),
			Do: func(p *Pane) tea.Cmd { p.show(""); return nil }},
	}
}

// Keys lists what the pane answers to now.
func (p *Pane) Keys() []pane.Key {
	if p.Dialog.Open() {
		return p.Dialog.Keys()
	}
	if p.fall != nil {
		return fallKeys().Keys()
	}
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

// turnAxis goes round among the axes, and asks for their series.
func (p *Pane) turnAxis(by int) tea.Cmd {
	at := slices.Index(axes, p.next.axis)
	if at < 0 {
		at = (1 - by) / 2 * len(axes) // after a key of a config come the first, or the last
		at -= (by + 1) / 2
	}
	p.next.axis, p.chosen = axes[(at+by+len(axes))%len(axes)], true
	return p.load()
}

// turnQuantity goes round among the usual quantities.
func (p *Pane) turnQuantity(by int) tea.Cmd {
	all := scaling.Quantities
	at := slices.IndexFunc(all, func(q scaling.Quantity) bool { return q.Title == p.next.quantity.Title })
	if at < 0 && by > 0 {
		at = -1
	}
	p.next.quantity = all[(at+by+len(all))%len(all)]
	return p.load()
}

// choose offers every metric that a run has, and every field that varies.
func (p *Pane) choose() tea.Cmd {
	return p.chartable.Start(p.env.Ctx, p.env.Chartable, pane.Got(func(found measure.Chartable) tea.Cmd {
		var items []widget.Findable
		var take []func()
		for _, q := range scaling.EveryQuantity() {
			if slices.Contains(found.Metrics, q.Metric) {
				d, _ := metric.Define(q.Metric)
				items = append(items, widget.Findable{Group: "Draw", Name: q.Title, Help: d.Text})
				take = append(take, func() { p.next.quantity = q })
			}
		}
		for _, x := range append(model.Each(axes, func(a axis) scaling.Axis { return a.Axis }), found.Keys...) {
			items = append(items, widget.Findable{Group: "Over", Name: "over " + axisOf(x).title, Help: string(x)})
			take = append(take, func() { p.next.axis, p.chosen = axisOf(x), true })
		}
		return p.Dialog.Find(widget.NewFinder("Draw any metric over any field", items), func(i int) tea.Cmd {
			take[i]()
			return p.load()
		})
	}))
}

// nextRung draws all pictures of the cockpit with the next finer signs, after the finest with the coarsest that are not letters.
func (p *Pane) nextRung() tea.Cmd {
	th := p.env.Theme
	th.Rung = (th.Rung + 1) % theme.Rung(len(theme.Rungs))
	text := "pictures are of " + th.Rung.String()
	if th.Rung == theme.Octant {
		text += ": if they show as boxes or not at all, this font, or a tmux between, has none yet, and d goes on"
	}
	return pane.Say(text)
}

func needSeries(p *Pane) string {
	return pane.WhyNot(len(p.series.all) < 2, "there is one series at most: nothing to choose from")
}

func needIdeal(p *Pane) string {
	return pane.WhyNot(!p.quantity.HasIdeal(), "nothing is ideal for "+p.quantity.Title)
}

func needPoint(p *Pane) string {
	r, ok := p.list.Current()
	if ok && r.point.Foretold {
		return r.point.Run + " was not run: this is a forecast"
	}
	return p.list.Missing()
}

func mayWrite(p *Pane) string {
	if len(p.list.Rows()) == 0 {
		return "nothing is drawn: there is nothing to write"
	}
	return pane.Locked(p.env.Backend, "write files")
}

func needBase(p *Pane) string {
	r, _ := p.list.Current()
	switch why := needPoint(p); {
	case why != "":
		return why
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

// why compares the traces of a run with those of the first of its line, over which speed-up and efficiency are.
func (p *Pane) why() tea.Cmd {
	r, _ := p.list.Current()
	return pane.Send(pane.OpenMsg{To: pane.Traces, Run: r.point.Run, Base: p.series.at(r.line).Points[0].Run})
}

func toggle(on *bool) tea.Cmd {
	*on = !*on
	return nil
}

// written is the chart as files and images have it.
func (p *Pane) written() scaling.Chart {
	c := p.chart()
	c.Ideal, c.Log, c.LogX = p.quantity.HasIdeal() && !p.bare, p.log, p.logX()
	return c
}

func (p *Pane) export(f measure.Format) tea.Cmd {
	c := p.written()
	write := func(ctx context.Context) (string, error) { return p.env.ExportChart(ctx, c, f) }
	return p.writing.Start(p.env.Ctx, write, pane.Got(func(path string) tea.Cmd {
		return pane.Send(pane.Note{Text: "written: " + path, Tone: theme.Good, Files: []string{path}})
	}))
}

func mayShow(p *Pane) string {
	if p.env.Images == "" {
		return "this terminal is not known to show images: images: kitty or sixel in the settings says that it does; P writes the picture"
	}
	return pane.WhyNot(len(p.list.Rows()) == 0, "nothing is drawn: there is nothing to show")
}

// image makes the picture, says what it costs to send, and asks.
func (p *Pane) image() tea.Cmd {
	c, as := p.written(), p.env.Images
	return p.writing.Start(p.env.Ctx, func(context.Context) (string, error) {
		picture, err := p.env.Picture(c)
		if err != nil {
			return "", err
		}
		return as.Image(picture)
	}, pane.Got(func(text string) tea.Cmd {
		size := int64(len(text))
		body := fmt.Sprintf("%s to this terminal, as %s graphics: some %.1f s at 1 Mbit/s.", unit.FileSize(size), as, float64(size)*8/1e6)
		const where = "It stands below what the shell has on the screen; Enter comes back."
		return p.Dialog.Ask(&pane.Ask{Popup: widget.Confirm("Show as an image?", body, where),
			Yes: func() tea.Cmd { return pane.Send(pane.ImageMsg{Text: text}) }})
	}))
}
