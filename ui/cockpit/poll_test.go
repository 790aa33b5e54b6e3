package cockpit

import (
	"context"
	"errors"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/backend/jobs"
	"shardeck/model"
	"shardeck/ui/pane"
	"shardeck/ui/panetest"
)

// asked counts how often the cockpit asks for the jobs.
type asked struct {
	Backend
	n int
}

func (l *asked) ListJobs(ctx context.Context, refresh bool) (jobs.JobList, error) {
	l.n++
	return l.Backend.ListJobs(ctx, refresh)
}

// withTimers is a cockpit whose long waits end when the test says so: due is the message of
// the newest timer of that length.
func withTimers(w *panetest.Workspace) (m *Model, due func(time.Duration) tea.Msg) {
	o, last := testOptions(w), map[time.Duration]tea.Msg{}
	after := o.after
	o.after = func(wait time.Duration, msg tea.Msg) tea.Cmd {
		last[wait] = msg
		return after(wait, msg)
	}
	return New(context.Background(), w.App, o), func(wait time.Duration) tea.Msg { return last[wait] }
}

func TestStaleAnswerIsMarked(t *testing.T) {
	w := panetest.Open(t)
	d := start(t, w, 80, 24)
	d.Expect("as of 14:02")
	w.Scheduler.Down = errors.New("timed out")
	w.Pass(time.Minute)
	d.Press("3", "r").Expect("stale 14:02", "the scheduler did not answer: timed out")
}

func TestOneQuestionAtATime(t *testing.T) {
	w := panetest.Open(t)
	l := &asked{Backend: w.App}
	d := panetest.Drive(t, whole{New(t.Context(), l, testOptions(w))}, 80, 24)
	before := l.n
	d.Park = true
	for range 3 {
		d.Send(pane.RefreshJobsMsg{})
	}
	d.Release()
	if got := l.n - before; got != 1 {
		t.Errorf("asked the scheduler %d times at once", got)
	}
}

func TestUnfocusedTerminalIsNotPolled(t *testing.T) {
	w := panetest.Open(t)
	m, due := withTimers(w)
	d := panetest.Drive(t, whole{m}, 80, 24)
	poll := due(m.watch.pause(m.watch.list))
	if poll == nil {
		t.Fatal("nobody waits to poll")
	}
	w.Pass(2 * time.Minute)
	before := len(w.Scheduler.Did("list"))
	d.Send(tea.BlurMsg{}).Send(poll)
	if len(w.Scheduler.Did("list")) != before {
		t.Error("polled while nobody looks")
	}
	d.Send(tea.FocusMsg{})
	if len(w.Scheduler.Did("list")) != before+1 {
		t.Error("coming back must ask once")
	}
}

func TestPollOnlyWhileSomethingIsActive(t *testing.T) {
	for state, want := range map[model.JobState]bool{model.JobRunning: true, model.JobCompleted: false} {
		w := panetest.Open(t)
		for _, id := range []string{"3141592", "3141591"} {
			w.Scheduler.Set(id, func(j *model.Job) { j.State = state })
		}
		var waits []time.Duration
		o := testOptions(w)
		o.after = func(d time.Duration, msg tea.Msg) tea.Cmd {
			if d > keepTime {
				waits = append(waits, d)
			}
			return nil
		}
		panetest.Drive(t, whole{New(context.Background(), w.App, o)}, 80, 24)
		if (len(waits) > 0) != want {
			t.Errorf("jobs are %s: waits %v, want any: %v", state, waits, want)
		}
		for _, wait := range waits {
			if wait < 50*time.Second {
				t.Errorf("asks again after %v", wait)
			}
		}
	}
}

func TestLocalSchedulerIsFollowedClosely(t *testing.T) {
	w := panetest.Open(t)
	m := New(context.Background(), w.App, testOptions(w))
	list := jobs.JobList{AsOf: panetest.Now.Add(-11 * time.Second)}
	list.Next = list.AsOf.Add(time.Second)
	if got := m.watch.pause(list); got != 2*time.Second {
		t.Errorf("asks again after %v, want 2 s", got)
	}
	list.Next = list.AsOf.Add(10 * time.Second)
	if got := m.watch.pause(list); got != time.Minute {
		t.Errorf("asks again after %v, want 1 min", got)
	}
	list.Next = panetest.Now.Add(5 * time.Minute)
	if got := m.watch.pause(list); got != 5*time.Minute {
		t.Errorf("asks again after %v, want 5 min, the back-off of the poller", got)
	}
}
