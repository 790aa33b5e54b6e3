package local

import (
	"testing"

	"go.uber.org/goleak"

	"shardeck/backend/scheduler/conformance"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestConformance runs the story that Slurm must live through too.
func TestConformance(t *testing.T) {
	t.Setenv("CUDA_VISIBLE_DEVICES", "")
	s := New(Options{Dir: t.TempDir(), Grace: 1})
	conformance.Run(t, conformance.Subject{Scheduler: s, GPUs: len(s.slots().ids), Dir: t.TempDir(), Crowd: 1})
}
