package render

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"shardeck/model"
)

// fakePython stands in for the runner: it writes what it is told to and ends as
// it is told to. WAIT makes it wait for a signal, as a run under way would.
const fakePython = `#!/bin/bash
while [ $# -gt 0 ]; do
  case $1 in --output-dir) out=$2 ;; --config) config=$2 ;; esac
  last=$1
  shift
done
printf '%s' "${X-}" >"$out/x"
echo "task ${SLURM_PROCID-}"
printf '%s\n' "$config" "$last" "${CUDA-}" >"$out/args"
if [ -n "${WAIT-}" ]; then
  trap 'terms=$((${terms:-0} + 1))' TERM
  trap 'touch "$out/usr1"' USR1
  touch "$out/ready"
  while [ -z "${terms-}" ]; do sleep 0.05; done
  sleep 0.2
  echo "$terms" >"$out/terms"
fi
if [ -n "${WRITE-}" ]; then echo "{}" >"$out/timing_stats_0.json"; fi
exit "${CODE:-0}"
`

// fakeSrun runs as many tasks as the script asks for, one after the other, and
// stops at the first that fails.
const fakeSrun = `#!/bin/bash
while case $1 in -*) true ;; *) false ;; esac; do
  case $1 in --ntasks=*) n=${1#*=} ;; esac
  case $1 in --*=*) ;; *) echo "srun: what is $1?"; exit 1 ;; esac
  shift
done
code=0
for ((i = 0; i < n; i++)); do
  SLURM_PROCID=$i SLURM_NODEID=$i CODE=$(echo "${CODES-}" | cut -d, -f$((i + 1))) "$@" || code=$?
  if [ $code -ne 0 ]; then break; fi # --kill-on-bad-exit
done
exit $code
`

// site is a workspace with a script and a fake runner.
type site struct {
	t    *testing.T
	root string
	bin  string
	path string // of the script
}

