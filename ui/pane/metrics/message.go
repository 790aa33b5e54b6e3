package metrics

import (
	"strings"

	"shardeck/model"
	"shardeck/model/metric"
	"shardeck/model/present"
	"shardeck/model/present/unit"
	"shardeck/ui/pane"
	"shardeck/ui/theme"
)

// Message says what stands behind the cell under the cursor: why it is empty, what it
// is compared with, what was lost.
func (p *Pane) Message() pane.Note {
	r, ok := p.current()
	if p.detail != nil {
		for _, run := range p.runs {
			if run.Name == p.detail.run {
				r, ok = run, true
			}
		}
	}
	switch {
	case p.chooser != nil:
		d, _ := metric.Define(p.chooser.names[p.chooser.table.Cursor])
		return pane.Note{Text: d.Text}
	case p.err != nil:
		return pane.FailNote(p.err)
	case !ok:
		return pane.Note{}
	case p.look.Busy():
		return pane.Note{Text: p.look.Words() + " · esc stops it", Tone: theme.Busy}
	case p.problems[r.Name] != nil:
		return pane.FailNote(p.problems[r.Name])
	}
	return p.cellNote(r)
}

func (p *Pane) cellNote(r model.Run) pane.Note {
	a := p.analyses[r.Name]
	d, ok := p.definition()
	switch {
	case a == nil:
		return pane.Note{Text: r.Name + ": " + p.unreadWords(r)}
	case !ok:
		return pane.Note{}
	}
	m := a.Metric(d.Name)
	switch {
	case m.Value == nil && m.Reason == "none":
		return pane.Note{Text: "no " + d.Name + " in " + r.Name}
	case m.Value == nil && !p.read[r.Name] && traceBytes(r) > 0:
		return pane.Note{Text: "no " + d.Name + " yet: " + p.unreadWords(r)}
	case m.Value == nil:
		return pane.Note{Text: "no " + d.Name + ": " + present.NoValue(m)}
	case p.baseline != "" && p.baseline != r.Name && p.detail == nil:
		return p.deltaNote(r, m, d)
	case a.Damaged && len(a.Warnings) > 0:
		return pane.Note{Text: "input was damaged: " + a.Warnings[0], Tone: theme.Warn, Brief: "input was damaged · ! says what was lost"}
	}
	return pane.Note{Text: strings.Join(nonEmpty(p.tieWords(r.Name, d), present.MetricRemark(m), firstWarning(a)), " · ")}
}

func firstWarning(a *metric.Analysis) string {
	if len(a.Warnings) == 0 {
		return ""
	}
	return a.Warnings[0]
}

func nonEmpty(parts ...string) []string {
	var out []string
	for _, p := range parts {
		if p != "" {
			out = append(out, p)
		}
	}
	return out
}

// deltaNote gives both values, and says when they should not be compared.
func (p *Pane) deltaNote(r model.Run, m metric.Metric, d metric.Definition) pane.Note {
	base := p.analyses[p.baseline]
	if base == nil {
		return pane.Note{Text: p.baseline + " was not read: ↵ on it reads it", Tone: theme.Warn}
	}
	b := base.Metric(d.Name)
	if b.Value != nil {
		d.Decimals = unit.Apart(*m.Value, *b.Value, d.Decimals)
	}
	text := d.Name + " " + present.MetricValue(m, d)
	if b.Value == nil {
		return pane.Note{Text: text + "; " + p.baseline + " has none: " + present.NoValue(b)}
	}
	text += " against " + present.MetricValue(b, d) + " of " + p.baseline
	if words, ok := p.sampledWords(r.Name, d); ok {
		text = words
	}
	if why := p.unlike(r); why != "" {
		what, values, _ := strings.Cut(why, ": ")
		return pane.Note{Text: "not like with like, " + what + ": " + strings.Join(nonEmpty(text, values), " · "), Tone: theme.Warn}
	}
	return pane.Note{Text: text}
}

// unlike names what differs, besides the layout, between a run and the baseline; empty:
// nothing, or there is no baseline.
func (p *Pane) unlike(r model.Run) string {
	if p.baseline == "" || p.baseline == r.Name {
		return ""
	}
	for _, b := range p.runs {
		if b.Name != p.baseline {
			continue
		}
		if b.Experiment == nil || r.Experiment == nil {
			return "the config of one of them is not known"
		}
		one, other := p.keyOf(b), p.keyOf(r)
		if one.GPU == "" || other.GPU == "" {
			one.GPU, other.GPU = "", ""
		}
		_, why := one.Equal(other)
		return why
	}
	return ""
}
