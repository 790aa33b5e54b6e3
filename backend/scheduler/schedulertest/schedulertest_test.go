package schedulertest

import (
	"testing"

	"shardeck/backend/scheduler/conformance"
)

// It keeps the contract, as far as one can that runs no script.
func TestConformance(t *testing.T) {
	conformance.Talk(t, conformance.Subject{Scheduler: &Scheduler{}, GPUs: 1, Dir: t.TempDir()})
}
