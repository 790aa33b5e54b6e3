// Package pane holds the contract that every pane of the cockpit keeps, and what
// panes share: the messages they exchange, the calls they may make, key tables, and
// the words for states.
//
// A pane is written in this order: its messages, its state, its key table, Update,
// View. Whatever waits goes through a Task, whose replies are dropped once they are
// out of date.
package pane

import (
	"context"
	"encoding/json"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/backend/experiments"
	"shardeck/backend/jobs"
	"shardeck/backend/measure"
	"shardeck/backend/pool"
	"shardeck/model"
	"shardeck/model/board"
	"shardeck/model/check"
	"shardeck/model/metric"
	"shardeck/model/scaling"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// Pane is one room of the cockpit. It owns its state and messages, knows its size
// and its keys, and asks the Lab for everything else from commands (see Task). It
// lives in the event loop alone, so it needs no locks.
type Pane interface {
	// Init starts what the pane needs at once.
	Init() tea.Cmd
	// Update takes a message; keys and clicks arrive only while the pane has the focus. The
	// few messages for all panes are ignored by those that have no use for them; replies of
	// tasks and timers do not come here: see Task.
	Update(msg tea.Msg) (Pane, tea.Cmd)
	// View draws exactly the size set, with no trailing newline.
	View() string
	// SetSize gives the pane its columns and rows; both may be 0.
	SetSize(width, height int)
	// Keys lists what the pane answers to now; help, footer and manual are made from it.
	Keys() []Key

	// Title is the line over the pane: what it shows, and at the right its state.
	Title() (left, right string)
	// Message is what there is to say about what is under the cursor; empty: nothing.
	Message() Note
	// Capturing reports whether a text field or a popup has the keys: then no key but
	// ctrl+c means anything else.
	Capturing() bool
	// SetFocus tells the pane whether keys go to it; only then is its cursor bright.
	SetFocus(on bool)
}

// Name of a pane, as typed after ":" and shown in its tab.
type Name string

// The panes, in the order of their numbers.
const (
	Experiments Name = "experiments"
	Config      Name = "config"
	Jobs        Name = "jobs"
	Metrics     Name = "metrics"
	Charts      Name = "charts"
	Traces      Name = "traces"
)

// Names lists the panes: the first is pane 1.
func Names() []Name { return []Name{Experiments, Config, Jobs, Metrics, Charts, Traces} }

// Env is what every pane is made with; it does not change while the program runs.
type Env struct {
	Ctx   context.Context // ends with the program: the parent of every call
	Lab   Lab
	Theme *theme.Theme
	Now   func() time.Time
	After func(time.Duration, tea.Msg) tea.Cmd // gives a message after a while; tests bring their own

	Filters *widget.History // what was typed into the filters of all panes; nil: not remembered
}

// Key is one entry of a key table.
type Key struct {
	Keys  []string // as Bubble Tea names them: "enter", "ctrl+d"
	Label string   // as shown: "↵"
	Verb  string   // "open"
	Help  string   // one line for the help screen; empty: another entry speaks for this one too
	Foot  bool     // worth its place in the footer
}

// Lab is what panes ask of the backend; tests bring their own.
type Lab interface {
	Workspace() string
	Site() model.Site
	Account() string
	SchedulerName() string
	ReadOnly() bool
	Shapes() []model.Shape

	// Board lists every experiment; it reads small files only.
	Board(ctx context.Context) ([]board.Row, error)
	// Check judges an experiment that may not be saved yet.
	Check(e model.Experiment) check.Verdict
	// Legal lists the values a layout field (tp, pp, dp_replicate, ep …) may take, the others as they are.
	Legal(e model.Experiment, path string) []int
	// Draft opens an experiment for editing; edits keep comments and key order.
	Draft(id string) (*experiments.Draft, error)
	// Clone makes a new experiment from another, with some keys changed; the result is written.
	Clone(id, newID string, edits ...model.Edit) (board.Row, error)
	// PlanClone is what Clone would make, judged; nothing is written.
	PlanClone(id, newID string, edits ...model.Edit) (board.Row, error)
	// Preview is what Submit would submit.
	Preview(ctx context.Context, id string, nsys bool) (jobs.Preview, error)
	// PreviewOf is what Submit would submit if an experiment were saved as it stands in the form.
	PreviewOf(ctx context.Context, e model.Experiment, nsys bool) (jobs.Preview, error)
	// Starts asks when jobs would begin; what is not known has a note.
	Starts(ctx context.Context, previews []jobs.Preview) []jobs.Start
	// Submit checks, records and submits.
	Submit(ctx context.Context, id string, nsys bool) (model.Submission, error)

	// ListJobs is the one cached answer of the scheduler; refresh asks anew, no oftener than its floor.
	ListJobs(ctx context.Context, refresh bool) (jobs.JobList, error)
	Cancel(ctx context.Context, jobID string) error
	// Log reads the last lines of a job's log.
	Log(ctx context.Context, j model.Job, lines int) (jobs.LogPart, error)
	// LogFind looks through a whole log, and returns the lines around the one found.
	LogFind(ctx context.Context, j model.Job, look jobs.LogLook) (part jobs.LogPart, at int, found bool, err error)
	Why(ctx context.Context, j model.Job) (jobs.Cause, error)

	// Runs lists trace directories, newest first.
	Runs(ctx context.Context) ([]model.Run, error)
	// Analyse reads a run through the pool and the cache; progress may be nil.
	Analyse(ctx context.Context, run string, p pool.Priority, progress pool.Progress) (*metric.Analysis, error)
	// Timeline is the timeline of each rank of a run in smaller bins; nil: none was kept.
	Timeline(ctx context.Context, run string) ([]metric.RankDensity, error)
	// Kernels lists what a rank did in a part of its timeline, kernel by kernel.
	Kernels(ctx context.Context, run string, d metric.RankDensity, from, to int64, progress pool.Progress) (metric.KernelSpans, error)
	// Differences sets runs beside a base in the metrics that are sampled, by run and metric.
	Differences(ctx context.Context, base string, runs []string) (map[string]map[string]scaling.CompareCell, error)
	// Ties says of contests for the best value between which runs chance decides.
	Ties(ctx context.Context, contests []scaling.Contest) ([]scaling.Tie, error)
	// CompareTraces sets the traces of two runs side by side; the first is the base.
	CompareTraces(ctx context.Context, base, other string, progress pool.Progress) (scaling.TraceComparison, error)
	// Scaling groups all analysed runs into comparable series: y is a metric's name.
	Scaling(ctx context.Context, x scaling.Axis, y string) ([]scaling.Series, error)
	// LoadScreen is the state of the screen as it was left, nil if none was; SaveScreen
	// keeps it.
	LoadScreen() (json.RawMessage, error)
	SaveScreen(state json.RawMessage) error
	// ExportChart writes one chart as it is drawn and returns its path.
	ExportChart(ctx context.Context, c measure.Chart, f measure.Format) (string, error)
	// Unsaved lists the edits that an earlier session did not save; KeepUnsaved keeps some,
	// or with none drops what was kept.
	Unsaved() ([]model.Unsaved, error)
	KeepUnsaved(u model.Unsaved) error
	// Export writes results_summary.csv and scaling_analysis.png and returns their paths.
	Export(ctx context.Context) ([]string, error)
}
