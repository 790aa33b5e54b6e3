package metrics

import (
	"strings"

	"shardeck/model"
	"shardeck/model/metric"
	"shardeck/model/present"
	"shardeck/model/present/unit"
	"shardeck/ui/pane"
	"shardeck/ui/pane/reading"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// runLines say of the run under the cursor what it is, and of the metric what it holds.
func (p *Pane) runLines(width int) []string {
	r, _ := p.beneath()
	th := p.env.Theme
	a := p.analyses[r.Name]
	head := th.Paint(theme.Strong, r.Name)
	if r.Experiment != nil {
		head += "  " + widget.Sentence(r.Experiment.ID+"  "+r.Experiment.Description, max(width-2-widget.Width(r.Name), 1))
	}
	lines := []string{head, th.Paint(theme.Dim, pane.Joined(width, p.runWords(r, a)...))}
	if reader := p.reading(r.Name); reader != nil {
		return append(lines, gauge(th, reader, width))
	}
	d, ok := p.definition()
	if !ok || a == nil {
		return append(lines, th.Paint(theme.Dim, p.unreadWords(r)))
	}
	m := a.Metric(d.Name)
	return append(lines, p.valueLine(m, d, width), th.Paint(theme.Dim, pane.Joined(width, present.MetricParts(m, d)...)))
}

// reading is the reader that has a run in hand; nil: none.
func (p *Pane) reading(run string) *reading.Reader {
	for _, r := range []*reading.Reader{p.look, p.all} {
		if r.Busy() && r.Run() == run {
			return r
		}
	}
	return nil
}

// gauge is how far a reading is.
func gauge(th *theme.Theme, r *reading.Reader, width int) string {
	done, total := r.Progress()
	if total <= 0 {
		return "reading its traces …"
	}
	return widget.Gauge(th, max(min(width-40, 50), 4), float64(done), float64(total)) + "  " + unit.FileSize(done) + " of " + unit.FileSize(total)
}

// runWords are layout, workload, GPU, age, and whether it is a measurement at all.
func (p *Pane) runWords(r model.Run, a *metric.Analysis) []string {
	var words []string
	if p.replay(r) {
		words = append(words, "replay")
	}
	if e := r.Experiment; e != nil {
		words = append(words, layoutWords(e.Layout), model.ShortModel(e.Model.Name),
			"batch "+unit.Int(e.Data.BatchSize), unit.Int(e.Data.SeqLen)+" + "+unit.Int(e.Data.MaxTokens)+" tokens")
	}
	if a != nil && a.Trace != nil && len(a.Trace.Ranks) > 0 {
		words = append(words, a.Trace.Ranks[0].Device)
	}
	return append(words, "traced "+unit.Ago(r.Time, p.env.Now()))
}

// layoutWords are a layout and on how many GPUs it lies.
func layoutWords(l model.Layout) string {
	if l.GPUs() == 1 {
		return model.OneGPU
	}
	return l.Short() + " on " + unit.Plural(l.GPUs(), "GPU")
}

func (p *Pane) unreadWords(r model.Run) string {
	if bytes := traceBytes(r); bytes > 0 {
		return "traces of " + unit.FileSize(bytes) + " not read yet: ↵ reads them, a reads all"
	}
	return "not read yet: ↵ reads it, a reads all"
}

// valueLine is the metric under the cursor in full, with its ranks.
func (p *Pane) valueLine(m metric.Metric, d metric.Definition, width int) string {
	if m.Value == nil {
		return p.env.Theme.Paint(theme.Dim, widget.Sentence(d.Name+": "+present.NoValue(m), width))
	}
	text := d.Name + "  " + p.env.Theme.Spell(present.MetricValue(m, d))
	if s := spark(p.env.Theme, m.PerRank); s != "" {
		text += "   " + s + "  " + present.MetricRanks(m, d)
	}
	if m.N > 0 {
		text += "   n " + unit.Int(m.N)
	}
	return widget.Sentence(text, width)
}

// metricLines are all there is to say of one metric of the opened run: remark, ranks,
// parts, sources.
func (p *Pane) metricLines(width int) []string {
	d, ok := p.definition()
	a := p.analyses[p.detail.run]
	if !ok || a == nil {
		return nil
	}
	th, m := p.env.Theme, a.Metric(d.Name)
	lines := []string{th.Paint(theme.Strong, d.Name) + "  " + widget.Sentence(remarkOrReason(m, d), max(width-2-widget.Width(d.Name), 1))}
	for _, text := range []string{strings.TrimSpace(spark(th, m.PerRank) + "  " + present.MetricRanks(m, d)), strings.Join(present.MetricParts(m, d), " · ")} {
		if text != "" {
			lines = append(lines, widget.Wrap(text, width)...)
		}
	}
	if len(m.Source) > 0 {
		lines = append(lines, th.Paint(theme.Dim, pane.Joined(width, append([]string{"from " + m.Source[0]}, m.Source[1:]...)...)))
	}
	if len(lines) >= detailBelowRows {
		lines = lines[:detailBelowRows-1]
	}
	return lines
}

// remarkOrReason is what must be known of a value or why there is none; else what it is.
func remarkOrReason(m metric.Metric, d metric.Definition) string {
	if m.Value == nil {
		return present.NoValue(m)
	}
	if text := present.MetricRemark(m); text != "" {
		return text
	}
	return d.Text
}
