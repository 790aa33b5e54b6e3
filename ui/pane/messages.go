package pane

import (
	tea "github.com/charmbracelet/bubbletea"

	"shardeck/backend/jobs"
	"shardeck/model"
	"shardeck/model/board"
	"shardeck/model/metric"
	"shardeck/ui/theme"
)

// BoardMsg carries the experiments as just read; the experiments pane reads them
// for all.
type BoardMsg struct{ Rows []board.Row }

// JobsMsg carries the one answer of the scheduler; the cockpit asks for all panes.
// Err is why there is none.
type JobsMsg struct {
	List jobs.JobList
	Err  error
}

// OpenMsg asks the cockpit to go to a pane and show something in it there. Panes take
// the part they know.
type OpenMsg struct {
	To         Name
	Experiment string // id
	Run        string // name
	Base       string // name of a run, for Traces: compare Run with it; empty: show Run alone
	Job        string // id

	Edits []model.Edit // for Config: changes to make to the draft, not yet saved
}

// SelectMsg says that the cursor rests on an experiment: panes beside may follow. Entered
// is the pane that the user just went to, empty else: it follows though it has the focus.
type SelectMsg struct {
	Row     board.Row
	Entered Name
}

// Reaches reports whether a pane is to follow: one that the user is at stays where it is,
// unless it was entered just now.
func (m SelectMsg) Reaches(name Name, focused bool) bool { return !focused || m.Entered == name }

// Run is the newest run of the experiment; empty: it has none.
func (m SelectMsg) Run() string {
	if m.Row.Run == nil {
		return ""
	}
	return m.Row.Run.Name
}

// EnterMsg says that the user went to a pane without saying what to show there: the
// experiments pane answers with what is selected.
type EnterMsg struct{ To Name }

// ReloadMsg asks panes to read again what they show: files or jobs changed.
type ReloadMsg struct{}

// AnalysedMsg carries the analysis of a run as just read, to every pane that shows it. It
// is shared: nobody changes it.
type AnalysedMsg struct{ Analysis *metric.Analysis }

// SubmittedMsg says that a job was just submitted: the jobs pane goes to it when the
// scheduler lists it.
type SubmittedMsg struct{ Job string }

// RefreshJobsMsg asks the cockpit to ask the scheduler now, as far as its floor allows.
type RefreshJobsMsg struct{}

// ExportMsg asks for the files of the analysis: CSV and PNG.
type ExportMsg struct{}

// Note is one line for the message line.
type Note struct {
	Text  string
	Tone  theme.Tone
	Brief string // instead of Text where the line is too short for it; empty: Text is cut
}

// Say makes a note for the message line; it stays until something else is to be said.
func Say(text string) tea.Cmd { return func() tea.Msg { return Note{Text: text} } }

// Warn is Say for what should be looked at.
func Warn(text string) tea.Cmd { return func() tea.Msg { return Note{Text: text, Tone: theme.Warn} } }

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

// Failed is Fail for the reply of a task that brings nothing else.
func Failed(_ struct{}, err error) tea.Cmd { return Fail(err) }

// FailNote is an error as a note.
func FailNote(err error) Note {
	text := err.Error()
	if fix := model.FixOf(err); fix != "" {
		text += ". " + fix
	}
	return Note{Text: text, Tone: theme.Bad}
}

// Send makes a command of a message.
func Send(msg tea.Msg) tea.Cmd { return func() tea.Msg { return msg } }

// EditMsg asks the cockpit to open a file in the user's editor.
type EditMsg struct{ Path string }

// EditedMsg says that the editor has ended; Err is why it could not do its work.
type EditedMsg struct {
	Path string
	Err  error
}

// CopyMsg asks for a text in the clipboard, by OSC 52; it is shown as well, since
// not every terminal allows that.
type CopyMsg struct{ Text string }

// AskMsg asks the cockpit to put a question over everything, whatever pane is open; it
// waits while another one is.
type AskMsg struct{ Ask *Ask }

// ClickMsg tells a pane, and no other, where it was clicked: 0, 0 is its upper left corner.
type ClickMsg struct{ X, Line int }

// SeenMsg is what the logs of jobs say in a few words, by job: the stage of one that runs,
// the cause of one that failed.
type SeenMsg struct{ Titles map[string]string }
