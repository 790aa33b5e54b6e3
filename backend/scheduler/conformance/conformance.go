// Package conformance is the story that every scheduler must live through: the
// same script, submitted, seen waiting, running and ended, failed, cancelled and
// found again. Slurm's and the local scheduler's tests both run it.
package conformance

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"shardeck/backend/scheduler"
	"shardeck/model"
)

// patience is how long anything may take to show.
const patience = 40 * time.Second

// Subject is a scheduler under test.
type Subject struct {
	Scheduler scheduler.Scheduler
	Header    string // #SBATCH lines that a job needs here, for one whole set of GPUs
	GPUs      int    // that many GPUs are all there are for one job at a time
	Dir       string // working directory, where jobs may write
	Crowd     int    // jobs with Header that run at once before one waits
}

// story is one test's hold on a subject.
type story struct {
	*testing.T
	Subject
	serial int
}

type part struct {
	name string
	tell func(*story)
}

// talk is the part of the story in which no script has to run.
var talk = []part{
	{"a tag is found again", (*story).finds},
	{"scripts that are none are refused", (*story).refuses},
	{"ids that never were are an error", (*story).unknown},
	{"the limits are told", (*story).limits},
}

// Run tells the story.
func Run(t *testing.T, s Subject) {
	tell(t, s, append([]part{
		{"a job completes and writes its log", (*story).completes},
		{"a job fails with its code", (*story).fails},
		{"a running job is cancelled", (*story).cancelsRunning},
		{"when the GPUs are taken, a job waits its turn", (*story).waits},
		{"history tells what ended", (*story).remembers},
		{"names cannot break the list", (*story).hostile},
	}, talk...))
}

// Talk tells what can be told of a scheduler that runs nothing, such as one that tests bring.
func Talk(t *testing.T, s Subject) { tell(t, s, talk) }

func tell(t *testing.T, s Subject, parts []part) {
	for _, part := range parts {
		t.Run(part.name, func(t *testing.T) { part.tell(&story{T: t, Subject: s}) })
	}
}

// request makes a job of a few lines of shell.
func (s *story) request(lines string) scheduler.Request {
	s.Helper()
	s.serial++
	name := strings.ReplaceAll(filepath.Base(s.Name()), "_", "-")
	tag := fmt.Sprintf("sd-%.20s-%d-%d", name, s.serial, time.Now().UnixNano())
	return scheduler.Request{
		Script: "#!/bin/bash\n" + s.Header + "\n" + lines + "\n",
		Dir:    s.Dir, Name: "story", Tag: strings.ReplaceAll(tag, ",", ""), GPUs: s.GPUs,
		Log: filepath.Join(s.Dir, "job-%j.out"), Limit: 10 * time.Minute,
	}
}

// submit submits, and cancels at the end whatever is left.
func (s *story) submit(r scheduler.Request) string {
	s.Helper()
	id, err := s.Scheduler.Submit(s.Context(), r)
	if err != nil {
		s.Fatalf("submit: %v", err)
	}
	s.Cleanup(func() {
		if err := s.Scheduler.Cancel(context.Background(), id); err != nil {
			s.Errorf("cancel of %s at the end: %v", id, err)
		}
	})
	return id
}

// job asks for one job.
func (s *story) job(id string) (model.Job, bool) {
	s.Helper()
	jobs, err := s.Scheduler.Jobs(s.Context())
	if err != nil {
		s.Fatalf("jobs: %v", err)
	}
	for _, j := range jobs {
		if j.ID == id {
			return j, true
		}
	}
	return model.Job{}, false
}

// await waits until a job is in a state.
func (s *story) await(id string, want model.JobState) model.Job {
	s.Helper()
	var last model.Job
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		j, ok := s.job(id)
		if ok && j.State == want {
			return j
		}
		last = j
	}
	s.Fatalf("job %s did not become %s in %v; it is %+v", id, want, patience, last)
	return last
}

func (s *story) completes() {
	r := s.request(`echo "here is $SHARDECK_PROBE in $PWD"; sleep 1; echo done >&2`)
	r.Env = []string{"SHARDECK_PROBE=a value with 'quotes' and $dollars"}
	id := s.submit(r)
	if j := s.await(id, model.JobRunning); j.Start.IsZero() || j.Submit.IsZero() || j.ExitCode != "" || !j.End.IsZero() {
		s.Errorf("running: %+v", j)
	}
	j := s.await(id, model.JobCompleted)
	want := filepath.Join(s.Dir, "job-"+id+".out")
	if j.Log != want || j.ExitCode != "0:0" || j.Tag != r.Tag || j.Name != "story" || j.GPUs != s.GPUs || j.WorkDir != s.Dir {
		s.Errorf("completed: %+v\nwant log %s", j, want)
	}
	if j.End.Before(j.Start) || j.Start.Before(j.Submit.Add(-time.Second)) || time.Since(j.End) > time.Minute {
		s.Errorf("times: submit %v, start %v, end %v", j.Submit, j.Start, j.End)
	}
	if j.Limit != 10*time.Minute || j.Elapsed < 500*time.Millisecond || j.Elapsed > time.Minute {
		s.Errorf("limit %v, elapsed %v", j.Limit, j.Elapsed)
	}
	log, err := os.ReadFile(want)
	if err != nil || string(log) != "here is a value with 'quotes' and $dollars in "+s.Dir+"\ndone\n" {
		s.Errorf("log: %q, %v", log, err)
	}
}

