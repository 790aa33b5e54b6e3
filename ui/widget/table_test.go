package widget

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"
	"github.com/muesli/termenv"

	"shardeck/model/present/unit"
	"shardeck/ui/theme"
)

var bare = theme.New(termenv.Ascii, false)

func sample(rows int) *Table {
	t := &Table{Column: -1, Focused: true, Columns: []Column{
		{Title: "ID"}, {Title: "model", Min: 5, Worth: 3}, {Title: "tok/s", Right: true, Worth: 1},
		{Title: "TPOT", Unit: "ms", Right: true, Worth: 2}}}
	var cells [][]Cell
	for i := range rows {
		cells = append(cells, []Cell{{Text: fmt.Sprintf("E%d", i)}, {Text: "Llama-3.1-8B"}, {Text: unit.Int(1000 * (i + 1))},
			{Text: fmt.Sprintf("%d.5", i)}})
	}
	t.SetRows(cells)
	return t
}

func TestTableDropsColumnsByWorth(t *testing.T) {
	for _, tt := range []struct {
		width int
		want  string
	}{
		{60, "ID model tok/s TPOT"}, {28, "ID model tok/s TPOT"}, {24, "ID tok/s TPOT"}, {14, "ID tok/s"}, {6, "ID"},
	} {
		lines := sample(3).View(bare, tt.width, 10)
		if got := strings.Join(strings.Fields(lines[0]), " "); got != tt.want {
			t.Errorf("width %d: columns %q, want %q", tt.width, got, tt.want)
		}
		for _, line := range lines {
			if Width(line) > tt.width {
				t.Errorf("width %d: line of %d columns %q", tt.width, Width(line), line)
			}
		}
	}
}

func TestTableAlignsOnThePoint(t *testing.T) {
	table := &Table{Column: -1, Columns: []Column{{Title: "x", Right: true}}}
	table.SetRows([][]Cell{{{Text: "8.51"}}, {{Text: "11 279"}}, {{Text: "–"}}, {{Text: "0.4"}}})
	lines := table.View(bare, 30, 9)[1:]
	want := []string{"      8.51", " 11 279", "     –", "      0.4"}
	at := strings.Index(lines[0], ".")
	if i := strings.Index(lines[3], "."); i < 0 || ansi.StringWidth(lines[3][:i]) != 6+3+0-0 &&
		ansi.StringWidth(lines[3][:i]) != ansi.StringWidth(strings.Replace(lines[0][:at], "▌", " ", 1)) {
		t.Errorf("points are not in one column: %q (shape %q)", lines, want)
	}
	if Width(strings.TrimRight(lines[1], " ")) != Width(lines[0][:at]) {
		t.Errorf("a whole number ends before the point: %q and %q", lines[0], lines[1])
	}
}

func TestTableDrawsOnlyItsWindow(t *testing.T) {
	table := sample(1000)
	table.Cursor = 500
	lines := table.View(bare, 60, 12)
	if len(lines) != 12 {
		t.Fatalf("%d lines, want 12", len(lines))
	}
	if !strings.Contains(lines[11], "▌ E500") {
		t.Errorf("cursor row is not the last line: %q", lines[11])
	}
	for range 3 {
		table.MoveKey("up", 1000, 10)
	}
	if again := table.View(bare, 60, 12); again[2] != lines[2] {
		t.Errorf("moving inside the window scrolled it: %q, was %q", again[2], lines[2])
	}
}

func TestTableScrollsColumns(t *testing.T) {
	table := sample(2)
	table.Freeze, table.Column = 1, 3
	head := strings.Fields(table.View(bare, 20, 5)[0])
	if head[0] != "ID" || head[len(head)-1] != "TPOT" {
		t.Errorf("columns %v: want ID kept and TPOT in sight", head)
	}
}

func TestInput(t *testing.T) {
	in := NewInput("/ ", "tp4")
	for _, k := range []tea.KeyMsg{{Type: tea.KeyBackspace}, {Type: tea.KeyRunes, Runes: []rune("8")}, {Type: tea.KeyHome},
		{Type: tea.KeyRunes, Runes: []rune("q\x1b")}, {Type: tea.KeySpace, Runes: []rune(" ")}} {
		if !in.Key(k) {
			t.Errorf("key %v not taken", k)
		}
	}
	if in.Value() != "q tp8" {
		t.Errorf("value %q", in.Value())
	}
	if in.Key(tea.KeyMsg{Type: tea.KeyEnter}) {
		t.Error("Enter is the caller's")
	}
	for w := range 20 {
		if got := Width(in.View(bare, w)); got > w {
			t.Errorf("width %d: %d columns", w, got)
		}
	}
}

func TestBarAddsUp(t *testing.T) {
	parts := []Part{{810, "█", theme.Good}, {76, "▓", theme.Busy}, {1, "░", theme.Warn}}
	for w := 1; w < 90; w++ {
		if got := Width(Bar(bare, w, 1000, parts, "·")); got != w {
			t.Errorf("width %d: bar of %d", w, got)
		}
	}
	if bar := Bar(bare, 50, 1000, parts, "·"); !strings.Contains(bar, "░") {
		t.Errorf("a small part is not seen: %s", bar)
	}
	if bar := Bar(bare, 10, 0, nil, "·"); bar != "··········" {
		t.Errorf("nothing: %q", bar)
	}
}

