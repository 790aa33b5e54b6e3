// Package pane holds the contract that every pane of the cockpit keeps, and what panes share: messages, tables of keys,
// questions, tables as widgets. Whatever waits goes through a Task, whose replies are dropped once they are out of date.
package pane

import (
	"context"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/backend/jobs"
	"shardeck/model"
	"shardeck/model/board"
	"shardeck/model/metric"
	"shardeck/ui/canvas"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// Pane is one room of the cockpit. It knows its state, its size and its keys, and asks its backend
// for everything else from commands (see Task). It lives in the event loop, so it needs no locks.
type Pane interface {
	// Init starts what the pane needs at once.
	Init() tea.Cmd
	// Update takes a message, but no replies of tasks and timers. Keys and clicks arrive only while the pane has the focus.
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
	// Capturing reports whether a text field or a popup has the keys, all but ctrl+c.
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
	Sweep       Name = "sweep"
)

// Env is what every pane is made with; it does not change while the program runs.
type Env struct {
	Ctx   context.Context // ends with the program: the parent of every call
	Theme *theme.Theme
	Now   func() time.Time
	After func(time.Duration, tea.Msg) tea.Cmd // gives a message after a while; tests bring their own

	Images  canvas.Protocol // of the terminal; empty: it is not known to show any
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

// Base is what every pane has: its room on the screen, and what lies over it.
type Base struct {
	Width, Height int
	Dialog        Dialog
}

// SetSize gives the pane its room.
func (b *Base) SetSize(width, height int) { b.Width, b.Height = width, height }

// Capturing reports that a question or a field has the keys.
func (b *Base) Capturing() bool { return b.Dialog.Open() }

// Frame is the lines of a pane in its room, what is open over them; nothing without room.
func (b *Base) Frame(th *theme.Theme, lines func() []string) string {
	if b.Width <= 0 || b.Height <= 0 {
		return ""
	}
	return widget.Block(b.Dialog.Over(th, lines(), b.Width, b.Height), b.Width, b.Height)
}

// Press gives a key to what is open over the pane, else to its table, else to what moves.
func Press[P any](p P, b *Base, table Table[P], move func(key string) (tea.Cmd, bool), key tea.KeyMsg) tea.Cmd {
	if cmd, ok := b.Dialog.Key(key); ok {
		return cmd
	}
	if cmd, ok := table.Dispatch(p, key.String()); ok {
		return cmd
	}
	cmd, _ := move(key.String())
	return cmd
}

// BoardMsg carries the experiments as just read by their pane, for all.
type BoardMsg struct {
	Rows   []board.Row
	Sweeps []string // ids of those there are
}

// JobsMsg carries the scheduler's one answer to all panes; Err is why there is none.
type JobsMsg struct {
	List jobs.JobList
	Err  error
}

// OpenMsg asks the cockpit to go to a pane, and panes to show what they know of it.
type OpenMsg struct {
	To         Name
	Experiment string       // id
	Run        string       // name
	Sweep      string       // id
	Base       string       // name of a run, for Traces: compare Run with it; empty: show Run alone
	Job        string       // id
	Metric     string       // for Charts: draw it
	Edits      []model.Edit // for Config: changes to make to the draft, not yet saved
}

// SelectMsg says that the cursor rests on an experiment: panes beside may follow.
type SelectMsg struct {
	Row     board.Row
	Sweep   string // id of the sweep that is selected, or that Row is of; empty: none
	Entered Name   // the pane that the user just went to follows though it has the focus; empty: none
}

// Reaches reports whether a pane is to follow: one with the focus stays unless just entered.
func (m SelectMsg) Reaches(name Name, focused bool) bool { return !focused || m.Entered == name }

// Run is the newest run of the experiment; empty: it has none.
func (m SelectMsg) Run() string {
	if m.Row.Run == nil {
		return ""
	}
	return m.Row.Run.Name
}

// EnterMsg asks the experiments pane what is selected, for a pane that the user went to.
type EnterMsg struct{ To Name }

// ReloadMsg asks panes to read again what they show: files or jobs changed.
type ReloadMsg struct{}

// AnalysedMsg carries the analysis of a run as just read; it is shared: nobody changes it.
type AnalysedMsg struct{ Analysis *metric.Analysis }

// SubmittedMsg says that a job was submitted: the jobs pane goes to it once it is listed.
type SubmittedMsg struct{ Job string }

// RefreshJobsMsg asks the cockpit to ask the scheduler now, as far as its floor allows.
type RefreshJobsMsg struct{}

// Note is one line for the message line.
type Note struct {
	Text  string
	Tone  theme.Tone
	Brief string   // instead of Text where the line is too short for it; empty: Text is cut
	Keep  bool     // it stays until it was seen, whatever else is said meanwhile
	Files []string // that Text names as they stand here: links, where the terminal makes any
}

// Say makes a note for the message line; it stays until something else is to be said.
func Say(text string) tea.Cmd { return func() tea.Msg { return Note{Text: text} } }

// Warn is Say for what should be looked at.
func Warn(text string) tea.Cmd { return func() tea.Msg { return Note{Text: text, Tone: theme.Warn} } }

// Gone is what a pane says that still shows a run whose folder went away.
func Gone(run string) Note {
	return Note{Text: run + " is no longer in the workspace: this is what was read of it before", Tone: theme.Warn}
}

// Locked is why a cockpit started with --read-only does not do something; empty: it does.
func Locked(l interface{ ReadOnly() bool }, to string) string {
	if !l.ReadOnly() {
		return ""
	}
	return "read-only: start shardeck without --read-only to " + to
}

// Fail is Say for an error: the fault, and what to do about it; nothing for none.
func Fail(err error) tea.Cmd {
	if err == nil {
		return nil
	}
	return func() tea.Msg { return FailNote(err) }
}

// Refused is Fail for what was asked and not done, such as a submission: it stays until it was seen.
func Refused(err error) tea.Cmd {
	note := FailNote(err)
	note.Keep = true
	return Send(note)
}

// FailNote is an error as a note.
func FailNote(err error) Note {
	text := err.Error()
	if fix := model.FixOf(err); fix != "" {
		text += ". " + fix
	}
	return Note{Text: model.PrintableLines(text), Tone: theme.Bad}
}

// Send makes a command of a message.
func Send(msg tea.Msg) tea.Cmd { return func() tea.Msg { return msg } }

// EditMsg asks the cockpit to open a file in the user's editor, at a line; 0: none in particular.
type EditMsg struct {
	Path string
	Line int
}

// ImageMsg asks the cockpit to give the terminal an image, and the screen to it until a key; Text is the image as it is sent.
type ImageMsg struct{ Text string }

// EditedMsg says that the editor has ended; Err is why it could not do its work.
type EditedMsg struct{ Err error }

// CopyMsg asks for a text in the clipboard, by OSC 52, which not every terminal allows.
type CopyMsg struct{ Text string }

// ClickMsg tells a pane, and no other, where it was clicked: 0, 0 is its upper left corner.
type ClickMsg struct{ X, Line int }

// SeenMsg is the stage of jobs that run and the cause of those that failed, by job, in a few words.
type SeenMsg struct{ Titles map[string]string }
