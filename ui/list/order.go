package list

import (
	"maps"
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/model/present/unit"
	"shardeck/ui/pane"
)

// AskFilter has a filter typed, which works with every key; Esc drops it.
func (l *List[T]) AskFilter(d *pane.Dialog) tea.Cmd {
	set := func(text string) tea.Cmd { l.SetFilter(text); return l.Settle() }
	return d.Type(pane.Field{Prompt: "/ ", Text: l.filter.Text, History: l.env.Filters, Keys: l.of.Example,
		Each: set, Take: set, Leave: func() tea.Cmd { return set("") }})
}

// SetFilter shows only the rows that a filter lets through; an empty one lets through all.
func (l *List[T]) SetFilter(text string) {
	l.filter = ParseFilter(text)
	l.show(l.CurrentID())
}

// FilterText is the filter as it was typed; empty: there is none.
func (l *List[T]) FilterText() string { return l.filter.Text }

// Sort is how the rows are ordered.
func (l *List[T]) Sort() Sort { return l.sort }

// SetSort orders the rows.
func (l *List[T]) SetSort(s Sort) {
	l.sort = s
	l.show(l.CurrentID())
}

// OrderBy orders by a column, greatest first if down; once more turns the order round, and
// once more leaves the rows as they come.
func (l *List[T]) OrderBy(column int, down bool) tea.Cmd {
	l.SetSort(l.sort.Next(column, down))
	return nil
}

// NextOrder orders by the next of the columns in sight that orders, or the one before, around;
// numbers begin with the greatest.
func (l *List[T]) NextOrder(by int) tea.Cmd {
	sight := slices.DeleteFunc(l.Table.Shown(l.width), func(c int) bool { return !l.orders(c) })
	if len(sight) == 0 {
		return nil
	}
	at := 0
	if l.sort.On {
		at = slices.Index(sight, l.sort.Column)
		if at < 0 && by < 0 {
			at = 0
		}
		at = (at + by + len(sight)) % len(sight)
	}
	l.SetSort(Sort{On: true, Column: sight[at], Down: l.Table.Columns[sight[at]].Right})
	return nil
}

func (l *List[T]) orders(c int) bool {
	return c >= 0 && l.of.Orders != nil && l.of.Orders(l.Table.Columns[c])
}

// Turn turns the order round.
func (l *List[T]) Turn() tea.Cmd {
	l.SetSort(Sort{On: l.sort.On, Column: l.sort.Column, Down: !l.sort.Down})
	return nil
}

// Back drops the filter, else the marks, else the order; false: there was none of these.
func (l *List[T]) Back() bool {
	switch {
	case !l.filter.Empty():
		l.SetFilter("")
	case len(l.Marks) > 0:
		clear(l.Marks)
	case l.sort.On:
		l.SetSort(Sort{})
	default:
		return false
	}
	return true
}

// Filtered says how many rows the filter lets through: "13 of 37 match tp:4"; empty: there
// is no filter.
func (l *List[T]) Filtered() string {
	if l.filter.Empty() {
		return ""
	}
	return unit.Int(len(l.shown)) + " of " + unit.Int(len(l.rows)) + " match " + l.filter.Text
}

// Ordered says by what the rows are ordered: "by tok/s, greatest first"; empty: they are as
// they come.
func (l *List[T]) Ordered() string {
	if l.of.Columns != nil { // whatever Fit has made of their titles
		return l.sort.Words(l.of.Columns)
	}
	return l.sort.Words(l.Table.Columns)
}

// NoMatch is what to say where the filter leaves nothing; see Filter.None.
func (l *List[T]) NoMatch(width int) []string {
	var row T
	if len(l.rows) > 0 {
		row = l.rows[0]
	}
	return l.filter.None(l.of.One, l.of.Fields(row), width)
}

// Keep is what is found again at the next start; the row under the cursor goes by the name
// of what it is: "experiment".
func (l *List[T]) Keep(name string) map[string]string {
	return map[string]string{name: l.Target(), "filter": l.filter.Text, "sort": l.sort.Text(),
		"marked": strings.Join(slices.Sorted(maps.Keys(l.Marks)), " ")}
}

// Restore takes what was kept; the cursor goes to its row when it is there.
func (l *List[T]) Restore(name string, kept map[string]string) {
	l.want, l.filter, l.sort = kept[name], ParseFilter(kept["filter"]), ParseSort(kept["sort"], len(l.Table.Columns))
	for _, id := range strings.Fields(kept["marked"]) {
		l.Marks[id] = true
	}
}
