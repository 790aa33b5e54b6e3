package pane

import (
	"regexp"
	"strings"
	"time"

	"shardeck/backend/lab"
	"shardeck/model"
	"shardeck/ui/widget"
)

// stateWords are the states of jobs as people say them; theme.State gives their colour.
var stateWords = map[model.JobState]string{
	model.JobPending: "waiting", model.JobRunning: "running", model.JobCompleting: "ending",
	model.JobCompleted: "done", model.JobFailed: "failed", model.JobCancelled: "cancelled",
	model.JobTimeout: "time limit", model.JobNodeFail: "node failed", model.JobOutOfMemory: "out of memory",
	model.JobPreempted: "preempted", model.JobSuspended: "suspended", model.JobUnknown: "unknown",
}

// StateWord is a job's state in a word or two; one that shardeck does not know is shown as the
// scheduler says it.
func StateWord(s model.JobState) string {
	if word, ok := stateWords[s]; ok {
		return word
	}
	return strings.ToLower(string(s))
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
		return "done"
	}
	word := StateWord(r.Job.State)
	switch r.Job.State {
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

// reasons are the scheduler's words for waiting and failing, in ours. The first
// pattern that matches counts.
var reasons = []struct {
	pattern *regexp.Regexp
	words   string
}{
	{regexp.MustCompile(`^(None|)$`), ""},
	{regexp.MustCompile(`^Priority$`), "others come first (priority)"},
	{regexp.MustCompile(`^Resources$`), "next, when nodes are free"},
	{regexp.MustCompile(`^Dependency$`), "another job must end first"},
	{regexp.MustCompile(`^DependencyNeverSatisfied$`), "a job it depends on failed: it will never start"},
	{regexp.MustCompile(`^BeginTime$`), "its begin time has not come"},
	{regexp.MustCompile(`^JobHeldUser$`), "held by you"},
	{regexp.MustCompile(`^JobHeldAdmin$`), "held by an administrator"},
	{regexp.MustCompile(`^JobArrayTaskLimit$`), "its array runs as many as it may"},
	{regexp.MustCompile(`^ReqNodeNotAvail`), "nodes are down or reserved"},
	{regexp.MustCompile(`^Reservation`), "waits for its reservation"},
	{regexp.MustCompile(`^Nodes?Down|^PartitionDown|^PartitionInactive`), "nodes are down"},
	{regexp.MustCompile(`^Maint|Maintenance`), "maintenance comes before it could end"},
	{regexp.MustCompile(`^PartitionTimeLimit$`), "longer than the partition allows: it will never start"},
	{regexp.MustCompile(`^PartitionNodeLimit$`), "more nodes than the partition allows"},
	{regexp.MustCompile(`^QOSMax(Jobs|Submit)`), "you have as many jobs as this QOS allows"},
	{regexp.MustCompile(`^QOS.*Wall`), "longer than this QOS allows: it will never start"},
	{regexp.MustCompile(`^QOS`), "over a limit of this QOS"},
	{regexp.MustCompile(`^Assoc.*Minutes|GrpBilling|^AssocGrpTRESMinutes`), "the account's hours are used up"},
	{regexp.MustCompile(`^Assoc`), "over a limit of the account"},
	{regexp.MustCompile(`^InvalidAccount$`), "the account may not run here"},
	{regexp.MustCompile(`^InvalidQOS$`), "the QOS may not be used here"},
	{regexp.MustCompile(`^BadConstraints$`), "no node meets the constraint"},
	{regexp.MustCompile(`^launch failed requeued held$`), "its launch failed; the scheduler holds it"},
	{regexp.MustCompile(`^TimeLimit$`), "reached its time limit"},
	{regexp.MustCompile(`^NonZeroExitCode$`), "its script ended with an error"},
	{regexp.MustCompile(`^OutOfMemory$`), "out of host memory"},
}

// ReasonWords says a scheduler's reason in words; one it does not know stays as it is.
func ReasonWords(reason string) string {
	for _, r := range reasons {
		if r.pattern.MatchString(reason) {
			return r.words
		}
	}
	return reason
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

// MetricText is a metric's value as a cell shows it: "–" where there is none.
func MetricText(m model.Metric, d model.Definition) string {
	if m.Value == nil {
		if m.Reason == "none" {
			return "none"
		}
		return "–"
	}
	text := widget.Number(*m.Value, d.Decimals)
	if m.Estimate {
		text = "≈" + text
	}
	return text
}
