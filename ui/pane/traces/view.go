package traces

import (
	"strings"

	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// tallFrom is the height at which the other parts stand below the one with the cursor.
const tallFrom = 30

// View draws the split of the ranks, the timeline, and the parts.
func (p *Pane) View() string {
	if p.width <= 0 || p.height <= 0 {
		return ""
	}
	lines := p.body()
	lines = p.typing.Below(p.env.Theme, lines, p.width, p.height)
	return widget.Block(lines, p.width, p.height)
}

func (p *Pane) body() []string {
	if p.trace() == nil {
		return p.empty()
	}
	for i := range p.tables {
		p.tables[i].Measure(p.width)
	}
	lines := p.picture()
	return append(lines, p.partLines(p.height-len(lines))...)
}

// picture is what stands over the parts: bars and timeline, as far as there is room.
func (p *Pane) picture() []string {
	t := p.trace()
	lines := p.bars(t)
	if timeline := p.timeline(p.width); len(lines)+len(timeline)+5 <= p.height {
		lines = append(lines, timeline...)
	}
	if len(lines)+4 > p.height {
		return nil
	}
	return lines
}

// partRows is the room of the part with the cursor, without its header.
func (p *Pane) partRows() int {
	if p.trace() == nil {
		return 0
	}
	room := p.height - len(p.picture())
	return p.rooms(room)[p.part] - 1 - p.tables[p.part].HeaderRows()
}

// rooms divides lines among the parts: the one with the cursor gets all it needs up to
// a half, the others what they need as long as there is room, and it what is left.
func (p *Pane) rooms(room int) []int {
	rooms := make([]int, len(parts))
	left := room
	for n := range parts {
		i := (p.part + n) % len(parts)
		t := &p.tables[i]
		need, most := 1+t.HeaderRows()+max(t.Rows(), 1), left
		if n == 0 {
			most = max(room/2, 6)
		}
		if rooms[i] = min(need, most); rooms[i] < min(need, 5) || n > 0 && p.height < tallFrom {
			rooms[i] = 0
		}
		left -= rooms[i]
	}
	rooms[p.part] += left
	return rooms
}

// partLines are the parts that have room, in their order.
func (p *Pane) partLines(room int) []string {
	var lines []string
	for i, height := range p.rooms(room) {
		if height < 2 {
			continue
		}
		body := p.tables[i].View(p.env.Theme, p.width, height-1)
		if p.tables[i].Rows() == 0 {
			body = []string{"   " + p.env.Theme.Paint(theme.Dim, widget.Sentence(p.emptyPart(i), p.width-4))}
		}
		for len(body) < height-1 {
			body = append(body, "")
		}
		lines = append(append(lines, p.partHead(i)), body...)
	}
	return lines
}

// partHead is the rule over a part: its name, or where the others are a key away, all names.
func (p *Pane) partHead(i int) string {
	th := p.env.Theme
	var names []string
	for n, part := range parts {
		tone, sign := theme.Dim, ""
		switch {
		case n == p.part && p.focused:
			tone, sign = theme.Accent, th.Cursor
		case n == p.part:
			tone = theme.Strong
		}
		if p.height < tallFrom || n == i {
			names = append(names, th.Paint(tone, sign+part.name))
		}
	}
	return widget.Rule(th, p.width, strings.Join(names, "  "))
}
