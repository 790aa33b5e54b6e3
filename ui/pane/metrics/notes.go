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

// notes are what is said of runs and of their metrics.
type notes struct {
	env      env
	known    *known
	readings *readings
	base     *baseline
	best     *best
}

// Message says what stands behind the cell under the cursor: why it is empty, what it is
// compared with, what was lost.
func (p *Pane) Message() pane.Note {
	if p.chooser != nil {
		d, _ := p.chooser.list.Current()
		return pane.Note{Text: d.Text}
	}
	r, ok := p.list.ByID(p.runName())
	switch {
	case p.err != nil:
		return pane.FailNote(p.err)
	case !ok:
		return pane.Note{}
	case p.readings.look.Busy():
		return pane.Note{Text: p.readings.look.Words() + " · esc stops it", Tone: theme.Busy}
	case p.known.problems[r.Name] != nil:
		return pane.FailNote(p.known.problems[r.Name])
	}
	return p.notes.cell(r, p.metricName(), p.detail == nil)
}

// cell says what must be known of a value; with differences, of its difference from the
// baseline.
func (n *notes) cell(r model.Run, name string, differences bool) pane.Note {
	a := n.known.analyses[r.Name]
	d, ok := metric.Define(name)
	switch {
	case a == nil:
		return pane.Note{Text: r.Name + ": " + n.known.unreadWords(r)}
	case !ok:
		return pane.Note{}
	}
	m := a.Metric(d.Name)
	switch {
	case m.Value == nil && m.Reason == "none":
		return pane.Note{Text: "no " + d.Name + " in " + r.Name}
	case m.Value == nil && !n.known.full[r.Name] && r.TraceBytes() > 0:
		return pane.Note{Text: "no " + d.Name + " yet: " + n.known.unreadWords(r)}
	case m.Value == nil:
		return pane.Note{Text: "no " + d.Name + ": " + present.NoValue(m)}
	case n.base.name != "" && n.base.name != r.Name && differences:
		return n.base.note(r, m, d)
	case a.Damaged && len(a.Warnings) > 0:
		return pane.Note{Text: "input was damaged: " + a.Warnings[0], Tone: theme.Warn, Brief: "input was damaged · ! says what was lost"}
	}
	return pane.Note{Text: joined(n.best.words(r.Name, d), present.MetricRemark(m), strings.Join(a.Warnings[:min(len(a.Warnings), 1)], ""))}
}

// run says of a run what it is, and of a metric what it holds.
func (n *notes) run(r model.Run, name string, width int) []string {
	th, a := n.env.Theme, n.known.analyses[r.Name]
	head := th.Paint(theme.Strong, r.Name)
	if r.Experiment != nil {
		head += "  " + widget.Sentence(r.Experiment.ID+"  "+r.Experiment.Description, max(width-2-widget.Width(r.Name), 1))
	}
	lines := []string{head, th.Paint(theme.Dim, pane.Joined(width, n.words(r, a)...))}
	if reader := n.readings.of(r.Name); reader != nil {
		return append(lines, cmp.Or(reader.Gauge(th, min(width-40, 50)), "reading its traces …"))
	}
	d, ok := metric.Define(name)
	if !ok || a == nil {
		return append(lines, th.Paint(theme.Dim, n.known.unreadWords(r)))
	}
	m := a.Metric(d.Name)
	return append(lines, valueLine(th, m, d, width), th.Paint(theme.Dim, pane.Joined(width, present.MetricParts(m, d)...)))
}

// words are layout, workload, GPU, age, and whether it is a measurement at all.
func (n *notes) words(r model.Run, a *metric.Analysis) []string {
	var words []string
	if n.known.replay(r) {
		words = append(words, "replay")
	}
	if e := r.Experiment; e != nil {
		layout := model.OneGPU
		if gpus := e.Layout.GPUs(); gpus > 1 {
			layout = e.Layout.Short() + " on " + unit.Plural(gpus, "GPU")
		}
		words = append(words, layout, model.ShortModel(e.Model.Name),
			"batch "+unit.Int(e.Data.BatchSize), unit.Int(e.Data.SeqLen)+" + "+unit.Int(e.Data.MaxTokens)+" tokens")
	}
	return append(words, a.Device(), "traced "+unit.Ago(r.Time, n.env.Now()))
}

// valueLine is a metric in full, with its ranks.
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

// metric is all there is to say of one metric of an opened run: remark, ranks,
// parts, sources.
func (n *notes) metric(run, name string, width int) []string {
	d, ok := metric.Define(name)
	a := n.known.analyses[run]
	if !ok || a == nil {
		return nil
	}
	th, m := n.env.Theme, a.Metric(d.Name)
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
