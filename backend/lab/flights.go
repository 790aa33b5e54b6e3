package lab

import (
	"context"
	"sync"

	"shardeck/backend/pool"
	"shardeck/model/metric"
)

// flights lets everyone who asks for the same analysis at a time share one reading.
// It ends early only when the last of them has left.
type flights struct {
	mu  sync.Mutex
	all map[string]*flight
}

// flight is one reading under way.
type flight struct {
	cancel  context.CancelFunc
	ended   chan struct{}
	found   *metric.Analysis // with err, written before ended closes
	err     error
	waiting int // who waits, guarded by flights.mu

	mu        sync.Mutex // guards what follows
	priority  pool.Priority
	tasks     []*pool.Task
	listeners []pool.Progress
}

// work does the reading of a flight.
type work func(ctx context.Context, f *flight) (*metric.Analysis, error)

// join waits for the reading of key, and starts it if nobody did.
func (fs *flights) join(ctx context.Context, key string, p pool.Priority, progress pool.Progress, do work) (*metric.Analysis, error) {
	f := fs.enter(ctx, key, p, do)
	f.listen(progress)
	select {
	case <-f.ended:
		fs.leave(key, f)
		return f.found, f.err
	case <-ctx.Done():
		fs.leave(key, f)
		return nil, ctx.Err()
	}
}

func (fs *flights) enter(ctx context.Context, key string, p pool.Priority, do work) *flight {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if f := fs.all[key]; f != nil {
		f.waiting++
		f.raise(p)
		return f
	}
	if fs.all == nil {
		fs.all = map[string]*flight{}
	}
	own, cancel := context.WithCancel(context.WithoutCancel(ctx))
	f := &flight{priority: p, cancel: cancel, ended: make(chan struct{}), waiting: 1}
	fs.all[key] = f
	go func() {
		defer close(f.ended)
		f.found, f.err = do(own, f)
	}()
	return f
}

// leave forgets a flight when its last passenger goes, and lands it if it still flies.
func (fs *flights) leave(key string, f *flight) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	f.waiting--
	if f.waiting > 0 {
		return
	}
	f.cancel()
	if fs.all[key] == f {
		delete(fs.all, key)
	}
}

// give hands a piece of the work to the pool, as urgent as its most urgent passenger.
func (f *flight) give(ctx context.Context, p *pool.Pool, cost int64, w pool.Work) *pool.Task {
	f.mu.Lock()
	defer f.mu.Unlock()
	t := p.Do(ctx, f.priority, cost, w)
	f.tasks = append(f.tasks, t)
	return t
}

// raise makes the flight more urgent, never less.
func (f *flight) raise(p pool.Priority) {
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

func (f *flight) listen(p pool.Progress) {
	if p == nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.listeners = append(f.listeners, p)
}

// note tells everyone how far the reading is.
func (f *flight) note(done, total int64) {
	f.mu.Lock()
	listeners := f.listeners
	f.mu.Unlock()
	for _, p := range listeners {
		p(done, total)
	}
}
