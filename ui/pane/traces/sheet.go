package traces

import (
	"strings"

	"shardeck/model/metric"
	"shardeck/model/present/unit"
	"shardeck/ui/pane"
	"shardeck/ui/widget"
)

// part is one table of a sheet, in the order of the key tab.
type part struct {
	name    string
	one     string // one row of it; empty: its rows are too few to be filtered
	columns []widget.Column
}

// row of a part: its cells, what a filter can ask for, and the text that its first cell
// may cut.
type row struct {
	cells  []widget.Cell
	fields map[string]string
	full   string
	call   *metric.LateCall   // nil: it is none
	kernel *metric.KernelStat // nil: it is none
}

// sheet is several tables, of which one has the cursor.
type sheet struct {
	parts   []part
	tables  []widget.Table
	all     [][]row // of each part
	shown   [][]row // of those the ones that its filter lets through
	filters []pane.Filter
	sorts   []pane.Sort // of each part
	at      int         // the part with the cursor
	drawn   frame       // how it was drawn last
}

func newSheet(parts []part) *sheet {
	s := &sheet{parts: parts, all: make([][]row, len(parts)), shown: make([][]row, len(parts)), filters: make([]pane.Filter, len(parts)),
		sorts: make([]pane.Sort, len(parts))}
	for _, part := range parts {
		s.tables = append(s.tables, widget.Table{Columns: part.columns, Column: -1})
	}
	return s
}

// set takes the rows of every part; the cursors stay where they are.
func (s *sheet) set(all [][]row) {
	copy(s.all, all)
	for i := range s.parts {
		s.fill(i)
	}
}

// fill puts the rows of a part that its filter lets through into its table.
func (s *sheet) fill(i int) {
	var cells [][]widget.Cell
	var ids []int
	for id, r := range s.all[i] {
		if s.filters[i].Match(r.fields) {
			cells, ids = append(cells, r.cells), append(ids, id)
		}
	}
	cells, ids = s.sorts[i].Apply(cells, ids)
	s.shown[i] = nil
	for _, id := range ids {
		s.shown[i] = append(s.shown[i], s.all[i][id])
	}
	s.tables[i].SetRows(cells)
}

// order goes to the next column of numbers in sight that the part with the cursor is
// ordered by, greatest first; after the last to the order in which the rows came.
func (s *sheet) order(width int) {
	from, now := 0, &s.sorts[s.at]
	if now.On {
		from = now.Column + 1
	}
	*now = pane.Sort{}
	for _, c := range s.tables[s.at].Shown(width) {
		if c >= from && c > 0 && s.parts[s.at].columns[c].Right && !now.On {
			*now = pane.Sort{On: true, Column: c, Down: true}
		}
	}
	s.fill(s.at)
}

// ordered says by what the part with the cursor is ordered; empty: as its rows came.
func (s *sheet) ordered() string {
	now := s.sorts[s.at]
	if !now.On {
		return ""
	}
	c, end := s.parts[s.at].columns[now.Column], "least"
	if now.Down {
		end = "greatest"
	}
	return "by " + strings.TrimSpace(c.Title+" "+c.Unit) + ", " + end + " first"
}

// filter narrows the part with the cursor.
func (s *sheet) filter(text string) {
	s.filters[s.at] = pane.ParseFilter(text)
	s.fill(s.at)
}

// toFilter goes to the next part whose rows can be filtered, if this one's cannot.
func (s *sheet) toFilter() {
	for s.parts[s.at].one == "" {
		s.turn(1)
	}
}

// turn goes to another part.
func (s *sheet) turn(by int) { s.at = (s.at + by + len(s.parts)) % len(s.parts) }

func (s *sheet) table() *widget.Table { return &s.tables[s.at] }

// name is that of the part with the cursor.
func (s *sheet) name() string { return s.parts[s.at].name }

// filtered says how many rows the filter of the part with the cursor lets through; empty:
// it has none.
func (s *sheet) filtered() string {
	f, n := s.filters[s.at], len(s.shown[s.at])
	switch {
	case f.Empty():
		return ""
	case n == 1:
		return "1 " + s.parts[s.at].one + " matches " + f.Text
	}
	return unit.Plural(n, s.parts[s.at].one) + " match " + f.Text
}

// current is the row under the cursor.
func (s *sheet) current() (row, bool) {
	if rows, at := s.shown[s.at], s.table().Cursor; at >= 0 && at < len(rows) {
		return rows[at], true
	}
	return row{}, false
}

func (s *sheet) setFocus(on bool) {
	for i := range s.tables {
		s.tables[i].Focused = on && i == s.at
	}
}

func (s *sheet) measure(width int) {
	for i := range s.tables {
		s.tables[i].Measure(width)
	}
}
