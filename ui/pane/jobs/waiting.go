package jobs

import (
	"shardeck/model"
	"shardeck/model/present"
	"shardeck/model/present/unit"
	"shardeck/ui/pane"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// waitingLines stand in the place of the log of a job that has none yet: why it waits, when
// it would start, what it asks for.
func waitingLines(env env, j model.Job, room int) []string {
	r := model.ReasonOf(j.Reason)
	why := r.Words
	if why == "" {
		why = "the scheduler has not said why yet"
	} else if j.Reason != "" && j.Reason != why {
		why += " (" + j.Reason + ")"
	}
	start := "the scheduler has no estimate yet"
	switch {
	case r.Forever:
		start = "never, as it stands: x cancels it"
	case !j.Start.IsZero():
		start = present.EstimatedStart(j.Start, env.Now()) + ", as the scheduler estimates"
	}
	asks := []string{}
	if j.GPUs > 0 {
		asks = append(asks, unit.Plural(j.GPUs, "GPU")+" on "+unit.Plural(max(j.Nodes, 1), "node"))
	}
	if j.Limit > 0 {
		asks = append(asks, unit.Clock(j.Limit)+" at most")
	}
	asks = append(asks, present.QOS(j.QOS))
	if j.Account != "" {
		asks = append(asks, "account "+j.Account)
	}
	width := max(room-16, 1)
	var lines []string
	for _, l := range []struct{ label, text string }{
		{"waits", why}, {"starts", start}, {"asks for", pane.Joined(width, asks...)}, {"submitted", unit.Ago(j.Submit, env.Now())},
	} {
		label := l.label
		for _, text := range widget.Wrap(l.text, width) {
			lines = append(lines, "   "+env.Theme.Paint(theme.Dim, widget.Fit(label, 10))+" "+text)
			label = ""
		}
	}
	return lines
}
