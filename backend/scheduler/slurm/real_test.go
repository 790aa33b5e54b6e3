package slurm

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"shardeck/backend/scheduler"
	"shardeck/backend/scheduler/slurmtest"
	"shardeck/model"
)

// job makes a request with these #SBATCH words.
func job(t *testing.T, sbatch, lines string) scheduler.Request {
	t.Helper()
	dir := t.TempDir()
	return scheduler.Request{Script: "#!/bin/bash\n#SBATCH " + sbatch + "\n" + lines + "\n", Dir: dir, Name: "real",
		Tag: fmt.Sprintf("sd-%d", time.Now().UnixNano()), Log: filepath.Join(dir, "%j.out")}
}

// TestRefusals: what a real Slurm refuses, in words, with its own beside them.
func TestRefusals(t *testing.T) {
	s := New(Options{Env: slurmtest.Env(t)})
	for sbatch, want := range map[string]string{
		"-C gpu -q regular -A nosuch -N1":                                  "account is not one",
		"-C gpu -q nosuch -A m1234 -N1":                                    "QOS does not exist",
		"-C gpu&nosuch -q regular -A m1234 -N1":                            "constraint",
		"-q regular -A m1234 -N1":                                          "no policy for such a job",
		"-C gpu -q debug -A m1234 -N1 -t 10:00:00":                         "longer than the QOS allows",
		"-C gpu -q regular -A m1234 -N1 -t 1:00:00:00:00":                  "cannot read the time limit",
		"-C gpu -q regular -A m1234 -N99":                                  "number of nodes",
		"-C gpu -q regular -A m1234 -N1 --gpus-per-node=9":                 "no set of nodes",
		"-C gpu -q regular -A m1234 -N1 --gpus-per-node=h100:1":            "no set of nodes",
		"-C gpu -q shared -A m1234 -N1 -n1 --gpus-per-node=4 --mem=10G":    "more GPUs than the QOS",
		"-C gpu -q regular -A m1234 -N1 -p nosuch":                         "partition does not exist",
		"-C gpu -q regular -A m1234 -N1 --bogus":                           "unrecognized option",
		"-C gpu -q regular -A m1234 -N1 --mem=9000G":                       "no node has that much memory",
		"-C gpu -q regular -A m1234 -N1 --dependency=nonsense:1":           "depends on",
		"-C gpu -q regular -A m1234 -N1 --array=0-99999999":                "array is too large",
		"-C gpu -q regular -A m1234 -N1 --gpus-per-node=four:five:six:abc": "",
	} {
		r := job(t, sbatch, "true")
		id, err := s.Submit(t.Context(), r)
		var f *scheduler.Fault
		if !errors.As(err, &f) || !strings.Contains(f.Error(), want) || f.Fix() == "" || strings.Contains(f.Error(), "\n") {
			t.Errorf("%s: %q, %v; want a fault with %q and a fix", sbatch, id, err, want)
			continue
		}
		if errors.Is(err, scheduler.ErrMaybe) || strings.Contains(f.Error(), "try it by hand") {
			t.Errorf("%s: %v", sbatch, err)
		}
		if j, ok, err := s.Find(t.Context(), r.Tag); err != nil || ok && j.State.Active() {
			t.Errorf("%s: refused, and yet there is %+v (%v)", sbatch, j, err)
		}
	}
}

// TestRealEstimate: nothing is submitted by asking.
func TestRealEstimate(t *testing.T) {
	s := New(Options{Env: slurmtest.Env(t)})
	r := job(t, "-C gpu -q regular -A m1234 -N 2 --gpus-per-node=4 -t 5", "true")
	e, err := s.Estimate(t.Context(), r)
	if err != nil || time.Until(e.Start).Abs() > 24*time.Hour || !strings.HasPrefix(e.Nodes, "nid") {
		t.Errorf("%+v, %v", e, err)
	}
	if j, ok, err := s.Find(t.Context(), r.Tag); ok || err != nil {
		t.Errorf("there is %+v, %v", j, err)
	}
}

// TestForeignEnvironment: settings of the user's shell do not change what we read.
func TestForeignEnvironment(t *testing.T) {
	env := slurmtest.Env(t)
	for k, v := range map[string]string{"SQUEUE_FORMAT": "%i", "SQUEUE_STATES": "SUSPENDED", "SLURM_TIME_FORMAT": "%s",
		"SACCT_FORMAT":   "jobid",
		"SBATCH_ACCOUNT": "nosuch", "SBATCH_QOS": "nosuch", "SLURM_CLUSTERS": "nosuch", "SQUEUE_USERS": "nobody", "SBATCH_TIMELIMIT": "1"} {
		t.Setenv(k, v)
	}
	s := New(Options{Env: env})
	id, err := s.Submit(t.Context(), job(t, "-C gpu -q regular -A m1234 -N1 -G 3 -t 20 --begin=now+1hour", "true"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Cancel(context.Background(), id) })
	j := find(t, s, id, func(j model.Job) bool { return j.Reason == "BeginTime" })
	if time.Since(j.Submit).Abs() > time.Minute || j.GPUs != 3 || j.Limit != 20*time.Minute || j.QOS != "gpu_regular" ||
		j.Account != "m1234_g" {
		t.Errorf("%+v", j)
	}
	if j.Start.Before(time.Now().Add(30 * time.Minute)) {
		t.Errorf("estimated start %v", j.Start)
	}
}

