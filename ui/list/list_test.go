package list

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/muesli/termenv"

	"shardeck/model/present/unit"
	"shardeck/ui/pane"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// run is the row of these tests.
type run struct {
	name  string
	speed int
}

var columns = []widget.Column{{Title: "run"}, {Title: "speed", Right: true}, {Title: ""}}

// tested is a list of runs, with the events that a pane would see.
type tested struct {
	*List[run]
	t      *testing.T
	dialog pane.Dialog
	rests  []string // ids that the cursor rested on
	made   int      // rows of cells
	asked  int      // rows for what a filter can ask for
}

func newTested(t *testing.T, rows ...run) *tested {
	l := &tested{t: t}
	env := pane.Env{Theme: theme.New(termenv.Ascii, false), Filters: &widget.History{},
		After: func(_ time.Duration, msg tea.Msg) tea.Cmd { return pane.Send(msg) }}
	l.List = New(env, Of[run]{One: "run", Columns: columns, Rest: time.Second,
		ID: func(r run) string { return r.name },
		Cells: func(r run) []widget.Cell {
			l.made++
			return []widget.Cell{{Text: r.name}, {Text: unit.Int(r.speed)}}
		},
		Fields: func(r run) map[string]string {
			l.asked++
			return map[string]string{"run": r.name, "speed": strconv.Itoa(r.speed)}
		},
		Orders: func(c widget.Column) bool { return c.Title != "" },
		Rested: func() tea.Cmd { l.rests = append(l.rests, l.CurrentID()); return nil }})
	l.SetRows(rows)
	l.View(40, 6)
	return l
}

// do runs what a key or click asked for, and draws.
func (l *tested) do(cmd tea.Cmd) {
	if cmd != nil {
		if reply, ok := cmd().(pane.Reply); ok {
			reply.Deliver()
		}
	}
	l.View(40, 6)
}

func (l *tested) press(keys ...string) {
	for _, key := range keys {
		msg := tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(key)}
		for name, special := range map[string]tea.KeyType{"enter": tea.KeyEnter, "esc": tea.KeyEsc, "up": tea.KeyUp, "down": tea.KeyDown} {
			if key == name {
				msg = tea.KeyMsg{Type: special}
			}
		}
		if cmd, ok := l.dialog.Key(msg); ok {
			l.do(cmd)
		} else if cmd, ok := l.Move(key); ok {
			l.do(cmd)
		} else {
			l.t.Errorf("nobody took %s", key)
		}
	}
}

// expect compares the names shown, the one under the cursor in brackets, marks with a star.
func (l *tested) expect(want string) {
	l.t.Helper()
	var got []string
	for _, r := range l.Shown() {
		text := r.name
		if l.Marks[r.name] {
			text += "*"
		}
		if r.name == l.CurrentID() {
			text = "[" + text + "]"
		}
		got = append(got, text)
	}
	if text := strings.Join(got, " "); text != want {
		l.t.Errorf("%s, want %s", text, want)
	}
}

func five() []run { return []run{{"a1", 30}, {"b2", 9}, {"c3", 200}, {"d4", 9}, {"e5", 40}} }

// The cursor stays on its row whatever happens to the rows around it.
func TestCursorStaysOnItsRow(t *testing.T) {
	l := newTested(t, five()...)
	l.press("down", "down")
	l.expect("a1 b2 [c3] d4 e5")
	l.SetRows(append([]run{{"new", 1}}, five()...))
	l.expect("new a1 b2 [c3] d4 e5")
	l.do(l.OrderBy(1, true))
	l.expect("[c3] e5 a1 b2 d4 new")
	l.SetFilter("!a1")
	l.expect("[c3] e5 b2 d4 new")
	l.SetFilter("")
	l.SetRows(five()[:2])
	l.expect("[a1] b2") // it is gone: the nearest that is left
	l.SetRows(nil)
	if r, ok := l.Current(); ok || l.CurrentID() != "" || r.name != "" {
		t.Errorf("%+v is under the cursor of an empty list", r)
	}
	l.press("down", "up", "G")
}

