package experiments

import (
	"cmp"
	"strings"
	"time"

	"shardeck/model"
	"shardeck/model/board"
	"shardeck/model/check"
	"shardeck/model/present"
	"shardeck/model/present/unit"
	"shardeck/ui/pane"
	"shardeck/ui/pane/submission"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

const usualDetails = 5 // lines below the table, whatever the row has to say: nothing jumps

// detailRows is how many lines the details take: none in a low pane, more in a narrow one.
func detailRows(width, height int) int {
	switch {
	case height < 14:
		return 0
	case width < 60 && height > 20:
		return usualDetails + 4
	}
	return usualDetails
}

// details are the lines below the table: layout, cost and memory, result, quality. In a
// narrow pane what does not fit on a line goes on on the next.
func (p *rows) details(r board.Row, width int, narrow bool) []string {
	th := p.env.Theme
	if r.Problem != "" {
		return problemLines(th, r, width)
	}
	id := r.Experiment.ID
	lines := []string{th.Paint(theme.Strong, id) + "  " + widget.Sentence(r.Experiment.Description, max(width-2-widget.Width(id), 1))}
	parts := [][]string{{present.Placement(r.Verdict.Placement), present.Cost(r.Verdict.Price), present.Memory(r.Verdict.Fit)}}
	if r.Analysis == nil {
		parts = append(parts, []string{p.nothingYet(r)})
	} else {
		parts = append(parts, commWords(r), qualityWords(r, p.env.Now()))
	}
	for _, words := range parts {
		texts := []string{pane.Joined(width, words...)}
		if narrow {
			texts = flowed(width, words...)
		}
		for _, line := range texts {
			lines = append(lines, th.Paint(theme.Dim, line))
		}
	}
	return lines
}

func problemLines(th *theme.Theme, r board.Row, width int) []string {
	lines := []string{th.Paint(theme.Strong, widget.Sentence(r.File, width))}
	for _, text := range present.Problems(r.File, r.Problem) {
		for _, line := range widget.Wrap(text, width) {
			lines = append(lines, th.Paint(theme.Bad, line))
		}
	}
	return lines
}

// note is the worst there is to say about a row.
func (p *rows) note(r board.Row) pane.Note {
	if r.Job != nil && r.Job.State.Failed() && r.Job.State != model.JobCancelled {
		text := r.Experiment.ID + " " + r.Job.State.Words() + " after " + unit.Clock(r.Job.Elapsed)
		if why := cmp.Or(p.seen[r.Job.ID], r.Job.Meaning.Words); why != "" {
			text += ": " + why
		}
		return pane.Note{Text: text + ". ↵ shows its log and the cause", Tone: theme.Bad}
	}
	f, ok := r.Verdict.Worst()
	switch {
	case !r.Own() && f.Severity != check.SeverityError:
		return pane.Note{Text: present.Marks(r.Marks()) + " · s measures it anew", Tone: theme.Warn}
	case ok:
		return submission.FindingNote(f)
	}
	return pane.Note{}
}

func (p *rows) nothingYet(r board.Row) string {
	switch {
	case r.Run != nil:
		return "traced, not yet analysed: ↵ reads it"
	case r.Job == nil:
		return "no result yet: s submits it"
	case r.Job.State == model.JobRunning && p.seen[r.Job.ID] != "":
		return p.seen[r.Job.ID] + ": ↵ shows the job"
	case r.Job.State.Active():
		return "no result yet: ↵ shows the job"
	case r.Job.State.Failed():
		return "no result: ↵ shows the job, its log and the cause"
	}
	return "no result yet: s submits it"
}

func commWords(r board.Row) []string {
	a := r.Analysis
	m := a.Metric("comm_overhead")
	switch {
	case m.Value != nil:
	case r.Experiment.Layout.GPUs() == 1:
		return []string{"one GPU: no communication"}
	case a.Trace == nil && strings.HasPrefix(m.Reason, "traces not read"):
		return []string{"communication not known: t reads the traces"}
	default:
		return []string{"no communication share: " + m.Reason}
	}
	text := unit.Number(*m.Value, 1) + " % communication"
	if wait := a.Metric("comm_wait"); wait.Value != nil {
		text += ", of which " + unit.Number(*wait.Value, 1) + " waiting"
	}
	if s := a.Metric("straggler"); s.Value != nil {
		return []string{text, "straggler: rank " + unit.Number(*s.Value, 0)}
	}
	return []string{text}
}

func qualityWords(r board.Row, now time.Time) []string {
	words := []string{present.Marks(r.Marks())}
	if n := r.Analysis.Metric("iteration_wall_clock").N; n > 0 {
		text := unit.Plural(n, "iteration")
		if s := present.Spread(r.Analysis); s != "" {
			text += ", spread " + s + " %"
		}
		words = append(words, text)
	}
	if r.Run != nil && !r.Run.Time.IsZero() {
		words = append(words, "traced "+unit.Ago(r.Run.Time, now))
	}
	if r.Analysis.Damaged {
		words = append(words, "input was damaged")
	}
	return append(words, r.Analysis.Warnings...)
}

// flowed is pane.Joined over as many lines as the parts need, each part whole on its line.
func flowed(width int, parts ...string) []string {
	var lines []string
	for _, part := range parts {
		last := len(lines) - 1
		switch {
		case part == "":
		case last >= 0 && widget.Width(lines[last])+3+widget.Width(part) <= width:
			lines[last] += " · " + part
		default:
			lines = append(lines, widget.Wrap(part, max(width, 1))...)
		}
	}
	return lines
}
