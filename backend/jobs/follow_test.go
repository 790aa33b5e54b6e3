package jobs_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"shardeck/backend/app/apptest"
	"shardeck/backend/jobs"
	"shardeck/model"
)

// looks calls look once after each step, and lists what was told.
func looks(b *apptest.Bench, t *testing.T, id string, steps ...func()) []string {
	t.Helper()
	watched := []jobs.News{{Job: model.Job{ID: id}}}
	var told []string
	for _, step := range steps {
		step()
		if _, err := b.Look(t.Context(), watched, func(n jobs.News) error {
			told = append(told, fmt.Sprintf("%s %s %d", n.Job.State, n.Stage, n.Done))
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	return told
}

// TestProgressIsToldNowAndThen: every stage, and what is done in it every ten seconds.
func TestProgressIsToldNowAndThen(t *testing.T) {
	b := apptest.New(t)
	s, err := b.Submit(t.Context(), "E1.1", jobs.SubmitOptions{})
	if err != nil {
		t.Fatal(err)
	}
	b.Stage.Queue[0].State = model.JobRunning
	log := b.Path(s.Log)
	if err := os.MkdirAll(filepath.Dir(log), 0o755); err != nil {
		t.Fatal(err)
	}
	says := func(line string, after time.Duration) func() {
		return func() {
			b.Clock.Pass(after)
			if err := os.WriteFile(log, []byte("shardeck: stage timing\n"+line+"\n"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	got := looks(b, t, s.JobID,
		says("", time.Hour), // the scheduler's answer of before is old
		says("shardeck: iteration 1 of 50 timing", time.Second),
		says("shardeck: iteration 2 of 50 timing", 5*time.Second),
		says("shardeck: iteration 3 of 50 timing", 5*time.Second),
		says("shardeck: iteration 3 of 50 timing", time.Hour),
		says("shardeck: stage profiling", time.Second))
	want := []string{"RUNNING timing 0", "RUNNING timing 3", "RUNNING profiling 0"}
	if !slices.Equal(got, want) {
		t.Errorf("told %q, want %q", got, want)
	}
}

// TestForgottenJobIsTold: one of somebody else's that left the queue, and once only.
func TestForgottenJobIsTold(t *testing.T) {
	b := apptest.New(t)
	b.Stage.Queue = []model.Job{{ID: "77", Name: "by hand", State: model.JobRunning, Scheduler: "stage"}}
	leave := func() { b.Stage.Queue = nil; b.Clock.Pass(time.Hour) }
	got := looks(b, t, "77", func() {}, leave, leave)
	if want := []string{"RUNNING  0", "UNKNOWN  0"}; !slices.Equal(got, want) {
		t.Errorf("told %q, want %q", got, want)
	}
}

// TestJobThatLeftBeforeTheFirstLook is told too: a silent end would read as a good one.
func TestJobThatLeftBeforeTheFirstLook(t *testing.T) {
	b := apptest.New(t)
	got := looks(b, t, "77", func() {}, func() { b.Clock.Pass(time.Hour) })
	if want := []string{"UNKNOWN  0"}; !slices.Equal(got, want) {
		t.Errorf("told %q, want %q", got, want)
	}
}

// TestWatchTellsOfAnOutage, once, at the first question that is not answered.
func TestWatchTellsOfAnOutage(t *testing.T) {
	b := apptest.New(t)
	s, err := b.Submit(t.Context(), "E1.6", jobs.SubmitOptions{})
	if err != nil {
		t.Fatal(err)
	}
	watched, told := []jobs.News{{}}, []string(nil)
	watched[0].Job.ID = s.JobID
	look := func() {
		if _, err := b.Look(t.Context(), watched, func(n jobs.News) error { told = append(told, n.Scheduler); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	look()
	b.Stage.Down = errors.New("no answer")
	b.Clock.Pass(2 * time.Minute)
	look()
	if len(told) != 2 || told[0] != "" || !strings.Contains(told[1], "no answer from stage since") {
		t.Errorf("told %q", told)
	}
}
