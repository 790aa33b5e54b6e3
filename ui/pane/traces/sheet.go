package traces

import (
	"strconv"
	"strings"

	"shardeck/model"
	"shardeck/model/present"
	"shardeck/ui/list"
	"shardeck/ui/pane"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// sheet is several tables, of which one has the cursor.
type sheet struct {
	parts []present.Table // in the order of the key tab
	lists []*list.List[row]
	at    int    // the part with the cursor
	lead  string // name of what comes before the parts; empty: nothing
	ahead bool   // that has the cursor
	drawn frame  // how it was drawn last
}

type row struct {
	present.Row
	id int // which of its part
}

// frame is where and how a sheet is drawn.
type frame struct {
	th            *theme.Theme
	width, height int
	tall          bool                    // there is room for other parts below
	focused       bool                    // keys go to the pane
	above         func(part int) []string // lines over the table of a part; nil: none
	empty         string                  // why there are no rows; empty: as the parts say
}

func newSheet(e pane.Env, parts []present.Table) *sheet {
	s := &sheet{}
	for _, part := range parts {
		s.lists = append(s.lists, list.New(e, list.Of[row]{One: part.One, Columns: pane.Columns(part),
			ID:     func(r row) string { return strconv.Itoa(r.id) },
			Cells:  func(r row) []widget.Cell { return pane.Cells(e.Theme, r.Row) },
			Fields: func(r row) map[string]string { return r.Fields },
			Orders: func(c widget.Column) bool { return c.Right }}))
	}
	s.set(parts)
	return s
}

// set takes every part anew; the cursors stay where they are.
func (s *sheet) set(parts []present.Table) {
	s.parts = parts
	for i, part := range parts {
		rows := make([]row, len(part.Rows))
		for id, r := range part.Rows {
			rows[id] = row{r, id}
		}
		s.lists[i].SetRows(rows)
	}
}

func (s *sheet) list() *list.List[row] { return s.lists[s.at] }

// name is that of what has the cursor.
func (s *sheet) name() string {
	if s.ahead {
		return s.lead
	}
	return s.parts[s.at].Name
}

func (s *sheet) turn(by int) {
	c := s.choice(s.drawn)
	s.pick((c.At + by + len(c.Names)) % len(c.Names))
}

// pick gives the cursor to one of choice's names.
func (s *sheet) pick(i int) {
	if s.lead != "" {
		i--
	}
	s.ahead, s.at = i < 0, max(i, 0)
}

// toFilter goes to the next part whose rows can be filtered, if this one's cannot.
func (s *sheet) toFilter() {
	for s.parts[s.at].One == "" {
		s.turn(1)
	}
}

// order goes to the next column of numbers in sight that the part with the cursor is
// ordered by, greatest first; after the last to the order in which the rows came.
func (s *sheet) order(width int) {
	l := s.list()
	from := 0
	if now := l.Sort(); now.On {
		from = now.Column + 1
	}
	next := list.Sort{}
	for _, c := range l.Table.Shown(width) {
		if c >= from && s.parts[s.at].Columns[c].Right && !next.On {
			next = list.Sort{On: true, Column: c, Down: true}
		}
	}
	l.SetSort(next)
	l.Table.Cursor = 0
}

func (s *sheet) setFocus(on bool) {
	for i, l := range s.lists {
		l.Table.Focused = on && i == s.at && !s.ahead
	}
}

// clicked goes to a part by its rule or its name in it, to a row, or orders by the title of
// a column of numbers; the sheet is at the lower end of a pane of that height.
func (s *sheet) clicked(msg pane.ClickMsg, height int) {
	line := msg.Line - (height - s.drawn.height)
	if line < 0 {
		return
	}
	names := s.names(s.drawn)
	lead := len(s.choice(s.drawn).Names) - len(names.Names) // what is not on the rule
	for i, height := range s.rooms(s.drawn) {
		switch {
		case line >= height:
			line -= height
			continue
		case line > 0:
			s.at, s.ahead = i, false
			s.lists[i].Click(msg.X, line-1-len(s.above(s.drawn, i)))
		default:
			s.at, s.ahead = i, false
			if n, ok := names.Pointed(msg.X); ok && !s.drawn.tall {
				s.pick(n + lead)
			}
		}
		return
	}
}

func (s *sheet) above(f frame, i int) []string {
	if f.above == nil {
		return nil
	}
	return f.above(i)
}

// leastPart is the fewest lines worth giving to a part.
const leastPart = 5

// rooms divides lines among the parts. Where there is room for one only, the one with the cursor has all; else each first gets
// a fair share, then what it needs, the one with the cursor before the others, and that one what is left.
func (s *sheet) rooms(f frame) []int {
	rooms := make([]int, len(s.parts))
	left := f.height
	grow := func(i, most int) {
		need := 1 + len(s.above(f, i)) + s.lists[i].Table.HeaderRows() + max(s.lists[i].Table.Rows(), 1)
		n := min(max(min(need, most)-rooms[i], 0), left)
		if rooms[i]+n >= leastPart {
			rooms[i], left = rooms[i]+n, left-n
		}
	}
	for _, most := range []int{max(f.height/len(s.parts), leastPart), f.height} {
		for n := range s.parts {
			if f.tall {
				grow((s.at+n)%len(s.parts), most)
			}
		}
	}
	rooms[s.at] += left
	return rooms
}

// view is the parts that have room, in their order.
func (s *sheet) view(f frame) []string {
	for _, l := range s.lists {
		l.Table.Measure(f.width)
	}
	s.drawn = f
	var lines []string
	for i, height := range s.rooms(f) {
		if height >= 2 {
			lines = append(append(lines, s.head(f, i)), s.body(f, i, height-1)...)
		}
	}
	return lines
}

// body is a part below its rule, exactly so many lines.
func (s *sheet) body(f frame, i, height int) []string {
	body := s.above(f, i)
	if s.lists[i].Table.Rows() == 0 {
		body = []string{"   " + f.th.Paint(theme.Dim, widget.Sentence(s.emptiness(f, i), f.width-4))}
	} else {
		body = append(body, s.lists[i].View(f.width, height-len(body))...)
	}
	return widget.Filled(body, height)
}

func (s *sheet) emptiness(f frame, i int) string {
	switch l := s.lists[i]; {
	case len(l.Rows()) > 0:
		return "no " + s.parts[i].One + " matches " + l.FilterText() + " · esc drops the filter"
	case f.empty != "":
		return f.empty
	}
	return s.parts[i].Empty
}

// head is the rule over a part: its name, or where the others are a key away, all names;
// at its end what a reader may wonder about, where there is room.
func (s *sheet) head(f frame, i int) string {
	names := s.names(f)
	if f.tall {
		names = widget.Choice{Names: []string{s.parts[i].Name}, At: s.at - i, Focused: f.focused && !s.ahead}
	}
	return widget.RuleWith(f.th, f.width, names.String(f.th), s.remark(i))
}

// remark is what a rule says at its end.
func (s *sheet) remark(i int) string {
	if by := s.lists[i].Ordered(); i == s.at && by != "" {
		return by
	}
	return s.parts[i].Remark
}

// choice is what the cursor may be at.
func (s *sheet) choice(f frame) widget.Choice {
	c := s.names(frame{focused: f.focused, width: 1 << 20})
	if s.ahead {
		c.Names, c.At = append([]string{s.lead}, c.Names...), 0
	}
	return c
}

// names are those on the rule over the parts. What comes before them is named there too, unless it has a rule of its own, or
// the remark needs the room.
func (s *sheet) names(f frame) widget.Choice {
	c := widget.Choice{Names: model.Each(s.parts, func(t present.Table) string { return t.Name }), At: s.at, Focused: f.focused}
	switch room := widget.Width(strings.Join(c.Names, "  ")+s.lead) + widget.Width(s.remark(s.at)) + 11; {
	case s.ahead:
		c.At = -1
	case s.lead != "" && (room <= f.width || s.lists[s.at].Ordered() == ""):
		c.Names, c.At = append([]string{s.lead}, c.Names...), c.At+1
	}
	return c
}
