package replay

import (
	"fmt"
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
	text, err := templates.FS.ReadFile("runner/shardeck_runner/contract.py")
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
		"DONE, FAILED, CONFIG, PARTIAL, SOFTWARE":   model.ExitDone,
		"GPUS, MODEL, MEMORY, COMM, WORKER, TRACES": model.ExitGPUs,
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
