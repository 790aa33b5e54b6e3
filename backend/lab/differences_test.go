package lab

import "testing"

// What the pane shows of two runs is what compare prints of them.
func TestDifferencesAreThoseOfCompare(t *testing.T) {
	b := newBench(t)
	const base, other = "llama-8b-tp1", "llama-8b-tp2"
	found, err := b.Differences(t.Context(), base, []string{other, "no-such-run"})
	if err != nil {
		t.Fatal(err)
	}
	c, err := b.Compare(t.Context(), []string{base, other}, nil)
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, row := range c.Rows {
		want := row.Cells[1]
		got, ok := found[other][row.Name]
		if want.N == 0 {
			if ok {
				t.Errorf("%s has no samples: %+v", row.Name, got)
			}
			continue
		}
		seen++
		if !ok || *got.Value != *want.Value || *got.Change != *want.Change || got.Same != want.Same || got.N != want.N {
			t.Errorf("%s: %+v, want %+v", row.Name, got, want)
		}
	}
	if seen < 3 || len(found) != 2 {
		t.Errorf("%d metrics of %d runs", seen, len(found))
	}
	if _, err := b.Differences(t.Context(), "no-such-run", nil); err == nil {
		t.Error("a base that is not there")
	}
}
