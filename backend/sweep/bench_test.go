package sweep_test

import (
	"os"
	"testing"

	"shardeck/backend/app"
)

// BenchmarkPlan works out a sweep of 1,000 points.
func BenchmarkPlan(b *testing.B) {
	dir := b.TempDir()
	if _, err := app.WriteDemo(dir, nil); err != nil {
		b.Fatal(err)
	}
	text := "base: E1.1\nvary:\n  parallelism.tp: [1, 2]\n  data.batch_size: 1..25\n  data.seq_len: 128..2560+128\n"
	if err := os.MkdirAll(dir+"/experiments/sweeps", 0o755); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(dir+"/experiments/sweeps/big.yaml", []byte(text), 0o644); err != nil {
		b.Fatal(err)
	}
	a, err := app.Open(app.Options{Dir: dir, Env: func(string) string { return "" }})
	if err != nil {
		b.Fatal(err)
	}
	defer a.Close()
	for b.Loop() {
		if p, err := a.PlanSweep(b.Context(), "big"); err != nil || len(p.Points) != 1000 {
			b.Fatal(len(p.Points), err)
		}
	}
}
