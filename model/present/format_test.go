package present

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestRecords: numbers whole, signs and doubled titles in their own columns, no bars, rows that end early.
func TestRecords(t *testing.T) {
	table := Table{Columns: Columns("run", ">tpot|ms", ">gain|%", "picture", ">ttft|ms", ">gain|%", "")}
	table.Add(Cell{Text: "a"}, Cell{Text: "11 279.1", By: 11279.1234}, Cell{Text: "+3.5", By: 3.4567}, Cell{Text: "██▓ "},
		Cell{Text: "7.0", Lead: Estimate, By: 7.04}, Cell{Text: "2.5 GiB", By: 2.5e9}, Cell{Text: "a note"})
	table.Add(Cell{Text: "b"}, None(), Cell{Text: "1.0", By: 1e6})
	want := [][]string{{"run", "tpot ms", "gain %", "ttft ms", "ttft ms sign", "ttft ms gain %", "note"},
		{"a", "11279.1234", "3.4567", "7.04", "≈", "2.5 GiB", "a note"}, {"b", "", "1.0", "", "", "", ""}}
	if d := cmp.Diff(want, records(table)); d != "" {
		t.Error(d)
	}
}

// TestJoint: tables of an answer are one, under all their titles, and of several the first column tells which.
func TestJoint(t *testing.T) {
	a, b := Table{Name: "ranks", Columns: Columns("rank", ">time|ms")}, Table{Columns: Columns("class", ">time|ms", "note")}
	a.Add(Texts("0", "1.5")...)
	b.Add(Texts("gemm", "2", "much")...)
	for _, tt := range []struct {
		all     []Table
		several bool
		want    [][]string
	}{
		{[]Table{a}, false, [][]string{{"rank", "time ms"}, {"0", "1.5"}}},
		{[]Table{a}, true, [][]string{{"table", "rank", "time ms"}, {"ranks", "0", "1.5"}}},
		{[]Table{a, b}, false, [][]string{{"table", "rank", "time ms", "class", "note"}, {"ranks", "0", "1.5", "", ""},
			{"class", "", "2", "gemm", "much"}}},
	} {
		if d := cmp.Diff(tt.want, Joint(tt.all, tt.several)); d != "" {
			t.Error(d)
		}
	}
}
