// Package slurmtest gives tests a real Slurm: the one that .ci/slurm exported into
// the environment, as CI does once for all tests, else one of its own, started by
// .ci/slurm for a test binary and stopped with it. It never touches a site's Slurm.
package slurmtest

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"testing"
)

var (
	once sync.Once
	conf string // the cluster's slurm.conf
	dir  string // of the cluster started here, empty if it is not ours
	fail error
)

// Conf returns the path of the slurm.conf of a running cluster, for SLURM_CONF. A
// package that calls it must have Main as its TestMain. Without a cluster the test
// is skipped, saying why; where CI is true it fails.
func Conf(t testing.TB) string {
	t.Helper()
	once.Do(func() { conf, fail = find() })
	switch {
	case fail == nil:
		return conf
	case os.Getenv("CI") == "true":
		t.Fatalf("no Slurm to test against: %v", fail)
	default:
		t.Skipf("no Slurm to test against: %v", fail)
	}
	return ""
}

// Env is Conf as an environment variable.
func Env(t testing.TB) []string { return []string{"SLURM_CONF=" + Conf(t)} }

// Main runs a package's tests and stops the cluster, if they started one:
//
//	func TestMain(m *testing.M) { os.Exit(slurmtest.Main(m)) }
func Main(m interface{ Run() int }) int {
	defer stop()
	return m.Run()
}

// Private starts a cluster for one test alone, which may do to it what it likes,
// and stops it with the test. Options are those of .ci/slurm: TEST_SLURM_ACCT=0 makes
// one without accounting in a second or two. It returns its directory.
func Private(t testing.TB, options ...string) string {
	t.Helper()
	Conf(t) // skips or fails where there can be none
	own, err := os.MkdirTemp("/tmp", "sd")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { down(own) })
	if _, err := up(own, append([]string{"TEST_SLURM_CPU_NODES=0"}, options...)); err != nil {
		t.Fatal(err)
	}
	return own
}

// find takes the cluster that is there, or starts one.
func find() (string, error) {
	if c := os.Getenv("SLURM_CONF"); c != "" && os.Getenv("SLURM_TEST_DIR") != "" {
		return c, answers(c)
	}
	if os.Getenv("SHARDECK_TEST_SLURM") == "" && os.Getenv("CI") != "true" {
		if _, err := exec.LookPath("slurmctld"); err != nil || os.Getuid() != 0 {
			return "", fmt.Errorf("set SHARDECK_TEST_SLURM=1 to install and start one (as root, on Debian)")
		}
	}
	return start()
}

// answers asks the cluster's controller whether it is there.
func answers(conf string) error {
	cmd := exec.Command("scontrol", "ping")
	cmd.Env = append(os.Environ(), "SLURM_CONF="+conf)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("the Slurm of %s does not answer: %s", conf, bytes.TrimSpace(out))
	}
	return nil
}

// exported is a line of .ci/slurm's output.
var exported = regexp.MustCompile(`(?m)^export SLURM_CONF='([^']+)'$`)

// start runs .ci/slurm in a directory with a short name, as unix sockets need.
func start() (string, error) {
	var err error
	if dir, err = os.MkdirTemp("/tmp", "sd"); err != nil {
		return "", err
	}
	return up(dir, nil)
}

// up runs .ci/slurm and returns the path of the cluster's slurm.conf.
func up(dir string, options []string) (string, error) {
	if err := guard(dir); err != nil {
		return "", err
	}
	cmd := exec.Command(script("slurm"), dir)
	cmd.Env = append(os.Environ(), options...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf(".ci/slurm: %w: %s", err, bytes.TrimSpace(errs.Bytes()))
	}
	m := exported.FindSubmatch(out.Bytes())
	if m == nil {
		return "", fmt.Errorf(".ci/slurm printed no SLURM_CONF but %q", out.String())
	}
	return string(m[1]), nil
}

// guard leaves a process behind that ends the cluster when this one is gone, however
// it went: tests are killed, and run into their time limit.
func guard(dir string) error {
	cmd := exec.Command("bash", "-c", `while kill -0 "$1" 2>/dev/null; do sleep 1; done; exec "$2" "$3" --purge`,
		"guard", strconv.Itoa(os.Getpid()), script("slurm-down"), dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return cmd.Start()
}

// stop ends the cluster that was started here.
func stop() {
	if dir != "" {
		down(dir)
	}
	dir = ""
}

// down ends a cluster and removes its directory.
func down(dir string) {
	if out, err := exec.Command(script("slurm-down"), dir, "--purge").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "slurmtest: .ci/slurm-down: %v: %s\n", err, out)
	}
}

// script is the path of a start script, in the repository this file lies in.
func script(name string) string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..", "..", ".ci", name)
}
