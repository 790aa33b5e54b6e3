package slurm

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"shardeck/backend/scheduler"
)

// fake puts scripts in place of Slurm's commands; each call is a line in calls.
func fake(t *testing.T, o Options, scripts map[string]string) (*Slurm, func() []string) {
	t.Helper()
	dir := t.TempDir()
	calls := filepath.Join(dir, "calls")
	for name, body := range scripts {
		text := "#!/bin/bash\necho \"" + name + " $*\" >>" + calls + "\n" + body + "\n"
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir+":/usr/bin:/bin")
	return New(o), func() []string {
		text, _ := os.ReadFile(calls)
		return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	}
}

func request(t *testing.T) scheduler.Request {
	dir := t.TempDir()
	return scheduler.Request{Script: "#!/bin/bash\ntrue\n", Dir: dir, Name: "n", Tag: "tag-1", Log: filepath.Join(dir, "%j.out")}
}

// TestHangs: a squeue that never answers is given up and killed with its children,
// and a second one is not started beside it.
func TestHangs(t *testing.T) {
	s, calls := fake(t, Options{Timeout: 300 * time.Millisecond}, map[string]string{"squeue": "sleep 987 & sleep 987"})
	var wg sync.WaitGroup
	start := time.Now()
	for range 3 {
		wg.Go(func() {
			jobs, err := s.Jobs(t.Context())
			if !errors.Is(err, scheduler.ErrUnreachable) || jobs != nil {
				t.Errorf("%v, %v", jobs, err)
			}
		})
	}
	wg.Wait()
	if took := time.Since(start); took < 850*time.Millisecond || took > 5*time.Second {
		t.Errorf("three calls, one after the other, took %v", took)
	}
	if n := len(calls()); n != 3 {
		t.Errorf("%d calls", n)
	}
	for end := time.Now().Add(5 * time.Second); running("sleep\x00987\x00"); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("killed squeues left children behind")
		}
	}
}

// running looks for a process with this command line.
func running(cmdline string) bool {
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, f := range files {
		if text, _ := os.ReadFile(f); string(text) == cmdline {
			return true
		}
	}
	return false
}

// TestLostReply: what sbatch may have done is never said to have failed.
func TestLostReply(t *testing.T) {
	for name, test := range map[string]struct {
		sbatch string
		maybe  bool
	}{
		"killed for taking too long": {"sleep 5", true},
		"timed out by itself": {"echo 'sbatch: error: Batch job submission failed: Socket timed out on send/recv operation' " +
			">&2; exit 1", true},
		"no id in the reply": {"echo Submitted", true},
		"never reached": {"echo 'sbatch: error: Batch job submission failed: Unable to contact slurm controller " +
			"(connect failure)' >&2; exit 1", false},
		"refused": {"echo 'sbatch: error: Batch job submission failed: Invalid qos specification' >&2; exit 1", false},
	} {
		s, _ := fake(t, Options{Submit: 300 * time.Millisecond}, map[string]string{"sbatch": test.sbatch})
		id, err := s.Submit(t.Context(), request(t))
		if err == nil || id != "" || errors.Is(err, scheduler.ErrMaybe) != test.maybe {
			t.Errorf("%s: %q, %v", name, id, err)
		}
	}
}

func TestSubmitSaysAll(t *testing.T) {
	_, calls := fake(t, Options{}, map[string]string{"sbatch": `cat >"$(dirname "$0")/script"; env >"$(dirname "$0")/env"; echo '77;perlmutter'`})
	t.Setenv("SBATCH_ACCOUNT", "of-another-job")
	t.Setenv("SLURM_JOB_ID", "1")
	s := New(Options{Env: []string{"SLURM_CONF=/x"}})
	r := request(t)
	r.Env = []string{"A=b c"}
	id, err := s.Submit(t.Context(), r)
	if id != "77" || err != nil {
		t.Fatalf("%q, %v", id, err)
	}
	want := "sbatch --parsable --comment=tag-1 --chdir=" + r.Dir + " --output=" + r.Log + " --job-name=n"
	if got := calls()[0]; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	dir, _, _ := strings.Cut(os.Getenv("PATH"), ":")
	script, _ := os.ReadFile(filepath.Join(dir, "script"))
	env, _ := os.ReadFile(filepath.Join(dir, "env"))
	if string(script) != r.Script {
		t.Errorf("script %q", script)
	}
	for line, want := range map[string]bool{"A=b c\n": true, "SLURM_CONF=/x\n": true, "SBATCH_ACCOUNT": false, "SLURM_JOB_ID": false} {
		if strings.Contains(string(env), line) != want {
			t.Errorf("environment holds %q: %v", line, !want)
		}
	}
}

