package cockpit

import (
	"fmt"
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/model"
	"shardeck/ui/pane"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// layout is the panes: which there are, which has the keys, and where each lies on the screen.
type layout struct {
	theme         *theme.Theme
	colours       string // its name, set or chosen; empty: for every terminal
	panes         map[pane.Name]pane.Pane
	order         []pane.Name // those there are, by number
	focus         pane.Name
	upper, lower  pane.Name // what the right part of a wide screen shows
	width, height int
	zoomed        bool
	recent        []string // names of places where one has been, the newest first
}

// least is the smallest screen that can be used; wideFrom is where several panes fit.
const (
	leastWidth, leastHeight       = 60, 18
	wideFromWidth, wideFromHeight = 120, 35
	allFromWidth, allFromHeight   = 180, 50 // where all panes fit
	tinyWidth, tinyHeight         = 20, 5
)

// chrome is the lines that are not a pane's: tabs above; rule, message, keys below.
const above, below = 1, 3

// room is where a pane lies. Its title is the line above it.
type room struct {
	name                pane.Name
	x, y, width, height int
}

func (l *layout) small() bool { return l.width < leastWidth || l.height < leastHeight }

func (l *layout) wide() bool { return l.width >= wideFromWidth && l.height >= wideFromHeight }

// rooms divides the screen: one pane, or experiments over jobs on the left and two more on the right; on the widest ones all, a sweep in
// place of the form.
func (l *layout) rooms() []room {
	top := above + 1
	if l.small() {
		return []room{{l.focus, 0, 1, l.width, l.height - 2}}
	}
	height := l.height - top - below
	if !l.wide() || l.zoomed {
		return []room{{l.focus, 0, top + 1, l.width, height - 1}}
	}
	upper := height * 55 / 100
	if l.width >= allFromWidth && l.height >= allFromHeight {
		first := map[bool]pane.Name{true: pane.Sweep, false: pane.Config}[l.upper == pane.Sweep]
		left := l.width * 3 / 10
		middle := (l.width - left - 1) / 2
		at, right := left+middle+1, l.width-left-middle-2
		return l.existing([]room{
			{pane.Experiments, 0, top, left - 1, upper - 1}, {pane.Jobs, 0, top + upper, left - 1, height - upper},
			{first, left + 1, top, middle - 1, upper - 1}, {pane.Metrics, left + 1, top + upper, middle - 1, height - upper},
			{pane.Charts, at + 1, top, right, upper - 1}, {pane.Traces, at + 1, top + upper, right, height - upper},
		})
	}
	left := max(l.width*2/5+3, 52) // which holds model, layout, state and speed of experiments
	right := l.width - left - 1
	all := []room{
		{pane.Experiments, 0, top, left - 1, upper - 1},
		{pane.Jobs, 0, top + upper, left - 1, height - upper},
		{l.upper, left + 1, top, right, upper - 1},
		{l.lower, left + 1, top + upper, right, height - upper},
	}
	return l.existing(all)
}

// existing drops rooms without a pane; what is above takes their lines.
func (l *layout) existing(all []room) []room {
	var out []room
	for _, r := range all {
		if l.panes[r.name] != nil {
			out = append(out, r)
			continue
		}
		for i := range out {
			if out[i].x == r.x && out[i].y+out[i].height+1 == r.y {
				out[i].height += r.height + 1
			}
		}
	}
	return out
}

// resize gives every pane its room; those not shown get that of the focused one, so that they are ready.
func (l *layout) resize(width, height int) {
	l.width, l.height = width, height
	rooms := l.rooms()
	for _, name := range l.order {
		l.panes[name].SetSize(max(rooms[0].width, 0), max(rooms[0].height, 0))
	}
	for _, r := range rooms {
		l.panes[r.name].SetSize(max(r.width, 0), max(r.height, 0))
	}
}

func (l *layout) titleLine(r room) string {
	left, right := l.panes[r.name].Title()
	th := l.theme
	name, rest, _ := strings.Cut(left, " · ")
	right = shorter(right, l.width-widget.Width(name)-8)
	head := " " + th.Paint(theme.Accent, th.Cursor+name)
	if rest != "" {
		head += " · " + widget.Sentence(rest, max(l.width-widget.Width(name)-widget.Width(right)-8, 4))
	}
	return widget.Spread(head, th.Paint(theme.Dim, right+" "), l.width)
}

// titleRule is the title of a pane among others: a rule with the title in it.
func (l *layout) titleRule(r room) string {
	left, right := l.panes[r.name].Title()
	th := l.theme
	number := fmt.Sprint(slices.Index(l.order, r.name)+1) + " "
	name, _, _ := strings.Cut(number+left, " · ")
	right = shorter(right, r.width-8-widget.Width(name))
	room := r.width - 8 - widget.Width(right)
	text := pane.Joined(max(room, 8), strings.Split(number+left, " · ")...)
	head := th.Paint(theme.Dim, th.Rule+" ") + text + " "
	if r.name == l.focus {
		head = th.Paint(theme.Accent, th.Cursor+" "+text) + " "
	}
	if right = " " + right + " "; right == "  " || room <= 8 {
		right = ""
	}
	rule := strings.Repeat(th.Rule, max(r.width-widget.Width(head)-widget.Width(right), 0))
	return widget.Fit(head+th.Paint(theme.Dim, rule+right), r.width)
}

// tabs are the panes that have something to show.
func (l *layout) tabs() []pane.Name {
	return slices.DeleteFunc(slices.Clone(l.order), func(name pane.Name) bool {
		p, can := l.panes[name].(interface{ Hidden() bool })
		return can && p.Hidden() && name != l.focus
	})
}

// tabWords are the tabs; of those without the focus the names only where there is room.
func (l *layout) tabWords(age string) []string {
	var long, short []string
	for i, name := range l.tabs() {
		text := fmt.Sprintf("%d %s", i+1, title(name))
		long = append(long, text)
		if name != l.focus {
			text = fmt.Sprint(i + 1)
		}
		short = append(short, text)
	}
	fits := func(words []string) bool {
		return widget.Width(strings.Join(words, " ")) <= l.width-widget.Width(age)-3
	}
	switch last := len(long) - 1; {
	case fits(long):
		return long
	case l.focus != pane.Sweep && fits(long[:last]): // which is opened from the line of a sweep, too
		return long[:last]
	}
	return short
}

func (l *layout) body() []string {
	rooms := l.rooms()
	if len(rooms) == 1 {
		r := rooms[0]
		lines := []string{l.titleLine(r), widget.Rule(l.theme, l.width, "")}
		return append(lines, strings.Split(l.panes[r.name].View(), "\n")...)
	}
	var lines []string
	for _, column := range model.Grouped(rooms, func(r room) int { return r.x }) {
		var next []string
		for _, r := range column.All {
			next = append(append(next, l.titleRule(r)), strings.Split(l.panes[r.name].View(), "\n")...)
		}
		if lines == nil {
			lines = next
		} else {
			lines = beside(lines, next, column.Key-1, l.theme.Paint(theme.Dim, l.theme.Wall))
		}
	}
	return lines
}

func beside(left, right []string, width int, wall string) []string {
	out := make([]string, max(len(left), len(right)))
	copy(out, left)
	for i := range out {
		out[i] = widget.Fit(out[i], width) + wall
		if i < len(right) {
			out[i] += right[i]
		}
	}
	return out
}

// shorter leaves out clauses of a text, the last first, until it fits; the first stays.
func shorter(text string, width int) string {
	for at := strings.LastIndex(text, ", "); at >= 0 && widget.Width(text) > width; at = strings.LastIndex(text, ", ") {
		text = text[:at]
	}
	return text
}

func title(name pane.Name) string {
	return strings.ToUpper(string(name[:1])) + string(name[1:])
}

func (l *layout) broadcast(msg tea.Msg) tea.Cmd {
	return tea.Batch(model.Each(l.order, func(name pane.Name) tea.Cmd { return l.tell(name, msg) })...)
}

func (l *layout) tell(name pane.Name, msg tea.Msg) tea.Cmd {
	p, cmd := l.panes[name].Update(msg)
	l.panes[name] = p
	return cmd
}

// setFocus gives a pane the keys, and on a wide screen its place.
func (l *layout) setFocus(name pane.Name) {
	if l.panes[name] == nil {
		return
	}
	l.focus = name
	switch name {
	case pane.Config, pane.Metrics, pane.Sweep:
		l.upper = name
	case pane.Charts, pane.Traces:
		l.lower = name
	}
	for _, n := range l.order {
		l.panes[n].SetFocus(n == name)
	}
	l.resize(l.width, l.height)
}

func (l *layout) focused() pane.Pane { return l.panes[l.focus] }

func (l *layout) unsaved() []string {
	var ids []string
	for _, name := range l.order {
		if u, ok := l.panes[name].(interface{ Unsaved() []string }); ok {
			ids = append(ids, u.Unsaved()...)
		}
	}
	return ids
}

// has reports whether one of the keys is of that name.
func has(keys []pane.Key, name string) bool {
	return slices.ContainsFunc(keys, func(k pane.Key) bool { return slices.Contains(k.Keys, name) })
}

// roomAt is the pane at a place of the screen, its title included.
func (l *layout) roomAt(x, y int) (room, bool) {
	for _, r := range l.rooms() {
		if x >= r.x && x < r.x+r.width && y >= r.y-1 && y < r.y+r.height {
			return r, true
		}
	}
	return room{}, false
}

// general are the keys of every pane, but for those that this one needs for itself.
func (l *layout) general() []pane.Key {
	own := l.focused().Keys()
	return slices.DeleteFunc(keys().Keys(), func(k pane.Key) bool { return has(own, k.Keys[0]) })
}
