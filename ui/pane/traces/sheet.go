package traces

import (
	"strings"

	"shardeck/model/present"
	"shardeck/model/present/unit"
	"shardeck/ui/list"
	"shardeck/ui/pane"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// sheet is several tables, of which one has the cursor.
type sheet struct {
	th      *theme.Theme
	parts   []present.Table // in the order of the key tab
	tables  []widget.Table
	shown   [][]int // rows of each part that its filter lets through, in their order
	filters []list.Filter
	sorts   []list.Sort // of each part
	at      int         // the part with the cursor
	drawn   frame       // how it was drawn last
}

func newSheet(th *theme.Theme, parts []present.Table) *sheet {
	n := len(parts)
	s := &sheet{th: th, tables: make([]widget.Table, n), shown: make([][]int, n), filters: make([]list.Filter, n), sorts: make([]list.Sort, n)}
	for i, part := range parts {
		s.tables[i] = widget.Table{Columns: pane.Columns(part), Column: -1}
	}
	s.set(parts)
	return s
}

// set takes every part anew; the cursors stay where they are.
func (s *sheet) set(parts []present.Table) {
	s.parts = parts
	for i := range parts {
		s.fill(i)
	}
}

// fill puts the rows of a part that its filter lets through into its table.
func (s *sheet) fill(i int) {
	var cells [][]widget.Cell
	var ids []int
	for id, r := range s.parts[i].Rows {
		if s.filters[i].Match(r.Fields) {
			cells, ids = append(cells, pane.Cells(s.th, r)), append(ids, id)
		}
	}
	cells, s.shown[i] = s.sorts[i].Apply(cells, ids)
	s.tables[i].SetRows(cells)
}

// order goes to the next column of numbers in sight that the part with the cursor is
// ordered by, greatest first; after the last to the order in which the rows came.
func (s *sheet) order(width int) {
	from, now := 0, &s.sorts[s.at]
	if now.On {
		from = now.Column + 1
	}
	*now = list.Sort{}
	for _, c := range s.tables[s.at].Shown(width) {
		if c >= from && c > 0 && s.parts[s.at].Columns[c].Right && !now.On {
			*now = list.Sort{On: true, Column: c, Down: true}
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
	c, end := s.parts[s.at].Columns[now.Column], "least"
	if now.Down {
		end = "greatest"
	}
	return "by " + strings.TrimSpace(c.Title+" "+c.Unit) + ", " + end + " first"
}

// filter narrows the part with the cursor.
func (s *sheet) filter(text string) {
	s.filters[s.at] = list.ParseFilter(text)
	s.fill(s.at)
}

// toFilter goes to the next part whose rows can be filtered, if this one's cannot.
func (s *sheet) toFilter() {
	for s.parts[s.at].One == "" {
		s.turn(1)
	}
}

// turn goes to another part.
func (s *sheet) turn(by int) { s.at = (s.at + by + len(s.parts)) % len(s.parts) }

func (s *sheet) table() *widget.Table { return &s.tables[s.at] }

// name is that of the part with the cursor.
func (s *sheet) name() string { return s.parts[s.at].Name }

// filtered says how many rows the filter of the part with the cursor lets through; empty:
// it has none.
func (s *sheet) filtered() string {
	f, n := s.filters[s.at], len(s.shown[s.at])
	switch {
	case f.Empty():
		return ""
	case n == 1:
		return "1 " + s.parts[s.at].One + " matches " + f.Text
	}
	return unit.Plural(n, s.parts[s.at].One) + " match " + f.Text
}

// current is the row under the cursor, and which of its part it is.
func (s *sheet) current() (row present.Row, id int, ok bool) {
	if ids, at := s.shown[s.at], s.table().Cursor; at >= 0 && at < len(ids) {
		return s.parts[s.at].Rows[ids[at]], ids[at], true
	}
	return present.Row{}, 0, false
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
