package measure

import (
	"context"
	"errors"
	"sync"
	"testing"

	"shardeck/backend/pool"
	"shardeck/model/metric"
)

func TestAnalyseStopsWhenNobodyWaits(t *testing.T) {
	var all sharedReadings
	started, stopped := make(chan struct{}), make(chan struct{})
	slow := func(ctx context.Context, f *sharedReading) (*metric.Analysis, error) {
		close(started)
		<-ctx.Done()
		close(stopped)
		return nil, ctx.Err()
	}
	first, leave := context.WithCancel(t.Context())
	second, leaveToo := context.WithCancel(t.Context())
	var waiting sync.WaitGroup
	for _, ctx := range []context.Context{first, second} {
		waiting.Go(func() {
			if _, err := all.join(ctx, "run", pool.Background, nil, slow); !errors.Is(err, context.Canceled) {
				t.Errorf("got %v, want to leave", err)
			}
		})
		if ctx == first {
			<-started
		}
	}
	for f := all.at("run"); f < 2; f = all.at("run") { // both are aboard
	}
	leave()
	select {
	case <-stopped:
		t.Error("the reading stopped although somebody waits for it")
	default:
	}
	leaveToo()
	<-stopped
	waiting.Wait()
}

// at counts who waits for a reading.
func (all *sharedReadings) at(key string) int {
	all.mu.Lock()
	defer all.mu.Unlock()
	if f := all.byKey[key]; f != nil {
		return f.waiting
	}
	return 0
}