func TestGoingToARow(t *testing.T) {
	l := newTested(t, five()...)
	if !l.GoTo("d4") || l.GoTo("nowhere") || l.GoTo("") {
		t.Error("a row was found that is not there, or one not that is")
	}
	if r, _ := l.Rested(); r.name != "d4" {
		t.Errorf("gone to d4, rests on %s", r.name)
	}
	l.expect("a1 b2 c3 [d4] e5")
	l.Want("f6") // not there yet
	l.press("up")
	l.SetRows(five())
	l.expect("a1 b2 [c3] d4 e5")
	l.SetRows(append(five(), run{"f6", 1}))
	l.expect("a1 b2 c3 d4 e5 [f6]")
	l.press("up")
	l.SetRows(append(five(), run{"f6", 2}))
	l.expect("a1 b2 c3 d4 [e5] f6") // it was gone to once
	l.Want("a1")
	l.expect("[a1] b2 c3 d4 e5 f6")
	if nameless := newTested(t, run{"a1", 1}, run{"", 2}); nameless.GoTo("") || nameless.CurrentID() != "a1" {
		t.Error("no name is the name of a row")
	}
	l.Want("g7")
	l.Want("") // no longer
	l.SetRows([]run{{"a1", 1}, {"g7", 1}})
	l.expect("[a1] g7")
}

func TestOrder(t *testing.T) {
	l := newTested(t, five()...)
	for _, c := range []struct{ do, want, words string }{
		{"by 1", "c3 e5 [a1] b2 d4", "by speed, greatest first"}, {"by 1", "b2 d4 [a1] e5 c3", "by speed"}, {"by 1", "[a1] b2 c3 d4 e5", ""},
		{"next 1", "[a1] b2 c3 d4 e5", "by run"}, {"next 1", "c3 e5 [a1] b2 d4", "by speed, greatest first"},
		{"turn", "b2 d4 [a1] e5 c3", "by speed"}, {"turn", "c3 e5 [a1] b2 d4", "by speed, greatest first"},
		// around, past the column without a title
		{"next 1", "[a1] b2 c3 d4 e5", "by run"}, {"next -1", "c3 e5 [a1] b2 d4", "by speed, greatest first"},
	} {
		word, n, _ := strings.Cut(c.do, " ")
		by, _ := strconv.Atoi(n)
		switch word {
		case "by":
			l.OrderBy(by, true)
		case "next":
			l.NextOrder(by)
		case "turn":
			l.do(l.AskOrder(&l.dialog))
			l.press(append(strings.Split("spe", ""), "enter")...)
		}
		l.expect(c.want)
		if l.Ordered() != c.words {
			t.Errorf("after %s: %q, want %q", c.do, l.Ordered(), c.words)
		}
	}
	l.SetSort(Sort{On: true, Column: 2})
	if l.NextOrder(-1); l.Ordered() != "by speed, greatest first" {
		t.Errorf("from a column that is out of sight: %q", l.Ordered())
	}
}

func TestMarks(t *testing.T) {
	l := newTested(t, five()...)
	chosen := func() string {
		var names []string
		for _, r := range l.Chosen() {
			names = append(names, r.name)
		}
		return strings.Join(names, " ")
	}
	if chosen() != "a1" {
		t.Errorf("without marks: %s", chosen())
	}
	l.do(l.Mark())
	l.expect("a1* [b2] c3 d4 e5")
	l.press("G")
	l.do(l.Mark())
	l.expect("a1* b2 c3 d4 [e5*]")
	l.SetFilter("!a1")
	if chosen() != "a1 e5" {
		t.Errorf("a filter took a mark: %s", chosen())
	}
	if line := l.View(40, 6)[4]; !strings.Contains(line, theme.New(termenv.Ascii, false).Mark+"e5") {
		t.Errorf("no mark in %q", line)
	}
	l.do(l.Mark())
	l.SetFilter("")
	l.expect("a1* b2 c3 d4 [e5]")
	l.SetRows(nil)
	if l.do(l.Mark()); len(l.Marks) != 1 || len(l.Chosen()) != 0 {
		t.Errorf("in an empty list: %v, %v", l.Marks, l.Chosen())
	}
}

// Back is one step a time: the filter, the marks, the order.
func TestBack(t *testing.T) {
	l := newTested(t, five()...)
	l.SetFilter("9")
	l.Mark()
	l.OrderBy(1, true)
	states := func() string {
		return fmt.Sprintf("filter %v, marks %d, order %v", l.Filtered() != "", len(l.Marks), l.Ordered() != "")
	}
	for _, want := range []string{"filter false, marks 1, order true", "filter false, marks 0, order true",
		"filter false, marks 0, order false"} {
		if !l.Back() || states() != want {
			t.Errorf("%s, want %s", states(), want)
		}
	}
	if l.Back() {
		t.Error("there was nothing left to drop")
	}
}

func TestClicks(t *testing.T) {
	l := newTested(t, five()...)
	lines := l.View(40, 6)
	speed := strings.Index(lines[0], "speed")
	l.do(l.Click(4, 3))
	l.expect("a1 b2 [c3] d4 e5")
	l.do(l.Click(speed, 0))
	l.expect("[c3] e5 a1 b2 d4")
	l.do(l.Click(speed, 0))
	l.expect("b2 d4 a1 e5 [c3]")
	for _, place := range [][2]int{{39, 0}, {4, 9}, {4, -1}} {
		if l.Click(place[0], place[1]) != nil {
			t.Errorf("something is at %v", place)
		}
	}
	l.expect("b2 d4 a1 e5 [c3]")
	l.of.Orders = nil
	if l.Click(speed, 0) != nil || l.Ordered() != "by speed" {
		t.Error("a list that is not ordered was")
	}
}

