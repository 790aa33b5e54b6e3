package slurm

import (
	"os"
	"testing"

	"shardeck/backend/scheduler/conformance"
	"shardeck/backend/scheduler/slurmtest"
)

func TestMain(m *testing.M) { os.Exit(slurmtest.Main(m)) }

// header asks for one whole node of four, so that 4 jobs run at once.
const header = `#SBATCH -C gpu -q regular -A m1234 -N 1 --gpus-per-node=4 -t 10`

// TestConformance runs the story on a real cluster.
func TestConformance(t *testing.T) {
	s := New(Options{Env: slurmtest.Env(t)})
	conformance.Run(t, conformance.Subject{Scheduler: s, Header: header, GPUs: 4, Dir: t.TempDir(), Crowd: 4})
}
