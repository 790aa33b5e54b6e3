package kineto

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
	return filepath.Join("..", "..", "..", "tests", "recordings", run, "kineto_trace_"+string(rune('0'+rank))+".json.gz")
}

// The benchmarks report megabytes of plain JSON a second, reading included.

func BenchmarkOpen(b *testing.B) { benchmarkOpen(b, Reader{}) }

// BenchmarkLinks asks what launched the kernels too.
func BenchmarkLinks(b *testing.B) { benchmarkOpen(b, Reader{Links: true}) }

func benchmarkOpen(b *testing.B, by Reader) {
	for _, f := range benchFiles(b) {
		b.Run(filepath.Base(f), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r, err := by.Open(context.Background(), f, nil)
				if err != nil {
					b.Fatal(err)
				}
				b.SetBytes(r[0].JSON)
			}
		})
	}
}

// BenchmarkReference is the same work by encoding/json, from memory.
func BenchmarkReference(b *testing.B) {
	for _, f := range benchFiles(b) {
		text := readText(b, f)
		b.Run(filepath.Base(f), func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				readReference(b, text)
			}
		})
	}
}
