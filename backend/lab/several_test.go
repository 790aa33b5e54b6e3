package lab

import (
	"context"
	"errors"
	"sync"
	"testing"
)

// steps keeps what a progress is told.
type steps struct {
	mu          sync.Mutex
	done, total []int64
}

func (s *steps) note(done, total int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.done, s.total = append(s.done, done), append(s.total, total)
}

// One bar over the bytes of both runs: it never starts anew for the second.
func TestComparisonHasOneProgress(t *testing.T) {
	b := newBench(t)
	const base, other = "llama-8b-tp1", "llama-8b-tp2"
	var size int64
	for _, name := range []string{base, other} {
		run, err := b.Run(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range tracesOf(run) {
			size += f.Size
		}
	}
	var s steps
	if _, err := b.CompareTraces(t.Context(), base, other, s.note); err != nil {
		t.Fatal(err)
	}
	most := int64(0)
	for i, total := range s.total {
		if total != size {
			t.Fatalf("of %d bytes, want %d: those of both", total, size)
		}
		most = max(most, s.done[i])
	}
	if most != size {
		t.Errorf("%d of %d bytes at the end", most, size)
	}
	again := steps{}
	if _, err := b.CompareTraces(t.Context(), base, other, again.note); err != nil || len(again.done) > 0 {
		t.Errorf("read again what is in the cache: %v, %v", again.done, err)
	}
}

func TestComparisonEnds(t *testing.T) {
	b := newBench(t)
	if _, err := b.CompareTraces(t.Context(), "llama-8b-tp1", "no-such-run", nil); err == nil {
		t.Error("a run that is not there")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.CompareTraces(ctx, "llama-8b-tp1", "llama-8b-tp2", nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// What more ranks should have brought is said of the same work alone.
func TestLossOfTheSameWork(t *testing.T) {
	b := newBench(t)
	c, err := b.CompareTraces(t.Context(), "llama-8b-tp1", "llama-8b-tp2", nil)
	if err != nil || c.Loss == nil {
		t.Fatalf("%+v, %v", c.Notes, err)
	}
	c, err = b.CompareTraces(t.Context(), "llama-8b-tp1", "deepseek-v2-lite-ep2", nil)
	if err != nil || c.Loss != nil || len(c.Warnings) == 0 {
		t.Errorf("of another model: %+v, %v", c.Loss, err)
	}
}