func newSite(t *testing.T, text []byte) *site {
	s := &site{t: t, root: t.TempDir(), bin: t.TempDir()}
	s.path = filepath.Join(s.root, "experiments/slurm_scripts/run.sh")
	for path, file := range map[string]string{
		s.path: string(text),
		filepath.Join(s.root, "experiments/configs/E1.1_llama8b_baseline.yaml"): "output_dir: 'trace_collection/llama-8b-tp1' # here\n",
		filepath.Join(s.bin, "python"):                                          fakePython,
		filepath.Join(s.bin, "nsys"):                                            fakeNsys,
		filepath.Join(s.bin, "srun"):                                            fakeSrun,
		filepath.Join(s.bin, "libnccl-net.so"):                                  "", // where LD_LIBRARY_PATH leads
	} {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(file), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// plain is E1.1 without a software environment to enter.
func plain(t *testing.T) Job {
	j := job(t, byID(t, "E1.1"))
	j.Settings.Runtime, j.Settings.HFHome = model.Runtime{}, ""
	return j
}

func (s *site) command(env ...string) *exec.Cmd {
	cmd := exec.Command("bash", s.path)
	cmd.Dir = s.root
	cmd.Env = append([]string{"PATH=" + s.bin + ":" + os.Getenv("PATH"), "LD_LIBRARY_PATH=" + s.bin, "SHARDECK_JOB_ID=L1"}, env...)
	return cmd
}

// run runs the script and returns its log and exit code.
func (s *site) run(env ...string) (string, int) {
	s.t.Helper()
	out, err := s.command(env...).CombinedOutput()
	return string(out), exitOf(s.t, err)
}

func exitOf(t *testing.T, err error) int {
	t.Helper()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if err == nil {
		return 0
	}
	return exit.ExitCode()
}

// tree lists the trace directories and their files.
func (s *site) tree() map[string]string {
	s.t.Helper()
	found := map[string]string{}
	dirs, _ := filepath.Glob(filepath.Join(s.root, "trace_collection/*"))
	for _, d := range dirs {
		entries, err := os.ReadDir(d)
		if err != nil {
			s.t.Fatal(err)
		}
		var names []string
		for _, e := range entries {
			names = append(names, e.Name())
		}
		found[filepath.Base(d)] = strings.Join(names, " ")
	}
	return found
}

const all = ".job args timing_stats_0.json x"

// TestResultsGetTheirName: what becomes of the results, by how the runner ended
// and what was there before.
func TestResultsGetTheirName(t *testing.T) {
	s := newSite(t, script(t, plain(t)))
	for _, step := range []struct {
		env  []string
		code int
		log  string
		want map[string]string
	}{
		{[]string{"SHARDECK_JOB_ID=L1", "CODE=1", "WRITE=1"}, 1, "stays in trace_collection/llama-8b-tp1.tmp-L1",
			map[string]string{"llama-8b-tp1.tmp-L1": all}},
		{[]string{"SHARDECK_JOB_ID=L2", "CODE=3", "WRITE=1"}, 3, "results are in trace_collection/llama-8b-tp1\n",
			map[string]string{"llama-8b-tp1.tmp-L1": all, "llama-8b-tp1": all}},
		{[]string{"SHARDECK_JOB_ID=L3", "WRITE=1"}, 0, "the earlier result is now trace_collection/llama-8b-tp1@L2",
			map[string]string{"llama-8b-tp1.tmp-L1": all, "llama-8b-tp1@L2": all, "llama-8b-tp1": all}},
		{[]string{"SHARDECK_JOB_ID=L4", "CODE=3", "WRITE=1"}, 3, "results are in trace_collection/llama-8b-tp1@L4",
			map[string]string{"llama-8b-tp1.tmp-L1": all, "llama-8b-tp1@L2": all, "llama-8b-tp1@L4": all, "llama-8b-tp1": all}},
		{[]string{"SHARDECK_JOB_ID=L5", "CODE=3"}, 3, "stays in trace_collection/llama-8b-tp1.tmp-L5", nil},
		{[]string{"SHARDECK_JOB_ID=L6"}, 0, "stays in trace_collection/llama-8b-tp1.tmp-L6", nil}, // done, but nothing there
		{[]string{"SHARDECK_JOB_ID=", "SLURM_JOB_ID=77", "CODES=10", "WRITE=1"}, 10, "is now trace_collection/llama-8b-tp1@L3", nil},
		{[]string{"SHARDECK_JOB_ID=L8", "WRITE=1"}, 0, "is now trace_collection/llama-8b-tp1@77", nil},
	} {
		log, code := s.run(step.env...)
		if code != step.code || !strings.Contains(log, step.log) {
			t.Errorf("%v: exit code %d, want %d; log:\n%s\nlacks %s", step.env, code, step.code, log, step.log)
		}
		if d := cmp.Diff(step.want, s.tree()); step.want != nil && d != "" {
			t.Errorf("%v:\n%s", step.env, d)
		}
	}
}

// TestEarlierResultOfAnotherProgram: a directory without a job's id is kept too.
func TestEarlierResultOfAnotherProgram(t *testing.T) {
	s := newSite(t, script(t, plain(t)))
	old := filepath.Join(s.root, "trace_collection/llama-8b-tp1")
	if err := os.MkdirAll(old, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(old, ".job"), []byte("../../etc\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if log, code := s.run("WRITE=1"); code != 0 {
		t.Fatal(log)
	}
	if d := cmp.Diff(map[string]string{"llama-8b-tp1": all, "llama-8b-tp1@before-L1": ".job"}, s.tree()); d != "" {
		t.Error(d)
	}
}

// TestWhatIsNoRunIsNotMoved: the job stops before it costs anything, and what lies there stays; so does what comes meanwhile.
func TestWhatIsNoRunIsNotMoved(t *testing.T) {
	s := newSite(t, script(t, plain(t)))
	there := filepath.Join(s.root, "trace_collection/llama-8b-tp1/photos")
	if err := os.MkdirAll(there, 0o755); err != nil {
		t.Fatal(err)
	}
	if log, code := s.run("WRITE=1"); code != 2 || !strings.Contains(log, "holds other things than a run") {
		t.Errorf("exit code %d\n%s", code, log)
	}
	if d := cmp.Diff(map[string]string{"llama-8b-tp1": "photos"}, s.tree()); d != "" {
		t.Error(d)
	}
}

// TestNameTakenMeanwhile: another job publishes between our look and our rename.
func TestNameTakenMeanwhile(t *testing.T) {
	s := newSite(t, script(t, plain(t)))
	mv := `#!/bin/bash
if [ "$4" = trace_collection/llama-8b-tp1 ]; then mkdir -p "$4" && touch "$4/theirs"; fi
PATH=${PATH#*:} exec mv "$@"
`
	if err := os.WriteFile(filepath.Join(s.bin, "mv"), []byte(mv), 0o755); err != nil {
		t.Fatal(err)
	}
	log, code := s.run("WRITE=1")
	if d := cmp.Diff(map[string]string{"llama-8b-tp1": "theirs", "llama-8b-tp1@L1": all}, s.tree()); code != 0 || d != "" {
		t.Errorf("exit code %d, %s\n%s", code, d, log)
	}
}

// TestSignalsLetTheRunnerWrite: the runner gets a TERM, no USR1, and the script
// waits for what it writes.
func TestSignalsLetTheRunnerWrite(t *testing.T) {
	for name, c := range signals {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, script(t, plain(t)))
			log, code := s.interrupted("llama-8b-tp1", c)
			want := map[string]string{"llama-8b-tp1": ".job args ready terms timing_stats_0.json x"}
			if d := cmp.Diff(want, s.tree()); code != 3 || d != "" {
				t.Errorf("exit code %d, %s\n%s", code, d, log)
			}
		})
	}
}

