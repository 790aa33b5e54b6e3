// Package list is the list behind every pane: its rows, the cursor that stays on its row, filter, order, marks and scroll
// position. A pane says what its rows are (Of) and what its keys do; what is drawn is a widget.Table.
//
// Rows become cells once, when they come: filtering and ordering use those, and drawing only the rows in sight.
package list

import (
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/ui/pane"
	"shardeck/ui/widget"
)

// Of says what the rows of a list are. All but ID and Cells may be left out.
type Of[T any] struct {
	One     string                // one row in words: "experiment"
	ID      func(T) string        // names a row, whatever else of it changes
	Cells   func(T) []widget.Cell // in the order of the columns
	Columns []widget.Column
	Fit     func(rows [][]widget.Cell) []widget.Column // the columns for these rows, filtered or not, instead of Columns
	Fields  func(T) map[string]string                  // what the filter can ask for; nil: it cannot be filtered
	Example []pane.Key                                 // for the footer while a filter is typed: what may stand in it
	Marked  func(T) bool                               // nil: the rows in Marks
	Orders  func(widget.Column) bool                   // columns whose title orders the rows when clicked; nil: none
	Rest    time.Duration                              // how long the cursor stays before Rested
	Rested  func() tea.Cmd                             // the cursor has come to rest, maybe on the row where it was; nil: nothing follows
}

// List is the list of one pane. It lives in the event loop, as the pane does.
type List[T any] struct {
	cursor[T]
	Marks map[string]bool // ids that the user marked

	env   pane.Env
	rest  pane.Timer
	width int // as drawn last
	page  int // rows in sight, as drawn last
}

// New makes a list without rows.
func New[T any](env pane.Env, of Of[T]) *List[T] {
	l := &List[T]{cursor: cursor[T]{of: of}, Marks: map[string]bool{}, env: env}
	if of.Fields == nil {
		l.of.Fields = func(T) map[string]string { return nil }
	}
	if of.Marked == nil {
		l.of.Marked = func(row T) bool { return l.Marks[of.ID(row)] }
	}
	l.Table = widget.Table{Columns: of.Columns, Column: -1, Focused: true,
		Marked: func(at int) bool { return l.of.Marked(l.rows[l.shown[at]]) }}
	return l
}

// Chosen are the rows that a command is for: those marked, else the one under the cursor.
func (l *List[T]) Chosen() []T {
	var out []T
	for _, row := range l.rows {
		if l.Marks[l.of.ID(row)] {
			out = append(out, row)
		}
	}
	if row, ok := l.Current(); ok && len(out) == 0 {
		out = append(out, row)
	}
	return out
}

// Mark marks the row under the cursor, or no longer, and goes to the next.
func (l *List[T]) Mark() tea.Cmd {
	if id := l.CurrentID(); l.Marks[id] {
		delete(l.Marks, id)
	} else if id != "" {
		l.Marks[id] = true
	}
	l.Table.Move(1, len(l.shown))
	return l.Settle()
}

// Move answers the keys that move through every list; false: the key is none of them.
func (l *List[T]) Move(key string) (tea.Cmd, bool) {
	if !l.Table.MoveKey(key, len(l.shown), l.page) {
		return nil, false
	}
	return l.Settle(), true
}

// Click goes to a row in sight, or orders by the title of a column; the place is in the list's own lines and columns.
func (l *List[T]) Click(x, line int) tea.Cmd {
	spot, ok := l.Table.At(x, line)
	switch {
	case ok && spot.Row >= 0:
		l.Table.Cursor = spot.Row
	case ok && l.orders(spot.Column):
		l.OrderBy(spot.Column, l.Table.Columns[spot.Column].Right)
	default:
		return nil
	}
	return l.Settle()
}

// Settle waits until the cursor has rested where it is; Rested follows.
func (l *List[T]) Settle() tea.Cmd {
	if l.of.Rest == 0 {
		return l.rests()
	}
	return l.rest.Start(l.env, l.of.Rest, l.rests)
}

func (l *List[T]) rests() tea.Cmd {
	l.settle()
	if l.of.Rested == nil {
		return nil
	}
	return l.of.Rested()
}

// View draws titles and the rows in sight into width and height.
func (l *List[T]) View(width, height int) []string {
	lines := l.Table.View(l.env.Theme, width, height)
	l.width, l.page = width, max(height-l.Table.HeaderRows(), 1)
	return lines
}