// TestBadAnswers: none is ever an empty list.
func TestBadAnswers(t *testing.T) {
	for name, squeue := range map[string]string{
		"an error with rc 1":     `echo 'slurm_load_jobs error: Unable to contact slurm controller (connect failure)' >&2; exit 1`,
		"an error without words": `exit 7`,
		"cut short":              `printf '12\037None\037RUNN'`,
		"foreign":                `echo '<html>proxy</html>'`,
		"killed":                 `kill -9 $$`,
		"endless":                `yes`,
		"endless in its errors":  `yes no >&2 & sleep 0.2; kill $!; exit 1`,
		"words with escapes":     `printf 'squeue: error: \033[31mbad\007\n' >&2; exit 1`,
	} {
		s, _ := fake(t, Options{}, map[string]string{"squeue": squeue})
		jobs, err := s.Jobs(t.Context())
		if err == nil || jobs != nil || strings.ContainsAny(err.Error(), "\x1b\x07\n") {
			t.Errorf("%s: %v, %v", name, jobs, err)
		}
	}
	t.Setenv("PATH", t.TempDir())
	if _, err := New(Options{}).Jobs(t.Context()); !errors.Is(err, scheduler.ErrUnreachable) ||
		!strings.Contains(err.Error(), "not installed") {
		t.Errorf("without squeue: %v", err)
	}
}

func TestEmptyQueue(t *testing.T) {
	s, _ := fake(t, Options{}, map[string]string{"squeue": "true"})
	jobs, err := s.Jobs(t.Context())
	if err != nil || jobs == nil || len(jobs) != 0 {
		t.Errorf("%v, %v", jobs, err)
	}
}

// TestOldSacct: one that does not know the submit line is asked without it, once.
func TestOldSacct(t *testing.T) {
	s, calls := fake(t, Options{}, map[string]string{"sacct": `case "$*" in *SubmitLine*) echo 'sacct: error: Invalid field requested: "SubmitLine"' >&2; exit 1;; esac`})
	for range 2 {
		if jobs, err := s.History(t.Context(), time.Now()); err != nil || len(jobs) != 0 {
			t.Errorf("%v, %v", jobs, err)
		}
	}
	if n := len(calls()); n != 3 {
		t.Errorf("%d calls, want 3:\n%s", n, strings.Join(calls(), "\n"))
	}
}

func TestNoAccounting(t *testing.T) {
	s, _ := fake(t, Options{}, map[string]string{
		"squeue":   "true",
		"sacct":    "echo 'Slurm accounting storage is disabled' >&2; exit 1",
		"sinfo":    "echo slurm 20.11.8",
		"scontrol": "echo 'AccountingStorageType   = accounting_storage/none'",
	})
	if _, err := s.History(t.Context(), time.Now()); !errors.Is(err, scheduler.ErrNoHistory) {
		t.Errorf("history: %v", err)
	}
	if _, ok, err := s.Find(t.Context(), "x"); ok || err != nil {
		t.Errorf("find: %v %v", ok, err)
	}
	if l, err := s.Limits(t.Context()); err != nil || l.History || l.Version != "slurm 20.11.8" || l.Note == "" {
		t.Errorf("limits: %+v, %v", l, err)
	}
}

// TestStuckCancel: a scancel that changes nothing is not reported as done.
func TestStuckCancel(t *testing.T) {
	s, _ := fake(t, Options{}, map[string]string{"scancel": "true", "squeue": `printf 'RUNNING\036'`})
	s.patience = 300 * time.Millisecond
	if err := s.Cancel(t.Context(), "5"); err == nil || !strings.Contains(err.Error(), "did not end") {
		t.Errorf("%v", err)
	}
	s, calls := fake(t, Options{}, map[string]string{"scancel": "true", "squeue": `printf 'COMPLETING\036'`})
	if err := s.Cancel(t.Context(), "5_[0-3%1]"); err != nil || calls()[0] != "scancel 5_[0-3]" {
		t.Errorf("%v, %q", err, calls())
	}
}

