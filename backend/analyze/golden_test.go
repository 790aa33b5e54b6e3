package analyze

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"shardeck/model/metric"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestGolden holds every metric and warning of the small recordings, so that a
// change of one shows in a review.
func TestGolden(t *testing.T) {
	for _, run := range []string{"llama-8b-tp1", "llama-8b-tp2", "llama-8b-tp2-straggler", "llama-8b-tp2-stack", "llama-8b-pp2"} {
		t.Run(run, func(t *testing.T) {
			got := text(analyse(t, load(t, small(run))))
			file := "testdata/" + run + ".golden"
			if *update {
				if err := os.MkdirAll("testdata", 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); d != "" {
				t.Errorf("run with -update if this is meant:\n%s", d)
			}
		})
	}
}

// text writes an analysis for people, to seven digits.
func text(a *metric.Analysis) string {
	var b strings.Builder
	for _, m := range a.Metrics {
		v := "–"
		if m.Value != nil {
			v = fmt.Sprintf("%.7g", *m.Value)
		}
		fmt.Fprintf(&b, "%s %s %s n=%d", m.Name, v, m.Unit, m.N)
		if m.Spread != nil {
			fmt.Fprintf(&b, " spread=%.4g%%", *m.Spread)
		}
		for _, word := range []string{m.Reason, m.Cause, m.Note} {
			if word != "" {
				fmt.Fprintf(&b, " | %s", word)
			}
		}
		if m.Estimate {
			b.WriteString(" | estimate")
		}
		b.WriteByte('\n')
		for _, rank := range slices.Sorted(maps.Keys(m.PerRank)) {
			fmt.Fprintf(&b, "  rank %d %.7g\n", rank, m.PerRank[rank])
		}
		parts := m.By.List()
		slices.SortFunc(parts, func(x, y metric.Part) int { return strings.Compare(x.Name, y.Name) })
		for _, part := range parts {
			fmt.Fprintf(&b, "  %s %.7g\n", part.Name, part.Value)
		}
	}
	for _, w := range a.Warnings {
		b.WriteString("warning: " + w + "\n")
	}
	return b.String()
}
