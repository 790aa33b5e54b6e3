package jobs

import (
	"strings"

	"shardeck/backend/lab"
	"shardeck/model"
	"shardeck/model/present"
	"shardeck/model/present/unit"
	"shardeck/ui/pane"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

var columns = []widget.Column{
	{Title: "job"},
	{Title: "experiment", Worth: 1, Min: 10},
	{Title: "state", Keep: len("cancelled")},
	{Title: "why / where", Worth: 2, Min: 28, Keep: 24},
	{Title: "elapsed", Right: true, Worth: 3},
	{Title: "limit", Right: true, Worth: 4},
	{Title: "GPUs", Right: true, Worth: 5},
	{Title: "QOS", Worth: 6},
	{Title: "submitted", Worth: 7},
	{Title: "exit", Worth: 8},
}

func (p *Pane) cells(j model.Job) []widget.Cell {
	dash := func(text string) widget.Cell {
		if text == "" {
			return widget.Cell{Text: "–", Tone: theme.Dim}
		}
		return widget.Cell{Text: text}
	}
	word, elapsed, limit := j.State.Words(), "", ""
	if j.Elapsed > 0 {
		elapsed = unit.Clock(j.Elapsed)
	}
	if j.Limit > 0 {
		limit = unit.Clock(j.Limit)
	}
	gpus, what := "", j.Experiment
	if what == "" {
		what = j.Name
	}
	if j.GPUs > 0 {
		gpus = unit.Int(j.GPUs)
	}
	return []widget.Cell{{Text: j.ID}, dash(what), {Text: word, Tone: theme.State(word)}, {Text: p.whyWhere(j), Tone: theme.Dim},
		dash(elapsed), dash(limit), dash(gpus), dash(j.QOS), dash(unit.Ago(j.Submit, p.env.Now())), dash(j.ExitCode)}
}

// whyWhere is the most useful thing to say in few words: the stage and node of what
// runs, why something waits, the cause of a failure.
func (p *Pane) whyWhere(j model.Job) string {
	title := p.titles[j.ID]
	switch {
	case j.State == model.JobPending:
		start := present.EstimatedStart(j.Start, p.env.Now())
		if start != "" {
			start = "start " + start
		}
		return pane.Joined(60, start, model.ReasonOf(j.Reason).Words)
	case j.State == model.JobCancelled && title == "":
		return model.ReasonOf(j.Reason).Words
	case j.State.Failed() && title == "":
		return pane.Joined(60, model.ReasonOf(j.Reason).Words, exitWords(j))
	case j.State.Failed(): // the state has said what it was
		return strings.TrimPrefix(strings.TrimPrefix(title, "the job was "), "the job ")
	case j.State == model.JobRunning:
		return pane.Joined(60, title, j.NodeList)
	}
	return j.NodeList
}

// exitWords say how a job ended of which nothing better is known yet.
func exitWords(j model.Job) string {
	code, _, _ := strings.Cut(j.ExitCode, ":")
	if code == "" || code == "0" {
		return ""
	}
	return "exit code " + code
}

func fields(j model.Job) map[string]string {
	return map[string]string{"id": j.ID, "exp": j.Experiment, "name": j.Name, "state": j.State.Words(), "qos": j.QOS, "node": j.NodeList, "reason": j.Reason}
}

// listRows is the room of the list: a third of the pane, or what the jobs need.
func (p *Pane) listRows() int { return max(min(len(p.shown), p.height*2/5-1), 1) }

func (p *Pane) logRows() int { return max(p.height-p.listRows()-3, 1) }

// View draws the list, the log and the cause, and what is open over them.
func (p *Pane) View() string {
	if p.width <= 0 || p.height <= 0 {
		return ""
	}
	lines := p.body()
	lines = p.typing.Below(p.env.Theme, lines, p.width, p.height)
	if p.ask != nil {
		lines = p.ask.Popup.Over(p.env.Theme, lines, p.width, p.height)
	}
	return widget.Block(lines, p.width, p.height)
}

func (p *Pane) body() []string {
	if len(p.shown) == 0 {
		return p.empty()
	}
	lines := p.table.View(p.env.Theme, p.width, p.listRows()+1)
	cause := p.causeLines()
	room := p.height - len(lines) - len(cause)
	if room < 4 {
		cause, room = nil, p.height-len(lines)
	}
	return append(append(lines, p.logLines(room)...), cause...)
}

func (p *Pane) empty() []string {
	switch {
	case p.err != nil:
		lines := []string{"", "   The scheduler cannot be asked.", ""}
		for _, l := range widget.Wrap(pane.FailNote(p.err).Text, max(p.width-6, 1)) {
			lines = append(lines, "   "+p.env.Theme.Paint(theme.Bad, l))
		}
		return append(lines, "", "   r tries again")
	case !p.loaded:
		return []string{"", "   asking the scheduler …"}
	case !p.filter.Empty():
		return p.filter.None("job", fields(model.Job{}), p.width)
	}
	return []string{"", "   No jobs. Submit an experiment in 1 with s."}
}

// logLines are a rule that says what is shown, progress if the job runs, and the log.
func (p *Pane) logLines(height int) []string {
	th := p.env.Theme
	j, _ := p.current()
	if j.State == model.JobPending && len(p.detail.part.Lines) == 0 {
		return fill(append([]string{widget.Rule(th, p.width, j.ID+" waits")}, p.waitingLines(j)...), height)
	}
	if p.detail.id != j.ID {
		return fill([]string{widget.Rule(th, p.width, "log of "+j.ID), "   reading …"}, height)
	}
	lines := []string{widget.Rule(th, p.width, p.logTitle(j))}
	if p.detail.logErr != nil {
		for _, l := range widget.Wrap(p.detail.logErr.Error(), max(p.width-6, 1)) {
			lines = append(lines, "   "+th.Paint(theme.Dim, l))
		}
		return fill(lines, height)
	}
	if part := p.detail.part; j.State.Active() && part.Total > 0 {
		lines = append(lines, "   "+widget.Gauge(th, 24, float64(part.Done), float64(part.Total))+"  "+part.Stage+", iteration "+unit.Int(part.Done)+" of "+unit.Int(part.Total))
	}
	return fill(append(lines, p.log.View(th, p.width, height-len(lines))...), height)
}

func (p *Pane) logTitle(j model.Job) string {
	parts := []string{"log of " + j.ID}
	if len(p.log.Lines) > 0 {
		parts = append(parts, p.where())
	}
	if p.search != "" {
		parts = append(parts, "search "+p.search)
	}
	return strings.Join(parts, " · ")
}

// causeLines are why a job failed and what to do about it.
func (p *Pane) causeLines() []string {
	j, _ := p.current()
	c := p.detail.cause
	if p.detail.id != j.ID || c.Title == "" {
		return nil
	}
	th := p.env.Theme
	title := "cause"
	if c.Where != "" {
		title += " · " + c.Where
	}
	lines := []string{widget.Rule(th, p.width, title), "   " + th.Paint(theme.Bad, widget.Sentence(c.Title, p.width-4))}
	for i, fix := range c.Fixes {
		label := "      "
		if i == 0 {
			label = "try   "
		}
		lines = append(lines, "   "+th.Paint(theme.Dim, label)+widget.Sentence(fix, p.width-10))
	}
	if len(c.Remedies) > 0 {
		lines[0] = widget.Rule(th, p.width, title+" · f mends it")
	}
	return lines
}

// fill makes lines exactly so many.
func fill(lines []string, height int) []string {
	for len(lines) < height {
		lines = append(lines, "")
	}
	return lines[:max(height, 0)]
}

// logTone colours what stands out in a log.
func logTone(line string) theme.Tone {
	lower := strings.ToLower(line)
	switch {
	case lab.LooksBad(line):
		return theme.Bad
	case strings.Contains(lower, "warning") || strings.HasPrefix(lower, "warn"):
		return theme.Warn
	case strings.HasPrefix(line, "shardeck: "):
		return theme.Strong
	}
	return theme.Plain
}
