package pane

import (
	"fmt"
	"strings"
	"time"

	"shardeck/backend/lab"
	"shardeck/model"
	"shardeck/model/check"
	"shardeck/model/metric"
	"shardeck/model/shell"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// resultWord is the state of an experiment whose job is over: whether its result can be
// relied on.
func resultWord(r lab.Row) string {
	switch {
	case r.Run != nil && r.Run.Unfinished:
		return "unfinished"
	case r.Analysis != nil && r.Analysis.Damaged || r.Run != nil && r.Run.LeftOut:
		return "done, damaged"
	}
	return "done"
}

// RowState is the state of an experiment: of its newest job, with the time it has
// run or will start.
func RowState(r lab.Row, now time.Time) string {
	switch {
	case r.Problem != "":
		return "invalid"
	case r.Job == nil && r.Run == nil:
		return "not run"
	case r.Job == nil:
		return resultWord(r)
	}
	word := r.Job.State.Words()
	switch r.Job.State {
	case model.JobCompleted:
		return resultWord(r)
	case model.JobRunning:
		return word + " " + widget.Clock(r.Job.Elapsed)
	case model.JobPending:
		return strings.TrimSpace(word + " " + StartWord(r.Job.Start, now))
	}
	return word
}

// StartWord is the estimated start of a waiting job: "~14:20".
func StartWord(t, now time.Time) string {
	if t.IsZero() {
		return ""
	}
	return "~" + widget.Moment(t, now)
}

// PlanWords say when a job would start if it were submitted now: "would start ~14:20",
// or why that is not known; empty where the scheduler never says.
func PlanWords(s lab.Start, now time.Time) string {
	switch {
	case !s.At.IsZero() && s.At.Before(now.Add(time.Minute)):
		return "would start at once"
	case !s.At.IsZero():
		return "would start " + StartWord(s.At, now)
	case s.Note != "":
		return "when it would start is not known: " + s.Note
	}
	return ""
}

// KeptWords say what becomes of a result that a new job replaces; empty: there is none.
func KeptWords(v lab.Preview) string {
	if v.Keeps == "" {
		return ""
	}
	return "has a result already: kept as " + v.Keeps + " once the new one is whole"
}

// PlaceWords say what a job takes: "2 × A100-40GB on 1 node, shared QOS".
func PlaceWords(pl check.Placement) string {
	if pl.GPUs == 0 {
		return ""
	}
	text := fmt.Sprintf("%d × %s on %s", pl.GPUs, GPUWord(pl.GPU), widget.Plural(pl.Nodes, "node"))
	if pl.QOS != "" && pl.QOS != "auto" {
		text += ", " + pl.QOS + " QOS"
	}
	return text
}

// GPUWord is a kind of GPU as people write it: A100-40GB.
func GPUWord(key string) string {
	if key == "" {
		return "GPU"
	}
	return strings.ToUpper(key)
}

// PriceWords say what a job costs at most; empty where nothing is charged.
func PriceWords(price *check.Price) string {
	if price == nil {
		return ""
	}
	text := widget.Number(price.NodeHours, 2) + " node-hours"
	if price.Words != "" {
		text += ": " + price.Words
	}
	return text
}

// LayoutWord is the short name of a layout, without the factors that are 1: "TP2 PP2",
// "TP1" for one GPU.
func LayoutWord(l model.Layout) string {
	var parts []string
	for _, p := range []struct {
		name string
		n    int
	}{{"TP", l.TP}, {"PP", l.PP}, {"DP", l.DP()}, {"EP", l.EP}} {
		if p.n > 1 {
			parts = append(parts, p.name+widget.Int(p.n))
		}
	}
	if len(parts) == 0 {
		return "TP1"
	}
	return strings.Join(parts, " ")
}

// ShortModel is a model's name without its owner.
func ShortModel(name string) string { return name[strings.LastIndexByte(name, '/')+1:] }

// MetricText is a metric's value in words: "–" where there is none.
func MetricText(th *theme.Theme, m metric.Metric, d metric.Definition) string {
	if m.Value == nil {
		if m.Reason == "none" {
			return "none"
		}
		return th.Missing
	}
	text := widget.Figure(*m.Value, d.Decimals)
	if m.Estimate {
		text = th.About + text
	}
	return text
}

// FindingNote is a finding as a note: the fault and what to do.
func FindingNote(f check.Finding) Note {
	tone := map[check.Severity]theme.Tone{check.SeverityError: theme.Bad, check.SeverityWarning: theme.Warn}[f.Severity]
	text := f.Fault
	if f.Fix != "" {
		text += ". " + f.Fix
	}
	return Note{Text: text, Tone: tone, Brief: f.Fault}
}

// Problems are the faults of a config that cannot be used, one a line, without the name
// of the file before each: "line 7: unknown key …".
func Problems(r lab.Row) []string {
	var out []string
	for _, line := range strings.Split(strings.TrimSpace(r.Problem), "\n") {
		rest, ok := strings.CutPrefix(line, r.File+":")
		if number, after, found := strings.Cut(rest, ":"); ok && found && strings.Trim(number, "0123456789") == "" {
			if _, text, found := strings.Cut(after, ": "); found {
				after = " " + text
			}
			line = "line " + number + ":" + after
		}
		out = append(out, line)
	}
	return out
}

// Worst is the first error of a verdict, else its first warning.
func Worst(v check.Verdict) (check.Finding, bool) {
	for _, s := range []check.Severity{check.SeverityError, check.SeverityWarning} {
		for _, f := range v.Findings {
			if f.Severity == s {
				return f, true
			}
		}
	}
	return check.Finding{}, false
}

// Flowed is Joined over as many lines as the parts need, each part whole on its line.
func Flowed(width int, parts ...string) []string {
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

// Joined puts parts on one line with dots between, as many as fit; the rest is left out
// whole, so that no sentence is cut where another could have stayed.
func Joined(width int, parts ...string) string {
	line := ""
	for _, part := range parts {
		switch {
		case part == "":
		case line == "":
			line = widget.Sentence(part, width)
		case widget.Width(line)+3+widget.Width(part) <= width:
			line += " · " + part
		}
	}
	return line
}

// SubmitCommand is what submits experiments from any folder, for the clipboard.
func SubmitCommand(l Lab, ids ...string) string {
	return "shardeck -C " + shell.Quote(l.Workspace()) + " submit " + strings.Join(ids, " ")
}
