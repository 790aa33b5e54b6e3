package metrics

import (
	"cmp"
	"strings"

	"shardeck/model"
	"shardeck/model/metric"
	"shardeck/model/present"
	"shardeck/model/present/unit"
	"shardeck/ui/pane"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// belowRows is the room under the table, kept whatever there is to say, so that nothing
// jumps; an opened run has more to say of each metric. Low panes have none.
const belowRows, detailBelowRows, belowFrom = 5, 6, 14

// previewFrom is the height from which the run under the cursor is shown below the table, metric by metric.
const previewFrom = 34

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
	if right = cmp.Or(p.readings.progress(), p.list.Filtered()); right == "" && p.loaded {
		right = counted(len(p.list.Rows()), p.replays)
	}
	if by := p.list.Ordered(); by != "" && p.detail == nil {
		right += ", " + by
	}
	return left, right
}

// counted is how many runs there are.
func counted(n int, replays bool) string {
	if replays {
		return unit.Plural(n, "run") + ", all replays"
	}
	return unit.Plural(n, "run")
}

// View draws the table or the opened run, and what is open over them.
func (p *Pane) View() string { return p.Frame(p.env.Theme, p.body) }

func (p *Pane) body() []string {
	below := belowRows
	if p.detail != nil {
		below = detailBelowRows
	}
	room := p.Height
	if p.Height >= belowFrom {
		room -= below
	}
	if p.chooser != nil {
		return p.chooser.View(p.Width, p.Height)
	}
	if d := p.detail; d != nil {
		return noted(d.lines(p.Width, room-1), room, p.Height, metricNotes(p, d.run, d.metric(), p.Width-4))
	}
	if p.list.Missing() != "" {
		return p.empty()
	}
	r, _ := p.list.Rested()
	notes := runNotes(p, r, p.metricName(), p.Width-4)
	if p.Height < previewFrom {
		return noted(p.list.View(p.Width, room), room, p.Height, notes)
	}
	rows := min(len(p.list.Shown())+p.list.Table.HeaderRows()+1, room/2)
	lines := widget.Filled(p.list.View(p.Width, rows), rows)
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
	lines = widget.Filled(lines, room+1)
	for _, text := range notes {
		lines = append(lines, "   "+text)
	}
	return lines
}

func (p *Pane) empty() []string {
	switch {
	case !p.loaded:
		return pane.Notice("looking for runs …")
	case p.err != nil:
		return pane.Unreadable(p.env.Theme, "the runs cannot be listed", p.err, p.Width)
	case len(p.list.Rows()) > 0:
		return p.list.NoMatch(p.Width)
	}
	return pane.Notice("There is no run in trace_collection yet.", "",
		"1 Experiments, then s   submits one; its run appears here when the job ends")
}

// Message says what stands behind the cell under the cursor: why it is empty, what it is compared with, what was lost.
func (p *Pane) Message() pane.Note {
	if p.chooser != nil {
		d, _ := p.chooser.Current()
		return pane.Note{Text: d.Text}
	}
	r, ok := p.list.ByID(p.runName())
	switch {
	case p.err != nil:
		return pane.FailNote(p.err)
	case !ok && p.detail != nil && p.loaded:
		return pane.Gone(p.detail.run)
	case !ok:
		return pane.Note{}
	case p.readings.look.Busy():
		return pane.Note{Text: p.readings.look.Words() + " · esc stops it", Tone: theme.Busy}
	case p.known.problems[r.Name] != nil:
		return pane.FailNote(p.known.problems[r.Name])
	}
	return cellNote(p, r, p.metricName(), p.detail == nil)
}

// cellNote says what must be known of a value; with differences, of its difference from the baseline.
func cellNote(p *Pane, r model.Run, name string, differences bool) pane.Note {
	a := p.known.analyses[r.Name]
	d, ok := metric.Define(name)
	switch {
	case a == nil:
		return pane.Note{Text: r.Name + ": " + p.known.unreadWords(r)}
	case !ok:
		return pane.Note{}
	}
	m := a.Metric(d.Name)
	switch {
	case m.Value == nil && m.Reason == "none":
		return pane.Note{Text: "no " + d.Name + " in " + r.Name}
	case m.Value == nil && !p.known.full[r.Name] && r.TraceBytes() > 0:
		return pane.Note{Text: "no " + d.Name + " yet: " + p.known.unreadWords(r)}
	case m.Value == nil:
		return pane.Note{Text: "no " + d.Name + ": " + present.NoValue(m)}
	case p.base.name != "" && p.base.name != r.Name && differences:
		return p.base.note(r, m, d)
	case a.Damaged && len(a.Warnings) > 0:
		return pane.Note{Text: "input was damaged: " + a.Warnings[0], Tone: theme.Warn, Brief: "input was damaged · ! says what was lost"}
	}
	warning := strings.Join(a.Warnings[:min(len(a.Warnings), 1)], "")
	return pane.Note{Text: present.Joined(p.best.words(r.Name, d), present.MetricRemark(m), warning)}
}

