package trace

import (
	"context"
	"os"
	"path/filepath"
	"testing"
)

// benchFiles are what a benchmark reads: SHARDECK_TRACE, else a small recording.
func benchFiles(b *testing.B) []string {
	if f := os.Getenv("SHARDECK_TRACE"); f != "" {
		return filepath.SplitList(f)
	}
	return []string{recording("llama-8b-tp2", 0)}
}

// recording is the path of a small recording in the repository.
func recording(run string, rank int) string {
	return filepath.Join("..", "..", "testdata", "recordings", run, "kineto_trace_"+string(rune('0'+rank))+".json.gz")
}

// BenchmarkOpenKineto reports megabytes of plain JSON a second, reading included.
func BenchmarkOpenKineto(b *testing.B) {
	for _, f := range benchFiles(b) {
		b.Run(filepath.Base(f), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r, err := OpenKineto(context.Background(), f, nil)
				if err != nil {
					b.Fatal(err)
				}
				b.SetBytes(r.JSON)
			}
		})
	}
}
