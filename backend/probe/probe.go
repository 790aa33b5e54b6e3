// Package probe looks what is installed and allowed on this machine, before anything is paid for. Here reads
// the environment and looks programs up; it starts none, so that it may be asked at every start. Environment
// looks closer, at the software, models and disk that jobs will need: it starts a few programs, and is for a
// user who asked. Each line found passes, warns or fails, with the command that mends it.
package probe

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"

	"shardeck/backend/atomicfile"
	"shardeck/backend/hub"
	"shardeck/backend/strictyaml"
	"shardeck/model"
	"shardeck/model/shell"
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
	Each   func(ctx context.Context, n int, f func(i int))                           // calls f of 0 to n-1, side by side; Environment only
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
	if o.Each == nil {
		o.Each = func(_ context.Context, n int, f func(int)) {
			for i := range n {
				f(i)
			}
		}
	}
	return o
}

// Here looks at this machine.
func Here(o Options) Machine {
	o = o.orHere()
	m := Machine{NERSC: clean(o.Getenv("NERSC_HOST")), Allocation: clean(o.Getenv("SLURM_JOB_ID")), Programs: map[string]string{}}
	for _, p := range []string{"bash", "sbatch", "squeue", "scancel", "sacct", "srun", "python3", "nsys", "nvidia-smi", "hf", "huggingface-cli"} {
		if path, err := o.Look(p); err == nil {
			m.Programs[p] = path
		}
	}
	facts := maps.Clone(m.Programs)
	facts["nersc"], facts["allocation"] = m.NERSC, m.Allocation
	var values []string
	for name, value := range facts {
		values = append(values, "{"+name+"}", value)
	}
	lacks := func(fact string) bool {
		name, not := strings.CutPrefix(fact, "no ")
		return (facts[name] == "") != not
	}
	for _, f := range wanted().Here {
		said := slices.ContainsFunc(m.Lines, func(l Line) bool { return l.What == f.What })
		if !said && !slices.ContainsFunc(f.When, lacks) {
			m.Lines = append(m.Lines, Line{f.Level, f.What, strings.NewReplacer(values...).Replace(f.Text), f.Fix})
		}
	}
	return m
}

// finding is what Here may say: of one thing the first whose facts hold, programs on PATH, nersc and allocation, or none of them.
type finding struct {
	Level Level    `yaml:"level"`
	What  string   `yaml:"what"`
	When  []string `yaml:"when"`
	Text  string   `yaml:"text"`
	Fix   string   `yaml:"fix"`
}

// Scheduler is slurm where jobs can be queued, else local: without Slurm, and inside an allocation for its GPUs.
func (m Machine) Scheduler() string {
	if slices.ContainsFunc([]string{"sbatch", "squeue", "scancel"}, func(p string) bool { return m.Programs[p] == "" }) || m.Allocation != "" {
		return "local"
	}
	return "slurm"
}

func clean(s string) string { return strings.TrimSpace(model.Printable(s)) }

// environment is a kind of software environment, need is what must be in it; see templates/software.yaml.
type (
	environment struct {
		Title   string `yaml:"title"`
		Enter   string `yaml:"enter"`
		Install string `yaml:"install"`
	}
	need struct {
		Name  string `yaml:"name"`
		Least string `yaml:"least"`
		Fix   string `yaml:"fix"`
	}
)

var wanted = strictyaml.Embedded[struct {
	Environments map[string]environment `yaml:"environments"`
	Versions     string                 `yaml:"versions"`
	Needs        []need                 `yaml:"needs"`
	Damages      map[string]damage      `yaml:"damages"` // of files of weights
	Here         []finding              `yaml:"here"`
}]("software.yaml")

// software starts the Python of the jobs' environment and reads its versions.
func software(ctx context.Context, t Target, o Options) []Line {
	if t.Replay {
		return nil
	}
	t.Runtime = cmp.Or(t.Runtime, "none")
	text, err := askVersions(ctx, t, o)
	if err != nil {
		return []Line{{Fail, "environment", fmt.Sprintf("the %s cannot be entered: %s", t.environmentName(), clean(err.Error())),
			strings.ReplaceAll(wanted().Environments[t.Runtime].Install, "{name}", t.Name)}}
	}
	found := said(text)
	t.keep(found)
	return model.Each(wanted().Needs, func(n need) Line { return n.line(found[n.Name], t.environmentName()) })
}

// Engine is what an environment said of its vLLM.
type Engine struct {
	Kind      string   `json:"kind"`    // of the environment, and its name
	Name      string   `json:"name"`    //
	Release   string   `json:"release"` // 0.11.0
	Folder    string   `json:"folder"`  // that the next release has not
	Arguments []string `json:"arguments"`
}

func (t Target) keep(found map[string][]string) {
	if t.Kept == "" || len(found["vllm"]) == 0 || len(found["arguments"]) == 0 {
		return
	}
	data, err := json.Marshal(Engine{t.Runtime, t.Name, found["vllm"][0], strings.Join(found["folder"], " "), found["arguments"]})
	if err == nil {
		_ = atomicfile.Write(t.Kept, data, 0o644) // without it the table of releases judges
	}
}

