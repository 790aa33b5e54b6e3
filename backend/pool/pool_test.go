package pool

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// load is how many tasks run and how many wait.
func (p *Pool) load() (running, waiting int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.running), len(p.queue)
}

// gate is work that waits for a word, so that tests decide who runs when.
func gate(open <-chan struct{}) Work {
	return func(ctx context.Context) error {
		select {
		case <-open:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func TestUrgentWorkOvertakesAndEqualsKeepTheirOrder(t *testing.T) {
	p := New(1, 0)
	defer p.Close()
	open := make(chan struct{})
	first := p.Do(t.Context(), Background, 0, gate(open))

	var mu sync.Mutex
	var order []string
	note := func(name string) Work {
		return func(context.Context) error {
			mu.Lock()
			defer mu.Unlock()
			order = append(order, name)
			return nil
		}
	}
	tasks := []*Task{
		p.Do(t.Context(), Background, 0, note("background")),
		p.Do(t.Context(), Visible, 0, note("visible 1")),
		p.Do(t.Context(), Visible, 0, note("visible 2")),
		p.Do(t.Context(), Background, 0, note("raised")),
		p.Do(t.Context(), Wanted, 0, note("wanted")),
	}
	tasks[3].Raise(Wanted) // it came before "wanted", so it goes first
	close(open)
	for _, task := range append(tasks, first) {
		if err := task.Wait(); err != nil {
			t.Fatal(err)
		}
	}
	const want = "raised, wanted, visible 1, visible 2, background"
	if got := strings.Join(order, ", "); got != want {
		t.Errorf("ran in order %s\nwant %s", got, want)
	}
}

func TestBoundsHold(t *testing.T) {
	cases := []struct {
		name         string
		workers      int
		budget, cost int64
		want         int64 // at most this many at once
	}{
		{"workers", 3, 0, 10, 3},
		{"budget", 8, 100, 40, 2},
		{"dearer than the budget runs alone", 8, 100, 1000, 1},
		{"no workers asked for is one", 0, 0, 0, 1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p := New(c.workers, c.budget)
			defer p.Close()
			var now, most atomic.Int64
			work := func(context.Context) error {
				n := now.Add(1)
				for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
				}
				time.Sleep(time.Millisecond)
				now.Add(-1)
				return nil
			}
			var tasks []*Task
			for range 40 {
				tasks = append(tasks, p.Do(t.Context(), Visible, c.cost, work))
			}
			for _, task := range tasks {
				if err := task.Wait(); err != nil {
					t.Fatal(err)
				}
			}
			if most.Load() > c.want || most.Load() < 1 {
				t.Errorf("%d ran at once, want 1 to %d", most.Load(), c.want)
			}
		})
	}
}

func TestCancel(t *testing.T) {
	p := New(1, 0)
	defer p.Close()
	running := p.Do(t.Context(), Visible, 0, gate(nil))
	started := atomic.Bool{}
	waiting := p.Do(t.Context(), Visible, 0, func(context.Context) error {
		started.Store(true)
		return nil
	})
	waiting.cancel(context.Canceled)
	if err := waiting.Wait(); !errors.Is(err, context.Canceled) {
		t.Errorf("waiting task ended with %v, want cancelled", err)
	}
	running.cancel(context.Canceled)
	if err := running.Wait(); !errors.Is(err, context.Canceled) {
		t.Errorf("running task ended with %v, want cancelled", err)
	}
	if started.Load() {
		t.Error("a task cancelled while it waited ran all the same")
	}
	if r, w := p.load(); r+w != 0 {
		t.Errorf("%d running, %d waiting after all ended", r, w)
	}
}

// TestCancelMakesRoom: a waiting task holds back cheaper ones only until it is cancelled.
func TestCancelMakesRoom(t *testing.T) {
	p := New(2, 100)
	defer p.Close()
	open := make(chan struct{})
	defer close(open)
	p.Do(t.Context(), Visible, 60, gate(open))
	dear := p.Do(t.Context(), Visible, 60, gate(open))
	cheap := p.Do(t.Context(), Visible, 30, func(context.Context) error { return nil })
	if r, w := p.load(); r != 1 || w != 2 {
		t.Fatalf("%d running, %d waiting, want 1 and 2", r, w)
	}
	dear.cancel(context.Canceled)
	select {
	case <-cheap.ended:
	case <-time.After(5 * time.Second):
		t.Error("a cheap task still waits behind one that was cancelled")
	}
}

// TestCancelledTaskGivesItsPlace: what waits runs when the running task was cancelled.
func TestCancelledTaskGivesItsPlace(t *testing.T) {
	p := New(1, 0)
	defer p.Close()
	running := p.Do(t.Context(), Visible, 0, gate(nil))
	next := p.Do(t.Context(), Visible, 0, func(context.Context) error { return nil })
	running.cancel(context.Canceled)
	select {
	case <-next.ended:
	case <-time.After(5 * time.Second):
		t.Error("nothing runs after a task that was cancelled while it ran")
	}
}

func TestPanicStaysInsideItsTask(t *testing.T) {
	p := New(1, 0)
	defer p.Close()
	err := p.Do(t.Context(), Visible, 0, func(context.Context) error {
		panic("index out of range")
	}).Wait()
	var pe *PanicError
	if !errors.As(err, &pe) || len(pe.Stack) == 0 || strings.Contains(err.Error(), "goroutine") {
		t.Fatalf("panic came back as %v", err)
	}
	if err := p.Do(t.Context(), Visible, 0, func(context.Context) error { return nil }).Wait(); err != nil {
		t.Errorf("the pool was dead after a panic: %v", err)
	}
}

func TestCloseEndsAll(t *testing.T) {
	p := New(2, 0)
	var tasks []*Task
	for range 6 {
		tasks = append(tasks, p.Do(t.Context(), Visible, 0, gate(nil)))
	}
	p.Close()
	tasks = append(tasks, p.Do(t.Context(), Wanted, 0, gate(nil)))
	for i, task := range tasks {
		if err := task.Wait(); !errors.Is(err, ErrClosed) {
			t.Errorf("task %d ended with %v, want ErrClosed", i, err)
		}
	}
}

// Work of a task is shared with the workers that are free, no more, and a panic anywhere is that of the task.
func TestEachSharesTheWorkOfATask(t *testing.T) {
	p := New(3, 0)
	defer p.Close()
	busy := make(chan struct{})
	other := p.Do(t.Context(), Wanted, 0, gate(busy))
	var done [100]atomic.Int32
	var now, most atomic.Int32
	shared := p.Do(t.Context(), Visible, 0, func(ctx context.Context) error {
		p.Each(ctx, Visible, len(done), func(i int) {
			n := now.Add(1)
			for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
			}
			time.Sleep(100 * time.Microsecond)
			done[i].Add(1)
			now.Add(-1)
		})
		return nil
	})
	if err := shared.Wait(); err != nil {
		t.Fatal(err)
	}
	for i := range done {
		if n := done[i].Load(); n != 1 {
			t.Errorf("call %d was made %d times", i, n)
		}
	}
	if n := most.Load(); n != 2 {
		t.Errorf("%d at a time, of 3 workers with one busy", n)
	}
	close(busy)
	_ = other.Wait()
	for _, bad := range []int{0, 50, 99} {
		err := p.Do(t.Context(), Visible, 0, func(ctx context.Context) error {
			p.Each(ctx, Visible, 100, func(i int) {
				if i == bad {
					panic("no")
				}
			})
			return nil
		}).Wait()
		var fault *PanicError
		if !errors.As(err, &fault) {
			t.Errorf("a panic of call %d: %v", bad, err)
		}
	}
}
