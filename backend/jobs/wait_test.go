package jobs_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"shardeck/backend/jobs"
	"shardeck/backend/scheduler"
	"shardeck/model"
)

// TestMaintenance: a job whose limit reaches into one is told the limit that would start now, and by an edit.
func TestMaintenance(t *testing.T) {
	b, c := newCluster(t)
	now := b.Clock.Now()
	at := func(d time.Duration) time.Time { return now.Add(d) }
	next := model.Reservation{Name: "next", Start: at(time.Hour), End: at(2 * time.Hour), Count: 4}
	for name, test := range map[string]struct {
		reason       string
		reservations []model.Reservation
		title, edit  string
	}{
		"soon": {"ReqNodeNotAvail, Reserved for maintenance",
			[]model.Reservation{next, {Name: "m", Start: at(20*time.Minute + 30*time.Second), End: at(time.Hour), Count: 4,
				Maintenance: true}},
			"it waits: the maintenance m of 4 nodes begins at ", "slurm.time 00:30:00 → 00:19:00"},
		"another word": {"Reservation", []model.Reservation{{Name: "m", Start: at(10 * time.Minute), End: at(time.Hour),
			Count: 1, Maintenance: true}}, "it waits: the maintenance m of 1 node begins at ", "slurm.time 00:30:00 → 00:09:00"},
		"too soon": {"ReqNodeNotAvail, Reserved for maintenance",
			[]model.Reservation{{Name: "m", Start: at(5 * time.Minute), End: at(time.Hour), Maintenance: true}},
			"it waits: the maintenance m of 0 nodes begins at ", ""},
		"begun": {"ReqNodeNotAvail, Reserved for maintenance",
			[]model.Reservation{{Name: "m", Start: at(-time.Minute), End: at(time.Hour), Count: 2, Maintenance: true}},
			"it waits: the maintenance m of 2 nodes lasts until ", ""},
		"far away": {"ReqNodeNotAvail, Reserved for maintenance",
			[]model.Reservation{{Name: "m", Start: at(time.Hour), End: at(2 * time.Hour), Maintenance: true}},
			"it waits: its time limit reaches into a maintenance", ""},
		"of somebody":     {"Reservation", []model.Reservation{next}, "it waits: waiting for its reservation; waiting helps", ""},
		"no matter of it": {"Dependency", []model.Reservation{next}, "it waits: waiting for another job; waiting helps", ""},
		"over, and to come": {"Reservation", []model.Reservation{{Name: "old", Start: at(-2 * time.Hour), End: at(-time.Hour),
			Maintenance: true}}, "it waits: waiting for its reservation", ""},
	} {
		c.reservations = test.reservations
		b.Clock.Pass(time.Hour) // what was told before is old
		for i := range c.reservations {
			c.reservations[i].Start, c.reservations[i].End = c.reservations[i].Start.Add(b.Clock.Now().Sub(now)),
				c.reservations[i].End.Add(b.Clock.Now().Sub(now))
		}
		j := model.Job{ID: "7", Experiment: "E1.1", State: model.JobPending, Reason: test.reason, Limit: 30 * time.Minute,
			Meaning: scheduler.ReasonOf(test.reason)}
		got, err := b.Why(t.Context(), j)
		if err != nil || !strings.HasPrefix(got.Title, test.title) {
			t.Errorf("%s: %q, %v; want %q…", name, got.Title, err, test.title)
		}
		edit := strings.Join(model.Each(got.Remedies, func(r jobs.Remedy) string { return r.Text }), ", ")
		if edit != test.edit {
			t.Errorf("%s: the edit is %q, want %q", name, edit, test.edit)
		}
		for range 3 {
			_, _ = b.Why(t.Context(), j)
		}
	}
	if c.looked > 8 {
		t.Errorf("the reservations were asked for %d times", c.looked)
	}
}

// TestWaitingSays: whether waiting helps, what would, and the place in the queue.
func TestWaitingSays(t *testing.T) {
	b, _ := newCluster(t)
	for reason, want := range map[string][]string{
		"Priority": {"it waits: other jobs go first; waiting helps",
			"shorten slurm.time or take fewer nodes: it may then fit in a gap"},
		"JobHeldUser": {"it waits: held: release it with scontrol release; waiting does not help", "scontrol release 7_3",
			"shardeck cancel 7_3"},
		"AssocMaxSubmitJobLimit": {"it waits: as many of your jobs are submitted in the account as may; waiting helps"},
		"JobArrayTaskLimit": {"it waits: as many tasks of the array run as may; waiting helps",
			"scontrol update JobId=7 ArrayTaskThrottle=N, to let more run"},
		"Unheard": {"it waits: Unheard (not known); whether waiting helps is not known"},
		"":        {"it waits: the scheduler does not say why"},
	} {
		c, err := b.Why(t.Context(), model.Job{ID: "7_3", State: model.JobPending, Reason: reason, Meaning: scheduler.ReasonOf(reason)})
		if got := append([]string{c.Title}, c.Fixes...); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %q, %v; want %q", reason, got, err, want)
		}
		if (c.Rank != nil) != (reason == "Priority") {
			t.Errorf("%s: rank %+v", reason, c.Rank)
		}
	}
}

// TestExpectedStartMoves: the one before is told, once it moved by minutes, and after a restart too.
func TestExpectedStartMoves(t *testing.T) {
	b, _ := newCluster(t)
	s, err := b.Submit(t.Context(), "E1.1", jobs.SubmitOptions{})
	if err != nil {
		t.Fatal(err)
	}
	first := b.Clock.Now().Add(time.Hour).Truncate(time.Second)
	for i, step := range []struct{ start, was time.Duration }{{0, -1}, {time.Minute, -1}, {45 * time.Minute, 0},
		{46 * time.Minute, 0}, {10 * time.Minute, 45 * time.Minute}} {
		b.Stage.Set(s.JobID, func(j *model.Job) { j.Start = first.Add(step.start) })
		b.Clock.Pass(10 * time.Minute)
		j, err := b.FindJob(t.Context(), s.JobID)
		want := first.Add(step.was)
		if step.was < 0 {
			want = time.Time{}
		}
		if err != nil || !j.Was.Equal(want) {
			t.Errorf("step %d: was %v, want %v (%v)", i, j.Was, want, err)
		}
	}
}

// TestRestarted: of a job that was put back into the queue it is told how its earlier runs ended.
func TestRestarted(t *testing.T) {
	b, c := newCluster(t)
	day := b.Clock.Now().Local()
	at := func(hour int) time.Time {
		return time.Date(day.Year(), day.Month(), day.Day(), hour, 0, 0, 0, time.Local)
	}
	c.runs = []model.Job{{State: model.JobPreempted, Start: at(3), Elapsed: time.Hour},
		{State: model.JobPending, Reason: "REQUEUED", Start: at(5), Elapsed: time.Minute},
		{State: model.JobRunning, Start: at(6), Elapsed: time.Minute}}
	j := model.Job{ID: "7", State: model.JobRunning, Restarts: 2, Start: at(6)}
	got, err := b.Why(t.Context(), j)
	if want := "it has not failed: it is running, put back into the queue 2 times; preempted 04:00 after 1:00:00; requeued 05:01 " +
		"after 1:00"; err != nil || got.Title != want {
		t.Errorf("%q, %v; want %q", got.Title, err, want)
	}
}
