package lab

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"shardeck/backend/replay"
	"shardeck/backend/scheduler"
	"shardeck/backend/workspace"
	"shardeck/model"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// stage is a scheduler whose answers a test writes.
type stage struct {
	mu        sync.Mutex
	jobs      []model.Job // what the queue shows
	gone      []model.Job // what its history keeps
	submitted []scheduler.Request
	reply     error // of Submit
	lose      bool  // Submit takes the job and loses the reply
	down      error // of Jobs
	found     int   // calls of Find
	asked     int   // calls of History
}

func (s *stage) Name() string { return "stage" }

func (s *stage) Submit(_ context.Context, r scheduler.Request) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reply != nil && !s.lose {
		return "", s.reply
	}
	s.submitted = append(s.submitted, r)
	id := strconv.Itoa(100 + len(s.submitted))
	s.jobs = append(s.jobs, model.Job{ID: id, Tag: r.Tag, State: model.JobPending, Scheduler: "stage"})
	return id, s.reply
}

func (s *stage) Jobs(context.Context) ([]model.Job, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]model.Job(nil), s.jobs...), s.down
}

func (s *stage) History(context.Context, time.Time) ([]model.Job, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	return append([]model.Job(nil), s.gone...), nil
}

func (s *stage) Find(_ context.Context, tag string) (model.Job, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.found++
	for _, j := range append(append([]model.Job(nil), s.jobs...), s.gone...) {
		if j.Tag == tag {
			return j, true, nil
		}
	}
	return model.Job{}, false, nil
}

func (s *stage) Cancel(context.Context, string) error { return nil }

func (s *stage) Limits(context.Context) (scheduler.Limits, error) {
	return scheduler.Limits{}, scheduler.ErrUnreachable
}

