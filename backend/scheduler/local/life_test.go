package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"shardeck/backend/process"
	"shardeck/backend/scheduler"
	"shardeck/model"
)

// bench is a local scheduler in a directory of its own, with four stand-in GPUs.
type bench struct {
	*testing.T
	*Local
	dir, work string
	serial    int
}

func newBench(t *testing.T) *bench {
	t.Helper()
	t.Setenv("CUDA_VISIBLE_DEVICES", "")
	b := &bench{T: t, dir: filepath.Join(t.TempDir(), "state"), work: t.TempDir()}
	b.Local = New(Options{Dir: b.dir, Grace: 1})
	b.slots = func() slots { return slots{ids: upTo(4)} }
	t.Cleanup(b.end)
	return b
}

// end leaves no process behind.
func (b *bench) end() {
	jobs, err := New(Options{Dir: b.dir, Grace: 1}).Jobs(context.Background())
	if err != nil {
		b.Error(err)
	}
	for _, j := range jobs {
		if j.State.Active() && !strings.HasPrefix(j.Reason, "on ") {
			if err := b.Cancel(context.Background(), j.ID); err != nil {
				b.Error(err)
			}
		}
	}
}

func (b *bench) request(gpus int, lines string) scheduler.Request {
	b.serial++
	return scheduler.Request{Script: "#!/bin/bash\n" + lines + "\n", Dir: b.work, Name: "job", GPUs: gpus,
		Tag: fmt.Sprintf("t-%d", b.serial), Log: filepath.Join(b.work, "%x-%j.out"), Limit: time.Minute}
}

func (b *bench) submit(gpus int, lines string) string {
	b.Helper()
	id, err := b.Submit(b.Context(), b.request(gpus, lines))
	if err != nil {
		b.Fatal(err)
	}
	return id
}

// state asks a scheduler that has seen nothing before, as another process would.
func (b *bench) state(id string) model.Job {
	b.Helper()
	jobs, err := New(Options{Dir: b.dir}).Jobs(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	for _, j := range jobs {
		if j.ID == id {
			return j
		}
	}
	b.Fatalf("no job %s among %+v", id, jobs)
	return model.Job{}
}

func (b *bench) await(id string, want model.JobState) model.Job {
	b.Helper()
	var j model.Job
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(30 * time.Millisecond) {
		if j = b.state(id); j.State == want {
			return j
		}
	}
	b.Fatalf("job %s did not become %s: %+v", id, want, j)
	return j
}

// process reads one of a job's process files.
func (b *bench) process(id, name string) process.ID {
	b.Helper()
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if p, ok := process.Parse(readFact(filepath.Join(b.dir, id), name)); ok {
			return p
		}
	}
	b.Fatalf("job %s has no %s", id, name)
	return process.ID{}
}

func (b *bench) log(id string) string {
	text, _ := os.ReadFile(filepath.Join(b.work, "job-"+id+".out"))
	return string(text)
}

func (b *bench) kill(p process.ID) {
	b.Helper()
	if err := syscall.Kill(p.PID, syscall.SIGKILL); err != nil {
		b.Fatal(err)
	}
	for b.here.Alive(p) {
		time.Sleep(10 * time.Millisecond)
	}
}

func TestTimeLimit(t *testing.T) {
	b := newBench(t)
	r := b.request(1, "trap '' TERM; echo $$; sleep 60 & sleep 60; sleep 60")
	r.Limit = time.Second
	id, err := b.Submit(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	j := b.await(id, model.JobTimeout)
	if j.ExitCode != "0:15" || j.Elapsed < time.Second || j.Limit != time.Second {
		t.Errorf("%+v", j)
	}
	group := b.process(id, "child").PID
	for end := time.Now().Add(2 * time.Second); syscall.Kill(-group, 0) == nil; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			out, _ := exec.Command("ps", "-o", "pid,ppid,stat,args", "-g", fmt.Sprint(group)).Output()
			t.Fatalf("the job left processes behind:\n%s", out)
		}
	}
}

func TestSlotsAndOrder(t *testing.T) {
	b := newBench(t)
	hold := "echo $SHARDECK_LOCAL_GPUS; while [ ! -e go-$SHARDECK_JOB_ID ]; do sleep 0.1; done"
	one, two := b.submit(2, hold), b.submit(2, hold)
	b.await(one, model.JobRunning)
	b.await(two, model.JobRunning)
	big, small := b.submit(3, hold), b.submit(1, hold)
	b.release(one)
	b.await(one, model.JobCompleted)
	time.Sleep(1500 * time.Millisecond) // long enough for a keeper to look twice
	if j, k := b.state(big), b.state(small); j.Reason != "Resources" || k.Reason != "Priority" || k.State != model.JobPending {
		t.Errorf("two slots are free: the job for three is %s (%s), the one behind it %s (%s)", j.State, j.Reason, k.State, k.Reason)
	}
	b.release(two)
	b.await(big, model.JobRunning)
	b.await(small, model.JobRunning)
	b.release(big)
	b.release(small)
	b.await(big, model.JobCompleted)
	b.await(small, model.JobCompleted)
	got := []string{b.log(one), b.log(two), b.log(big), b.log(small)}
	want := []string{"0,1\n", "2,3\n", "0,1,2\n", "3\n"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("slots %q, want %q", got, want)
	}
	if _, err := b.Submit(t.Context(), b.request(5, "true")); err == nil || !strings.Contains(err.Error(), "needs 5 GPUs") {
		t.Errorf("five of four GPUs: %v", err)
	}
}

