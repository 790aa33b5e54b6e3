package measure

import (
	"context"
	"sync"

	"shardeck/backend/pool"
	"shardeck/model/metric"
)

// sharedReadings lets everyone who asks for the same analysis at a time share one reading.
// It ends early only when the last of them has left.
type sharedReadings struct {
	mu    sync.Mutex
	byKey map[string]*sharedReading
}

// sharedReading is one reading under way.
type sharedReading struct {
	cancel  context.CancelFunc
	ended   chan struct{}
	found   *metric.Analysis // with err, written before ended closes
	err     error
	waiting int // who waits, guarded by sharedReadings.mu

	mu        sync.Mutex // guards what follows
	priority  pool.Priority
	tasks     []*pool.Task
	listeners []pool.Progress
}

// work does the reading.
type work func(ctx context.Context, f *sharedReading) (*metric.Analysis, error)

// join waits for the reading of key, and starts it if nobody did.
func (all *sharedReadings) join(ctx context.Context, key string, p pool.Priority, progress pool.Progress,
	do work) (*metric.Analysis, error) {
	f := all.enter(ctx, key, p, do)
	f.listen(progress)
	select {
	case <-f.ended:
		all.leave(key, f)
		return f.found, f.err
	case <-ctx.Done():
		all.leave(key, f)
		return nil, ctx.Err()
	}
}

func (all *sharedReadings) enter(ctx context.Context, key string, p pool.Priority, do work) *sharedReading {
	all.mu.Lock()
	defer all.mu.Unlock()
	if f := all.byKey[key]; f != nil {
		f.waiting++
		f.raise(p)
		return f
	}
	if all.byKey == nil {
		all.byKey = map[string]*sharedReading{}
	}
	own, cancel := context.WithCancel(context.WithoutCancel(ctx))
	f := &sharedReading{priority: p, cancel: cancel, ended: make(chan struct{}), waiting: 1}
	all.byKey[key] = f
	go func() {
		defer close(f.ended)
		f.found, f.err = do(own, f)
	}()
	return f
}

// leave forgets a reading when the last who waits for it goes, and ends it if it goes on.
func (all *sharedReadings) leave(key string, f *sharedReading) {
	all.mu.Lock()
	defer all.mu.Unlock()
	f.waiting--
	if f.waiting > 0 {
		return
	}
	f.cancel()
	if all.byKey[key] == f {
		delete(all.byKey, key)
	}
}

// do hands a piece of the work to the pool, as urgent as the most urgent who waits.
func (f *sharedReading) do(ctx context.Context, p *pool.Pool, cost int64, w pool.Work) *pool.Task {
	f.mu.Lock()
	defer f.mu.Unlock()
	t := p.Do(ctx, f.priority, cost, w)
	f.tasks = append(f.tasks, t)
	return t
}

// raise makes the reading more urgent, never less.
func (f *sharedReading) raise(p pool.Priority) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if p <= f.priority {
		return
	}
	f.priority = p
	for _, t := range f.tasks {
		t.Raise(p)
	}
}

func (f *sharedReading) listen(p pool.Progress) {
	if p == nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.listeners = append(f.listeners, p)
}

// note tells everyone how far the reading is.
func (f *sharedReading) note(done, total int64) {
	f.mu.Lock()
	listeners := f.listeners
	f.mu.Unlock()
	for _, p := range listeners {
		p(done, total)
	}
}
