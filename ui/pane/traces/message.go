package traces

import (
	"slices"

	"shardeck/model/present"
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
	if r, _, ok := p.sheet.current(); ok && p.sheet.name() == "skew" && !a.Damaged {
		return pane.Note{Text: r.Full}
	}
	note := pane.Note{Text: present.StragglerSentence(a.Metric("straggler"))}
	if a.Metric("straggler").Value != nil {
		note.Tone = theme.Warn
	}
	if cut := present.StartCut(a.Trace.Ranks); cut != "" {
		note.Text += " · " + cut
	}
	if a.Damaged {
		note.Tone, note.Brief = theme.Bad, "input was damaged, these are its sound parts · ! says what was lost"
		note.Text = "input was damaged, these are its sound parts: " + slices.Concat(a.Warnings, []string{"no more is known"})[0]
	}
	return note
}