func TestConfirmDefaultsToNo(t *testing.T) {
	if answer, done := Confirm("Cancel?").Key("enter"); !done || answer != 1 {
		t.Errorf("Enter answered %d %v, want No", answer, done)
	}
	if answer, done := Confirm("Cancel?").Key("y"); !done || answer != 0 {
		t.Errorf("y answered %d %v, want Yes", answer, done)
	}
	if answer, done := Confirm("Cancel?").Key("esc"); !done || answer != -1 {
		t.Errorf("Esc answered %d %v", answer, done)
	}
	if _, done := Confirm("Cancel?").Key("x"); done {
		t.Error("another key must not answer")
	}
}

func TestPopupFitsAnyPane(t *testing.T) {
	p := Show("A title of some length", []string{strings.Repeat("many words ", 40)})
	for w := 0; w < 60; w += 7 {
		for h := 0; h < 20; h += 3 {
			for _, line := range p.Over(bare, nil, w, h) {
				if Width(line) > w {
					t.Fatalf("%dx%d: %d columns: %q", w, h, Width(line), line)
				}
			}
		}
	}
}

func TestFooterKeepsTheLastHints(t *testing.T) {
	hints := []Hint{{Label: "↵", Verb: "open"}, {Label: "e", Verb: "edit"}, {Label: "c", Verb: "clone"}}
	last := []Hint{{Label: "?", Verb: "help"}}
	if got := Footer(bare, 80, hints, last); got != " ↵ open  e edit  c clone  ? help" {
		t.Errorf("%q", got)
	}
	if got := Footer(bare, 22, hints, last); got != " ↵ open  ? help" {
		t.Errorf("%q", got)
	}
}

func TestLeadMovesNoPoint(t *testing.T) {
	tab := Table{Columns: []Column{{Title: "ms", Right: true}}, Column: -1}
	tab.SetRows([][]Cell{{{Text: "6.64", Lead: "▲"}}, {{Text: "11.2"}}, {{Text: "–"}}})
	lines := tab.View(theme.New(termenv.Ascii, false), 20, 9)
	if lines[1] != " ▌ ▲6.64" || lines[2] != "   11.2" || lines[3] != "       –" {
		t.Errorf("%q", lines)
	}
}

// A table printed has no cursor; its last column goes on below, and names are cut in the
// middle.
func TestTableText(t *testing.T) {
	table := &Table{Columns: []Column{{Title: "name", Min: 10, Middle: true}, {Title: "n", Right: true},
		{Title: "more", Right: true, Worth: 1}, {Title: "", Min: 12}}}
	table.SetRows([][]Cell{{{Text: "begins_alike_ends_A"}, {Text: "7"}, {Text: "8"}, {Text: "what must be known"}},
		{{Text: "short"}, {Text: "11"}}})
	lines, left := table.Text(bare, 29)
	if want := []string{"name          n", "begins_…s_A   7  what must be", "                 known", "short        11"}; !slices.Equal(left, []string{"more"}) ||
		strings.Join(lines, "\n") != strings.Join(want, "\n") {
		t.Errorf("%v left out of\n%s", left, strings.Join(lines, "\n"))
	}
}

// TestPlaceInALongList: where the cursor is and which way there is more, without a title giving way.
// Names are cut where they do not differ, so that no two look the same.
func TestNamesAreCutWhereTheyAgree(t *testing.T) {
	table := &Table{Columns: []Column{{Title: "point", Min: 12, Middle: true}, {Title: "n"}}, Column: -1}
	for _, c := range []struct{ names, want []string }{
		{[]string{"deepseek-tp1-b1-s512", "deepseek-tp2-b1-s512"}, []string{"de…1-b1-s512", "de…2-b1-s512"}},
		{[]string{"scan-tp1", "scan-tp2"}, []string{"scan-tp1", "scan-tp2"}},
		{[]string{"a-long-first-name", "b-long-other-name"}, []string{"a-long-f…ame", "b-long-o…ame"}}, // nothing is alike: in the middle
		{[]string{"llama-8b-tp1-batch", "llama-8b-tp1-batch"}, []string{"llama-8b…tch", "llama-8b…tch"}},
	} {
		table.SetRows([][]Cell{{{Text: c.names[0]}, {Text: "1"}}, {{Text: c.names[1]}, {Text: "1"}}})
		lines := table.View(bare, 18, 5)
		for i, want := range c.want {
			if got := strings.Fields(strings.TrimPrefix(lines[i+1], " ▌"))[0]; got != want {
				t.Errorf("%s: %s, want %s", c.names[i], got, want)
			}
		}
	}
}

func TestPlaceInALongList(t *testing.T) {
	th := theme.New(termenv.Ascii, false)
	for _, c := range []struct {
		columns []Column
		width   int
		want    string
	}{
		{[]Column{{Title: "name"}}, 20, "   name      5/9 ▴▾"},
		{[]Column{{Title: "name", Keep: 12}, {Title: "long title", Unit: "ms", Right: true}}, 28,
			"   name          long title\n   5/9 ▴▾                ms"},
		{[]Column{{Title: "name", Keep: 10}}, 8, "▴▾ name"},
	} {
		table := Table{Columns: c.columns, Column: -1}
		table.SetRows(make([][]Cell, 9))
		table.Cursor = 4
		head := headerRows(table.layout(c.width - margin))
		lines := table.View(th, c.width, head+3)[:head]
		for i := range lines {
			lines[i] = strings.TrimRight(lines[i], " ")
		}
		if got := strings.Join(lines, "\n"); got != c.want {
			t.Errorf("%d columns:\n%q, want\n%q", c.width, got, c.want)
		}
	}
}
