// Package present turns results into what people read: neutral tables (table.go) and sentences, the same on the command line,
// in the cockpit and in reports. It decides nothing and draws nothing; numbers and units are written by its part unit.
package present

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"shardeck/model"
	"shardeck/model/check"
	"shardeck/model/metric"
	"shardeck/model/present/unit"
)

// estimatedStart is when a waiting job is expected to start: "~14:20"; empty: not known.
func estimatedStart(t, now time.Time) string {
	if t.IsZero() {
		return ""
	}
	return "~" + unit.Moment(t, now)
}

// Expected says when a job that waits is expected to start, and when it was before that moved: "start ~15:05, was ~14:20".
func Expected(j model.Job, now time.Time) string {
	text := estimatedStart(j.Start, now)
	switch {
	case j.State != model.JobPending || text == "":
		return ""
	case j.Was.IsZero():
		return "start " + text
	}
	return "start " + text + ", was " + estimatedStart(j.Was, now)
}

// WouldStart says when a job would start if it were submitted now: "would start ~14:20", or
// with a note why that is not known; empty where the scheduler never says.
func WouldStart(at time.Time, note string, now time.Time) string {
	switch {
	case !at.IsZero() && at.Before(now.Add(time.Minute)):
		return "would start at once"
	case !at.IsZero():
		return "would start " + estimatedStart(at, now)
	case note != "":
		return "when it would start is not known: " + note
	}
	return ""
}

// KeptResult says what becomes of a result that a new job replaces, and what it is not; empty: there is none.
func KeptResult(name string, marks []model.Mark) string {
	if name == "" {
		return ""
	}
	return Joined("has a result already: kept as "+name+" once the new one is whole", Marks(marks))
}

// Marks say why numbers are not those of the row they stand in; empty: they are.
func Marks(all []model.Mark) string {
	return Joined(model.Each(all, func(m model.Mark) string { return m.Text })...)
}

// Placement says what a job asks for: "2 × A100-40GB on 1 node · QOS shared".
func Placement(p check.Placement) string {
	if p.GPUs == 0 {
		return ""
	}
	text := unit.Plural(p.GPUs, "GPU")
	if p.GPU != "" {
		text = fmt.Sprintf("%d × %s", p.GPUs, strings.ToUpper(p.GPU))
	}
	queue := QOS(p.QOS)
	if p.Partition {
		queue = "partition " + p.QOS
	}
	return Joined(text+" on "+unit.Plural(p.Nodes, "node"), queue)
}

// QOS names a QOS; empty: none is chosen.
func QOS(name string) string {
	if model.IsAuto(name) {
		return ""
	}
	return "QOS " + name
}

// Memory says how much the fullest GPU needs of what the engine may use of it: "31.2 of 36.0 GiB".
func Memory(f *check.Fit) string {
	if f == nil {
		return ""
	}
	return unit.GiB(f.Used()) + " of " + unit.GiB(f.Usable) + " GiB"
}

// UsableMemory is Memory with why that is less than the GPU has, gpu_memory_utilization: "31.2 of 36.0 GiB usable (90 % of 40.0)".
func UsableMemory(f *check.Fit) string {
	if f == nil {
		return ""
	}
	share := unit.Number(100*float64(f.Usable)/float64(max(f.Total, 1)), 0)
	return Memory(f) + " usable (" + share + " % of " + unit.GiB(f.Total) + ")"
}

// Price says what a job costs at most; empty where nothing is charged.
func Price(p *check.Price) string {
	if p == nil {
		return ""
	}
	text := "at most " + Cost(p)
	if p.Words != "" {
		text += " (" + p.Words + ")"
	}
	return text
}

// Cost is what a job costs at most, without its grounds: "0.25 node-hours".
func Cost(p *check.Price) string {
	if p == nil {
		return ""
	}
	return NodeHours(p.NodeHours)
}

// Energy is what an output token of a run cost, beside what its job did: "0.374 J/tok"; empty: not known.
func Energy(a *metric.Analysis) string {
	if a == nil {
		return ""
	}
	m := a.Metric("energy_j_per_token")
	if m.Value == nil {
		return ""
	}
	return unit.Significant(*m.Value) + " " + m.Unit
}

// NodeHours is an amount of what a site charges: "0.25 node-hours".
func NodeHours(v float64) string { return unit.Number(v, 2) + " node-hours" }

// Problems are the faults of a config that cannot be used, one a line, without the name
// of the file before each: "line 7: unknown key …".
func Problems(file, problem string) []string {
	var out []string
	for _, line := range strings.Split(strings.TrimSpace(problem), "\n") {
		rest, ok := strings.CutPrefix(line, file+":")
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

// clock is how long a job has run or may run; unit.Missing where that is not known.
func clock(d time.Duration) string {
	if d <= 0 {
		return unit.Missing
	}
	return unit.Clock(d)
}

// count is a number of things; empty: none.
func count(n int) string {
	if n <= 0 {
		return ""
	}
	return unit.Int(n)
}

// Joined puts what is not empty on one line, with dots between.
func Joined(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "" }), " · ")
}

// Plan says what a job asks for, what it needs of its GPUs and what it costs, and more.
func Plan(v check.Verdict, more ...string) string {
	memory := UsableMemory(v.Fit)
	if memory != "" {
		memory += " a GPU"
	}
	return Joined(append([]string{Placement(v.Placement), memory, Price(v.Price)}, more...)...)
}

// Plays says what a submit of a replay would play; empty: it is no replay.
func Plays(v check.Verdict) string {
	switch p := v.Plays; {
	case p == nil:
		return ""
	case p.From > 0:
		return fmt.Sprintf("plays a forecast from %s of %s: nothing of it is recorded", unit.Plural(p.From, "recording"), p.Engine)
	default:
		return "plays the recording " + p.Recording
	}
}

// levels are the roles of the levels of findings.
var levels = map[string]Role{"pass": Good, "warn": Warn, "fail": Bad, "error": Bad, "warning": Warn, "note": Dim}

// Level is the role of a finding's level: error, warning, note, pass, warn, fail.
func Level(word string) Role { return levels[word] }