// end moves a job from the queue into history, or out of sight.
func (s *stage) end(id string, state model.JobState, kept bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, j := range s.jobs {
		if j.ID == id {
			s.jobs = append(s.jobs[:i], s.jobs[i+1:]...)
			if j.State = state; kept {
				s.gone = append(s.gone, j)
			}
			return
		}
	}
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

// bench is a lab on a demo workspace, with a scheduler and a clock of its own.
type bench struct {
	*Lab
	dir   string
	stage *stage
	clock *clock
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{dir: filepath.Join(t.TempDir(), "ws"), stage: &stage{}, clock: &clock{t: time.Now()}}
	if err := replay.WriteDemo(b.dir); err != nil {
		t.Fatal(err)
	}
	b.open(t, Options{})
	return b
}

// open opens the workspace again, as another program would.
func (b *bench) open(t *testing.T, o Options) {
	t.Helper()
	home := t.TempDir()
	o.Dir, o.Scheduler, o.Now, o.CacheDir = b.dir, b.stage, b.clock.now, filepath.Join(home, "cache")
	o.Binary = "/usr/bin/shardeck"
	if o.Env == nil {
		o.Env = func(name string) string { return map[string]string{"HOME": home}[name] }
	}
	l, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	b.Lab = l
}

func (b *bench) state(t *testing.T, id string) model.JobState {
	t.Helper()
	list, err := b.Jobs(t.Context(), true)
	if err != nil {
		t.Fatal(err)
	}
	for _, j := range list.Jobs {
		if j.ID == id {
			return j.State
		}
	}
	return ""
}

func TestSubmissionIsRecordedBeforeAndAfter(t *testing.T) {
	b := newBench(t)
	s, err := b.Submit(t.Context(), "E1.6", false)
	if err != nil {
		t.Fatal(err)
	}
	r := b.stage.submitted[0]
	if r.Tag != s.Tag || r.GPUs != 2 || r.Dir != b.dir || r.Limit != 30*time.Minute || s.JobID != "101" {
		t.Errorf("submitted %+v, recorded %+v", r, s)
	}
	if _, err := os.Stat(filepath.Dir(r.Log)); err != nil {
		t.Errorf("the folder of the log is not there when the job is submitted: %v", err)
	}
	subs, _, err := b.ws.Ledger().Submissions()
	if err != nil || len(subs) != 1 || subs[0].JobID != "101" || subs[0].Script != r.Script || subs[0].Log != "logs/E1.6_101.out" {
		t.Errorf("the record is %+v, %v", subs, err)
	}
}

// TestJobThatNoAnswerShowsYet: it waits, however often one looks before the scheduler
// is asked again, and its history is in no one's way.
func TestJobThatNoAnswerShowsYet(t *testing.T) {
	b := newBench(t)
	if _, err := b.Submit(t.Context(), "E1.6", false); err != nil {
		t.Fatal(err)
	}
	b.stage.jobs = nil // not listed yet
	for range 3 {
		if s := b.state(t, "101"); s != model.JobPending {
			t.Errorf("it is %s", s)
		}
	}
	if b.stage.asked != 0 {
		t.Errorf("its history was asked for %d times", b.stage.asked)
	}
}

func TestSubmitRefusesASecondJob(t *testing.T) {
	b := newBench(t)
	if _, err := b.Submit(t.Context(), "E1.6", false); err != nil {
		t.Fatal(err)
	}
	b.clock.pass(time.Minute)
	if _, err := b.Submit(t.Context(), "E1.6", false); !errors.Is(err, ErrActive) {
		t.Errorf("a second submission: %v, want ErrActive", err)
	}
	if _, err := b.SubmitWith(t.Context(), "E1.6", SubmitOptions{Force: true}); err != nil {
		t.Errorf("forced: %v", err)
	}
	b.stage.down = errors.New("slurmctld: connection refused")
	b.clock.pass(time.Hour)
	if _, err := b.Submit(t.Context(), "E1.1", false); err != nil {
		t.Errorf("another experiment while the queue is stale: %v", err)
	}
}

func TestSubmitWhenTheReplyIsLost(t *testing.T) {
	defer func(old []time.Duration) { replyWait = old }(replyWait)
	replyWait = []time.Duration{0, time.Millisecond}
	t.Run("found by tag", func(t *testing.T) {
		b := newBench(t)
		b.stage.reply, b.stage.lose = scheduler.ErrMaybe, true
		s, err := b.Submit(t.Context(), "E1.6", false)
		if err != nil || s.JobID != "101" {
			t.Errorf("got job %q, %v, want the one that was submitted", s.JobID, err)
		}
	})
	t.Run("found later", func(t *testing.T) {
		b := newBench(t)
		b.stage.reply = scheduler.ErrMaybe
		if _, err := b.Submit(t.Context(), "E1.6", false); !errors.Is(err, scheduler.ErrMaybe) {
			t.Fatalf("got %v, want it said that the job may exist", err)
		}
		subs, _, _ := b.ws.Ledger().Submissions()
		b.stage.jobs = []model.Job{{ID: "7", Tag: subs[0].Tag, State: model.JobRunning}}
		b.clock.pass(time.Minute)
		if got := b.state(t, "7"); got != model.JobRunning {
			t.Errorf("the job that turned up is %q", got)
		}
		if subs, _, _ = b.ws.Ledger().Submissions(); subs[0].JobID != "7" {
			t.Errorf("the record has job %q, want 7", subs[0].JobID)
		}
	})
	t.Run("refused", func(t *testing.T) {
		b := newBench(t)
		b.stage.reply = errors.New("invalid account")
		if _, err := b.Submit(t.Context(), "E1.6", false); !errors.Is(err, b.stage.reply) {
			t.Fatalf("got %v", err)
		}
		if list, err := b.Jobs(t.Context(), true); err != nil || len(list.Jobs) != 0 {
			t.Errorf("a refused submission shows as %+v, %v", list.Jobs, err)
		}
		b.stage.reply = nil
		if _, err := b.Submit(t.Context(), "E1.6", false); err != nil {
			t.Errorf("after a refusal: %v", err)
		}
	})
}

func TestJobsThatLeftTheQueue(t *testing.T) {
	b := newBench(t)
	for _, id := range []string{"E1.1", "E1.6", "E3.1"} {
		if _, err := b.Submit(t.Context(), id, false); err != nil {
			t.Fatal(err)
		}
		b.clock.pass(time.Minute)
	}
	b.stage.end("101", model.JobFailed, true)   // history knows it
	b.stage.end("102", model.JobRunning, false) // nobody does
	b.clock.pass(time.Minute)
	for id, want := range map[string]model.JobState{"101": model.JobFailed, "102": model.JobUnknown, "103": model.JobPending} {
		if got := b.state(t, id); got != want {
			t.Errorf("job %s is %q, want %q", id, got, want)
		}
	}
	if b.stage.found != 0 || b.stage.asked != 1 {
		t.Errorf("asked history %d times and searched %d times, want once for all", b.stage.asked, b.stage.found)
	}
	b.stage.gone = nil // the scheduler forgets; the record does not
	b.open(t, Options{})
	if got := b.state(t, "101"); got != model.JobFailed {
		t.Errorf("after a restart job 101 is %q", got)
	}
	row, err := b.Board(t.Context())
	if err != nil || row[0].Job == nil || row[0].Job.State != model.JobFailed {
		t.Errorf("the board has %+v, %v", row[0].Job, err)
	}
}

func TestJobsKeepTheLastAnswer(t *testing.T) {
	b := newBench(t)
	b.stage.jobs = []model.Job{{ID: "9", Name: "other", State: model.JobRunning}, {ID: "8", State: model.JobCompleted}}
	if got := b.state(t, "9"); got != model.JobRunning {
		t.Errorf("somebody's running job is %q", got)
	}
	if got := b.state(t, "8"); got != "" {
		t.Errorf("somebody's finished job is listed as %q", got)
	}
	b.stage.down = errors.New("timed out")
	b.clock.pass(time.Hour)
	list, err := b.Jobs(t.Context(), true)
	if err != nil || list.Stale != "timed out" || len(list.Jobs) != 1 {
		t.Errorf("got %+v, %v, want the last answer marked stale", list, err)
	}
}

func TestReadOnlyChangesNothing(t *testing.T) {
	b := newBench(t)
	b.open(t, Options{ReadOnly: true})
	for what, err := range map[string]error{
		"submit":   second(b.Submit(t.Context(), "E1.6", false)),
		"generate": second(b.Generate(t.Context(), GenerateOptions{})),
		"clone":    second(b.Clone("E1.6", "E1.7")),
		"cancel":   b.Cancel(t.Context(), "1"),
		"export":   second(b.Export(t.Context())),
	} {
		if !errors.Is(err, ErrReadOnly) {
			t.Errorf("%s: %v, want ErrReadOnly", what, err)
		}
	}
	if len(b.stage.submitted) != 0 {
		t.Error("a read-only lab submitted a job")
	}
	if _, err := b.Preview(t.Context(), "E1.6", false); err != nil {
		t.Errorf("a preview changes nothing and was refused: %v", err)
	}
}

func second[T any](_ T, err error) error { return err }

func TestPlanCloneWritesNothing(t *testing.T) {
	b := newBench(t)
	before := b.IDs()
	row, err := b.PlanClone("E1.6", "E1.9", model.Edit{Path: "parallelism.tp", Value: "3"})
	if err != nil || row.Experiment.ID != "E1.9" || row.Experiment.Layout.TP != 3 || row.Verdict.OK() {
		t.Errorf("planned %+v, %v", row.Experiment, err)
	}
	if _, err := b.PlanClone("E1.6", "E1.6"); err == nil {
		t.Error("an id that is taken was planned")
	}
	if after := b.IDs(); len(after) != len(before) {
		t.Errorf("the workspace now holds %v, before %v", after, before)
	}
}

// TestSubmitBringsTheRunner: a folder of the original scripts has none where jobs look, and
// a job that waited in the queue for nothing would be the way to find out.
func TestSubmitBringsTheRunner(t *testing.T) {
	b := newBench(t)
	d, err := b.Draft("E1.6")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(d.Set("engine", "vllm"), d.Save()); err != nil {
		t.Fatal(err)
	}
	for _, missing := range []string{workspace.RunnerFile, workspace.RunnerDir} {
		if err := os.RemoveAll(b.ws.Path(missing)); err != nil {
			t.Fatal(err)
		}
		if _, err := b.SubmitWith(t.Context(), "E1.6", SubmitOptions{Force: true}); err != nil {
			t.Fatal(err)
		}
		for _, file := range []string{workspace.RunnerFile, workspace.RunnerDir + "/main.py", workspace.ModelsFile} {
			if _, err := os.Stat(b.ws.Path(file)); err != nil {
				t.Errorf("without %s: no runner was written: %v", missing, err)
			}
		}
	}
}
