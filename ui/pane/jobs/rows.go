package jobs

import (
	"strings"

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

// rows is what the pane says of its rows.
type rows struct {
	env    pane.Env
	titles map[string]string // causes and stages seen, by job
	ran    map[string]bool   // the title is of when the job still ran
}

// cells of one job, in the order of columns.
func (p *rows) cells(j model.Job) []widget.Cell {
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
func (p *rows) whyWhere(j model.Job) string {
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