// A list longer than its room scrolls, pages by what is in sight, and is clicked where it is drawn.
func TestScroll(t *testing.T) {
	var rows []run
	for i := range 100 {
		rows = append(rows, run{fmt.Sprintf("r%02d", i), i})
	}
	l := newTested(t, rows...)
	l.press("pgdown")
	if l.CurrentID() != "r05" {
		t.Errorf("a page is 5 rows, not to %s", l.CurrentID())
	}
	l.View(40, 6)
	l.do(l.Click(4, 1))
	if l.CurrentID() != "r01" {
		t.Errorf("clicked %s", l.CurrentID())
	}
	l.press("G")
	if lines := l.View(40, 6); !strings.Contains(lines[5], "r99") || len(lines) != 6 {
		t.Errorf("%q", lines)
	}
}

// What stands beside a list follows when the cursor rests, and at once when the rows change.
func TestRest(t *testing.T) {
	l := newTested(t, five()...)
	rested := func() string { r, _ := l.Rested(); return r.name }
	early, _ := l.Move("down")
	late, _ := l.Move("down")
	if rested() != "a1" {
		t.Errorf("on %s before it rests", rested())
	}
	if l.do(early); rested() != "a1" || len(l.rests) > 0 {
		t.Error("rested though it moved again")
	}
	if l.do(late); rested() != "c3" || !slices.Equal(l.rests, []string{"c3"}) {
		t.Errorf("on %s, told of %v", rested(), l.rests)
	}
	l.Move("down")
	l.SetFilter("!c3")
	if rested() != "c3" {
		t.Error("a filter must not take away what is read beside the list")
	}
	if l.SetRows(five()); rested() != "d4" {
		t.Errorf("new rows, and on %s", rested())
	}
	if l.SetRows(nil); rested() != "" {
		t.Errorf("an empty list rests on %s", rested())
	}
}

func TestKeepAndRestore(t *testing.T) {
	l := newTested(t, five()...)
	l.SetFilter("speed:9")
	l.press("down")
	l.OrderBy(1, true)
	l.Mark()
	kept := l.Keep("run")
	want := map[string]string{"run": "d4", "filter": "speed:9", "sort": "-1", "marked": "d4"}
	for name, text := range want {
		if kept[name] != text {
			t.Errorf("%s is kept as %q, want %q", name, kept[name], text)
		}
	}
	again := newTested(t)
	again.Restore("run", kept)
	if again.Keep("run")["run"] != "d4" {
		t.Error("a row that is not there yet is not kept")
	}
	again.SetRows(five())
	again.expect("b2 [d4*]")
	for _, bad := range []map[string]string{nil, {"sort": "99", "filter": "", "run": "gone"}} {
		l := newTested(t)
		l.Restore("run", bad)
		l.SetRows(five())
		l.expect("[a1] b2 c3 d4 e5")
	}
}

// Rows become cells once, when they come; neither a filter nor a frame makes any.
func TestCellsAreMadeOnce(t *testing.T) {
	l := newTested(t, five()...)
	if l.asked > 0 {
		t.Errorf("without a filter %d rows were asked for fields", l.asked)
	}
	l.SetFilter("9")
	l.OrderBy(1, true)
	l.press("down", "up")
	l.View(80, 20)
	if l.made != 5 {
		t.Errorf("%d rows of cells were made for 5", l.made)
	}
}

func TestColumnsFitTheRows(t *testing.T) {
	l := newTested(t, five()...)
	l.of.Fit = func(rows [][]widget.Cell) []widget.Column {
		return []widget.Column{{Title: "of " + strconv.Itoa(len(rows))}, {}}
	}
	l.SetFilter("9")
	if l.SetRows(five()); !strings.Contains(l.View(40, 6)[0], "of 5") {
		t.Error("the columns are not of all rows")
	}
}

// BenchmarkKey is what a key costs among 5 000 rows: a filter typed, and the frame.
func BenchmarkKey(b *testing.B) {
	l := newTested(nil)
	var rows []run
	for i := range 5000 {
		rows = append(rows, run{fmt.Sprintf("llama-8b-tp%d", i), i})
	}
	l.SetRows(rows)
	l.OrderBy(1, true)
	for b.Loop() {
		l.SetFilter("llama !tp7")
		l.View(120, 40)
	}
}
