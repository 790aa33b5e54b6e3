package jobs_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"shardeck/backend/app"
	"shardeck/backend/app/apptest"
	"shardeck/backend/jobs"
	"shardeck/backend/process"
	"shardeck/backend/scheduler"
	"shardeck/model"
	"shardeck/model/sweep"
)

// cluster is the stage with what Slurm knows besides its queue.
type cluster struct {
	scheduler.Scheduler
	byID         []model.Job
	asked        []string
	reservations []model.Reservation
	looked       int
	runs         []model.Job
}

func (c *cluster) ByID(_ context.Context, ids []string) ([]model.Job, error) {
	c.asked = append(c.asked, ids...)
	return c.byID, nil
}

func (c *cluster) Reservations(context.Context) ([]model.Reservation, error) {
	c.looked++
	return c.reservations, nil
}

func (c *cluster) Rank(context.Context, model.Job) (model.Rank, bool) {
	return model.Rank{Place: 2, Of: 3, Partition: "gpu", Priority: "7"}, true
}

func (c *cluster) Runs(context.Context, string) ([]model.Job, error) { return c.runs, nil }

func newCluster(t *testing.T) (*apptest.Bench, *cluster) {
	b := apptest.New(t)
	c := &cluster{Scheduler: b.Stage}
	b.Scheduler = c
	b.Open(t, app.Options{})
	return b, c
}

// byHand is a job of the workspace that nobody told shardeck of.
func byHand(b *apptest.Bench, id string, state model.JobState, change func(*model.Job)) model.Job {
	j := model.Job{ID: id, Name: "E1.2", Scheduler: "stage", State: state, Submit: b.Clock.Now().Add(-time.Minute), WorkDir: b.Dir}
	if change != nil {
		change(&j)
	}
	return j
}

// TestByHand: a job of a generated script is its experiment's newest run, by its name, its script or what it writes, and is
// remembered once the scheduler forgets it.
func TestByHand(t *testing.T) {
	for name, change := range map[string]func(*apptest.Bench, *model.Job){
		"by its name":          func(*apptest.Bench, *model.Job) {},
		"under nsys":           func(_ *apptest.Bench, j *model.Job) { j.Name = "E1.2_nsys" },
		"from a folder within": func(b *apptest.Bench, j *model.Job) { j.WorkDir = b.Path("experiments") },
		"with a comment":       func(_ *apptest.Bench, j *model.Job) { j.Tag = "96:00:00" },
		"by its script": func(b *apptest.Bench, j *model.Job) {
			j.Name, j.WorkDir, j.Command = "mine", "/", b.Path("experiments/slurm_scripts/run_E1.2.sh")+" x"
		},
		"by how it was submitted": func(b *apptest.Bench, j *model.Job) {
			j.Name, j.WorkDir, j.Command = "mine", b.Path("experiments"), "sbatch -J mine slurm_scripts/run_E1.2.sh"
		},
		"by what it writes": func(b *apptest.Bench, j *model.Job) {
			j.Name = "wrapper"
			_ = os.MkdirAll(b.Path("trace_collection/llama-8b-tp2.tmp-40"), 0o755)
		},
	} {
		b, _ := newCluster(t)
		j := byHand(b, "40", model.JobFailed, func(j *model.Job) { change(b, j) })
		b.Stage.Queue = []model.Job{j}
		got, err := b.FindJob(t.Context(), "E1.2")
		if err != nil || got.ID != "40" || got.State != model.JobFailed {
			t.Errorf("%s: %+v, %v", name, got, err)
			continue
		}
		if list, err := b.ListJobs(t.Context(), false); err != nil || len(list.Jobs) != 1 {
			t.Errorf("%s: listed %d times, %v", name, len(list.Jobs), err)
		}
		b.Stage.Queue = nil
		b.Clock.Pass(time.Hour)
		if got, err = b.FindJob(t.Context(), "40"); err != nil || got.Experiment != "E1.2" {
			t.Errorf("%s: afterwards %+v, %v", name, got, err)
		}
		if row := b.BoardRow(t, "E1.2"); row.Job == nil || row.Job.ID != "40" {
			t.Errorf("%s: the board has %+v", name, row.Job)
		}
	}
}

// TestElsewhere: jobs of other folders are none of this workspace, whatever their name.
func TestElsewhere(t *testing.T) {
	b, c := newCluster(t)
	there := byHand(b, "40", model.JobFailed, func(j *model.Job) { j.WorkDir = t.TempDir() })
	b.Stage.Queue, c.byID = []model.Job{there}, []model.Job{there}
	if got, err := b.FindJob(t.Context(), "E1.2"); err == nil {
		t.Errorf("E1.2 is %+v", got)
	}
	if got, err := b.FindJob(t.Context(), "40"); err != nil || got.Experiment != "" || !strings.HasSuffix(got.Log, "/slurm-40.out") {
		t.Errorf("asked for by its id: %+v, %v", got, err)
	}
	if len(b.Submissions(t)) != 0 {
		t.Errorf("recorded: %+v", b.Submissions(t))
	}
}

