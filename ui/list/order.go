package list

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/model"
	"shardeck/model/present/unit"
	"shardeck/ui/pane"
	"shardeck/ui/widget"
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

// OrderBy orders by a column, greatest first if down; once more turns the order round, and once more drops it.
func (l *List[T]) OrderBy(column int, down bool) tea.Cmd {
	l.SetSort(l.sort.Next(column, down))
	return nil
}

// NextOrder orders by the next of the columns in sight that orders, or the one before, around; numbers begin with the greatest.
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

// AskOrder has the column chosen by name that the rows are ordered by, in sight or not; the one that orders them is turned round.
func (l *List[T]) AskOrder(d *pane.Dialog) tea.Cmd {
	var items []widget.Findable
	var of []int
	for c, column := range l.titled() {
		help := map[bool]string{true: "greatest first", false: "in order"}[column.Right]
		if l.sort.On && l.sort.Column == c {
			help = "turned round: " + map[bool]string{true: "least first", false: "greatest first"}[l.sort.Down]
		}
		if l.of.Orders == nil || l.of.Orders(column) {
			items, of = append(items, widget.Findable{Name: strings.TrimSpace(column.Title + " " + column.Unit), Help: help}), append(of, c)
		}
	}
	return d.Find(widget.NewFinder("Order by", items), func(i int) tea.Cmd {
		down := l.titled()[of[i]].Right
		if l.sort.On && l.sort.Column == of[i] {
			down = !l.sort.Down
		}
		l.SetSort(Sort{On: true, Column: of[i], Down: down})
		return pane.Say(l.Ordered())
	})
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

// Filtered says how many rows the filter lets through: "13 of 37 match tp:4"; empty: there is no filter.
func (l *List[T]) Filtered() string {
	if l.filter.Empty() {
		return ""
	}
	heads := map[string]bool{} // rows that others lie under are none of these
	for _, row := range l.rows {
		if l.of.Under != nil {
			heads[l.of.Under(row)] = true
		}
	}
	lone := func(row T) bool { return !heads[l.of.ID(row)] }
	text := unit.Int(count(l.Shown(), lone)) + " of " + unit.Int(count(l.rows, lone)) + " match " + l.filter.Text
	if key := l.unknown(); key != "" {
		text = "there is no " + key + ": here, " + text
	}
	return text
}

// unknown is the first key of the filter that no row has; empty: there is none, or no row by which to tell.
func (l *List[T]) unknown() string {
	return l.filter.unknown(func(key string) bool {
		for i := range l.rows {
			if _, known := l.lookup(i)(key); known {
				return true
			}
		}
		return len(l.rows) == 0
	})
}

func count[T any](rows []T, of func(T) bool) (n int) {
	for _, row := range rows {
		if of(row) {
			n++
		}
	}
	return n
}

// Ordered says by what the rows are ordered: "by tok/s, greatest first"; empty: they are as they come.
func (l *List[T]) Ordered() string {
	return l.sort.Words(l.titled())
}

// NoMatch says that the filter leaves nothing, and what rows can be asked for if it asks for something else.
func (l *List[T]) NoMatch(width int) []string {
	lines := []string{"no " + l.of.One + " matches " + l.filter.Text, "", "esc drops the filter"}
	if key := l.unknown(); key != "" {
		keys := map[string]bool{}
		for i := range l.rows {
			for name := range l.fieldsOf(i) {
				keys[name] = true
			}
		}
		for _, c := range l.titled() {
			keys[titleKey(c)] = c.Title != ""
		}
		maps.DeleteFunc(keys, func(_ string, named bool) bool { return !named })
		text := "there is no " + key + ": here; there are " + strings.Join(slices.Sorted(maps.Keys(keys)), " ")
		lines = append(lines, widget.Wrap(text, max(width-6, 1))...)
	}
	return pane.Notice(lines...)
}

// Keep is what is found again at the next start; the row under the cursor goes by the name of what it is: "experiment".
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

// Sort is the column that a list is ordered by. The zero Sort leaves the list as it comes.
type Sort struct {
	On     bool
	Column int
	Down   bool // greatest first
}

// Apply orders rows, and shown along with them, by the column: what is missing last either way, equals as they came.
func (s Sort) Apply(rows [][]widget.Cell, shown []int) ([][]widget.Cell, []int) {
	if !s.On {
		return rows, shown
	}
	keys, order := make([]sortKey, len(rows)), make([]int, len(rows))
	for i, row := range rows {
		keys[i], order[i] = keyOf(row, s.Column), i
	}
	slices.SortStableFunc(order, func(a, b int) int { return s.compare(keys[a], keys[b]) })
	sorted, ids := make([][]widget.Cell, len(rows)), make([]int, len(rows))
	for to, from := range order {
		sorted[to], ids[to] = rows[from], shown[from]
	}
	return sorted, ids
}

// sortKey is what a row is ordered by; its number is read from the text once.
type sortKey struct {
	by, number float64
	text       string
	isNumber   bool
	missing    int // 1: there is nothing to order it by
}

func keyOf(row []widget.Cell, column int) sortKey {
	if column < 0 || column >= len(row) {
		return sortKey{missing: 1}
	}
	c := row[column]
	number, err := strconv.ParseFloat(strings.ReplaceAll(c.Text, " ", ""), 64)
	key := sortKey{by: c.By, number: number, text: c.Text, isNumber: err == nil}
	if c.Text == "" || c.Text == "–" || c.Text == "-" {
		key.missing = 1
	}
	return key
}

func (s Sort) compare(a, b sortKey) int {
	by := a.compare(b)
	if s.Down {
		by = -by
	}
	return cmp.Or(cmp.Compare(a.missing, b.missing), by)
}

// compare compares numbers as numbers, and texts so that E1.2 comes before E1.10.
func (a sortKey) compare(b sortKey) int {
	switch {
	case a.by != 0 || b.by != 0:
		return cmp.Compare(a.by, b.by)
	case a.isNumber && b.isNumber:
		return cmp.Compare(a.number, b.number)
	}
	return model.CompareNatural(a.text, b.text)
}

// Next is the sort after one more wish to see that column: it first, then turned, then as the list comes.
func (s Sort) Next(column int, down bool) Sort {
	first, turned := Sort{On: true, Column: column, Down: down}, Sort{On: true, Column: column, Down: !down}
	switch s {
	case first:
		return turned
	case turned:
		return Sort{}
	}
	return first
}

// Text is a sort as it is kept: the number of the column, and - for greatest first.
func (s Sort) Text() string {
	if !s.On {
		return ""
	}
	return map[bool]string{true: "-"}[s.Down] + strconv.Itoa(s.Column)
}

// ParseSort reads what Text wrote, for a table of so many columns.
func ParseSort(text string, columns int) Sort {
	number, down := strings.CutPrefix(text, "-")
	n, err := strconv.Atoi(number)
	if err != nil || n < 0 || n >= columns {
		return Sort{}
	}
	return Sort{On: true, Column: n, Down: down}
}

// Words say by what a list is ordered, for its title: "by tok/s, greatest first".
func (s Sort) Words(columns []widget.Column) string {
	if !s.On || s.Column >= len(columns) {
		return ""
	}
	return "by " + columns[s.Column].Title + map[bool]string{true: ", greatest first"}[s.Down]
}