// runNotes say of a run what it is, and of a metric what it holds.
func runNotes(p *Pane, r model.Run, name string, width int) []string {
	th, a := p.env.Theme, p.known.analyses[r.Name]
	head := th.Paint(theme.Strong, r.Name)
	if r.Experiment != nil {
		head += "  " + widget.Sentence(r.Experiment.ID+"  "+r.Experiment.Description, max(width-2-widget.Width(r.Name), 1))
	}
	lines := []string{head, th.Paint(theme.Dim, pane.Joined(width, runWords(p, r, a)...))}
	if reader := p.readings.of(r.Name); reader != nil {
		return append(lines, cmp.Or(reader.Gauge(th, min(width-40, 50)), "reading its traces …"))
	}
	d, ok := metric.Define(name)
	if !ok || a == nil {
		return append(lines, th.Paint(theme.Dim, p.known.unreadWords(r)))
	}
	m := a.Metric(d.Name)
	return append(lines, valueLine(th, m, d, width), th.Paint(theme.Dim, pane.Joined(width, present.MetricParts(m, d)...)))
}

// runWords are layout, workload, GPU, age, and whether it is a measurement at all.
func runWords(p *Pane, r model.Run, a *metric.Analysis) []string {
	words := []string{present.Marks(r.Marks()), r.Said.Words()}
	if e := r.Experiment; e != nil {
		layout := model.OneGPU
		if gpus := e.Layout.GPUs(); gpus > 1 {
			layout = e.Layout.Short() + " on " + unit.Plural(gpus, "GPU")
		}
		words = append(words, layout, model.ShortModel(e.Model.Name),
			e.Arrivals(), unit.Int(e.Data.SeqLen)+" + "+unit.Int(e.Data.MaxTokens)+" tokens")
	}
	return append(words, a.Device(), "traced "+unit.Ago(r.Time, p.env.Now()))
}

func valueLine(th *theme.Theme, m metric.Metric, d metric.Definition, width int) string {
	if m.Value == nil {
		return th.Paint(theme.Dim, widget.Sentence(d.Name+": "+present.NoValue(m), width))
	}
	text := d.Name + "  " + th.Spell(present.MetricValue(m, d))
	if s := spark(th, m.PerRank); s != "" {
		text += "   " + s + "  " + present.MetricRanks(m, d)
	}
	if m.N > 0 {
		text += "   n " + unit.Int(m.N)
	}
	return widget.Sentence(text, width)
}

// metricNotes are all there is to say of one metric of an opened run: remark, ranks, parts, sources.
func metricNotes(p *Pane, run, name string, width int) []string {
	d, ok := metric.Define(name)
	a := p.known.analyses[run]
	if !ok || a == nil {
		return nil
	}
	th, m := p.env.Theme, a.Metric(d.Name)
	remark := present.MetricRemark(m)
	if m.Value == nil {
		remark = present.NoValue(m)
	} else if remark == "" {
		remark = d.Text
	}
	lines := []string{th.Paint(theme.Strong, d.Name) + "  " + widget.Sentence(remark, max(width-2-widget.Width(d.Name), 1))}
	ranks := strings.TrimSpace(spark(th, m.PerRank) + "  " + present.MetricRanks(m, d))
	for _, text := range []string{ranks, strings.Join(present.MetricParts(m, d), " · ")} {
		if text != "" {
			lines = append(lines, widget.Wrap(text, width)...)
		}
	}
	if len(m.Source) > 0 {
		lines = append(lines, th.Paint(theme.Dim, pane.Joined(width, append([]string{"from " + m.Source[0]}, m.Source[1:]...)...)))
	}
	return lines[:min(len(lines), detailBelowRows-1)]
}
