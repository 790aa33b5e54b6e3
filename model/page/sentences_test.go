package page

import (
	"slices"
	"strings"
	"testing"

	"shardeck/model"
	"shardeck/model/compare"
	"shardeck/model/metric"
	"shardeck/model/scaling"
)

func sourceOf(name string, warnings ...string) Source {
	return Source{Measured: scaling.Measured{Run: model.Run{Name: name}, Analysis: &metric.Analysis{Warnings: warnings}}}
}

// TestDoubts says what several runs share once, and what is of all of them so.
func TestDoubts(t *testing.T) {
	in := Input{Sources: []Source{sourceOf("a", "cut", "late"), sourceOf("b", "cut"), sourceOf("c", "cut", "late")},
		Comparison: &compare.Comparison{Warnings: []string{"a is " + model.Reemitted(true, nil), "b differs from a"}}}
	want := []string{"b differs from a", "all 3 runs: cut", "a, c: late"}
	if got := doubts(in).Texts; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	for n, want := range []string{"nothing was found", "one finding or doubt stands below.", "2 findings and doubts stand below."} {
		if got := doubtSentence(Input{Sources: []Source{sourceOf("a", []string{"cut", "late"}[:n]...)}}); !strings.HasPrefix(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestTies: a run that is as fast as the best is told as that.
func TestTies(t *testing.T) {
	value, none := 5.0, 0.0
	cells := []compare.Cell{{Value: &value}, {Value: &value, Change: &none, TooFew: true}}
	in := Input{Comparison: &compare.Comparison{Runs: []string{"a", "b"}, Rows: []compare.Row{{Name: scaling.ThroughputMetric, Cells: cells}}}}
	a, b := sourceOf("a").Measured, sourceOf("b").Measured
	if got := rival(in, []scaling.Measured{a, b}, a); got != ", b makes as much" {
		t.Error(got)
	}
}