// TestGivenUp: who cancels a query gets that as the error, at once; who runs into a
// deadline of their own, a scheduler that does not answer.
func TestGivenUp(t *testing.T) {
	s, _ := fake(t, Options{}, map[string]string{"squeue": "sleep 876"})
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	if _, err := s.Jobs(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	ctx, cancel = context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := s.Jobs(ctx); !errors.Is(err, scheduler.ErrUnreachable) {
		t.Errorf("own deadline: %v", err)
	}
	if running("sleep\x00876\x00") {
		t.Error("a squeue is left")
	}
}

// TestEstimate: what sbatch --test-only writes, and what is made of it.
func TestEstimate(t *testing.T) {
	soon := time.Now().Add(time.Hour).Truncate(time.Second)
	says := func(text string, code int) string {
		return fmt.Sprintf("echo 'sbatch: %s' >&2; exit %d", text, code)
	}
	for name, test := range map[string]struct {
		sbatch string
		start  time.Time
		fault  string // empty: none
	}{
		"a time": {says("Job 3 to start at "+soon.Format("2006-01-02T15:04:05")+" using 256 processors on nodes "+
			"nid[001000-001001] in partition gpu_ss11", 0), soon, ""},
		"never": {says("Job 3 to start at "+soon.AddDate(1, 0, 0).
			Format("2006-01-02T15:04:05")+" using 256 processors on nodes nid[001000-001001] in partition x", 0), time.Time{}, ""},
		"impossible": {says("allocation failure: Node count specification invalid", 1), time.Time{}, "number of nodes"},
		"no answer":  {says("hello", 0), time.Time{}, "not as asked for"},
	} {
		s, calls := fake(t, Options{}, map[string]string{"sbatch": test.sbatch})
		e, err := s.Estimate(t.Context(), request(t))
		if (err == nil) != (test.fault == "") || err != nil && !strings.Contains(err.Error(), test.fault) {
			t.Errorf("%s: %v, want %q", name, err, test.fault)
		}
		if !e.Start.Equal(test.start) || err == nil && e.Nodes != "nid[001000-001001]" {
			t.Errorf("%s: %+v, want %v", name, e, test.start)
		}
		if !strings.HasSuffix(calls()[0], " --test-only") {
			t.Errorf("%s: called as %q", name, calls())
		}
	}
}

// TestTimesAreLocal: Slurm prints times of its own zone, without saying which.
func TestTimesAreLocal(t *testing.T) {
	if New(Options{}).zone != time.Local {
		t.Error("times are not read as those of this machine")
	}
	pacific := time.FixedZone("", -8*3600)
	soon := time.Now().Add(time.Hour).Truncate(time.Second)
	say := func(text string) string {
		path := filepath.Join(t.TempDir(), "answer")
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return "cat " + path
	}
	s, calls := fake(t, Options{Local: pacific}, map[string]string{
		"squeue": say(recorded(t, "24.11")["answers.squeue"]), "sacct": say(recorded(t, "24.11")["answers.sacct"]),
		"sbatch": "echo 'sbatch: Job 3 to start at " + soon.In(pacific).Format("2006-01-02T15:04:05") +
			" using 256 processors on nodes nid001000 in partition x' >&2",
	})
	want := time.Date(2026, 12, 1, 0, 34, 54, 0, time.UTC) // 16:34:54 there
	jobs, err := s.Jobs(t.Context())
	if err != nil || len(jobs) < 2 || !jobs[1].Submit.Equal(want) || !jobs[1].Start.Equal(want.Add(time.Second)) {
		t.Errorf("of squeue: %v, %v; want %v", jobs, err, want)
	}
	past, err := s.History(t.Context(), want)
	if err != nil || len(past) == 0 || past[0].End.Hour() != past[0].End.In(pacific).Hour() || past[0].End.UTC().Hour() == past[0].End.Hour() {
		t.Errorf("of sacct: %v, %v", past, err)
	}
	if asked := calls()[1]; !strings.Contains(asked, "--starttime=2026-11-30T16:34:54") {
		t.Errorf("sacct was asked %s", asked)
	}
	if e, err := s.Estimate(t.Context(), request(t)); err != nil || !e.Start.Equal(soon) {
		t.Errorf("of sbatch: %v, %v", e, err)
	}
}

// TestSubmitsFromTheWorkspace: SLURM_SUBMIT_DIR is where sbatch runs, and the job script
// looks for its workspace there.
func TestSubmitsFromTheWorkspace(t *testing.T) {
	s, calls := fake(t, Options{}, map[string]string{"sbatch": `echo "in $PWD" >>"$(dirname "$0")/calls"; echo 7`})
	r := request(t)
	if id, err := s.Submit(t.Context(), r); id != "7" || err != nil {
		t.Fatalf("%q, %v", id, err)
	}
	if got := calls(); got[len(got)-1] != "in "+r.Dir {
		t.Errorf("sbatch was run %s, want in %s", got[len(got)-1], r.Dir)
	}
}
