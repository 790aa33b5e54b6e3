package cockpit

import (
	"bytes"
	"context"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/muesli/termenv"
	"go.uber.org/goleak"

	"shardeck/backend/jobs"
	"shardeck/model/board"
	"shardeck/ui/panetest"
)

// safe is a buffer that two goroutines may use.
type safe struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safe) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safe) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// run starts the program on pipes and returns its keyboard, its screen and its end.
func run(t *testing.T, l Backend) (keys io.Writer, out *safe, cancel context.CancelFunc, end <-chan error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	in, keyboard := io.Pipe()
	out = &safe{}
	done := make(chan error, 1)
	go func() {
		done <- Run(ctx, l, Options{In: in, Out: out, Profile: termenv.Ascii, Now: func() time.Time { return panetest.Now }})
		_ = in.Close()
	}()
	t.Cleanup(func() { cancel(); _ = keyboard.Close() })
	return keyboard, out, cancel, done
}

func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for range 500 {
		if ok() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("no %s within 5 s", what)
}

func ended(t *testing.T, end <-chan error) {
	t.Helper()
	select {
	case err := <-end:
		if err != nil {
			t.Fatalf("ended with %v", err)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("did not end within 5 s")
	}
}

// stuck is a backend that never answers.
type stuck struct{ Backend }

func (stuck) Board(ctx context.Context) ([]board.Row, error) { <-ctx.Done(); return nil, ctx.Err() }

func (stuck) ListJobs(ctx context.Context, _ bool) (jobs.JobList, error) {
	<-ctx.Done()
	return jobs.JobList{}, ctx.Err()
}

func TestRunQuitsWhileCallsWait(t *testing.T) {
	defer goleak.VerifyNone(t)
	keys, out, _, end := run(t, stuck{panetest.Open(t).App})
	waitFor(t, "first frame", func() bool { return strings.Contains(out.String(), "\x1b[?1049h") })
	if _, err := keys.Write([]byte("q")); err != nil {
		t.Fatal(err)
	}
	ended(t, end)
	if !strings.Contains(out.String(), "\x1b[?1049l") {
		t.Error("the terminal was not put back")
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	defer goleak.VerifyNone(t)
	_, out, cancel, end := run(t, panetest.Open(t).App)
	waitFor(t, "first frame", func() bool { return strings.Contains(out.String(), "\x1b[?1049h") })
	cancel()
	ended(t, end)
}

// TestTerminalIsPutBackAfterAPanic lets the clock fail while a message is dealt with.
func TestTerminalIsPutBackAfterAPanic(t *testing.T) {
	w := panetest.Open(t)
	in, keyboard := io.Pipe()
	out, broken, caught := &safe{}, make(chan struct{}), make(chan any)
	clock := func() time.Time {
		select {
		case <-broken:
			panic("the clock fell")
		default:
			return panetest.Now
		}
	}
	go func() {
		defer func() { caught <- recover() }()
		_ = Run(context.Background(), w.App, Options{In: in, Out: out, Profile: termenv.Ascii, Now: clock})
	}()
	waitFor(t, "first frame", func() bool { return strings.Contains(out.String(), "\x1b[?1049h") })
	close(broken)
	if _, err := keyboard.Write([]byte("y:mess\rP")); err != nil {
		t.Fatal(err)
	}
	if r := <-caught; r != "the clock fell" {
		t.Errorf("caught %v", r)
	}
	if !strings.HasSuffix(out.String(), "\x1b[?25h\x1b[?1049l") {
		t.Error("the terminal was not put back")
	}
	_ = in.Close()
}
