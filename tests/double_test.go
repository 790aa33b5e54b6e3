package tests

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"shardeck/backend/scheduler/slurmtest"
)

// TestNeverTwoJobsOfOneExperiment: two processes submit one experiment at once, to a Slurm that is well, one that hangs and answers again,
// and one that is killed meanwhile and started again. SHARDECK_TRIES and SHARDECK_ILL_TRIES say how often; 8 and 1 by default.
func TestNeverTwoJobsOfOneExperiment(t *testing.T) {
	t.Parallel()
	dir := slurmtest.Private(t, "TEST_SLURM_NODES=1")
	env := append(os.Environ(), "SLURM_CONF="+filepath.Join(dir, "slurm.conf"), "XDG_CACHE_HOME="+t.TempDir())
	slurm := func(name string, args ...string) string {
		cmd := exec.Command(name, args...)
		cmd.Env = env
		out, _ := cmd.Output() // a Slurm that hangs is asked again
		return string(out)
	}
	slurm("scontrol", "update", "nodename=nid001000", "state=drain", "reason=jobs-wait")
	well, ill := tries("SHARDECK_TRIES", 8), tries("SHARDECK_ILL_TRIES", 1)
	ws := manyExperiments(t, well+2*ill)
	submit := func(id string) string {
		cmd := exec.Command(binary, "-C", ws, "submit", "--yes", id)
		cmd.Env = env
		out, _ := cmd.CombinedOutput() // one of two fails
		return string(out)
	}
	atOnce := func(id string, meanwhile func()) []string {
		said, both := make([]string, 2), sync.WaitGroup{}
		for i := range said {
			both.Go(func() { said[i] = submit(id) })
		}
		meanwhile()
		both.Wait()
		return said
	}
	jobs := func(id string) int {
		return strings.Count("\n"+slurm("squeue", "-h", "-t", "all", "-o", "%j"), "\n"+id+"\n")
	}
	for i := range well {
		id := fmt.Sprintf("T%d", i)
		if said := atOnce(id, func() {}); jobs(id) != 1 {
			t.Errorf("%s: %d jobs; %q", id, jobs(id), said)
		}
	}
	for i := range 2 * ill {
		id, killed := fmt.Sprintf("T%d", well+i), i%2 == 1
		list := exec.Command(binary, "-C", ws, "jobs") // so that one of the two has an answer, and comes as far as sending
		list.Env = env
		_ = list.Run()
		said := atOnce(id, func() { befall(t, dir, env, killed) })
		said = append(said, submit(id)) // and once more, when the scheduler is well
		if n := jobs(id); n > 1 || !killed && n != 1 {
			t.Errorf("%s, killed %v: %d jobs; %q", id, killed, n, said)
		}
	}
}

func tries(name string, otherwise int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return otherwise
}

// manyExperiments is a workspace with T0, T1, …
func manyExperiments(t *testing.T, n int) string {
	t.Helper()
	ws := t.TempDir()
	if err := os.WriteFile(filepath.Join(ws, "shardeck.yaml"), []byte("account: m1234\nscheduler: slurm\nsite: perlmutter\n"),
		0o644); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) {
		if out, err := exec.Command(binary, append([]string{"-C", ws}, args...)...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
	}
	run("generate", "E1.1")
	made, _ := filepath.Glob(filepath.Join(ws, "experiments/configs/E1.1*.yaml"))
	text, err := os.ReadFile(made[0])
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		id := fmt.Sprintf("T%d", i)
		other := strings.NewReplacer("experiment_id: E1.1", "experiment_id: "+id, "trace_collection/", "trace_collection/"+id).
			Replace(string(text))
		if err := os.WriteFile(filepath.Join(ws, "experiments/configs", id+"_x.yaml"), []byte(other), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return ws
}

// befall stops the controller while something is sent to it: it answers again after longer than sbatch waits, or is killed and started
// again.
func befall(t *testing.T, dir string, env []string, kill bool) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "run", "slurmctld.pid"))
	pid, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	line, lerr := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "cmdline"))
	if err != nil || lerr != nil || syscall.Kill(pid, syscall.SIGSTOP) != nil {
		t.Fatal("no controller to stop: ", pid, err, lerr)
	}
	time.Sleep(12 * time.Second)
	if !kill {
		_ = syscall.Kill(pid, syscall.SIGCONT)
		return
	}
	_ = syscall.Kill(pid, syscall.SIGKILL)
	for syscall.Kill(pid, 0) == nil {
		time.Sleep(20 * time.Millisecond)
	}
	args := strings.Split(strings.TrimSuffix(string(line), "\x00"), "\x00")
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = env
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("slurmctld: %v %s", err, out)
	}
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		ping := exec.Command("scontrol", "ping")
		ping.Env = env
		if out, _ := ping.CombinedOutput(); strings.Contains(string(out), "is UP") {
			return
		}
	}
}
