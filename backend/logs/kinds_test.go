package logs

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"shardeck/model"
)

// form is one way in which a kind of failure is printed.
type form struct {
	kind  string
	n     int // from 1
	lines []string
}

func (f form) String() string { return fmt.Sprintf("%s/%d", f.kind, f.n) }

// forms are those of testdata/kinds.txtar.
func forms(t testing.TB, file string) (out []form) {
	t.Helper()
	parts, err := txtar.ParseFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range parts.Files {
		for i, text := range strings.Split(string(f.Data), "\n~\n") {
			out = append(out, form{f.Name, i + 1, strings.Split(strings.TrimSuffix(text, "\n"), "\n")})
		}
	}
	return out
}

// Around a form: what a job prints before it fails, and what its failure brings about.
var (
	before = []string{
		"shardeck: stage environment, 11-20 10:22:10",
		"INFO 11-20 10:22:30 [__init__.py:216] Automatically detected platform cuda.",
		"shardeck: stage weights, 11-20 10:22:31",
		"(EngineCore_DP0 pid=83121) (Worker_TP0 pid=83160) INFO 11-20 10:22:43 [pynccl.py:103] vLLM is using nccl==2.27.3",
		"nid001000:83160:83160 [0] NCCL INFO NET/Plugin: dlsym failed: libnccl-net.so: undefined symbol: ncclNet_v11",
		"(EngineCore_DP0 pid=83121) (Worker_TP0 pid=83160) WARNING 11-20 10:22:44 [custom_all_reduce.py:144] Custom allreduce is " +
			"disabled due to an unsupported world size",
	}
	after = []string{
		"(EngineCore_DP0 pid=83121) ERROR 11-20 10:33:40 [core.py:708] EngineCore failed to start.",
		"Traceback (most recent call last):",
		`  File "/env/lib/python3.12/site-packages/vllm/v1/engine/utils.py", line 860, in wait_for_engine_startup`,
		"RuntimeError: Engine core initialization failed. See root cause above. Failed core proc(s): {}",
		"/usr/lib/python3.12/multiprocessing/resource_tracker.py:279: UserWarning: resource_tracker: There appear to be 1 leaked " +
			"shared_memory objects to clean up at shutdown",
		"shardeck: a rank died: the log above says why (RuntimeError: Engine core initialization failed.)",
		"srun: error: nid001000: task 0: Exited with exit code 9",
		"srun: Terminating StepId=4711.0",
		"shardeck: exit code 9; what was written stays in trace_collection/llama-8b-tp2.tmp-4711",
	}
)

func inJob(form []string) []string { return slices.Concat(before, form, after) }

var failed9 = model.Job{ID: "4711", State: model.JobFailed, ExitCode: "9:0"}

// causeOf is the cause of a log as it is read from a file.
func causeOf(t testing.TB, lines []string, job model.Job) Finding {
	t.Helper()
	p, err := Tail(write(t, strings.Join(lines, "\n")+"\n"), 20000)
	if err != nil {
		t.Fatal(err)
	}
	f, ok := Cause(p.Lines, job)
	if !ok {
		t.Fatalf("no cause of a %s job", job.State)
	}
	return f
}

// TestEveryForm: every kind of failure is known in every form in which it is printed, within a job's log, by a line of it.
func TestEveryForm(t *testing.T) {
	seen := map[string]int{}
	for _, f := range forms(t, "kinds.txtar") {
		seen[f.kind]++
		got := causeOf(t, inJob(f.lines), failed9)
		if got.Kind != f.kind {
			t.Errorf("%s is %q (%s) by %q", f, got.Kind, got.Title, got.Line)
		} else if i := got.Index - len(before); i < 0 || i >= len(f.lines) {
			t.Errorf("%s is proved by line %d: %q", f, got.Index, got.Line)
		}
	}
	for _, c := range known().Failures {
		if n := seen[c.Kind]; n < 3 && c.Kind != "worker-died" && c.Kind != "process-ended" { // those are what the others are put into
			t.Errorf("%s has %d forms, want 3 or more", c.Kind, n)
		}
	}
}

// TestNoLineIsClaimedTwice: where two kinds claim one line, one says that it comes before the other.
func TestNoLineIsClaimedTwice(t *testing.T) {
	kinds := map[string]*cause{}
	for i := range known().Failures {
		c := &known().Failures[i]
		if kinds[c.Kind] != nil {
			t.Errorf("there are two kinds %s", c.Kind)
		}
		kinds[c.Kind] = c
	}
	ordered := func(a, b *cause) bool { return slices.Contains(a.Before, b.Kind) || a.Echo != b.Echo && b.Echo }
	for _, f := range forms(t, "kinds.txtar") {
		claims := map[int][]*cause{}
		for _, e := range gather(listen(f.lines)) {
			if e.says != nil && !slices.Contains(claims[e.line], e.says) {
				claims[e.line] = append(claims[e.line], e.says)
			}
		}
		for line, by := range claims {
			for i, a := range by {
				for _, b := range by[i+1:] {
					if !ordered(a, b) && !ordered(b, a) {
						t.Errorf("%s: both %s and %s claim %q", f, a.Kind, b.Kind, f.lines[line])
					}
				}
			}
		}
	}
	for _, c := range kinds {
		for _, other := range c.Before {
			switch o := kinds[other]; {
			case o == nil:
				t.Errorf("%s comes before %s, which there is not", c.Kind, other)
			case slices.Contains(o.Before, c.Kind):
				t.Errorf("%s and %s come before each other", c.Kind, other)
			}
		}
	}
}