func (b *bench) release(id string) {
	if err := os.WriteFile(filepath.Join(b.work, "go-"+id), nil, 0o644); err != nil {
		b.Fatal(err)
	}
}

func TestRealGPUsAreShownToTheJob(t *testing.T) {
	b := newBench(t)
	b.slots = func() slots { return slots{ids: []string{"5", "GPU-ab"}, real: true} }
	id := b.submit(2, "echo $CUDA_VISIBLE_DEVICES $SHARDECK_SCHEDULER $SHARDECK_JOB_ID")
	b.await(id, model.JobCompleted)
	if got := b.log(id); got != "5,GPU-ab local L1\n" {
		t.Errorf("%q", got)
	}
}

func TestSlots(t *testing.T) {
	t.Setenv("CUDA_VISIBLE_DEVICES", "2,3,7")
	if s := findSlots(4); len(s.ids) != 3 || !s.real || s.ids[2] != "7" {
		t.Errorf("%+v", s)
	}
	t.Setenv("CUDA_VISIBLE_DEVICES", "")
	t.Setenv("PATH", t.TempDir())
	if s := findSlots(4); len(s.ids) != 4 || s.real || !strings.Contains(s.note, "assumed") {
		t.Errorf("%+v", s)
	}
}

// TestSubmitterKilled: the job of a shardeck that is killed with all its terminal
// runs on, and its end is told to the next one.
func TestSubmitterKilled(t *testing.T) {
	if dir := os.Getenv("SHARDECK_TEST_SUBMIT"); dir != "" {
		l := New(Options{Dir: dir})
		l.slots = func() slots { return slots{ids: upTo(4)} }
		id, err := l.Submit(t.Context(), scheduler.Request{Script: "#!/bin/bash\nsleep 2; echo survived\n", Dir: filepath.Dir(dir), Tag: "child",
			Log: filepath.Join(filepath.Dir(dir), "job-%j.out"), GPUs: 1, Limit: time.Minute})
		fmt.Println("submitted", id, err)
		time.Sleep(time.Minute)
	}
	b := newBench(t)
	cmd := exec.Command(os.Args[0], "-test.run=^TestSubmitterKilled$")
	cmd.Env = append(os.Environ(), "SHARDECK_TEST_SUBMIT="+b.dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for !exists(b.dir, "L1/started") {
		time.Sleep(20 * time.Millisecond)
	}
	if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if j := b.state("L1"); j.State != model.JobRunning {
		t.Errorf("after the kill: %+v", j)
	}
	b.await("L1", model.JobCompleted)
	text, err := os.ReadFile(filepath.Join(filepath.Dir(b.dir), "job-L1.out"))
	if string(text) != "survived\n" {
		t.Errorf("log %q, %v", text, err)
	}
}

func TestKeeperKilled(t *testing.T) {
	b := newBench(t)
	id := b.submit(4, "sleep 60")
	b.await(id, model.JobRunning)
	next := b.submit(4, "sleep 60")
	b.process(id, "child")
	b.kill(b.process(id, "keeper"))
	j := b.state(id)
	if j.State != model.JobRunning || !strings.Contains(j.Reason, "keeper was killed") {
		t.Errorf("without its keeper: %+v", j)
	}
	time.Sleep(time.Second)
	if k := b.state(next); k.State != model.JobPending {
		t.Errorf("its GPUs were given away: %+v", k)
	}
	if err := b.Cancel(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	b.await(id, model.JobCancelled)
	b.await(next, model.JobRunning)
	child := b.process(next, "child")
	b.kill(b.process(next, "keeper"))
	b.kill(child)
	if j := b.await(next, model.JobFailed); j.Reason != "its processes were killed" || j.End.IsZero() {
		t.Errorf("all killed: %+v", j)
	}
	if first, again := b.state(next).End, b.state(next).End; first != again {
		t.Errorf("its end moves: %v, %v", first, again)
	}
}

func TestJobKilled(t *testing.T) {
	b := newBench(t)
	id := b.submit(1, "sleep 60")
	b.await(id, model.JobRunning)
	b.kill(b.process(id, "child"))
	if j := b.await(id, model.JobFailed); j.ExitCode != "137:0" {
		t.Errorf("%+v", j)
	}
}

// TestStale: what files say of processes that are no more, or not here.
func TestStale(t *testing.T) {
	b := newBench(t)
	t.Cleanup(func() { _ = os.RemoveAll(b.dir) }) // nothing real to end
	host, _, _ := strings.Cut(string(b.here), " ")
	self := b.here.Self()
	for i, test := range []struct {
		keeper, child, submitter string
		started, cancel          bool
		state                    model.JobState
		reason                   string
	}{
		{keeper: fmt.Sprintf("%d %s %s an-older-boot", self.PID, self.Born, host), started: true, state: model.JobNodeFail,
			reason: "the machine was restarted"},
		{keeper: fmt.Sprintf("%d 1 %s", self.PID, b.here), started: true, state: model.JobFailed, reason: "its processes were killed"},
		{keeper: "4242 777 login99 some-boot", started: true, state: model.JobRunning, reason: "on login99"},
		{keeper: "4242 777 login99 some-boot", state: model.JobPending, reason: "on login99"},
		{submitter: fmt.Sprintf("%d 1 %s", self.PID, b.here), state: model.JobFailed,
			reason: "it was never started: shardeck was ended while it submitted it"},
		{submitter: self.String(), state: model.JobPending, reason: "Resources"},
		{keeper: fmt.Sprintf("%d 1 %s", self.PID, b.here), started: true, cancel: true, state: model.JobCancelled},
		{keeper: "nonsense", submitter: "-1 x y", state: model.JobFailed,
			reason: "it was never started: shardeck was ended while it submitted it"},
	} {
		id := fmt.Sprintf("L%d", i+1)
		dir := filepath.Join(b.dir, id)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		files := map[string]string{"job.json": `{"name":"n","tag":"t","log":"/tmp/%j.out"}`, "keeper": test.keeper,
			"child": test.child, "submitter": test.submitter}
		if test.started {
			files["started"] = fmt.Sprint(time.Now().Unix() - 5)
		}
		if test.cancel {
			files["cancel"] = "\n"
		}
		for name, text := range files {
			if text != "" {
				_ = os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644)
			}
		}
		if j := b.state(id); j.State != test.state || j.Reason != test.reason {
			t.Errorf("case %d: %s (%s), want %s (%s)", i, j.State, j.Reason, test.state, test.reason)
		}
	}
}

func TestDamagedRecord(t *testing.T) {
	b := newBench(t)
	id := b.submit(1, "true")
	b.await(id, model.JobCompleted)
	for n, text := range map[string]string{"L7": "{half", "L8": ""} {
		_ = os.MkdirAll(filepath.Join(b.dir, n), 0o755)
		_ = os.WriteFile(filepath.Join(b.dir, n, "job.json"), []byte(text), 0o644)
	}
	_ = os.MkdirAll(filepath.Join(b.dir, "new-left-behind"), 0o755)
	if j := b.state("L7"); j.State != model.JobUnknown || !strings.Contains(j.Reason, "damaged") {
		t.Errorf("%+v", j)
	}
	if j := b.state(id); j.State != model.JobCompleted {
		t.Errorf("%+v", j)
	}
	if next := b.submit(1, "true"); next != "L9" {
		t.Errorf("next id %s", next)
	}
}

// TestNervous: the same tag twice gives one job; many at once get each their own.
func TestNervous(t *testing.T) {
	b := newBench(t)
	r := b.request(1, "true")
	first, err := b.Submit(t.Context(), r)
	again, err2 := b.Submit(t.Context(), r)
	if err != nil || err2 != nil || first != again {
		t.Errorf("%s %v, then %s %v", first, err, again, err2)
	}
	other := New(Options{Dir: b.dir})
	other.slots = b.slots
	var wg sync.WaitGroup
	var mu sync.Mutex
	ids := map[string]bool{}
	for i := range 8 {
		r := b.request(0, "true")
		wg.Go(func() {
			s := []*Local{b.Local, other}[i%2]
			id, err := s.Submit(t.Context(), r)
			mu.Lock()
			defer mu.Unlock()
			if err != nil || ids[id] {
				t.Errorf("id %s given twice, or %v", id, err)
			}
			ids[id] = true
		})
	}
	wg.Wait()
	for id := range ids {
		b.await(id, model.JobCompleted)
	}
}

func TestNowhereToWrite(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a-file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	b := newBench(t)
	l := New(Options{Dir: filepath.Join(file, "state")})
	_, err := l.Submit(t.Context(), b.request(1, "true"))
	var f *scheduler.Fault
	if !errors.As(err, &f) || !strings.Contains(f.Error(), file) || f.Fix() == "" {
		t.Errorf("%v", err)
	}
}
