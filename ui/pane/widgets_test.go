package pane

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/muesli/termenv"

	"shardeck/model/present"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// Every role has a tone of its own, so that nothing goes unseen in the change.
func TestRolesHaveTones(t *testing.T) {
	seen := map[theme.Tone]present.Role{}
	for r := present.Plain; r <= present.Bad; r++ {
		if other, ok := seen[Tone(r)]; ok {
			t.Errorf("roles %d and %d look alike", r, other)
		}
		seen[Tone(r)] = r
	}
}

func TestTablesAreDrawn(t *testing.T) {
	table := present.Table{Columns: present.Columns("kernel…24", ">time|ms/2")}
	table.Add(present.Cell{Text: "a → b"}, present.Cell{Text: "1.5", Lead: present.Estimate, Role: present.Dim, By: 7})
	if d := cmp.Diff([]widget.Column{{Title: "kernel", Min: 24, Middle: true}, {Title: "time", Unit: "ms", Right: true, Worth: 2}},
		Columns(table)); d != "" {
		t.Error(d)
	}
	for ascii, want := range map[bool][]widget.Cell{
		false: {{Text: "a → b"}, {Text: "1.5", Lead: "≈", Tone: theme.Dim, By: 7}},
		true:  {{Text: "a -> b"}, {Text: "1.5", Lead: "~=", Tone: theme.Dim, By: 7}},
	} {
		if d := cmp.Diff(want, Cells(theme.New(termenv.Ascii, ascii), table.Rows[0])); d != "" {
			t.Error(d)
		}
	}
	if drawn := Drawn(theme.New(termenv.Ascii, false), table); drawn.Rows() != 1 || drawn.Column != -1 {
		t.Errorf("%+v", drawn)
	}
}
