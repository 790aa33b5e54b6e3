package slurm

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"shardeck/backend/scheduler/conformance"
	"shardeck/backend/scheduler/slurmtest"
)

func TestMain(m *testing.M) {
	code := slurmtest.Main(m)
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// header asks for one whole node of four, so that 4 jobs run at once.
const header = `#SBATCH -C gpu -q regular -A m1234 -N 1 --gpus-per-node=4 -t 10`

// TestConformance runs the story on a real cluster.
func TestConformance(t *testing.T) {
	s := New(Options{Env: slurmtest.Env(t)})
	conformance.Run(t, conformance.Subject{Scheduler: s, Header: header, GPUs: 4, Dir: t.TempDir(), Crowd: 4})
}
