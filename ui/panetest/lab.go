// Package panetest is what tests of panes and cockpit share: a Lab with fixed data
// and a fixed clock, a driver that presses keys and expects text, and golden frames.
//
// The Lab's data are of the size and shape of real runs; its rules are a few of the
// real ones, enough for the stories told in tests.
package panetest

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"shardeck/backend/lab"
	"shardeck/backend/pool"
	"shardeck/model"
	"shardeck/ui/pane"
)

// Now is the moment at which every test happens.
var Now = time.Date(2026, 11, 23, 14, 2, 11, 0, time.UTC)

// Lab is a pane.Lab without a backend. Its fields may be changed before it is used.
type Lab struct {
	mu        sync.Mutex
	Rows      []lab.Row
	List      lab.JobList
	Logs      map[string]lab.LogPart
	Causes    map[string]lab.Cause
	Analyses  map[string]*model.Analysis
	Series    []lab.Series
	Chart     lab.Chart // as last exported
	Login     model.LoginBudget
	Screen    json.RawMessage
	Kept      map[string]model.Unsaved // edits not saved, by experiment
	Diff      string                   // of the script, against the one submitted last
	Diffs     map[string]map[string]lab.CompareCell
	Tie       map[string]lab.Tie  // by metric
	Fine      []model.RankDensity // timelines in smaller bins
	Spans     model.KernelSpans
	Unlike    []string // warnings of a comparison of traces
	Plan      lab.Start
	NoRuns    bool
	Scheduler string
	Locked    bool                       // read-only
	Err       map[string]error           // by method: what it answers instead
	Hold      map[string]<-chan struct{} // by method: waits for it, or for its context
	Calls     []string                   // every call that waits or changes something
}

// New is a lab with the usual data.
func New() *Lab {
	l := &Lab{Logs: logs(), Causes: causes(), Analyses: analyses(), Series: series(),
		Err: map[string]error{}, Hold: map[string]<-chan struct{}{}}
	l.List = lab.JobList{Scheduler: "slurm", AsOf: Now.Add(-11 * time.Second), Next: Now.Add(49 * time.Second), Jobs: jobs()}
	l.Rows = rows(l)
	return l
}

