package traces

import (
	"slices"

	"shardeck/model/metric"
	"shardeck/model/present/unit"
	"shardeck/ui/pane"
	"shardeck/ui/theme"
)

// Message names the straggler, or says that there is none, then what was cut or lost.
func (p *Pane) Message() pane.Note {
	switch {
	case p.pick != nil:
		return pane.Note{Text: "the run chosen is the base: differences are those of " + p.run + " from it"}
	case p.diff != nil:
		return p.diff.message()
	case p.reader.Busy():
		return pane.Note{Text: p.reader.Words() + " · esc stops it", Tone: theme.Busy}
	case p.err != nil:
		return pane.FailNote(p.err)
	case p.spans.Busy():
		return pane.Note{Text: p.spans.Words("reading the kernels in sight") + " · esc stops it", Tone: theme.Busy}
	case p.trace() == nil:
		return pane.Note{}
	}
	a := p.analysis
	if r, ok := p.sheet.current(); ok && p.sheet.name() == "skew" && !a.Damaged {
		return pane.Note{Text: r.full}
	}
	note := pane.Note{Text: stragglerWords(a.Metric("straggler"))}
	if a.Metric("straggler").Value != nil {
		note.Tone = theme.Warn
	}
	if cut := skewWords(a.Trace.Ranks); cut != "" {
		note.Text += " · " + cut
	}
	if a.Damaged {
		note.Tone, note.Brief = theme.Bad, "input was damaged, these are its sound parts · ! says what was lost"
		note.Text = "input was damaged, these are its sound parts: " + slices.Concat(a.Warnings, []string{"no more is known"})[0]
	}
	return note
}

// stragglerWords are the straggler with what proves it, or why none is named.
func stragglerWords(m metric.Metric) string {
	switch {
	case m.Value == nil && m.Reason == "none" && m.Note != "":
		return "no straggler · " + m.Note
	case m.Value == nil && m.Reason == "none":
		return "no straggler"
	case m.Value == nil:
		return "no straggler can be named: " + m.Reason
	}
	text := "straggler: rank " + unit.Number(*m.Value, 0)
	if m.By.Latest != nil {
		text += ", " + unit.Number(m.By.Latest.Total, 0) + " ms late"
	}
	if m.Cause != "" {
		text += ", by its " + m.Cause
	}
	return text
}

// skewWords are the longest start that was cut because profilers did not start together.
func skewWords(ranks []metric.RankSplit) string {
	most := metric.RankSplit{}
	for _, r := range ranks {
		if r.SkewNS > most.SkewNS {
			most = r
		}
	}
	if most.SkewNS <= 0 {
		return ""
	}
	return unit.Duration(most.SkewNS) + " of start cut on rank " + unit.Int(most.Rank)
}
