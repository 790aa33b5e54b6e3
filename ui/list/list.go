// Package list is the list behind every pane: its rows, the cursor that stays on its row, filter, order, marks and scroll
// position. A pane says what its rows are (Of) and what its keys do; what is drawn is a widget.Table.
//
// Rows become cells once, when they come: filtering and ordering use those, and drawing only the rows in sight.
package list

import (
	"cmp"
	"slices"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/model"
	"shardeck/model/present/unit"
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
	Under   func(T) string                             // id of the row that this one lies under, which comes before it; nil, empty: none
	Folded  func(id string) bool                       // what lies under that row is out of sight, unless a filter looks for it
	Away    func(T) string                             // key that a filter must ask for so that this row is in sight; nil, empty: it always is
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

// Refold shows the rows anew after the one of that id, which has the cursor, was folded or opened: what lies under it is in sight.
func (l *List[T]) Refold(id string) {
	at, before := slices.IndexFunc(l.rows, func(row T) bool { return l.of.ID(row) == id }), len(l.shown)
	if at >= 0 {
		l.cells[at] = l.of.Cells(l.rows[at])
	}
	l.show(l.CurrentID())
	if more := len(l.shown) - before; more > 0 {
		l.Table.First = max(l.Table.First, min(l.Table.Cursor, l.Table.Cursor+more+1-l.page))
	}
}

// Place is "3 of ", the number of the row under the cursor among those shown, where not all are in sight; empty: they are.
func (l *List[T]) Place() string {
	if l.page == 0 || len(l.shown) <= l.page {
		return ""
	}
	return unit.Int(l.Table.Cursor+1) + " of "
}

// View draws titles and the rows in sight into width and height.
func (l *List[T]) View(width, height int) []string {
	lines := l.Table.View(l.env.Theme, width, height)
	l.width, l.page = width, max(height-l.Table.HeaderRows(), 1)
	return lines
}

// cursor is the rows of a list, those of them that the filter shows, in their order, and the cursor among these.
type cursor[T any] struct {
	Table widget.Table // what is drawn; the pane may set Focused, Column and Freeze

	of     Of[T]
	rows   []T
	cells  [][]widget.Cell     // of rows
	fields []map[string]string // of those that were asked for
	shown  []int               // of rows, those that the filter lets through, as they are ordered
	filter Filter
	sort   Sort
	want   string // id to go to as soon as it is there
	rested int    // of rows: the one that the cursor last rested on
}

// SetRows takes the rows, new or changed; the cursor stays on its row. The list keeps the slice.
func (l *cursor[T]) SetRows(rows []T) {
	id := l.CurrentID()
	l.rows, l.cells, l.fields = rows, model.Each(rows, l.of.Cells), make([]map[string]string, len(rows))
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
	for i, pass := range l.passing() {
		if pass {
			l.shown, cells = append(l.shown, i), append(cells, l.cells[i])
		}
	}
	if _, l.shown = l.sort.Apply(cells, l.shown); l.of.Under != nil {
		l.shown = l.nested()
	}
	l.Table.SetRows(model.Each(l.shown, func(i int) []widget.Cell { return l.cells[i] }))
	if l.want == "" || !l.GoTo(l.want) {
		l.goTo(id)
	}
}

// passing says which rows the filter lets through, and with each the row that it lies under.
func (l *cursor[T]) passing() []bool {
	pass, heads := make([]bool, len(l.rows)), map[string]int{}
	for i, row := range l.rows {
		pass[i] = l.filter.Empty() || l.filter.Match(l.fieldsOf(i), l.lookup(i))
		if l.of.Away != nil && l.of.Away(row) != "" && !l.filter.Asks(l.of.Away(row)) {
			pass[i] = false
		}
		if l.of.Under == nil {
			continue
		}
		if under := l.of.Under(row); under == "" {
			heads[l.of.ID(row)] = i
		} else if at, known := heads[under]; known && pass[i] {
			pass[at] = true
		}
	}
	return pass
}

// fieldsOf is what the filter can ask of a row, made once.
func (l *cursor[T]) fieldsOf(i int) map[string]string {
	if l.fields[i] == nil {
		l.fields[i] = l.of.Fields(l.rows[i])
	}
	return l.fields[i]
}

// nested are the rows shown with each below the one that it lies under, which stands where the first of all these would; those
// under a folded one are left out, unless a filter looks for them.
func (l *cursor[T]) nested() (all []int) {
	groups, ids := map[string][]int{}, []string{} // of each row that lies under none: itself, then those under it
	for _, i := range l.shown {
		id, under := l.of.ID(l.rows[i]), l.of.Under(l.rows[i])
		key := cmp.Or(under, id)
		if groups[key] == nil {
			groups[key], ids = make([]int, 1), append(ids, key)
		}
		if under == "" {
			groups[key][0] = i
		} else {
			groups[key] = append(groups[key], i)
		}
	}
	for _, id := range ids {
		if l.of.Folded(id) && l.filter.Empty() {
			groups[id] = groups[id][:1]
		}
		all = append(all, groups[id]...)
	}
	return all
}

// Rows are all rows, filtered or not. A pane that changes them says so with SetRows.
func (l *cursor[T]) Rows() []T { return l.rows }

// Shown are the rows that the filter lets through, as they are ordered.
func (l *cursor[T]) Shown() []T { return model.Each(l.shown, func(i int) T { return l.rows[i] }) }

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

func (l *cursor[T]) settle() { l.rested = l.at() }
