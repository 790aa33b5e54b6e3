package list

import (
	"cmp"
	"slices"

	"shardeck/ui/widget"
)

// cursor is the rows of a list, those of them that the filter shows, in their order, and the cursor among these.
type cursor[T any] struct {
	Table widget.Table // what is drawn; the pane may set Focused, Column and Freeze

	of     Of[T]
	rows   []T
	cells  [][]widget.Cell // of rows
	shown  []int           // of rows, those that the filter lets through, as they are ordered
	filter Filter
	sort   Sort
	want   string // id to go to as soon as it is there
	rested int    // of rows: the one that the cursor last rested on
}

// SetRows takes the rows, new or changed; the cursor stays on its row. The list keeps the slice.
func (l *cursor[T]) SetRows(rows []T) {
	id := l.CurrentID()
	l.rows, l.cells = rows, make([][]widget.Cell, len(rows))
	for i, row := range rows {
		l.cells[i] = l.of.Cells(row)
	}
	if l.of.Fit != nil {
		l.Table.Columns = l.of.Fit(l.cells)
	}
	l.show(id)
	l.settle()
}

// show puts the rows that pass the filter into the table, in their order; the cursor goes to the row wanted, else to id.
func (l *cursor[T]) show(id string) {
	l.shown = l.shown[:0]
	var cells [][]widget.Cell
	for i, row := range l.rows {
		if l.filter.Empty() || l.filter.Match(l.of.Fields(row)) {
			l.shown, cells = append(l.shown, i), append(cells, l.cells[i])
		}
	}
	cells, l.shown = l.sort.Apply(cells, l.shown)
	l.Table.SetRows(cells)
	if l.want == "" || !l.GoTo(l.want) {
		l.goTo(id)
	}
}

// Rows are all rows, filtered or not. A pane that changes them says so with SetRows.
func (l *cursor[T]) Rows() []T { return l.rows }

// Shown are the rows that the filter lets through, as they are ordered.
func (l *cursor[T]) Shown() []T {
	out := make([]T, len(l.shown))
	for at, i := range l.shown {
		out[at] = l.rows[i]
	}
	return out
}

// Current is the row under the cursor.
func (l *cursor[T]) Current() (row T, ok bool) {
	if at := l.at(); at >= 0 {
		return l.rows[at], true
	}
	return row, false
}

// at is the row under the cursor, of all rows; -1: there is none.
func (l *cursor[T]) at() int {
	if at := l.Table.Cursor; at >= 0 && at < len(l.shown) {
		return l.shown[at]
	}
	return -1
}

// CurrentID is the id of the row under the cursor; empty: there is none.
func (l *cursor[T]) CurrentID() string {
	if row, ok := l.Current(); ok {
		return l.of.ID(row)
	}
	return ""
}

// Missing says that there is no row under the cursor; empty: there is one.
func (l *cursor[T]) Missing() string {
	if l.at() < 0 {
		return "there is no " + l.of.One + " under the cursor"
	}
	return ""
}

// Target is the id of the row that is wanted, else of the one under the cursor.
func (l *cursor[T]) Target() string { return cmp.Or(l.want, l.CurrentID()) }

// ByID is the row with an id, shown or not.
func (l *cursor[T]) ByID(id string) (row T, ok bool) {
	if at := slices.IndexFunc(l.rows, func(row T) bool { return l.of.ID(row) == id }); at >= 0 {
		return l.rows[at], true
	}
	return row, false
}

// GoTo puts the cursor on a row, where it rests; false: it is not shown.
func (l *cursor[T]) GoTo(id string) bool {
	if !l.goTo(id) {
		return false
	}
	if l.want == id {
		l.want = ""
	}
	l.settle()
	return true
}

// Want is GoTo now, or as soon as the row is there.
func (l *cursor[T]) Want(id string) {
	if l.want = id; id != "" {
		l.GoTo(id)
	}
}

func (l *cursor[T]) goTo(id string) bool {
	at := slices.IndexFunc(l.shown, func(i int) bool { return l.of.ID(l.rows[i]) == id })
	if at < 0 || id == "" {
		return false
	}
	l.Table.Cursor = at
	return true
}

// Rested is the row that the cursor last rested on, which what stands beside a list is of; the current one if that is gone.
func (l *cursor[T]) Rested() (T, bool) {
	if l.rested >= 0 && l.rested < len(l.rows) {
		return l.rows[l.rested], true
	}
	return l.Current()
}

// settle rests the cursor where it is.
func (l *cursor[T]) settle() { l.rested = l.at() }
