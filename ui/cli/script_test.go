package cli

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"shardeck/backend/scheduler/slurmtest"
)

// withSlurm runs the tests and stops the test Slurm, if one was started.
type withSlurm struct{ m *testing.M }

func (w withSlurm) Run() int { return slurmtest.Main(w.m) }

// TestMain lets stories run this very program as the command shardeck.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && !strings.HasPrefix(os.Args[1], "-") { // jobs of a test start this program as shardeck
		os.Exit(Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
	testscript.Main(withSlurm{m}, map[string]func(){
		"shardeck": func() { os.Exit(Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) },
	})
}

// TestStories runs the shell-like stories of testdata/script; each starts in an empty
// folder, with a home of its own and no colours.
func TestStories(t *testing.T) {
	t.Parallel()
	stories(t, "testdata/script", home)
}

// TestSlurmStories runs those that need a cluster against a real Slurm; they wait, so the others compute meanwhile.
func TestSlurmStories(t *testing.T) {
	t.Parallel()
	conf := slurmtest.Conf(t)
	stories(t, "testdata/slurm", func(env *testscript.Env) error {
		err := home(env)
		env.Setenv("SLURM_CONF", conf)
		return err
	})
}

func stories(t *testing.T, dir string, setup func(*testscript.Env) error) {
	testscript.RunT(brief{t}, testscript.Params{
		Dir:                 dir,
		RequireExplicitExec: true,
		Setup:               setup,
		Condition: func(name string) (bool, error) {
			if name == "root" {
				return os.Getuid() == 0, nil
			}
			return false, fmt.Errorf("unknown condition %q", name)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"json":  checkJSON,
			"lines": countLines,
			"cut":   cutFile,
		},
	})
}

// brief is a test that tells of a long answer only how it begins and ends: how a story ends is what its log is read for.
type brief struct{ *testing.T }

func (b brief) Verbose() bool { return testing.Verbose() }

func (b brief) Run(name string, story func(testscript.T)) {
	b.T.Run(name, func(t *testing.T) { story(brief{t}) })
}

// told is how many lines of an answer are told of its begin, and of its end.
const told = 20

func (b brief) Log(args ...any) {
	b.Helper()
	var log, answer []string
	for line := range strings.Lines(fmt.Sprint(args...) + "> ") {
		if strings.HasPrefix(line, "> ") || strings.HasPrefix(line, "# ") && strings.HasSuffix(line, "s)\n") { // the next command or section
			if left := len(answer) - 2*told; left > 1 {
				answer = slices.Replace(answer, told, told+left, fmt.Sprintf("… %d lines more …\n", left))
			}
			log, answer = append(log, answer...), nil
		}
		answer = append(answer, line)
	}
	b.T.Log(strings.Join(log, ""))
}

// home gives a story a home of its own, and takes away what the machine knows of Slurm.
func home(env *testscript.Env) error {
	for key, value := range map[string]string{
		"HOME": filepath.Join(env.WorkDir, ".home"), "TERM": "dumb", "USER": "researcher",
		"SLURM_CONF": "", "SLURM_JOB_ID": "", "NERSC_HOST": "", "NO_COLOR": "1", "TZ": "UTC",
	} {
		env.Setenv(key, value)
	}
	recordings, err := filepath.Abs("../../tests/recordings")
	if err != nil {
		return err
	}
	env.Setenv("RECORDINGS", recordings)
	return os.MkdirAll(filepath.Join(env.WorkDir, ".home"), 0o777)
}

// checkJSON compares one value of a JSON file (or stdout): json stdout metrics.ttft.n 3.
// A list is entered by index, or by the experiment, name, id or run of an element; len is its length.
func checkJSON(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 || len(args) > 3 {
		ts.Fatalf("usage: json FILE path [value]")
	}
	var v any
	if err := json.Unmarshal([]byte(ts.ReadFile(args[0])), &v); err != nil {
		ts.Fatalf("%s is not JSON: %v", args[0], err)
	}
	got, err := at(v, strings.Split(args[1], "."))
	if err != nil {
		ts.Fatalf("%s: %v", args[1], err)
	}
	if len(args) == 2 {
		ts.Logf("%s = %s", args[1], got)
		return
	}
	if same := got == args[2]; same == neg {
		ts.Fatalf("%s is %s, want%s %s", args[1], got, map[bool]string{true: " not"}[neg], args[2])
	}
}

// at walks into a JSON value; a key with dots in it is written with ~ for them.
func at(v any, path []string) (string, error) {
	for _, key := range path {
		key = strings.ReplaceAll(key, "~", ".")
		switch x := v.(type) {
		case map[string]any:
			next, ok := x[key]
			if !ok {
				return "", fmt.Errorf("no key %q", key)
			}
			v = next
		case []any:
			next, err := element(x, key)
			if err != nil {
				return "", err
			}
			v = next
		default:
			return "", fmt.Errorf("%q: this is %v, with nothing inside", key, v)
		}
	}
	if f, ok := v.(float64); ok {
		return strconv.FormatFloat(f, 'f', -1, 64), nil
	}
	if s, ok := v.(string); ok {
		return s, nil
	}
	text, err := json.Marshal(v)
	return string(text), err
}

func element(list []any, key string) (any, error) {
	if key == "len" {
		return float64(len(list)), nil
	}
	if i, err := strconv.Atoi(key); err == nil && i < len(list) {
		return list[i], nil
	}
	for _, name := range []string{"experiment", "name", "id", "run", "key", "path", "code"} { // other people's jobs are called E1.6 too
		for _, e := range list {
			if m, _ := e.(map[string]any); m[name] == key {
				return e, nil
			}
		}
	}
	return nil, fmt.Errorf("no element %q in a list of %d", key, len(list))
}

// countLines checks how many lines a file (or stdout) has: lines stdout 1.
func countLines(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: lines FILE count")
	}
	if got := strconv.Itoa(strings.Count(ts.ReadFile(args[0]), "\n")); (got == args[1]) == neg {
		ts.Fatalf("%s has %s lines, want %s", args[0], got, args[1])
	}
}

// cutFile shortens a file to a number of bytes, as a full disk does: cut FILE 1000.
func cutFile(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: cut FILE bytes")
	}
	n, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	ts.Check(os.Truncate(ts.MkAbs(args[0]), n))
}
