package widget

import (
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/sahilm/fuzzy"

	"shardeck/model/present/unit"
	"shardeck/ui/theme"
)

// Findable is a row of a Finder.
type Findable struct {
	Group string // the title it stands under while nothing is typed
	Name  string // what is found first by
	Help  string // one line; found by its words
	Key   string // of the keyboard, if one does it
}

// Finder is a list over the screen that is searched by typing: names that begin with the text come first, then those that
// hold it, then those that hold its letters in order, then those whose help holds it.
type Finder struct {
	Title  string
	items  []Findable
	input  *Input
	found  []int // of items, the best first
	cursor int
}

// NewFinder shows all items until something is typed.
func NewFinder(title string, items []Findable) *Finder {
	f := &Finder{Title: title, items: items, input: NewInput(": ", "")}
	f.search()
	return f
}

// Items are all that can be found.
func (f *Finder) Items() []Findable { return f.items }

// Text is what was typed.
func (f *Finder) Text() string { return f.input.Value() }

// Key takes a key; done with the item chosen, or -1 for Esc or where nothing matches.
func (f *Finder) Key(key tea.KeyMsg) (item int, done bool) {
	switch k := key.String(); k {
	case "esc":
		return -1, true
	case "enter":
		return f.Current(), true
	case "tab", "down", "ctrl+n":
		f.move(1)
	case "shift+tab", "up", "ctrl+p":
		f.move(-1)
	case "pgdown":
		f.move(10)
	case "pgup":
		f.move(-10)
	default:
		before := f.Text()
		if f.input.Key(key); f.Text() != before {
			f.search()
		}
	}
	return 0, false
}

// Current is the item under the cursor, -1 where nothing matches.
func (f *Finder) Current() int {
	if len(f.found) == 0 {
		return -1
	}
	return f.found[f.cursor]
}

func (f *Finder) move(by int) { f.cursor = clamp(f.cursor+by, 0, max(len(f.found)-1, 0)) }

// search puts what matches in order.
func (f *Finder) search() {
	text := strings.ToLower(strings.TrimSpace(f.Text()))
	f.found, f.cursor = nil, 0
	for _, matches := range []func(Findable) bool{
		func(i Findable) bool { return strings.HasPrefix(strings.ToLower(i.Name), text) },
		func(i Findable) bool { return strings.Contains(strings.ToLower(i.Name), text) },
	} {
		f.add(matches)
	}
	for _, m := range fuzzy.FindFrom(text, names(f.items)) {
		if !slices.Contains(f.found, m.Index) {
			f.found = append(f.found, m.Index)
		}
	}
	f.add(func(i Findable) bool {
		return strings.Contains(strings.ToLower(i.Help+" "+i.Group), text) || text != "" && i.Key == f.Text()
	})
}

func (f *Finder) add(matches func(Findable) bool) {
	for i, item := range f.items {
		if matches(item) && !slices.Contains(f.found, i) {
			f.found = append(f.found, i)
		}
	}
}

type names []Findable

func (n names) String(i int) string { return n[i].Name }
func (n names) Len() int            { return len(n) }

// Hints are the keys of a finder, for the footer.
func (f *Finder) Hints() []Hint {
	return []Hint{{Label: "↵", Verb: "do"}, {Label: "↑↓", Verb: "choose"}, {Label: "esc", Verb: "back"}}
}

// Over draws the finder in the middle of a screen's lines: the text, the rows about the cursor, and the chosen one's help whole.
func (f *Finder) Over(th *theme.Theme, base []string, width, height int) []string {
	inner := min(width-8, 100)
	if inner < 20 || height < 10 {
		return base
	}
	place := "nothing like it"
	if len(f.found) > 0 {
		place = unit.Int(f.cursor+1) + " of " + unit.Int(len(f.found))
	}
	lines := []string{edge(th, th.Corners[0], th.Corners[1], f.Title, inner),
		side(th, Spread(f.input.View(th, inner-Width(place)-2), th.Paint(theme.Dim, place), inner), inner), side(th, "", inner)}
	rows, at := f.rows(th, inner)
	room := min(height-9, 20)
	first := clamp(at-room/2, 0, max(len(rows)-room, 0))
	for i := range room {
		row := ""
		if first+i < len(rows) {
			row = rows[first+i]
		}
		lines = append(lines, side(th, row, inner))
	}
	lines = append(lines, side(th, "", inner))
	for _, l := range f.about(th, inner) {
		lines = append(lines, side(th, th.Paint(theme.Dim, l), inner))
	}
	lines = append(lines, edge(th, th.Corners[2], th.Corners[3], "", inner))
	return Overlay(Filled(base, height), lines, max((width-inner-4)/2, 0), max((height-len(lines))/2, 0))
}

// rows are the lines of the list, and which of them has the cursor; titles of groups stand between while nothing is typed.
func (f *Finder) rows(th *theme.Theme, width int) (rows []string, at int) {
	name, key := 0, 0
	for _, i := range f.found {
		name, key = max(name, Width(f.items[i].Name)), max(key, Width(th.Spell(f.items[i].Key)))
	}
	name, group := min(name, width*2/5), ""
	for n, i := range f.found {
		item := f.items[i]
		if f.Text() == "" && item.Group != group {
			group = item.Group
			rows = append(rows, th.Paint(theme.Dim, group))
		}
		text := "  " + Fit(Middle(item.Name, name), name) + "  " + Fit(th.Paint(theme.Dim, th.Spell(item.Key)), key) + "  "
		help := Clip(item.Help, max(width-Width(text), 0))
		if n == f.cursor {
			at, text = len(rows), th.Paint(theme.Accent, th.Cursor+text[1:])
		}
		rows = append(rows, text+help)
	}
	return rows, at
}

// about is the help of the chosen row in two lines, so that none is only cut.
func (f *Finder) about(th *theme.Theme, width int) []string {
	var lines []string
	if len(f.found) > 0 {
		lines = Wrap(th.Spell(f.items[f.found[f.cursor]].Help), width)
	}
	return Filled(lines[:min(len(lines), 2)], 2)
}
