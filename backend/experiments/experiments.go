// Package experiments is the use cases before a job: list the experiments, edit one, make one from
// another (new.go), rename (rename.go), delete, archive (life.go), write configs, job scripts and the runner (generate.go), the workload card of a run (card.go),
// and the folder of one that ccl-bench reads (cclbench.go).
package experiments

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"shardeck/backend/config"
	"shardeck/backend/diskcheck"
	"shardeck/backend/render"
	"shardeck/backend/strictyaml"
	"shardeck/backend/workspace"
	"shardeck/model"
	"shardeck/model/board"
	"shardeck/model/check"
	"shardeck/model/metric"
)

// Needs is what experiments take of an open workspace. It is set once.
type Needs struct {
	Workspace *workspace.Workspace
	World     check.World
	Sets      []model.Edit                           // --set values that are keys of a config
	Note      func(text string)                      // keeps a remark that no caller waits for
	Settings  func(model.Experiment) render.Settings // for the job script of an experiment

	Jobs    func() []model.Job // the jobs that are known, newest first, without asking anybody
	Now     func() time.Time
	Played  func(e model.Experiment) (*check.Plays, error)          // what a replay plays; the error says why it has nothing to play
	Unended func(ctx context.Context, id string) *model.Job         // a job of the experiment that has not ended; nil: none
	KnownOf func(ctx context.Context, r model.Run) *metric.Analysis // what is known of a run without reading a trace
}

// Experiments is the use cases before a job. Its methods are safe for concurrent use.
type Experiments struct{ Needs }

// New works on the experiments of an open workspace.
func New(n Needs) *Life { return &Life{&Experiments{n}} }

// Board lists every experiment: its config and verdict, the newest job and the key figures of the newest run.
// It reads small files only: no trace, and of the scheduler the last answer there is.
func (x *Experiments) Board(ctx context.Context) ([]board.Row, error) {
	files, err := x.Workspace.Experiments()
	if err != nil {
		return nil, err
	}
	runs, err := x.Workspace.Runs()
	if err != nil {
		return nil, err
	}
	jobs := x.Jobs()
	rows, away := make([]board.Row, len(files)), workspace.Archive{Workspace: x.Workspace}.IDs()
	for i, f := range files {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		rows[i] = x.rowOf(f)
		rows[i].Archived = away[f.Experiment.ID]
		id, dir := rows[i].Experiment.ID, rows[i].Experiment.ResultDir(false)
		rows[i].Job = model.First(jobs, func(j model.Job) bool { return j.Runs(id) })
		run := model.First(runs, func(r model.Run) bool { return dir != "" && r.Dir == x.Workspace.Path(dir) })
		if ran(&rows[i], run); run != nil {
			rows[i].Analysis = x.KnownOf(ctx, *run)
		}
		rows[i].Older = x.older(runs, dir)
	}
	return rows, nil
}

// older are the runs beside the one in dir: those that it superseded, and those under nsys.
func (x *Experiments) older(runs []model.Run, dir string) (all []model.Run) {
	if dir == "" {
		return nil
	}
	path := x.Workspace.Path(dir)
	for _, r := range runs {
		rest, ok := strings.CutPrefix(r.Dir, path)
		if rest = strings.TrimPrefix(rest, model.NsysMark); ok && r.Dir != path && (rest == "" || strings.HasPrefix(rest, model.OldMark)) {
			all = append(all, r)
		}
	}
	return all
}

// ran gives a row its run, and what its config says otherwise by now.
func ran(row *board.Row, run *model.Run) {
	if row.Run = run; run != nil && run.Experiment != nil && row.Problem == "" {
		run.Changed = config.Changes(*run.Experiment, row.Experiment)
	}
}

// WithRun is a row with the result that lies where it writes, if one does.
func (x *Experiments) WithRun(row board.Row, nsys bool) board.Row {
	dir := row.Experiment.ResultDir(nsys)
	if dir == "" || !x.Workspace.IsDir(dir) {
		return row // the usual case, and to say which run may be meant costs a look at all configs
	}
	if run, err := x.Workspace.Run(x.Workspace.Path(dir)); err == nil {
		ran(&row, &run)
	}
	return row
}

// Rows lists the experiments named, or all: config, verdict, and the run that a number would come from.
func (x *Experiments) Rows(ctx context.Context, ids []string) ([]board.Row, error) {
	withRun := func(r board.Row) board.Row { return x.WithRun(r, false) }
	if len(ids) == 0 {
		files, err := x.Workspace.Experiments()
		return model.Each(model.Each(files, x.rowOf), withRun), cmp.Or(err, ctx.Err())
	}
	rows, err := model.Through(ids, x.Row)
	return model.Each(rows, withRun), cmp.Or(err, ctx.Err())
}

// Row is one experiment, by id, file name or path. A config of no use is a row with its Problem; none is an error.
func (x *Experiments) Row(id string) (board.Row, error) {
	f, err := x.Workspace.Experiment(id)
	if errors.Is(err, workspace.ErrNotFound) && looksLikePath(id) {
		f = x.Workspace.ReadFile(id)
		err = f.Err
	}
	if err != nil && !errors.Is(err, model.ErrInvalid) {
		return board.Row{}, err
	}
	return x.rowOf(f), nil
}

// IDs lists the ids of the experiments here.
func (x *Experiments) IDs() []string {
	files, _ := x.Workspace.Experiments() // for completion: silence is the right answer to a fault
	ids := model.Each(files, func(f workspace.File) string { return f.Experiment.ID })
	return slices.DeleteFunc(ids, func(id string) bool { return id == "" })
}