// call notes a call, waits if it is held, and gives the error it is to answer.
func (l *Lab) call(ctx context.Context, method, detail string) error {
	l.mu.Lock()
	l.Calls = append(l.Calls, strings.TrimSpace(method+" "+detail))
	hold, err := l.Hold[method], l.Err[method]
	l.mu.Unlock()
	if hold != nil {
		select {
		case <-hold:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return err
}

// Called counts the calls that begin with a text.
func (l *Lab) Called(prefix string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for _, c := range l.Calls {
		if strings.HasPrefix(c, prefix) {
			n++
		}
	}
	return n
}

// Writes are the methods that change a file or a job.
func Writes() []string {
	return []string{"Clone", "Save", "Submit", "Cancel", "SaveScreen", "KeepUnsaved", "ExportChart", "Export"}
}

// Workspace, Site and the others say where we are.
func (l *Lab) Workspace() string { return "/home/user/vllm-profiling" }

// Site is Perlmutter, the parts that panes show.
func (l *Lab) Site() model.Site {
	return model.Site{Name: "perlmutter", Title: "Perlmutter (NERSC)", GPUsPerNode: 4, CPUsPerNode: 128, CPUsPerGPU: 32, MaxNodes: 16,
		Login: l.Login, DefaultQOS: model.QOSRule{Shared: "shared", SharedGPUs: 2, Whole: "regular"}}
}

// Account pays.
func (l *Lab) Account() string { return "m1234_g" }

// SchedulerName is slurm, if the test set no other.
func (l *Lab) SchedulerName() string { return cmp.Or(l.Scheduler, "slurm") }

// ReadOnly is what the test set.
func (l *Lab) ReadOnly() bool { return l.Locked }

// Shapes are the models that the form offers.
func (l *Lab) Shapes() []model.Shape {
	return []model.Shape{llama, deepseek, llama70}
}

// Board copies the rows.
func (l *Lab) Board(ctx context.Context) ([]lab.Row, error) {
	if err := l.call(ctx, "Board", ""); err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.Rows), nil
}

// Draft is for the real lab; tests edit what OpenDraft gives.
func (l *Lab) Draft(string) (*lab.Draft, error) { return nil, errors.New("use OpenDraft") }

// Clone adds a row.
func (l *Lab) Clone(id, newID string, edits ...model.Edit) (lab.Row, error) {
	if err := l.call(context.Background(), "Clone", id+" "+newID); err != nil {
		return lab.Row{}, err
	}
	row, err := l.cloneOf(id, newID, edits)
	if err == nil {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.Rows = append(l.Rows, row)
	}
	return row, err
}

// PlanClone is the row that Clone would add, judged by the test's rules.
func (l *Lab) PlanClone(id, newID string, edits ...model.Edit) (lab.Row, error) {
	if err := l.call(context.Background(), "PlanClone", id+" "+newID); err != nil {
		return lab.Row{}, err
	}
	row, err := l.cloneOf(id, newID, edits)
	row.Verdict = l.Check(row.Experiment)
	return row, err
}

func (l *Lab) cloneOf(id, newID string, edits []model.Edit) (lab.Row, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := l.find(id)
	if i < 0 {
		return lab.Row{}, fmt.Errorf("no experiment %s", id)
	}
	row := l.Rows[i]
	d := Draft{lab: l, base: row.Experiment, values: map[string]string{}}
	for _, e := range edits {
		if err := d.Set(e.Path, e.Value); err != nil {
			return lab.Row{}, err
		}
	}
	row.Experiment = d.Experiment()
	row.Experiment.ID, row.Job, row.Run, row.Analysis = newID, nil, nil, nil
	row.File = "experiments/configs/" + newID + ".yaml"
	return row, nil
}

func (l *Lab) find(id string) int {
	return slices.IndexFunc(l.Rows, func(r lab.Row) bool { return r.Experiment.ID == id })
}

// Preview is the row and a script.
func (l *Lab) Preview(ctx context.Context, id string, nsys bool) (lab.Preview, error) {
	if err := l.call(ctx, "Preview", id); err != nil {
		return lab.Preview{}, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	i := l.find(id)
	if i < 0 {
		return lab.Preview{}, fmt.Errorf("no experiment %s", id)
	}
	row := l.Rows[i]
	row.Verdict = l.Check(row.Experiment)
	v := lab.Preview{Row: row, Script: script(row), Path: "experiments/slurm_scripts/run_" + id + ".sh", Nsys: nsys, Diff: l.Diff}
	if row.Run != nil {
		v.Keeps = row.Run.Name + model.OldMark + "before-JOB"
	}
	return v, nil
}

// PreviewOf is the preview of a row with another experiment in it.
func (l *Lab) PreviewOf(ctx context.Context, e model.Experiment, nsys bool) (lab.Preview, error) {
	p, err := l.Preview(ctx, e.ID, nsys)
	p.Row.Experiment, p.Row.Verdict = e, l.Check(e)
	p.Script = script(p.Row)
	return p, err
}

// Starts is the plan, the same for all.
func (l *Lab) Starts(ctx context.Context, previews []lab.Preview) []lab.Start {
	all := make([]lab.Start, len(previews))
	if l.call(ctx, "Starts", "") != nil {
		return all
	}
	for i := range all {
		all[i] = l.Plan
	}
	return all
}

// Submit refuses what the checks refuse, else adds a waiting job.
func (l *Lab) Submit(ctx context.Context, id string, nsys bool) (model.Submission, error) {
	if err := l.call(ctx, "Submit", id); err != nil {
		return model.Submission{}, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	i := l.find(id)
	if i < 0 || !l.Check(l.Rows[i].Experiment).OK() {
		return model.Submission{}, fmt.Errorf("%s cannot be submitted", id)
	}
	job := model.Job{ID: "3141600", Experiment: id, Scheduler: "slurm", State: model.JobPending, Reason: "Priority", Submit: Now, Limit: 30 * time.Minute}
	l.List.Jobs = append([]model.Job{job}, l.List.Jobs...)
	l.Rows[i].Job = &job
	return model.Submission{JobID: job.ID, Experiment: l.Rows[i].Experiment, Scheduler: "slurm", At: Now, Nsys: nsys}, nil
}

// Jobs is the list.
func (l *Lab) Jobs(ctx context.Context, refresh bool) (lab.JobList, error) {
	detail := ""
	if refresh {
		detail = "refresh"
	}
	if err := l.call(ctx, "Jobs", detail); err != nil {
		return lab.JobList{}, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	list := l.List
	list.Jobs = slices.Clone(list.Jobs)
	return list, nil
}

// Cancel ends a job of the list.
func (l *Lab) Cancel(ctx context.Context, id string) error {
	if err := l.call(ctx, "Cancel", id); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range l.List.Jobs {
		if l.List.Jobs[i].ID == id {
			l.List.Jobs[i].State = model.JobCancelled
		}
	}
	return nil
}

// Log is the log of a job.
func (l *Lab) Log(ctx context.Context, j model.Job, lines int) (lab.LogPart, error) {
	if err := l.call(ctx, "Log", j.ID); err != nil {
		return lab.LogPart{}, err
	}
	part, ok := l.Logs[j.ID]
	if !ok {
		return lab.LogPart{}, fmt.Errorf("logs/vllm_%s.out is not there yet: the job has not started", j.ID)
	}
	part.Line = 1
	if cut := len(part.Lines) - lines; lines > 0 && cut > 0 {
		part.Lines, part.First, part.Line = part.Lines[cut:], -1, cut+1
	}
	return part, nil
}

// LogFind looks forward through a log and shows 20 lines from the one found.
func (l *Lab) LogFind(ctx context.Context, j model.Job, look lab.LogLook) (lab.LogPart, int, bool, error) {
	if err := l.call(ctx, "LogFind", fmt.Sprint(j.ID, " ", look.Text, " ", look.After)); err != nil {
		return lab.LogPart{}, 0, false, err
	}
	part := l.Logs[j.ID]
	for i := range part.Lines {
		n := (look.After + i) % len(part.Lines)
		line := part.Lines[n]
		if look.Text != "" && strings.Contains(strings.ToLower(line), strings.ToLower(look.Text)) || look.Text == "" && lab.LooksBad(line) {
			part.Lines, part.First, part.Line = part.Lines[n:min(n+20, len(part.Lines))], int64(n*40), n+1
			return part, 0, true, nil
		}
	}
	return lab.LogPart{}, 0, false, nil
}

// Why is the cause of a failure.
func (l *Lab) Why(ctx context.Context, j model.Job) (lab.Cause, error) {
	if err := l.call(ctx, "Why", j.ID); err != nil {
		return lab.Cause{}, err
	}
	return l.Causes[j.ID], nil
}

// Runs are those of the rows.
func (l *Lab) Runs(ctx context.Context) ([]model.Run, error) {
	if err := l.call(ctx, "Runs", ""); err != nil {
		return nil, err
	}
	if l.NoRuns {
		return nil, nil
	}
	return runs(), nil
}

// Analyse finds a run's analysis, with progress on the way.
func (l *Lab) Analyse(ctx context.Context, run string, p pool.Priority, progress pool.Progress) (*model.Analysis, error) {
	if progress != nil {
		progress(60<<20, 149<<20)
	}
	if err := l.call(ctx, "Analyse", run); err != nil {
		return nil, err
	}
	a, ok := l.Analyses[run]
	if !ok {
		return nil, fmt.Errorf("no run %s under trace_collection", run)
	}
	return a, nil
}

// Timeline is what the test set.
func (l *Lab) Timeline(ctx context.Context, run string) ([]model.RankDensity, error) {
	if err := l.call(ctx, "Timeline", run); err != nil {
		return nil, err
	}
	return l.Fine, nil
}

// Kernels are those the test set.
func (l *Lab) Kernels(ctx context.Context, run string, d model.RankDensity, from, to int64, progress pool.Progress) (model.KernelSpans, error) {
	if err := l.call(ctx, "Kernels", fmt.Sprint(run, " ", d.Rank, " ", from, " ", to)); err != nil {
		return model.KernelSpans{}, err
	}
	return l.Spans, nil
}

// Differences are those the test set.
func (l *Lab) Differences(ctx context.Context, base string, runs []string) (map[string]map[string]lab.CompareCell, error) {
	if err := l.call(ctx, "Differences", base); err != nil {
		return nil, err
	}
	return l.Diffs, nil
}

// Ties are those the test set, where the best is among their runs.
func (l *Lab) Ties(ctx context.Context, contests []lab.Contest) ([]lab.Tie, error) {
	if err := l.call(ctx, "Ties", ""); err != nil {
		return nil, err
	}
	all := make([]lab.Tie, len(contests))
	for i, c := range contests {
		if t := l.Tie[c.Metric]; len(t.Runs) == 0 || slices.Contains(t.Runs, c.Runs[0]) {
			all[i] = t
		}
	}
	return all, nil
}

// CompareTraces compares the traces of two analyses, with progress on the way.
func (l *Lab) CompareTraces(ctx context.Context, base, other string, progress pool.Progress) (lab.TraceComparison, error) {
	progress(60<<20, 149<<20)
	if err := l.call(ctx, "CompareTraces", base+" "+other); err != nil {
		return lab.TraceComparison{}, err
	}
	a, b := l.Analyses[base], l.Analyses[other]
	if a == nil || a.Trace == nil || b == nil || b.Trace == nil {
		return lab.TraceComparison{}, fmt.Errorf("%s or %s has no traces to compare", base, other)
	}
	return lab.TraceComparison{TraceDiff: model.DiffTraces([2]string{base, other}, [2]*model.TraceSummary{a.Trace, b.Trace}), Warnings: l.Unlike}, nil
}

// Scaling is the series, with y of the metric asked for.
func (l *Lab) Scaling(ctx context.Context, x lab.Axis, y string) ([]lab.Series, error) {
	if err := l.call(ctx, "Scaling", string(x)+" "+y); err != nil {
		return nil, err
	}
	return l.Series, nil
}

// Definitions are the model's.
func (l *Lab) Definitions() []model.Definition { return model.Definitions }

// LoadScreen is what the test or SaveScreen left.
func (l *Lab) LoadScreen() (json.RawMessage, error) { return l.Screen, nil }

// SaveScreen keeps it.
func (l *Lab) SaveScreen(state json.RawMessage) error {
	if err := l.call(context.Background(), "SaveScreen", ""); err != nil {
		return err
	}
	l.Screen = state
	return nil
}

// ExportChart keeps the chart and names its file.
func (l *Lab) ExportChart(ctx context.Context, c lab.Chart, f lab.Format) (string, error) {
	if err := l.call(ctx, "ExportChart", string(f)); err != nil {
		return "", err
	}
	l.Chart = c
	return "experiments/chart_" + c.Quantity + "_" + string(c.Axis) + "." + string(f), nil
}

// Unsaved is what the test or KeepUnsaved left.
func (l *Lab) Unsaved() ([]model.Unsaved, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []model.Unsaved
	for _, id := range slices.Sorted(maps.Keys(l.Kept)) {
		all = append(all, l.Kept[id])
	}
	return all, nil
}

// KeepUnsaved keeps it, or drops it.
func (l *Lab) KeepUnsaved(u model.Unsaved) error {
	if err := l.call(context.Background(), "KeepUnsaved", u.Experiment); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.Kept == nil {
		l.Kept = map[string]model.Unsaved{}
	}
	if l.Kept[u.Experiment] = u; len(u.Edits) == 0 {
		delete(l.Kept, u.Experiment)
	}
	return nil
}

// Export names the two files.
func (l *Lab) Export(ctx context.Context) ([]string, error) {
	if err := l.call(ctx, "Export", ""); err != nil {
		return nil, err
	}
	return []string{"experiments/results_summary.csv", "experiments/scaling_analysis.png"}, nil
}

// Env is the surroundings of a pane under test.
func (l *Lab) Env(ctx context.Context) pane.Env { return NewEnv(ctx, l) }
