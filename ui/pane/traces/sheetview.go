package traces

import (
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// frame is where and how a sheet is drawn.
type frame struct {
	th            *theme.Theme
	width, height int
	tall          bool                    // there is room for other parts below
	focused       bool                    // keys go to the pane
	above         func(part int) []string // lines over the table of a part
	empty         func(part int) string   // why a part has no rows; nil: as its table says
}

// rows is the room of the part with the cursor, without its header.
func (s *sheet) rows(f frame) int {
	return s.rooms(f)[s.at] - s.extra(f, s.at)
}

// extra is the lines of a part that are no rows: its rule, what stands above, its header.
func (s *sheet) extra(f frame, i int) int { return 1 + len(f.above(i)) + s.tables[i].HeaderRows() }

// rooms divides lines among the parts. Where there is room for one only, the one with
// the cursor has all; else each first gets a fair share, then what it needs, the one with
// the cursor before the others, and that one what is left.
func (s *sheet) rooms(f frame) []int {
	rooms := make([]int, len(s.parts))
	left := f.height
	grow := func(i, most int) {
		n := max(min(s.extra(f, i)+max(s.tables[i].Rows(), 1), most)-rooms[i], 0)
		if n = min(n, left); rooms[i]+n >= leastPart {
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

// leastPart is the fewest lines worth giving to a part.
const leastPart = 5

// view is the parts that have room, in their order.
func (s *sheet) view(f frame) []string {
	var lines []string
	s.drawn = f
	for i, height := range s.rooms(f) {
		if height < 2 {
			continue
		}
		lines = append(append(lines, s.head(f, i)), s.body(f, i, height-1)...)
	}
	return lines
}

// body is a part below its rule, exactly so many lines.
func (s *sheet) body(f frame, i, height int) []string {
	body := f.above(i)
	if s.tables[i].Rows() == 0 {
		body = []string{"   " + f.th.Paint(theme.Dim, widget.Sentence(s.emptiness(f, i), f.width-4))}
	} else {
		body = append(body, s.tables[i].View(f.th, f.width, height-len(body))...)
	}
	for len(body) < height {
		body = append(body, "")
	}
	return body[:height]
}

// emptiness says why a part has no rows.
func (s *sheet) emptiness(f frame, i int) string {
	if !s.filters[i].Empty() {
		return "no " + s.parts[i].One + " matches " + s.filters[i].Text + " · esc drops the filter"
	}
	if f.empty == nil {
		return s.parts[i].Empty
	}
	return f.empty(i)
}

// head is the rule over a part: its name, or where the others are a key away, all names.
func (s *sheet) head(f frame, i int) string {
	names := s.choice(f)
	if f.tall {
		names = widget.Choice{Names: names.Names[i : i+1], At: names.At - i, Focused: f.focused}
	}
	return widget.RuleWith(f.th, f.width, names.String(f.th), s.remark(f, i))
}

// choice is the names of all parts.
func (s *sheet) choice(f frame) widget.Choice {
	c := widget.Choice{At: s.at, Focused: f.focused}
	for _, part := range s.parts {
		c.Names = append(c.Names, part.Name)
	}
	return c
}

// remark stands at the end of the rule over a part, where the names leave room for it.
func (s *sheet) remark(f frame, i int) string {
	if i == s.at && s.ordered() != "" {
		return s.ordered()
	}
	return s.parts[i].Remark
}
