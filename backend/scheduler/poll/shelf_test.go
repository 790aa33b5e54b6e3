package poll

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"shardeck/backend/scheduler/schedulertest"
	"shardeck/model"
)

// TestProcessesShareAnAnswer: ten in a row ask once, also where the answer is an error; after the floor, or once something was
// changed by our own doing, the next asks anew.
func TestProcessesShareAnAnswer(t *testing.T) {
	now := time.Now()
	s := &schedulertest.Scheduler{Queue: []model.Job{{ID: "7", State: model.JobRunning}}}
	shelf := Shelf{Path: filepath.Join(t.TempDir(), "jobs", "x.json")}
	another := func() *Poller { return New(s, Options{Shelf: shelf, Now: func() time.Time { return now }}) }
	ask := func(want int, jobs int) {
		t.Helper()
		for range 10 {
			got, err := another().Jobs(context.Background(), true)
			if len(got.Jobs) != jobs || err != nil && s.Down == nil {
				t.Fatalf("%+v, %v", got, err)
			}
			if age := now.Sub(got.AsOf); err == nil && (age < 0 || age >= 30*time.Second) {
				t.Errorf("it says it is %v old", age)
			}
			now = now.Add(100 * time.Millisecond)
		}
		if n := len(s.Did("list")); n != want {
			t.Errorf("asked %d times, want %d", n, want)
		}
	}
	ask(1, 1)
	now = now.Add(Floor)
	ask(2, 1)
	another().Expire()
	s.Queue = nil
	ask(3, 0)
	s.Queue = []model.Job{{ID: "8", State: model.JobRunning}}
	now = now.Add(Floor)
	ask(4, 1)
	s.Down, s.Queue = errors.New("no answer"), nil
	now = now.Add(Floor)
	if got, err := another().Jobs(context.Background(), true); err != nil || got.Stale() != "no answer" || len(got.Jobs) != 1 {
		t.Errorf("while the scheduler is down: %+v, %v; want what another process saw last", got, err)
	}
	ask(5, 1)
}
