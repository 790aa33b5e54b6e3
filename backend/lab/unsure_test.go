package lab

import (
	"os"
	"path/filepath"
	"testing"
)

// stamped writes the timing file of a run anew, with these iterations.
func (b *bench) stamped(t *testing.T, run, iterations string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(b.dir, "trace_collection", run, "timing_stats_*.json*"))
	if err != nil || len(files) == 0 {
		t.Fatal(run, err)
	}
	for _, f := range files {
		if err := os.Remove(f); err != nil {
			t.Fatal(err)
		}
	}
	text := `{"unprofiled_iteration_times": [` + iterations + `], "iteration_times": [1]}`
	if err := os.WriteFile(filepath.Join(b.dir, "trace_collection", run, "timing_stats_0.json"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestPointsThatChanceCouldMake(t *testing.T) {
	for _, tt := range []struct {
		name, two, want string
	}{
		{"sure", "0.5, 0.51, 0.52, 0.53, 0.54", ""},
		{"mixed", "0.9, 0.98, 1.01, 1.02, 1.1", "chance alone makes as large a difference in"},
		{"few", "0.5, 0.51", "too few samples: 5 against 2"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t)
			b.stamped(t, "llama-8b-tp1", "0.96, 0.99, 1, 1.03, 1.05")
			b.stamped(t, "llama-8b-tp2", tt.two)
			all, err := b.Scaling(t.Context(), AxisTP, "iteration_wall_clock")
			if err != nil {
				t.Fatal(err)
			}
			seen := false
			for _, s := range all {
				for i, p := range s.Points {
					if p.Run != "llama-8b-tp2" || i == 0 {
						continue
					}
					seen = true
					if len(p.Unsure) < len(tt.want) || p.Unsure[:len(tt.want)] != tt.want || tt.want == "" && p.Unsure != "" {
						t.Errorf("unsure %q, want %q", p.Unsure, tt.want)
					}
				}
			}
			if !seen {
				t.Errorf("no such point: %+v", all)
			}
		})
	}
}
