// Package linear is shardeck for screen readers, terminals that can do nothing, logs and CI: no screen and nothing drawn again,
// one question or list at a time, numbers to choose by, everything said in a line of words. It asks the same use cases as panes
// and commands and says what model/present says; it computes nothing.
//
// Its questions are its own: huh's accessible prompts give each question a reader of its own, which takes the answers to later
// ones where input is a file, and cannot tell the end of the input or an interrupt from an answer.
package linear

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"shardeck/backend/experiments"
	"shardeck/backend/jobs"
	"shardeck/backend/pool"
	backend "shardeck/backend/sweep"
	"shardeck/model"
	"shardeck/model/board"
	"shardeck/model/metric"
	"shardeck/model/present"
	"shardeck/model/present/unit"
	"shardeck/model/sweep"
	"shardeck/ui/pane/config"
	"shardeck/ui/pane/submission"
)

// Backend is what linear mode asks of the use cases.
type Backend interface {
	submission.Backend
	config.Chooser
	Workspace() string
	Writable(what string) error

	Board(ctx context.Context) ([]board.Row, error)
	Draft(id string) (*experiments.Draft, error)
	PreviewOf(ctx context.Context, e model.Experiment, nsys bool) (jobs.Preview, error)
	Unsaved() ([]model.Unsaved, error)
	KeepUnsaved(u model.Unsaved) error

	ListJobs(ctx context.Context, refresh bool) (jobs.JobList, error)
	FindJob(ctx context.Context, ref string) (model.Job, error)
	Log(ctx context.Context, j model.Job, lines int) (jobs.LogPart, error)
	Watch(ctx context.Context, refs []string, tell func(jobs.News) error) error
	Why(ctx context.Context, j model.Job) (jobs.Cause, error)
	GPUs(ctx context.Context, j model.Job) (jobs.GPULook, error)
	Cancel(ctx context.Context, jobID string) error

	SweepIDs() []string
	PlanSweep(ctx context.Context, id string) (sweep.Plan, error)
	CreateSweep(ctx context.Context, d sweep.Sweep) (sweep.Plan, error)
	DueSweep(ctx context.Context, id string, o backend.SubmitOptions) (sweep.Plan, error)
	SubmitSweep(ctx context.Context, p sweep.Plan) ([]model.Submission, error)

	Analyse(ctx context.Context, run string, p pool.Priority, progress pool.Progress) (*metric.Analysis, error)
	Timings(ctx context.Context, run string) (*metric.Analysis, error)
}

// Options of linear mode.
type Options struct {
	In     io.Reader
	Out    io.Writer
	Person bool             // somebody types; else answers come from a file, and are printed too
	Now    func() time.Time // nil: the clock
}

// room is one conversation.
type room struct {
	Options
	b      Backend
	ctx    context.Context
	lines  chan string // closed at the end of the input
	faults int
}

// Run talks until the user quits, the input or ctx ends; jobs go on. Where nobody types it is an error that something failed.
func Run(ctx context.Context, b Backend, o Options) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if o.Now == nil {
		o.Now = time.Now
	}
	r := &room{Options: o, b: b, ctx: ctx, lines: make(chan string)}
	go listen(r)
	r.say("shardeck, linear mode. Workspace %s. Jobs go to %s.", b.Workspace(), b.SchedulerName())
	if err := r.told(r.board()); err != nil && !errors.Is(err, errQuit) {
		return err
	}
	r.say("Goodbye. Jobs go on.")
	if r.faults > 0 && !r.Person {
		return fmt.Errorf("%s of linear mode failed: see its output", unit.Plural(r.faults, "step"))
	}
	return nil
}

// told says what went wrong, and is nil unless the conversation is over.
func (r *room) told(err error) error {
	switch {
	case err == nil || errors.Is(err, errBack):
		return nil
	case errors.Is(err, errQuit) || r.ctx.Err() != nil:
		return errQuit
	}
	r.fault("%s", strings.ReplaceAll(err.Error(), "\n", "; "))
	if fix := model.FixOf(err); fix != "" {
		r.say("Try: %s", fix)
	}
	return nil
}

