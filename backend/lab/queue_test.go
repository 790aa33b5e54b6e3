package lab

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"shardeck/backend/scheduler"
	"shardeck/model"
)

// counting is a scheduler that counts how often it is asked for its jobs.
type counting struct {
	scheduler.Scheduler
	name    string
	asked   atomic.Int64
	at      atomic.Int64 // how many ask at once
	crowded atomic.Bool
	err     error
	slow    time.Duration
}

func (c *counting) Name() string { return c.name }

func (c *counting) Jobs(ctx context.Context) ([]model.Job, error) {
	if c.at.Add(1) > 1 {
		c.crowded.Store(true)
	}
	defer c.at.Add(-1)
	c.asked.Add(1)
	time.Sleep(c.slow)
	return []model.Job{{ID: "1", State: model.JobRunning}}, c.err
}

// clock is a time that tests move.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

func newClock() *clock { return &clock{t: time.Date(2026, 11, 23, 14, 2, 0, 0, time.UTC)} }

func TestQueueKeepsItsFloor(t *testing.T) {
	s, c := &counting{name: "slurm"}, newClock()
	q := newQueue(s, c.now, time.Minute)
	for _, step := range []struct {
		name    string
		pass    time.Duration
		refresh bool
		want    int64
	}{
		{"the first asks", 0, false, 1},
		{"a held refresh key does not", 9 * time.Second, true, 1},
		{"past the floor it does", time.Second, true, 2},
		{"nobody refreshes: the answer serves a minute", 59 * time.Second, false, 2},
		{"then it is asked again", time.Second, false, 3},
	} {
		c.pass(step.pass)
		list, err := q.jobs(t.Context(), step.refresh)
		if err != nil || len(list.Jobs) != 1 || list.Stale != "" {
			t.Fatalf("%s: got %+v, %v", step.name, list, err)
		}
		if got := s.asked.Load(); got != step.want {
			t.Errorf("%s: asked %d times, want %d", step.name, got, step.want)
		}
	}
	q.touch(t.Context())
	if q.jobs(t.Context(), false); s.asked.Load() != 4 {
		t.Error("after a submission of our own the old answer was given")
	}
}

func TestQueueAsksOneAtATime(t *testing.T) {
	s, c := &counting{name: "slurm", slow: 20 * time.Millisecond}, newClock()
	q := newQueue(s, c.now, time.Minute)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() { q.jobs(t.Context(), true) })
	}
	all.Wait()
	if s.crowded.Load() || s.asked.Load() != 1 {
		t.Errorf("asked %d times, crowded %v: want one query, shared", s.asked.Load(), s.crowded.Load())
	}
}

func TestQueueBacksOff(t *testing.T) {
	s, c := &counting{name: "slurm"}, newClock()
	s.err = errors.New("slurmctld: connection refused")
	q := newQueue(s, c.now, time.Minute)
	if _, err := q.jobs(t.Context(), false); !errors.Is(err, s.err) {
		t.Fatalf("no answer ever: got error %v, want the scheduler's", err)
	}
	c.pass(15 * time.Second)
	if q.jobs(t.Context(), true); s.asked.Load() != 1 {
		t.Error("asked again 15 s after a failure, want 20")
	}
	for range 12 {
		c.pass(slowestRetry)
		q.jobs(t.Context(), true)
	}
	if got := s.asked.Load(); got != 13 {
		t.Errorf("asked %d times, want 13: once each five minutes", got)
	}
	s.err = nil
	c.pass(slowestRetry)
	good, err := q.jobs(t.Context(), false)
	if err != nil || good.Stale != "" {
		t.Fatalf("recovered: got %+v, %v", good, err)
	}
	s.err = errors.New("timed out")
	c.pass(time.Minute)
	stale, err := q.jobs(t.Context(), false)
	if err != nil || stale.Stale != "timed out" || !stale.AsOf.Equal(good.AsOf) || len(stale.Jobs) != 1 {
		t.Errorf("one failure: got %+v, %v, want the last good answer marked stale", stale, err)
	}
}

func TestQueueLeavesWithItsContext(t *testing.T) {
	s, c := &counting{name: "local"}, newClock()
	q := newQueue(s, c.now, time.Minute)
	<-q.turn // another query is under way
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := q.jobs(ctx, true); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want to leave at once", err)
	}
}