// rowOf judges what a config means, once it can be used.
func (x *Experiments) rowOf(f workspace.File) board.Row {
	row := board.Row{File: f.Rel, Experiment: f.Experiment}
	if f.Err != nil {
		_, err := x.Workspace.OpenDocument(f.Rel)
		row.Problem, row.Line, row.NoForm = f.Err.Error(), strictyaml.FirstLine(f.Err), err != nil
		return row
	}
	row.Experiment = x.WithSets(f.Experiment)
	row.Verdict = x.Check(row.Experiment)
	if gpu, known := x.World.GPUs[row.Verdict.Placement.GPU]; known {
		row.Planned = &gpu
	}
	return row
}

// Check judges an experiment that may not be saved yet, and what lies where it would write.
func (x *Experiments) Check(e model.Experiment) check.Verdict {
	v := check.Check(e, x.World)
	for _, name := range slices.Sorted(maps.Keys(e.EnvFrom)) {
		if fault, fix := diskcheck.Secret(x.Workspace, name, e.EnvFrom[name]); fault != "" {
			v.Findings = append(v.Findings, check.Finding{Code: "env-from", Severity: check.SeverityWarning, Field: "env_from",
				Edits: []model.Edit{}, Fault: fault, Fix: fix})
		}
	}
	if worst, _ := v.Worst(); e.Engine == model.EngineReplay && worst.Severity != check.SeverityError {
		var err error
		if v.Plays, err = x.Played(e); err != nil {
			v.Findings = append(v.Findings, check.Finding{Code: "replay-recording", Severity: check.SeverityError, Field: "engine",
				Edits: []model.Edit{}, Fault: err.Error(), Fix: model.FixOf(err)})
		}
	}
	if model.CheckOutputDir(e.OutputDir) != nil {
		return v // which is said
	}
	if why := diskcheck.Output(x.Workspace, e.ResultDir(false)); why != "" {
		v.Findings = append(v.Findings, check.Finding{Code: "output-dir-taken", Severity: check.SeverityError, Field: "output_dir",
			Edits: []model.Edit{}, Fault: "nothing may be written to " + e.OutputDir + ": " + why,
			Fix: "write a path of its own, such as trace_collection/" + e.ID})
	}
	slices.SortStableFunc(v.Findings, func(a, b check.Finding) int { return a.Severity.Compare(b.Severity) })
	return v
}

// MixedCards warns of experiments that would make a series and may run on different cards.
func (x *Experiments) MixedCards(rows []board.Row) []check.Finding {
	return check.MixedCards(model.Each(rows, func(r board.Row) model.Experiment { return r.Experiment }), x.World)
}

// Legal lists the values a layout field (parallelism.tp, …) may take, the others as they are.
func (x *Experiments) Legal(e model.Experiment, path string) []int {
	return check.Legal(e, path, x.World)
}

// WhyNot is the worst that another value of a key would be told, if that is an error; empty: none.
func (x *Experiments) WhyNot(e model.Experiment, path, value string) string {
	if err := config.Apply(&e, path, value); err != nil {
		return err.Error()
	}
	if f, _ := check.Check(e, x.World).Worst(); f.Severity == check.SeverityError {
		return f.Fault
	}
	return ""
}

// WithSets is an experiment with the keys given by --set in place.
func (x *Experiments) WithSets(e model.Experiment) model.Experiment {
	for _, s := range x.Sets {
		if err := config.Apply(&e, s.Path, s.Value); err != nil {
			x.Note(fmt.Sprintf("--set %s=%s: %v", s.Path, s.Value, err)) // checked when the workspace was opened
		}
	}
	return e
}

// looksLikePath tells a config outside experiments/configs from a mistyped id.
func looksLikePath(id string) bool {
	return strings.ContainsRune(id, '/') || strings.HasSuffix(id, ".yaml") || strings.HasSuffix(id, ".yml")
}

// Draft is an experiment being edited: its YAML, with comments and order kept. It is not safe for concurrent use.
type Draft struct {
	*config.Document
	File string // relative to the workspace

	ws *workspace.Workspace
}

// Draft opens an experiment for editing, by id. It may have faults but must be a YAML mapping.
func (x *Experiments) Draft(id string) (*Draft, error) {
	row, err := x.Row(id)
	if err != nil {
		return nil, err
	}
	doc, err := x.Workspace.OpenDocument(row.File)
	if err != nil {
		return nil, err
	}
	return &Draft{doc, row.File, x.Workspace}, nil
}

// SetAll changes keys, all or none; description and comments that this makes false are renewed or dropped with it.
func (d *Draft) SetAll(edits ...model.Edit) error { return d.Change(edits...) }

// Choices lists the words a key takes, nil where any text or number goes.
func (d *Draft) Choices(path string) []string { return config.Choices(path) }

// Save writes the file atomically; it refuses when the file changed on disk since.
func (d *Draft) Save() error {
	if err := d.ws.Writable("save " + d.File); err != nil {
		return err
	}
	return d.ws.SaveDocument(d.Document)
}

// Line is that of the first fault of the text; 0: there is none.
func (d *Draft) Line() int { return strictyaml.FirstLine(d.Err()) }

// Path is the absolute path, for $EDITOR.
func (d *Draft) Path() string { return d.ws.Path(d.File) }

// Unsaved lists the edits that no session saved; a damaged record is an error beside the others.
func (x *Experiments) Unsaved() ([]model.Unsaved, error) {
	all, warnings, err := x.Workspace.Ledger().Unsaved()
	if err == nil && len(warnings) > 0 {
		err = model.Failed(warnings[0], nil, "")
	}
	return all, err
}

// KeepUnsaved keeps edits until they are saved; none drops what was kept. Read-only, it does neither.
func (x *Experiments) KeepUnsaved(u model.Unsaved) error {
	if x.Workspace.ReadOnly {
		return nil
	}
	return x.Workspace.Ledger().KeepUnsaved(u)
}