// find waits until a job is as wanted.
func find(t *testing.T, s *Slurm, id string, is func(model.Job) bool) model.Job {
	t.Helper()
	var last []model.Job
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		jobs, err := s.Jobs(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		last = jobs
		for _, j := range jobs {
			if j.ID == id && is(j) {
				return j
			}
		}
	}
	t.Fatalf("job %s is never as wanted; the list is %+v", id, last)
	return model.Job{}
}

// TestHard: a cluster of its own, without accounting, to which the worst is done.
func TestHard(t *testing.T) {
	t.Parallel()
	dir := slurmtest.Private(t, "TEST_SLURM_ACCT=0", "TEST_SLURM_NODES=2")
	env := "SLURM_CONF=" + filepath.Join(dir, "slurm.conf")
	s := New(Options{Env: []string{env}})
	admin := func(t *testing.T, args ...string) {
		t.Helper()
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Env = append(os.Environ(), env)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %v %s", args, err, out)
		}
	}
	submit := func(t *testing.T, sbatch, lines string) string {
		t.Helper()
		id, err := s.Submit(t.Context(), job(t, "-C gpu -A x "+sbatch, lines))
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	t.Run("no accounting", func(t *testing.T) {
		if _, err := s.History(t.Context(), time.Now()); !errors.Is(err, scheduler.ErrNoHistory) {
			t.Errorf("history: %v", err)
		}
		if l, err := s.Limits(t.Context()); err != nil || l.History || l.Note == "" || !strings.Contains(l.Version, "slurm") {
			t.Errorf("limits: %+v, %v", l, err)
		}
	})
	t.Run("reasons and a failing node", func(t *testing.T) {
		run := submit(t, "-N 2 --gpus-per-node=4", "sleep 300")
		find(t, s, run, func(j model.Job) bool { return j.State == model.JobRunning && j.GPUs == 8 && j.Nodes == 2 })
		for sbatch, reason := range map[string]string{"-H": "JobHeldUser", "-d afterok:" + run: "Dependency", "-N 2": "Resources"} {
			id := submit(t, sbatch, "true")
			find(t, s, id, func(j model.Job) bool { return j.State == model.JobPending && j.Reason == reason })
			if err := s.Cancel(t.Context(), id); err != nil {
				t.Error(err)
			}
		}
		admin(t, "scontrol", "update", "nodename=nid001000", "state=down", "reason=test")
		find(t, s, run, func(j model.Job) bool { return j.State == model.JobNodeFail && !j.End.IsZero() })
	})
	t.Run("an array is listed folded and cancelled", func(t *testing.T) {
		id := submit(t, "-N 1 -H --array=0-19%2", "true")
		find(t, s, id, func(j model.Job) bool { return j.State == model.JobPending && j.Tasks == model.Tasks{Waiting: 20} })
		if err := s.Cancel(t.Context(), id); err != nil {
			t.Error(err)
		}
		j := find(t, s, id, func(j model.Job) bool { return j.State == model.JobCancelled })
		if !j.Start.IsZero() || j.End.IsZero() { // squeue tells a start for what never started
			t.Errorf("cancelled while it waited: %+v", j)
		}
	})
	t.Run("a controller that hangs", func(t *testing.T) { hangs(t, s, dir) })
	t.Run("no munge", func(t *testing.T) {
		if err := syscall.Kill(pid(t, dir, "munged"), syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		// else it signs what is asked, and is gone when the controller checks
		for there := error(nil); there == nil && t.Context().Err() == nil; {
			time.Sleep(10 * time.Millisecond)
			_, there = os.Stat(filepath.Join(dir, "munge", "socket"))
		}
		_, err := s.Jobs(t.Context())
		if !errors.Is(err, scheduler.ErrUnreachable) || !strings.Contains(err.Error(), "munge service") {
			t.Errorf("%v", err)
		}
	})
}

// hangs freezes slurmctld: what is asked is an error, what is submitted may exist,
// and once it thaws the job is found by its tag.
func hangs(t *testing.T, s *Slurm, dir string) {
	ctld := pid(t, dir, "slurmctld")
	r := job(t, "-C gpu -A x -N 1", "sleep 30")
	if err := syscall.Kill(ctld, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	listed := make(chan error)
	go func() {
		jobs, err := s.Jobs(t.Context())
		if jobs != nil {
			err = fmt.Errorf("an empty list: %v", err)
		}
		listed <- err
	}()
	id, err := s.Submit(t.Context(), r)
	if !errors.Is(err, scheduler.ErrMaybe) || id != "" {
		t.Errorf("submit: %q, %v", id, err)
	}
	if err := <-listed; !errors.Is(err, scheduler.ErrUnreachable) {
		t.Errorf("jobs: %v", err)
	}
	if err := syscall.Kill(ctld, syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		j, ok, err := s.Find(t.Context(), r.Tag)
		if err != nil {
			t.Fatal(err)
		}
		if ok {
			if err := s.Cancel(t.Context(), j.ID); err != nil {
				t.Error(err)
			}
			return
		}
	}
	t.Error("the job submitted while the controller was frozen was not found")
}

// pid is that of one of the cluster's daemons.
func pid(t *testing.T, dir, daemon string) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "run", daemon+".pid"))
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	return n
}
