// Package pane holds the contract that every pane of the cockpit keeps, and what panes share:
// messages, tables of keys, questions, tables as widgets. Whatever waits goes through a Task,
// whose replies are dropped once they are out of date.
package pane

import (
	"context"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// Pane is one room of the cockpit. It knows its state, its size and its keys, and asks its backend
// for everything else from commands (see Task). It lives in the event loop, so it needs no locks.
type Pane interface {
	// Init starts what the pane needs at once.
	Init() tea.Cmd
	// Update takes a message, but no replies of tasks and timers. Keys and clicks arrive only
	// while the pane has the focus.
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
)

// Env is what every pane is made with; it does not change while the program runs.
type Env struct {
	Ctx   context.Context // ends with the program: the parent of every call
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
