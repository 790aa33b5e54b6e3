package jobs

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"shardeck/backend/probe"
	"shardeck/backend/scheduler"
	"shardeck/backend/scheduler/local"
	"shardeck/backend/workspace"
	"shardeck/model"
	"shardeck/model/board"
)

// Surroundings tells whether jobs find what they need.
type Surroundings struct {
	Needs
	submitter *Submitter
}

// Environment looks at all that the jobs of some experiments need, of every one where none is named: this
// machine, the scheduler's account and QOS, the software, the models, quota and disk, and for those that are
// named when their jobs would start. It starts programs and asks the scheduler, so it takes seconds, and is for
// a user who asked.
func (su *Surroundings) Environment(ctx context.Context, ids []string) ([]probe.Line, error) {
	rows, err := su.Experiments.Rows(ctx, ids)
	if err != nil {
		return nil, err
	}
	rows = slices.DeleteFunc(rows, func(r board.Row) bool { return r.Problem != "" })
	needs := su.needs(rows)
	if su.Workspace.EnsureDir(workspace.PrivateDir) != nil {
		needs.Kept = "" // a workspace that cannot be written keeps nothing
	}
	lines := slices.DeleteFunc(su.Machine().Lines, func(line probe.Line) bool { // looked at more closely below
		return line.What == "python" && !needs.Replay || line.What == "nsys" && needs.Nsys
	})
	lines = append(lines, su.allowance(ctx, rows)...)
	if len(ids) > 0 {
		lines = append(lines, su.startLines(ctx, rows)...)
	}
	lines = append(lines, probe.Environment(ctx, needs, probe.Options{Getenv: su.Getenv, Each: su.Each})...)
	return lines, ctx.Err()
}

func (su *Surroundings) needs(rows []board.Row) probe.Target {
	t := su.Software
	t.Replay = true
	for _, r := range rows {
		e := r.Experiment
		t.Outputs = append(t.Outputs, su.Workspace.Path(e.OutputDir))
		t.Nsys = t.Nsys || e.Profiling.Nsys
		if e.Engine == model.EngineReplay {
			continue
		}
		t.Replay = false
		if e.Engine == model.EngineVLLM && su.Scheduler.Name() == local.Name {
			t.Utilization = max(t.Utilization, e.EngineNumber("gpu_memory_utilization", 0.9))
		}
		m := probe.Model{Name: e.Model.Name, Dummy: e.Model.Weights == "dummy"}
		if shape := su.World.Shape(m.Name); shape != nil {
			m.Gated = shape.Gated
		}
		if i := slices.IndexFunc(t.Models, func(o probe.Model) bool { return o.Name == m.Name }); i >= 0 {
			t.Models[i].Dummy = t.Models[i].Dummy && m.Dummy
			continue
		}
		t.Models = append(t.Models, m)
	}
	return t
}

func (su *Surroundings) allowance(ctx context.Context, rows []board.Row) []probe.Line {
	ctx, cancel := context.WithTimeout(ctx, queryDeadline)
	defer cancel()
	limits, err := su.Scheduler.Limits(ctx)
	if err != nil {
		return []probe.Line{{Level: probe.Fail, What: "scheduler", Text: model.Printable(err.Error()),
			Fix: cmp.Or(model.FixOf(err), "shardeck site")}}
	}
	var lines []probe.Line
	for _, text := range []string{limits.Version, limits.Note} {
		if text != "" {
			lines = append(lines, probe.Line{Level: probe.Pass, What: "scheduler", Text: text})
		}
	}
	return slices.Concat(lines, su.accountLine(limits), su.qosLines(limits, rows))
}

// accountLine holds the account of the settings against those the scheduler names.
// Slurm may add the part of the project that owns GPUs: m1234 is m1234_g.
func (su *Surroundings) accountLine(limits scheduler.Limits) []probe.Line {
	if len(limits.Accounts) == 0 {
		return nil
	}
	mine, all := su.World.Account, strings.Join(limits.Accounts, ", ")
	known := func(a string) bool { return a == mine || strings.HasPrefix(a, mine+"_") }
	line := probe.Line{Level: probe.Fail, What: "account", Text: fmt.Sprintf("%s is none of yours, which are %s", mine, all),
		Fix: "write account: " + limits.Accounts[0] + " in shardeck.yaml"}
	switch {
	case mine == "":
		line.Level, line.Text = probe.Warn, "none is set: your default one pays; yours are "+all
	case slices.ContainsFunc(limits.Accounts, known):
		line = probe.Line{Level: probe.Pass, What: "account", Text: mine}
	}
	return []probe.Line{line}
}

// qosLines holds the QOS that the layouts take against those the scheduler names.
func (su *Surroundings) qosLines(limits scheduler.Limits, rows []board.Row) []probe.Line {
	var lines []probe.Line
	for _, r := range rows {
		name := r.Verdict.Placement.QOS
		line := probe.Line{Level: probe.Pass, What: "QOS " + name, Text: "is open to you"}
		told := func(l probe.Line) bool { return l.What == line.What }
		if name == "" || len(limits.QOS) == 0 || r.Verdict.Placement.Partition || slices.ContainsFunc(lines, told) {
			continue
		}
		names := []string{name}
		if q := su.World.Site.Queue(name); q != nil {
			names = append(names, q.Shown...)
		}
		if !slices.ContainsFunc(names, func(n string) bool { return slices.Contains(limits.QOS, n) }) {
			line.Level, line.Text = probe.Fail, "is not open to you; yours are "+strings.Join(limits.QOS, ", ")
			line.Fix = "set slurm.qos of " + r.Experiment.ID + " to one of yours, or ask the project's owner"
		}
		lines = append(lines, line)
	}
	return lines
}

// startLines say when the jobs of some experiments would start; one for which the
// scheduler plans nothing is worth a warning, since it may refuse the job itself.
func (su *Surroundings) startLines(ctx context.Context, rows []board.Row) []probe.Line {
	var previews []Preview
	for _, r := range rows {
		if p, err := su.submitter.Preview(ctx, r.Experiment.ID, false); err == nil { // why not is said by check
			previews = append(previews, p)
		}
	}
	var lines []probe.Line
	for i, s := range su.submitter.Starts(ctx, previews) {
		what := "start of " + previews[i].Row.Experiment.ID
		switch {
		case !s.At.IsZero():
			plan := fmt.Sprintf("%s, as %s plans now, on %s", s.At.Local().Format("2 Jan 15:04"), su.Scheduler.Name(), s.Nodes)
			lines = append(lines, probe.Line{Level: probe.Pass, What: what, Text: plan})
		case s.Note != "":
			lines = append(lines, probe.Line{Level: probe.Warn, What: what, Text: s.Note, Fix: s.Fix})
		}
	}
	return lines
}
