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
	for _, look := range []func(Machine) Line{bash, slurm, accounting, place, python, gpus, nsys, hub} {
		if l := look(m); l.What != "" {
			m.Lines = append(m.Lines, l)
		}
	}
	return m
}

// Scheduler is slurm where its commands are and jobs can be queued, else local: on
// a machine without Slurm, and inside an allocation, whose GPUs are there to use.
func (m Machine) Scheduler() string {
	if m.has("sbatch", "squeue", "scancel") && m.Allocation == "" {
		return "slurm"
	}
	return "local"
}

// Failed reports whether any line is a failure.
func (m Machine) Failed() bool {
	for _, l := range m.Lines {
		if l.Level == Fail {
			return true
		}
	}
	return false
}

// has reports whether all these programs are there.
func (m Machine) has(programs ...string) bool {
	for _, p := range programs {
		if m.Programs[p] == "" {
			return false
		}
	}
	return true
}

func clean(s string) string { return strings.TrimSpace(model.Printable(s)) }

func bash(m Machine) Line {
	if m.has("bash") {
		return Line{}
	}
	return Line{Fail, "bash", "bash is not installed, and job scripts are written for it", "install bash"}
}

func slurm(m Machine) Line {
	switch {
	case m.has("sbatch", "squeue", "scancel"):
		return Line{Pass, "slurm", "Slurm's commands are here: " + m.Programs["sbatch"], ""}
	case m.has("sbatch"):
		return Line{Fail, "slurm", "sbatch is here, squeue or scancel is not", "module load slurm, or ask the site"}
	case m.NERSC != "":
		return Line{Fail, "slurm", "this is " + m.NERSC + ", and sbatch is not on PATH", "leave the container, or add Slurm's directory to PATH"}
	}
	return Line{Warn, "slurm", "no Slurm on this machine: jobs run here, one after the other", "log in to a cluster to queue jobs"}
}

func accounting(m Machine) Line {
	if !m.has("sbatch") || m.has("sacct") {
		return Line{}
	}
	return Line{Warn, "history", "sacct is not on PATH: jobs that ended are soon forgotten", "module load slurm, or ask the site"}
}

func place(m Machine) Line {
	switch {
	case m.Allocation != "":
		return Line{Pass, "place", fmt.Sprintf("inside Slurm job %s: jobs run on its nodes", m.Allocation), ""}
	case m.NERSC != "":
		return Line{Pass, "place", "a login node of " + m.NERSC, ""}
	}
	return Line{}
}

func python(m Machine) Line {
	if m.has("python3") {
		return Line{Pass, "python", m.Programs["python3"] + " (jobs use their own: runtime in shardeck.yaml)", ""}
	}
	return Line{Warn, "python", "no python3 on this machine", "say the jobs' environment in shardeck.yaml: runtime: {kind: conda, name: vllm-profiling}"}
}

func gpus(m Machine) Line {
	switch {
	case m.has("nvidia-smi"):
		return Line{Pass, "gpu", "an NVIDIA driver is here", ""}
	case m.Scheduler() == "slurm":
		return Line{Pass, "gpu", "none on this machine, and none is needed to submit", ""}
	}
	return Line{Warn, "gpu", "no NVIDIA driver on this machine: only replays will run", "use engine: replay, or a machine with GPUs"}
}

func nsys(m Machine) Line {
	if m.has("nsys") {
		return Line{Pass, "nsys", m.Programs["nsys"], ""}
	}
	return Line{Warn, "nsys", "nsys is not on PATH: needed for --nsys only, on the nodes of the job", "module spider nsight"}
}

func hub(m Machine) Line {
	if m.has("huggingface-cli") {
		return Line{}
	}
	return Line{Warn, "hub", "huggingface-cli is not on PATH: models are downloaded with it", "pip install huggingface_hub"}
}