// TestFromTheHistory: a job that left the queue before anybody looked; who only lists jobs asks for no history.
func TestFromTheHistory(t *testing.T) {
	b, c := newCluster(t)
	b.Stage.Gone = []model.Job{byHand(b, "40", model.JobFailed, nil)}
	if list, err := b.ListJobs(t.Context(), false); err != nil || len(list.Jobs) != 0 || len(b.Stage.Did("history")) != 0 {
		t.Errorf("%+v, %v, %q", list.Jobs, err, b.Stage.Did("history"))
	}
	for range 3 {
		if got, err := b.FindJob(t.Context(), "E1.2"); err != nil || got.ID != "40" {
			t.Errorf("%+v, %v", got, err)
		}
	}
	if n := len(b.Stage.Did("history")); n != 1 || len(c.asked) != 0 {
		t.Errorf("the history was asked %d times, and for %q", n, c.asked)
	}
	c.byID = []model.Job{byHand(b, "41", model.JobTimeout, func(j *model.Job) { j.Name = "E1.6" })}
	if got, err := b.FindJob(t.Context(), "41"); err != nil || got.Experiment != "E1.6" || !slices.Equal(c.asked, []string{"41"}) {
		t.Errorf("%+v, %v, %q", got, err, c.asked)
	}
}