// ending is how a run is told to stop: the script alone, or all of its processes.
type ending struct {
	signal syscall.Signal
	group  bool
}

var signals = map[string]ending{"USR1": {syscall.SIGUSR1, false}, "TERM": {syscall.SIGTERM, false},
	"TERM to all": {syscall.SIGTERM, true}, "USR1 to all": {syscall.SIGUSR1, true}}

// interrupted starts the script and tells it to stop once the runner measures.
func (s *site) interrupted(dir string, how ending, env ...string) (string, int) {
	s.t.Helper()
	cmd := s.command(append(env, "WAIT=1", "WRITE=1", "CODE=3")...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	waitFor(s.t, filepath.Join(s.root, "trace_collection", dir+".tmp-L1/ready"))
	target := cmd.Process.Pid
	if how.group {
		target = -target
	}
	if err := syscall.Kill(target, how.signal); err != nil {
		s.t.Fatal(err)
	}
	code := exitOf(s.t, cmd.Wait())
	return log.String(), code
}

func waitFor(t *testing.T, path string) {
	t.Helper()
	for range 4800 {
		if _, err := os.Stat(path); err == nil {
			return
		}
		time.Sleep(25 * time.Millisecond)
	}
	t.Fatal("timed out waiting for " + path)
}

func TestEnvironmentReachesTheRunner(t *testing.T) {
	for _, h := range []string{strings.Join(hostile, "|"), "", "-n", " '"} {
		j := plain(t)
		j.Experiment.Env = map[string]string{"X": h}
		s := newSite(t, script(t, j))
		if log, code := s.run("WRITE=1"); code != 0 {
			t.Fatal(log)
		}
		got, err := os.ReadFile(filepath.Join(s.root, "trace_collection/llama-8b-tp1/x"))
		if err != nil || string(got) != h {
			t.Errorf("%q reached the runner as %q, %v", h, got, err)
		}
	}
}

// TestSecretsReachTheRunnerUnwritten: a script holds none; what it takes from a file or from the caller reaches the runner, and is
// missed before anything is paid for.
func TestSecretsReachTheRunnerUnwritten(t *testing.T) {
	j := plain(t)
	j.Experiment.Env = map[string]string{"HF_TOKEN": "hf_abcdef", "NCCL_DEBUG": "WARN"}
	if text := script(t, j); strings.Contains(string(text), "hf_abcdef") || !strings.Contains(string(text), "# HF_TOKEN is a secret") {
		t.Errorf("the script holds the secret, or does not say where it is:\n%s", text)
	}
	file := filepath.Join(t.TempDir(), "my secret")
	if err := os.WriteFile(file, []byte("hf_abcdef\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		from, env string
		code      int
		want      string
	}{
		{file, "WRITE=1", 0, "hf_abcdef"}, {"environment", "X=given", 0, "given"}, {"/nowhere/x", "WRITE=1", 2, "cannot be read"},
		{"environment", "X=", 2, "X is not set"},
	} {
		j := plain(t)
		j.Experiment.EnvFrom = map[string]string{"X": c.from}
		s := newSite(t, script(t, j))
		log, code := s.run("WRITE=1", c.env)
		got, _ := os.ReadFile(filepath.Join(s.root, "trace_collection/llama-8b-tp1/x"))
		if code != c.code || code == 0 && string(got) != c.want || code != 0 && !strings.Contains(log, c.want) {
			t.Errorf("%s, %s: exit code %d, %q\n%s", c.from, c.env, code, got, log)
		}
	}
}

// TestFindsTheWorkspace from below, from elsewhere, and where Slurm was asked.
func TestFindsTheWorkspace(t *testing.T) {
	for name, where := range map[string]func(*site, *exec.Cmd){
		"below":     func(s *site, c *exec.Cmd) { c.Dir = filepath.Join(s.root, "experiments/slurm_scripts") },
		"elsewhere": func(s *site, c *exec.Cmd) { c.Dir = s.bin },
		"slurm":     func(s *site, c *exec.Cmd) { c.Dir = "/"; c.Env = append(c.Env, "SLURM_SUBMIT_DIR="+s.root) },
	} {
		s := newSite(t, script(t, plain(t)))
		cmd := s.command("WRITE=1")
		where(s, cmd)
		if out, err := cmd.CombinedOutput(); err != nil || s.tree()["llama-8b-tp1"] != all {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}

func TestMissingConfigIsSaid(t *testing.T) {
	s := newSite(t, script(t, plain(t)))
	if err := os.Remove(filepath.Join(s.root, "experiments/configs/E1.1_llama8b_baseline.yaml")); err != nil {
		t.Fatal(err)
	}
	if log, code := s.run(); code != 2 || !strings.Contains(log, "shardeck generate writes it") {
		t.Errorf("exit code %d\n%s", code, log)
	}
}

// TestSeveralNodesNeedSlurm: by hand on one machine it says so and runs nothing.
func TestSeveralNodesNeedSlurm(t *testing.T) {
	j := job(t, byID(t, "E4.1"))
	j.Settings.Runtime, j.Settings.HFHome, j.Config = model.Runtime{}, "", plain(t).Config
	if log, code := newSite(t, script(t, j)).run("WRITE=1"); code != 2 || !strings.Contains(log, "needs 2 nodes") {
		t.Errorf("exit code %d\n%s", code, log)
	}
}

// TestTasksOfSeveralNodes: one that stopped early is no fault of srun, and the
// job's exit code is still its own.
func TestTasksOfSeveralNodes(t *testing.T) {
	j := job(t, byID(t, "E4.1"))
	j.Settings.Runtime, j.Settings.HFHome, j.Config = model.Runtime{}, "", plain(t).Config
	for codes, want := range map[string]int{"0,0": 0, "3,3": 3, "0,3": 3, "10,0": 10, "0,7": 7, "3,7": 7} {
		s := newSite(t, script(t, j))
		log, code := s.run("SLURM_JOB_ID=5", "CODES="+codes, "WRITE=1")
		if code != want {
			t.Errorf("%s: exit code %d, want %d\n%s", codes, code, want, log)
		}
		kept := s.tree()["llama-70b-tp8"] != ""
		if kept != (want != 7) {
			t.Errorf("%s: %v", codes, s.tree())
		}
		if codes[0] != '7' && !strings.Contains(log, "task 1\n") {
			t.Errorf("%s: the first task took the second with it\n%s", codes, log)
		}
		for dir, files := range s.tree() {
			if strings.Contains(files, ".exit-") {
				t.Errorf("%s: left over in %s: %s", codes, dir, files)
			}
		}
	}
}