func (s *story) fails() {
	id := s.submit(s.request("exit 3"))
	if j := s.await(id, model.JobFailed); j.ExitCode != "3:0" {
		s.Errorf("exit code %q, want 3:0", j.ExitCode)
	}
}

func (s *story) cancelsRunning() {
	id := s.submit(s.request("sleep 600 & sleep 600; wait"))
	follower := s.request("echo at last")
	follower.After = id
	next := s.submit(follower)
	s.await(id, model.JobRunning)
	if j, ok := s.job(next); !ok || j.State != model.JobPending {
		s.Errorf("a job that comes after another that runs: %+v", j)
	}
	if err := s.Scheduler.Cancel(s.Context(), id); err != nil {
		s.Fatal(err)
	}
	if j := s.await(id, model.JobCancelled); j.End.IsZero() {
		s.Errorf("cancelled: %+v", j)
	}
	s.await(next, model.JobCompleted)
	if err := s.Scheduler.Cancel(s.Context(), id); err != nil {
		s.Errorf("cancelled twice: %v", err)
	}
}

func (s *story) waits() {
	var ids []string
	for range s.Crowd {
		ids = append(ids, s.submit(s.request("sleep 600")))
	}
	for _, id := range ids {
		s.await(id, model.JobRunning)
	}
	next := s.submit(s.request("echo my turn"))
	late := s.submit(s.request("echo never"))
	if j := s.await(next, model.JobPending); !j.Start.After(j.Submit) && !j.Start.IsZero() || j.Elapsed != 0 {
		s.Errorf("pending: %+v", j)
	}
	if err := s.Scheduler.Cancel(s.Context(), late); err != nil {
		s.Fatal(err)
	}
	s.await(late, model.JobCancelled)
	if err := s.Scheduler.Cancel(s.Context(), ids[0]); err != nil {
		s.Fatal(err)
	}
	s.await(next, model.JobCompleted)
	if _, err := os.Stat(filepath.Join(s.Dir, "job-"+late+".out")); err == nil {
		s.Errorf("a job cancelled while it waited wrote a log")
	}
}

func (s *story) finds() {
	r := s.request("sleep 600")
	id := s.submit(r)
	j, ok, err := s.Scheduler.Find(s.Context(), r.Tag)
	if err != nil || !ok || j.ID != id {
		s.Errorf("find: %+v %v %v, want %s", j, ok, err, id)
	}
	if j, ok, err = s.Scheduler.Find(s.Context(), "no-such-tag"); ok || err != nil {
		s.Errorf("found %+v (%v) by a tag that none has", j, err)
	}
}

func (s *story) remembers() {
	since := time.Now().Add(-time.Minute)
	r := s.request("exit 5")
	id := s.submit(r)
	s.await(id, model.JobFailed)
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		jobs, err := s.Scheduler.History(s.Context(), since)
		if err != nil {
			s.Fatal(err)
		}
		for _, j := range jobs {
			if j.ID == id && j.State == model.JobFailed && j.ExitCode == "5:0" && j.Tag == r.Tag && !j.End.IsZero() {
				return
			}
		}
	}
	s.Errorf("job %s never came into the history", id)
}

func (s *story) refuses() {
	for name, change := range map[string]func(*scheduler.Request){
		"empty":       func(r *scheduler.Request) { r.Script = "" },
		"no #!":       func(r *scheduler.Request) { r.Script = "echo hello\n" },
		"DOS lines":   func(r *scheduler.Request) { r.Script = "#!/bin/bash\r\necho\r\n" },
		"no log dir":  func(r *scheduler.Request) { r.Log = filepath.Join(s.Dir, "absent", "x.out") },
		"no work dir": func(r *scheduler.Request) { r.Dir = filepath.Join(s.Dir, "absent") },
		"bad tag":     func(r *scheduler.Request) { r.Tag = "a b;$(c)" },
		"bad env":     func(r *scheduler.Request) { r.Env = []string{"novalue"} },
		"bad name":    func(r *scheduler.Request) { r.Name = "two\nlines" },
	} {
		r := s.request("true")
		change(&r)
		id, err := s.Scheduler.Submit(s.Context(), r)
		var f *scheduler.Fault
		if !errors.As(err, &f) || f.Fix() == "" || strings.Contains(f.Error(), "\n") {
			s.Errorf("%s: job %q, error %v; want a fault of one line with a fix", name, id, err)
		}
		if j, ok, _ := s.Scheduler.Find(s.Context(), r.Tag); ok {
			s.Errorf("%s: refused, and yet submitted: %+v", name, j)
		}
	}
}

func (s *story) unknown() {
	for _, id := range []string{"99999999", "L99999999", "", "-1", "1 2", "$(id)", "../x"} {
		if err := s.Scheduler.Cancel(s.Context(), id); !errors.Is(err, scheduler.ErrNoJob) {
			s.Errorf("cancel %q: %v", id, err)
		}
	}
}

func (s *story) limits() {
	l, err := s.Scheduler.Limits(s.Context())
	if err != nil || l.Version == "" || !l.History {
		s.Errorf("limits %+v, %v", l, err)
	}
}

func (s *story) hostile() {
	r := s.request("true")
	r.Name = "a|b $(touch pwned) `id` ; 'q' \"d\" é日本" + strings.Repeat("x", 300)
	id := s.submit(r)
	if j := s.await(id, model.JobCompleted); j.Name != r.Name || j.Tag != r.Tag {
		s.Errorf("name %q, tag %q", j.Name, j.Tag)
	}
	if _, err := os.Stat(filepath.Join(s.Dir, "pwned")); err == nil {
		s.Error("a job's name was run as a command")
	}
}
