package lab

import (
	"slices"
	"strings"
	"testing"
)

func TestTies(t *testing.T) {
	const first, second, third = "llama-8b-tp1", "llama-8b-tp2", "deepseek-v2-lite-ep2"
	for _, tt := range []struct {
		name, one, two, three string
		runs                  []string
		words                 string
	}{
		{"apart", "0.50, 0.51, 0.52, 0.53, 0.54", "0.90, 0.91, 0.92, 0.93, 0.94", "0.50, 0.51, 0.52, 0.53, 0.54", nil, ""},
		{"of two", "0.96, 0.99, 1.00, 1.03, 1.05", "0.90, 0.98, 1.01, 1.02, 1.10", "1.96, 1.99, 2.00, 2.03, 2.05", []string{first, second}, "chance alone"},
		{"of three", "0.96, 0.99, 1.00, 1.03, 1.05", "0.90, 0.98, 1.01, 1.02, 1.10", "0.97, 0.98, 1.01, 1.02, 1.04", []string{first, second, third}, "chance alone"},
		{"too few", "0.5, 0.51, 0.52", "0.9, 0.91, 0.92", "2, 2, 2, 2, 2, 2", nil, "too few samples: 3 against 3"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t)
			for run, iterations := range map[string]string{first: tt.one, second: tt.two, third: tt.three} {
				b.stamped(t, run, iterations)
			}
			order := []string{first, second, third}
			got, err := b.Ties(t.Context(), []Contest{{"iteration_wall_clock", order}, {"comm_overhead", order}, {"iteration_wall_clock", []string{"no-such-run", first}}})
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got[0].Runs, tt.runs) || !strings.HasPrefix(got[0].Words, tt.words) || (tt.words == "") != (got[0].Words == "") {
				t.Errorf("%+v, want %v, %q", got[0], tt.runs, tt.words)
			}
			if len(got[1].Runs)+len(got[2].Runs) > 0 {
				t.Errorf("ties of what has no samples: %+v", got[1:])
			}
		})
	}
}
