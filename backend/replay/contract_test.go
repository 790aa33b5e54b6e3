package replay

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"shardeck/model"
	"shardeck/templates"
)

// The runner in Python speaks the same words as we do: these tests hold both sides
// to one contract where no Python is at hand to run its own.

func runner(t *testing.T) string {
	t.Helper()
	text, err := templates.FS.ReadFile("vllm_profiler.py")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestRunnerHasTheSameStages(t *testing.T) {
	tuple := regexp.MustCompile(`(?m)^STAGES = \((.*)\)$`).FindStringSubmatch(runner(t))
	if tuple == nil {
		t.Fatal("no STAGES in the runner")
	}
	var want []string
	for _, s := range model.Stages() {
		want = append(want, fmt.Sprintf("%q", string(s)))
	}
	if diff := cmp.Diff(strings.Join(want, ", "), tuple[1]); diff != "" {
		t.Error(diff)
	}
}

func TestRunnerHasTheSameExitCodes(t *testing.T) {
	text := runner(t)
	for name, code := range map[string]int{
		"EXIT_DONE, EXIT_FAILED, EXIT_CONFIG, EXIT_PARTIAL, EXIT_SOFTWARE":        model.ExitDone,
		"EXIT_GPUS, EXIT_MODEL, EXIT_MEMORY, EXIT_COMM, EXIT_WORKER, EXIT_TRACES": model.ExitGPUs,
	} {
		var numbers []string
		for i := range strings.Count(name, ",") + 1 {
			numbers = append(numbers, fmt.Sprint(code+i))
		}
		if line := name + " = " + strings.Join(numbers, ", "); !strings.Contains(text, line) {
			t.Errorf("the runner lacks the line %s", line)
		}
	}
}

// TestRunnersOwnTests runs them where pytest is; they need no GPU, vLLM or torch.
func TestRunnersOwnTests(t *testing.T) {
	if testing.Short() {
		t.Skip("the runner's own tests take half a minute")
	}
	if err := exec.Command("python3", "-m", "pytest", "--version").Run(); err != nil {
		t.Skip("no python3 with pytest here: the runner's own tests are left out")
	}
	c := exec.Command("python3", "-m", "pytest", "-q", "-p", "no:cacheprovider", filepath.Join("tests", "python"))
	c.Dir = filepath.Join("..", "..")
	c.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	if out, err := c.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
