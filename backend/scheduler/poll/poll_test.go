package poll

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"shardeck/backend/scheduler"
	"shardeck/model"
)

// Calls counts the queries made so far.
func (p *Poller) Calls() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.calls
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fake is a scheduler that answers as told and counts its calls.
type fake struct {
	scheduler.Scheduler
	mu    sync.Mutex
	err   error
	calls int
	block chan struct{} // nil: answers at once
}

func (f *fake) Jobs(ctx context.Context) ([]model.Job, error) {
	f.mu.Lock()
	f.calls++
	err, n, block := f.err, f.calls, f.block
	f.mu.Unlock()
	if block != nil {
		select {
		case <-block:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if err != nil {
		return nil, err
	}
	return []model.Job{{ID: fmt.Sprint(n)}}, nil
}

func (f *fake) fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err = err
}

// clock is set by hand.
type clock struct{ t time.Time }

func newPoller(f *fake, jitter float64) (*Poller, *clock) {
	c := &clock{time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC)}
	return New(f, Options{Now: func() time.Time { return c.t }, Jitter: func() float64 { return jitter }}), c
}

func ask(t *testing.T, p *Poller, refresh bool) Snapshot {
	t.Helper()
	s, err := p.Jobs(t.Context(), refresh)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestBusyUser: ten minutes of panes that ask each second.
func TestBusyUser(t *testing.T) {
	for _, test := range []struct {
		name    string
		refresh bool
		jitter  float64
		want    int
	}{
		{"at rest", false, 0.5, 10},
		{"holding the refresh key", true, 0.5, 60},
		{"shortest jitter", false, 0, 12}, // 54 s
		{"longest jitter", false, 0.999, 10},
	} {
		f := &fake{}
		p, c := newPoller(f, test.jitter)
		for range 600 {
			ask(t, p, test.refresh)
			c.t = c.t.Add(time.Second)
		}
		if f.calls != test.want || p.Calls() != test.want {
			t.Errorf("%s: %d calls (counted %d), want %d", test.name, f.calls, p.Calls(), test.want)
		}
	}
}

func TestErrorsBackOffAndKeepTheLastJobs(t *testing.T) {
	f := &fake{}
	p, c := newPoller(f, 0.5)
	good := ask(t, p, false)
	f.fail(fmt.Errorf("down\x1b[31m: %w", scheduler.ErrUnreachable))
	var waits []time.Duration
	began := c.t.Add(time.Minute)
	for range 6 {
		c.t = p.Last().Due
		before := f.calls
		s := ask(t, p, false)
		if f.calls != before+1 || len(s.Jobs) != 1 || s.AsOf != good.AsOf || s.Since != began {
			t.Fatalf("after %d calls: %+v", f.calls, s)
		}
		if s.Stale() != "down: the scheduler does not answer" || !errors.Is(s.Err, scheduler.ErrUnreachable) {
			t.Errorf("stale %q", s.Stale())
		}
		waits = append(waits, s.Due.Sub(c.t))
	}
	want := "[2m0s 4m0s 8m0s 10m0s 10m0s 10m0s]"
	if fmt.Sprint(waits) != want {
		t.Errorf("waits %v, want %s", waits, want)
	}
	f.fail(nil)
	c.t = c.t.Add(Floor) // a key: the floor holds, the back-off does not
	if s := ask(t, p, true); s.Err != nil || s.AsOf != c.t || !s.Since.IsZero() || s.Due.Sub(c.t) != time.Minute {
		t.Errorf("after recovery: %+v", s)
	}
}

func TestNeverAnswered(t *testing.T) {
	f := &fake{err: scheduler.ErrUnreachable}
	p, _ := newPoller(f, 0.5)
	for range 3 {
		if _, err := p.Jobs(t.Context(), true); !errors.Is(err, scheduler.ErrUnreachable) {
			t.Errorf("error %v", err)
		}
	}
	if f.calls != 1 {
		t.Errorf("%d calls within the floor", f.calls)
	}
}

func TestExpire(t *testing.T) {
	f := &fake{}
	p, c := newPoller(f, 0.5)
	ask(t, p, false)
	p.Expire()
	c.t = c.t.Add(Floor - time.Second)
	if s := ask(t, p, false); s.Jobs[0].ID != "1" {
		t.Error("asked again below the floor")
	}
	c.t = c.t.Add(time.Second)
	if s := ask(t, p, false); s.Jobs[0].ID != "2" {
		t.Error("did not ask again at the floor")
	}
	if s := ask(t, p, false); s.Due.Sub(c.t) != time.Minute {
		t.Errorf("due %v", s.Due)
	}
}

// TestManyAskers: all share one query, and one that gives up does not disturb it.
func TestManyAskers(t *testing.T) {
	f := &fake{block: make(chan struct{})}
	p, _ := newPoller(f, 0.5)
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			s, err := p.Jobs(t.Context(), i%2 == 0)
			if err != nil || len(s.Jobs) != 1 || s.Jobs[0].ID != "1" {
				t.Errorf("%+v, %v", s, err)
			}
			s.Jobs[0].ID = "changed by its reader"
		})
	}
	for p.Calls() == 0 {
		time.Sleep(time.Millisecond)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.Jobs(ctx, false); !errors.Is(err, context.Canceled) {
		t.Errorf("gave up, got %v", err)
	}
	close(f.block)
	wg.Wait()
	if f.calls != 1 {
		t.Errorf("%d queries", f.calls)
	}
}

// TestGivenUp: a query whose caller left is neither an answer nor an error.
func TestGivenUp(t *testing.T) {
	f := &fake{}
	p, c := newPoller(f, 0.5)
	ask(t, p, false)
	f.block = make(chan struct{})
	c.t = c.t.Add(time.Minute)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for p.Calls() < 2 {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	s, err := p.Jobs(ctx, false)
	if err != nil || s.Err != nil || len(s.Jobs) != 1 {
		t.Errorf("%+v, %v", s, err)
	}
	f.block = nil
	c.t = c.t.Add(Floor)
	if s := ask(t, p, false); s.Jobs[0].ID != "3" {
		t.Errorf("not asked again: %+v", s)
	}
}

// TestFirstGivenUp: the next asker gets an answer, not an empty list.
func TestFirstGivenUp(t *testing.T) {
	f := &fake{block: make(chan struct{})}
	p, _ := newPoller(f, 0.5)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(10*time.Millisecond, cancel)
	if _, err := p.Jobs(ctx, false); err == nil {
		t.Error("no error")
	}
	f.block = nil
	if s := ask(t, p, false); len(s.Jobs) != 1 {
		t.Errorf("%+v", s)
	}
}
