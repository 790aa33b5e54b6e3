package slurm

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"shardeck/backend/scheduler/poll"
	"shardeck/backend/scheduler/slurmtest"
	"shardeck/model"
)

// daemon is one of the cluster's daemons, which a test may kill and start again.
type daemon struct {
	t         *testing.T
	dir, name string
	pid       int
	args      []string
}

func findDaemon(t *testing.T, dir, name string) *daemon {
	t.Helper()
	now := pid(t, dir, name)
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(now), "cmdline"))
	if err != nil {
		t.Fatal(err)
	}
	return &daemon{t, dir, name, now, strings.Split(strings.TrimSuffix(string(text), "\x00"), "\x00")}
}

func (d *daemon) signal(s syscall.Signal) {
	d.t.Helper()
	if err := syscall.Kill(d.pid, s); err != nil {
		d.t.Fatal(err)
	}
}

// start starts it as it was started, once the one before it is gone.
func (d *daemon) start() {
	d.t.Helper()
	for end := time.Now().Add(10 * time.Second); syscall.Kill(d.pid, 0) == nil && time.Now().Before(end); {
		time.Sleep(20 * time.Millisecond)
	}
	cmd := exec.Command(d.args[0], d.args[1:]...)
	cmd.Env = append(cleanEnv(os.Environ()), "SLURM_CONF="+filepath.Join(d.dir, "slurm.conf"))
	if out, err := cmd.CombinedOutput(); err != nil {
		d.t.Fatalf("%s: %v %s", d.name, err, out)
	}
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		text, _ := os.ReadFile(filepath.Join(d.dir, "run", d.name+".pid"))
		if n, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil && n != d.pid {
			d.pid = n
			return
		}
	}
	d.t.Fatalf("%s did not start", d.name)
}

// TestSickSlurm: whatever is done to the cluster, the poller keeps the last jobs, says
// what is wrong and since when, recovers by itself and leaves no process behind.
func TestSickSlurm(t *testing.T) {
	t.Parallel()
	dir := slurmtest.Private(t, "TEST_SLURM_ACCT=0", "TEST_SLURM_NODES=1")
	s := New(Options{Env: []string{"SLURM_CONF=" + filepath.Join(dir, "slurm.conf")}, Timeout: time.Second})
	p := poll.New(s, poll.Options{Interval: 10 * time.Millisecond, Floor: 10 * time.Millisecond})
	id, err := s.Submit(t.Context(), job(t, "-C gpu -A x -N 1 --gpus-per-node=4", "sleep 300"))
	if err != nil {
		t.Fatal(err)
	}
	find(t, s, id, func(j model.Job) bool { return j.State == model.JobRunning })
	controller, munge := findDaemon(t, dir, "slurmctld"), findDaemon(t, dir, "munged")
	for _, ill := range []struct {
		name, says  string
		befall, end func()
	}{
		{"restarted", "", func() { controller.signal(syscall.SIGTERM) }, controller.start}, // first, for it saves what a killed one has to know
		{"killed", "gave no answer within 1", func() { controller.signal(syscall.SIGKILL) }, controller.start},
		{"frozen", "gave no answer within 1", func() { controller.signal(syscall.SIGSTOP) }, func() { controller.signal(syscall.SIGCONT) }},
		{"no munge", "gave no answer within 1", func() { munge.signal(syscall.SIGTERM); time.Sleep(200 * time.Millisecond) }, munge.start},
	} {
		good := healthy(t, p, id)
		began := time.Now()
		ill.befall()
		if ill.says != "" {
			fails(t, p, good, ill.name, ill.says, began)
		}
		ill.end()
		if again := healthy(t, p, id); again.AsOf.Before(began) || again.Err != nil || !again.Since.IsZero() {
			t.Errorf("%s: after it, %+v", ill.name, again)
		}
		if left := leftover(dir); left != "" {
			t.Errorf("%s: it left processes behind: %s", ill.name, left)
		}
	}
}

// healthy waits for a good answer, which has the job and says that it runs; no
// answer before it may be without.
func healthy(t *testing.T, p *poll.Poller, id string) poll.Snapshot {
	t.Helper()
	var last poll.Snapshot
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		s, _ := p.Jobs(t.Context(), true)
		if len(s.Jobs) != 1 && !s.AsOf.IsZero() || len(s.Jobs) == 1 && (s.Jobs[0].ID != id || s.Jobs[0].State != model.JobRunning) {
			t.Fatalf("the job was lost: %+v", s)
		}
		if s.Err == nil {
			return s
		}
		last = s
	}
	t.Fatalf("no recovery: %+v", last)
	return last
}

// fails asks twice while Slurm is ill.
func fails(t *testing.T, p *poll.Poller, good poll.Snapshot, name, says string, began time.Time) {
	t.Helper()
	var since time.Time
	for range 2 {
		time.Sleep(20 * time.Millisecond)
		s, err := p.Jobs(t.Context(), true)
		// A query that the daemon's end met half way ends at once, in its own words.
		told := strings.Contains(s.Stale(), says) || strings.Contains(s.Stale(), "the connection to Slurm's controller broke")
		if err != nil || len(s.Jobs) != 1 || !s.AsOf.Equal(good.AsOf) || !told {
			t.Fatalf("%s: %+v (%q), %v", name, s, s.Stale(), err)
		}
		if s.Since.Before(began) || !since.IsZero() && !s.Since.Equal(since) {
			t.Errorf("%s: it began at %v, and the failing since %v", name, began, s.Since)
		}
		since = s.Since
	}
}

// leftover lists this process's children that ask the cluster of a directory, or have
// ended and are not waited for, and are still so a moment later.
func leftover(dir string) string {
	before := children(dir)
	if len(before) == 0 {
		return ""
	}
	time.Sleep(300 * time.Millisecond)
	var left []string
	for pid, what := range children(dir) {
		if before[pid] != "" {
			left = append(left, what)
		}
	}
	return strings.Join(left, ", ")
}

func children(dir string) map[string]string {
	found := map[string]string{}
	tasks, _ := filepath.Glob("/proc/self/task/*/children")
	for _, f := range tasks {
		text, _ := os.ReadFile(f)
		for _, pid := range strings.Fields(string(text)) {
			status, _ := os.ReadFile("/proc/" + pid + "/stat")
			env, _ := os.ReadFile("/proc/" + pid + "/environ")
			if strings.Contains(string(env), "SLURM_CONF="+dir+"/") || strings.Contains(string(status), ") Z ") {
				found[pid] = string(status[:min(len(status), 40)])
			}
		}
	}
	return found
}
