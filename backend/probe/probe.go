// Package probe looks what is installed and allowed on this machine, before anything
// is paid for. Here reads the environment and looks programs up; it starts none, so
// that it may be asked at every start. Environment looks closer, at the software,
// models and disk that jobs will need: it starts a few programs, and is for a user
// who asked. Each line found passes, warns or fails, with the command that mends it.
package probe

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"

	"shardeck/model"
)

// Level of a line.
type Level string

// Levels: all is well, something will be missed, something cannot work.
const (
	Pass Level = "pass"
	Warn Level = "warn"
	Fail Level = "fail"
)

// Line is one thing looked at.
type Line struct {
	Level Level  `json:"level"`
	What  string `json:"what"` // slurm, python …
	Text  string `json:"text"` // what was found
	Fix   string `json:"fix"`  // the command or setting that mends it; empty if nothing needs mending
}

// Machine is what was found.
type Machine struct {
	NERSC      string            `json:"nersc_host"` // NERSC_HOST, such as perlmutter
	Allocation string            `json:"allocation"` // id of the Slurm job this runs in; empty: none
	Programs   map[string]string `json:"programs"`   // paths of those there are
	Lines      []Line            `json:"lines"`
}

// Options replace the world in tests; the zero value is this machine.
type Options struct {
	Getenv func(string) string
	Look   func(program string) (string, error)
	Run    func(ctx context.Context, program string, args ...string) (string, error) // standard output; Environment only
	Statfs func(path string, s *syscall.Statfs_t) error                              // Environment only
}

// orHere looks at this machine where nothing else is given.
func (o Options) orHere() Options {
	if o.Getenv == nil {
		o.Getenv = os.Getenv
	}
	if o.Look == nil {
		o.Look = exec.LookPath
	}
	if o.Run == nil {
		o.Run = run
	}
	if o.Statfs == nil {
		o.Statfs = syscall.Statfs
	}
	return o
}

// Here looks at this machine.
func Here(o Options) Machine {
	o = o.orHere()
	m := Machine{NERSC: clean(o.Getenv("NERSC_HOST")), Allocation: clean(o.Getenv("SLURM_JOB_ID")), Programs: map[string]string{}}
	for _, p := range []string{"bash", "sbatch", "squeue", "scancel", "sacct", "srun", "python3", "nsys", "nvidia-smi", "huggingface-cli"} {
		if path, err := o.Look(p); err == nil {
			m.Programs[p] = path
		}
	}
	for _, group := range m.findings() {
		if i := slices.IndexFunc(group, func(f finding) bool { return f.when }); i >= 0 {
			m.Lines = append(m.Lines, group[i].line)
		}
	}
	return m
}

// finding is a line that is said in one case.
type finding struct {
	when bool
	line Line
}

// findings are all that Here may say; of each group the first that is the case is said.
func (m Machine) findings() [][]finding {
	queue := m.has("sbatch", "squeue", "scancel")
	return [][]finding{
		{{!m.has("bash"), Line{Fail, "bash", "bash is not installed, and job scripts are written for it", "install bash"}}},
		{
			{queue, Line{Pass, "slurm", "Slurm's commands are here: " + m.Programs["sbatch"], ""}},
			{m.has("sbatch"), Line{Fail, "slurm", "sbatch is here, squeue or scancel is not", "module load slurm, or ask the site"}},
			{m.NERSC != "", Line{Fail, "slurm", "this is " + m.NERSC + ", and sbatch is not on PATH",
				"leave the container, or add Slurm's directory to PATH"}},
			{true, Line{Warn, "slurm", "no Slurm on this machine: jobs run here, one after the other", "log in to a cluster to queue jobs"}},
		},
		{{m.has("sbatch") && !m.has("sacct"), Line{Warn, "history", "sacct is not on PATH: jobs that ended are soon forgotten",
			"module load slurm, or ask the site"}}},
		{
			{m.Allocation != "", Line{Pass, "place", fmt.Sprintf("inside Slurm job %s: jobs run on its nodes", m.Allocation), ""}},
			{m.NERSC != "", Line{Pass, "place", "a login node of " + m.NERSC, ""}},
		},
		{
			{m.has("python3"), Line{Pass, "python", m.Programs["python3"] + " (jobs use their own: runtime in shardeck.yaml)", ""}},
			{true, Line{Warn, "python", "no python3 on this machine",
				"say the jobs' environment in shardeck.yaml: runtime: {kind: conda, name: vllm-profiling}"}},
		},
		{
			{m.has("nvidia-smi"), Line{Pass, "gpu", "an NVIDIA driver is here", ""}},
			{m.Scheduler() == "slurm", Line{Pass, "gpu", "none on this machine, and none is needed to submit", ""}},
			{true, Line{Warn, "gpu", "no NVIDIA driver on this machine: only replays will run", "use engine: replay, or a machine with GPUs"}},
		},
		{
			{m.has("nsys"), Line{Pass, "nsys", m.Programs["nsys"], ""}},
			{true, Line{Warn, "nsys", "nsys is not on PATH: needed for --nsys only, on the nodes of the job", "module spider nsight"}},
		},
		{{!m.has("huggingface-cli"), Line{Warn, "hub", "huggingface-cli is not on PATH: models are downloaded with it",
			"pip install huggingface_hub"}}},
	}
}

// Scheduler is slurm where its commands are and jobs can be queued, else local: on
// a machine without Slurm, and inside an allocation, whose GPUs are there to use.
func (m Machine) Scheduler() string {
	if m.has("sbatch", "squeue", "scancel") && m.Allocation == "" {
		return "slurm"
	}
	return "local"
}

// has reports whether all these programs are there.
func (m Machine) has(programs ...string) bool {
	return !slices.ContainsFunc(programs, func(p string) bool { return m.Programs[p] == "" })
}

func clean(s string) string { return strings.TrimSpace(model.Printable(s)) }