// board is the list of experiments, the first there is and where all ways lead back to.
func (r *room) board() error {
	for heard := false; ; heard = true {
		rows, err := r.b.Board(r.ctx)
		if err != nil {
			return err
		}
		rows = slices.DeleteFunc(rows, func(x board.Row) bool { return x.Archived })
		title := "Board: " + unit.Plural(len(rows), "experiment") + "."
		if len(rows) == 0 {
			title = "No experiments. shardeck generate makes the first."
		}
		columns, cells := present.ExperimentColumns(), model.Each(rows, func(x board.Row) present.Row { return present.Experiment(x, "", r.Now()) })
		title += apart(columns, cells)
		items := model.Each(cells, func(x present.Row) string { return present.Spoken(columns, x, briefWorth) })
		i, answer, err := r.pick(title, items, heard, word{"j", "for jobs"}, word{"s", "for sweeps"}, word{"q", "to quit"})
		switch {
		case err != nil:
		case answer == "j":
			err = r.jobs()
		case answer == "s":
			err = sweeps{r}.all()
		default:
			err = r.experiment(present.ExperimentName(rows[i]))
		}
		if err := r.told(err); err != nil {
			return err
		}
	}
}

// apart has the layout and the load said with each row where rows differ in them, and says what model all are of, if they are of one.
func apart(columns []present.Column, rows []present.Row) (model string) {
	for c := range columns {
		same := len(rows) > 1
		for _, x := range rows {
			same = same && len(x.Cells) > c && x.Cells[c].Text == rows[0].Cells[c].Text
		}
		switch title := columns[c].Title; {
		case same && title == "model":
			model = " All are of " + rows[0].Cells[c].Text + "."
			fallthrough
		case same && c > 0 && title != "job":
			columns[c].Worth = briefWorth + 1
		case title == "batch" || title == "prompt" || title == "output":
			columns[c].Worth = 0
		}
	}
	return model
}

// briefWorth is the worth of the last column that a row is read with.
const briefWorth = 7

// row is an experiment as the board has it now.
func (r *room) row(id string) (board.Row, error) {
	rows, err := r.b.Board(r.ctx)
	if x := model.First(rows, func(x board.Row) bool { return present.ExperimentName(x) == id }); x != nil {
		return *x, err
	}
	return board.Row{}, errors.Join(err, errBack) // it went away meanwhile
}

// deed is something to choose.
type deed struct {
	name string
	do   func() error
}

// menu lets one of several things be done, again and again.
func (r *room) menu(title func(heard bool) (string, error), deeds ...deed) error {
	for heard := false; ; heard = true {
		text, err := title(heard)
		if err != nil {
			return err
		}
		i, _, err := r.pick(text, model.Each(deeds, func(d deed) string { return d.name }), heard, ways...)
		if err != nil {
			return err
		}
		if err := r.told(deeds[i].do()); err != nil {
			return err
		}
	}
}

func (r *room) experiment(id string) error {
	return r.menu(func(heard bool) (string, error) {
		x, err := r.row(id)
		if heard {
			return "Again at " + id + ".", err
		}
		text := present.Spoken(present.ExperimentColumns(), present.Experiment(x, "", r.Now()), 99)
		if x.Problem != "" {
			text += ". " + strings.Join(present.Problems(x.File, x.Problem), "; ")
		}
		return strings.TrimSuffix(text+". "+x.Experiment.Description, ". ") + ".", err
	},
		deed{"change a field", func() error { return r.change(id) }},
		deed{"check and price", func() error { _, err := r.check(id); return err }},
		deed{"submit", func() error { return r.submit(id) }},
		deed{"watch its job", func() error { return r.watch(id) }},
		deed{"result", func() error { return r.result(id) }},
		deed{"why its job failed or waits", func() error { return r.why(id) }})
}

// result reads what the newest run of an experiment has measured, as sentences.
func (r *room) result(id string) error {
	x, err := r.row(id)
	if err != nil {
		return err
	}
	if x.Run == nil {
		r.say("%s has no result yet.", id)
		return nil
	}
	a, err := r.b.Analyse(r.ctx, x.Run.Name, pool.Wanted, nil)
	if errors.Is(err, model.ErrBudget) {
		r.say("%s", err)
		a, err = r.b.Timings(r.ctx, x.Run.Name)
	}
	if err != nil {
		return err
	}
	marks := present.Marks(x.Marks())
	r.say("Result of %s. %s", id, marks)
	for _, text := range append(present.Headlines(a), a.Warnings...) {
		if !strings.Contains(marks, text) {
			r.say("%s", text)
		}
	}
	every, err := r.confirm("Hear every metric?")
	for _, text := range present.MetricSentences(a, a.Defined()) {
		if every {
			r.say("%s", text)
		}
	}
	return err
}