// TestIDsBeginAnew: a job is told from an older one of the same id.
func TestIDsBeginAnew(t *testing.T) {
	b, _ := newCluster(t)
	s, err := b.Submit(t.Context(), "E1.1", jobs.SubmitOptions{})
	if err != nil {
		t.Fatal(err)
	}
	b.Stage.End(s.JobID, model.JobCompleted, true)
	b.Clock.Pass(time.Hour)
	_ = b.State(t, s.JobID)
	b.Clock.Pass(24 * time.Hour)
	b.Stage.Gone, b.Stage.Queue = nil, []model.Job{byHand(b, s.JobID, model.JobFailed, nil)}
	if got, err := b.FindJob(t.Context(), s.JobID); err != nil || got.Experiment != "E1.2" || got.State != model.JobFailed {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := b.FindJob(t.Context(), "E1.1"); err != nil || got.State != model.JobCompleted {
		t.Errorf("%+v, %v", got, err)
	}
}

func arrayOf(b *apptest.Bench) model.Job {
	j := byHand(b, "41", model.JobRunning, func(j *model.Job) { j.Name = "sweep" })
	task := func(id, raw string, state model.JobState) model.Job {
		p := j
		p.ID, p.RawID, p.State = id, raw, state
		return p
	}
	rest := task("41_[2,7-19:2%4]", "41", model.JobPending)
	rest.Tasks.Waiting = 8
	j.Parts = []model.Job{task("41_0", "42", model.JobRunning), task("41_1", "43", model.JobFailed), rest}
	j.Tasks = model.Tasks{Running: 1, Failed: 1, Waiting: 8, Which: "1"}
	return j
}

func TestParts(t *testing.T) {
	b, _ := newCluster(t)
	het := byHand(b, "53", model.JobRunning, func(j *model.Job) { j.Name = "two" })
	het.Parts = []model.Job{{ID: "53+0", RawID: "53", State: model.JobRunning}, {ID: "53+1", RawID: "54", State: model.JobRunning}}
	b.Stage.Queue = []model.Job{arrayOf(b), het}
	for ref, want := range map[string]string{"41": "41 8", "41_0": "41_0 0", "42": "41_0 0", "43": "41_1 0", "41_2": "41_2 0",
		"41_9":          "41_9 0",
		"41_[2,7-19:2]": "41_[2,7-19:2] 0", "53+1": "53+1 0", "54": "53+1 0", "53": "53 0", "41_8": "", "41_20": "", "99": ""} {
		got, err := b.FindJob(t.Context(), ref)
		if is := got.ID + " " + string(rune('0'+got.Tasks.Waiting)); err == nil && is != want || err != nil && want != "" {
			t.Errorf("%s: %s, %v; want %q", ref, is, err, want)
		}
	}
}

// TestWrapperOfSeveral: each task of an array that runs another experiment's script is that experiment's.
func TestWrapperOfSeveral(t *testing.T) {
	b, _ := newCluster(t)
	if err := os.MkdirAll(b.Path("trace_collection/llama-8b-tp2.tmp-43"), 0o755); err != nil {
		t.Fatal(err)
	}
	b.Stage.Queue = []model.Job{arrayOf(b)}
	for range 2 {
		if got, err := b.FindJob(t.Context(), "E1.2"); err != nil || got.ID != "41_1" {
			t.Errorf("%+v, %v", got, err)
		}
		b.Clock.Pass(time.Hour)
	}
}

// TestLogNames: of a job of the history the log is named by its command, by its script, or as Slurm does.
func TestLogNames(t *testing.T) {
	b, c := newCluster(t)
	if err := os.WriteFile(b.Path("job.sh"), []byte("#!/bin/bash\n#SBATCH -N1 -o logs/%x-%5j.log\n#SBATCH --error=e\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for command, want := range map[string]string{
		"": "slurm-40.out|", "sbatch other.sh": "slurm-40.out|", "sbatch job.sh": "logs/n-00040.log|e",
		"sbatch -o out/%j job.sh": "out/40|e", "sbatch --output=/tmp/%A --error err job.sh": "/tmp/40|err",
		"sbatch --output x-%u-%t job.sh": "x-" + process.User() + "-0|e",
	} {
		c.byID = []model.Job{byHand(b, "40", model.JobFailed, func(j *model.Job) { j.Name, j.Command = "n", command })}
		got, err := b.FindJob(t.Context(), "40")
		rel := func(path string) string { return strings.TrimPrefix(path, b.Dir+"/") }
		if is := rel(got.Log) + "|" + rel(got.Errors); err != nil || is != want {
			t.Errorf("%q: %s, %v; want %s", command, is, err, want)
		}
	}
}

// TestLogOnItsNode: the name of the node is not known here, the file is.
func TestLogOnItsNode(t *testing.T) {
	b, _ := newCluster(t)
	log := filepath.Join(b.Dir, "a[1]-nid01-3.out")
	if err := os.WriteFile(log, []byte("hello\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	j := byHand(b, "40", model.JobFailed, func(j *model.Job) { j.Log = filepath.Join(b.Dir, "a[1]-%N-%2b.out") })
	if part, err := b.Log(t.Context(), j, 1); err != nil || part.Path != log {
		t.Errorf("%+v, %v", part, err)
	}
}

// TestErrorsApart: the cause is read where the job writes its errors.
func TestErrorsApart(t *testing.T) {
	b, _ := newCluster(t)
	for name, text := range map[string]string{"o": "all is well\n",
		"e": "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.\n"} {
		if err := os.WriteFile(b.Path(name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	j := byHand(b, "40", model.JobFailed, func(j *model.Job) { j.Log, j.Errors, j.ExitCode = b.Path("o"), b.Path("e"), "1:0" })
	if c, err := b.Why(t.Context(), j); err != nil || !strings.Contains(c.Title, "out of memory") || c.Where != "e:1" {
		t.Errorf("%+v, %v", c, err)
	}
}

// TestWhyOfAnArray names the tasks that failed, and the first one's cause, while others run.
func TestWhyOfAnArray(t *testing.T) {
	b, _ := newCluster(t)
	j := arrayOf(b)
	c, err := b.Why(t.Context(), j)
	if want := "0 of 10 done, 1 failed (1), 1 running, 8 waiting; 41_1: "; err != nil || !strings.HasPrefix(c.Title, want) ||
		c.Job.ID != "41" {
		t.Errorf("%q, %v; want %q…", c.Title, err, want)
	}
}

// A sweep may have the name of an experiment: that means the experiment's own jobs, as long as it has any.
func TestASweepOfAnExperimentsName(t *testing.T) {
	b, _ := newCluster(t)
	own, err := b.Submit(t.Context(), "E1.2", jobs.SubmitOptions{})
	if err != nil {
		t.Fatal(err)
	}
	b.Clock.Pass(time.Minute)
	e := b.BoardRow(t, "E1.1").Experiment
	of, err := b.SubmitPoints(t.Context(), sweep.Order{Sweep: "E1.2", Size: e, GPUs: 1, Points: []string{"E1.2-b1"},
		Script: "#!/bin/bash\n", Log: "logs/x_%j.out"})
	if err != nil {
		t.Fatal("of the sweep:", err)
	}
	for ref, want := range map[string]string{"E1.2": own.JobID, "E1.2-b1": of.JobID, of.JobID: of.JobID} {
		if j, err := b.FindJob(t.Context(), ref); err != nil || j.ID != want {
			t.Errorf("%s is job %s, %v; want %s", ref, j.ID, err, want)
		}
	}
	if j := b.BoardRow(t, "E1.2").Job; j == nil || j.ID != own.JobID {
		t.Errorf("the board has job %+v; want %s", j, own.JobID)
	}
}