// KnownEngine reads what the environment of jobs said of its vLLM; false: it was not asked, or has another by now.
func KnownEngine(path string, r model.Runtime) (e Engine, ok bool) {
	data, err := os.ReadFile(path)
	if err != nil || json.Unmarshal(data, &e) != nil || e.Kind != cmp.Or(r.Kind, "none") || e.Name != r.Name {
		return Engine{}, false
	}
	_, err = os.Stat(e.Folder)
	return e, err == nil || r.Image()
}

func askVersions(ctx context.Context, t Target, o Options) (string, error) {
	kind, known := wanted().Environments[t.Runtime]
	if !known {
		return "", fmt.Errorf("runtime %.40q is not known", t.Runtime)
	}
	lines := kind.Enter
	for _, m := range t.Modules {
		lines = "module load " + shell.Quote(m) + "\n" + lines
	}
	return o.Run(ctx, "bash", "-lc", lines, "probe", hub.Expand(t.Name, o.Getenv), wanted().Versions)
}

func (t Target) environmentName() string {
	all := wanted().Environments
	return strings.ReplaceAll(cmp.Or(all[t.Runtime].Title, all["none"].Title), "{name}", t.Name)
}

// said reads what the environment's Python printed: words by what they are of.
func said(text string) map[string][]string {
	found := map[string][]string{}
	for line := range strings.Lines(text) {
		if words := strings.Fields(clean(line)); len(words) > 2 && words[0] == "shardeck-probe" {
			found[words[1]] = words[2:]
		}
	}
	return found
}

// line words the version that was found, of what is in an environment.
func (n need) line(found []string, in string) Line {
	switch {
	case len(found) == 0:
		return Line{Fail, n.Name, "is not in the " + in, strings.Replace(n.Fix, " --upgrade", "", 1)}
	case model.Older(found[0], n.Least):
		return Line{Fail, n.Name, fmt.Sprintf("%s is too old: %s or newer is needed", found[0], n.Least), n.Fix}
	}
	return Line{Pass, n.Name, strings.Join(found, "  ") + "  in the " + in, ""}
}

// Target is what jobs of this workspace will need.
type Target struct {
	Runtime   string   // conda, venv, module, shifter, podman-hpc or none
	Name      string   // of that environment, image or module
	Modules   []string // loaded before it
	HFHome    string   // absolute; empty: the hub's own default
	Models    []Model  // to be loaded
	Workspace string   // absolute
	Outputs   []string // directories that jobs will write, absolute
	Nsys      bool     // Nsight Systems will be used
	Replay    bool     // nothing but replays: no engine is needed
	// Utilization is the largest share of a GPU's memory that an engine here takes; 0: jobs run elsewhere.
	Utilization float64

	Kept string // file that keeps what the environment says of its engine; empty: none does
}

// Model is one to be loaded.
type Model struct {
	Name  string // hub id or path
	Dummy bool   // weights are made up: only its config is read
	Gated bool   // the hub asks for a licence first
}

const patience = 25 * time.Second

// Environment looks at all that jobs will need before any is paid for, each line with
// the command that mends it. It starts the environment's Python and a few small programs,
// one after the other and each with a deadline: for a user who asked, not every start.
func Environment(ctx context.Context, t Target, o Options) []Line {
	o = o.orHere()
	var lines []Line
	for _, look := range []func(context.Context, Target, Options) []Line{software, nsysProgram, modules, freeMemory, hubModels, quota, disk, outputs} {
		if ctx.Err() != nil {
			break
		}
		lines = append(lines, look(ctx, t, o)...)
	}
	return lines
}

// run starts a program, in a process group that ends with its deadline: its standard output, its last error.
func run(ctx context.Context, program string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	switch {
	case ctx.Err() != nil:
		return "", fmt.Errorf("no answer within %v", patience)
	case err != nil && lastLine(errs.String()) != "":
		return out.String(), errors.New(lastLine(errs.String()))
	case err != nil:
		return out.String(), err
	}
	return out.String(), nil
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return fmt.Sprintf("%.200s", clean(lines[len(lines)-1]))
}

func nsysProgram(ctx context.Context, t Target, o Options) []Line {
	if !t.Nsys {
		return nil
	}
	if _, err := o.Look("nsys"); err != nil {
		return []Line{{Warn, "nsys", "nsys is not on PATH here, and experiments want it on their nodes", "module spider nsight"}}
	}
	text, err := o.Run(ctx, "nsys", "--version")
	if err != nil {
		return []Line{{Warn, "nsys", "nsys does not start: " + clean(err.Error()), "module spider nsight"}}
	}
	return []Line{{Pass, "nsys", lastLine(text), ""}}
}

func modules(ctx context.Context, t Target, o Options) []Line {
	names := t.Modules
	if t.Runtime == "module" {
		names = slices.Concat(names, strings.Fields(t.Name))
	}
	if len(names) == 0 || t.Replay {
		return nil
	}
	if _, err := o.Run(ctx, "bash", "-lc", "type module"); err != nil {
		return []Line{{Fail, "modules", "there is no module command here, and scripts load " + strings.Join(names, ", "),
			"on this machine use runtime: {kind: venv, name: …} in shardeck.yaml"}}
	}
	var lines []Line
	for _, name := range names {
		l := Line{Pass, "module " + name, "is there", ""}
		if _, err := o.Run(ctx, "bash", "-lc", `module is-avail "$1"`, "probe", name); err != nil {
			base, _, _ := strings.Cut(name, "/")
			l = Line{Fail, "module " + name, "is not known on this system", "module spider " + base}
		}
		lines = append(lines, l)
	}
	return lines
}
