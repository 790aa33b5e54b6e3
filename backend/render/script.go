// Package render turns an experiment into the files that run it: its job script and,
// after the run, the card that describes it to others. The texts of the scripts are in
// templates/scripts; here is what goes into them, quoted for the shell by model/shell.
// The same input gives the same bytes. Nothing is written here: workspace does that.
package render

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"text/template"
	"time"

	"shardeck/model"
	"shardeck/model/check"
	"shardeck/model/shell"
	"shardeck/templates"
)

// Names of generated files, relative to the workspace.
const (
	configsDir = "experiments/configs/"
	scriptsDir = "experiments/slurm_scripts/"
	NsysPath   = scriptsDir + "run_with_nsys.sh" // the script for Nsight Systems
)

// ConfigPath is where the config of a catalogue entry goes: experiments/configs/E1.3_llama8b_tp4.yaml.
func ConfigPath(id, slug string) (string, error) {
	if err := model.CheckID(id); err != nil {
		return "", err
	}
	if slug == "" {
		return configsDir + id + ".yaml", nil
	}
	if err := model.CheckID(slug); err != nil {
		return "", fmt.Errorf("slug of %s: %w", id, err)
	}
	return configsDir + id + "_" + slug + ".yaml", nil
}

// Slug is a file-name part for an experiment that has none: its model and layout, such as llama-3.1-8b_tp4_pp2.
func Slug(e model.Experiment) string {
	layout := strings.Replace(e.Layout.Short(), model.OneGPU, "tp1", 1)
	slug := model.AsID(strings.ToLower(model.ShortModel(e.Model.Name) + "_" + strings.ReplaceAll(layout, " ", "_")))
	slug = strings.Trim(slug, "-._")
	return slug[:min(len(slug), 48)]
}

// ScriptPath is where the job script of an experiment goes.
func ScriptPath(id string) string { return scriptsDir + "run_" + id + ".sh" }

// Job is all that a job script is made from.
type Job struct {
	Experiment model.Experiment
	Placement  check.Placement // of model.Place
	Config     string          // path of the config, relative to the workspace
	Settings   Settings
	By         string // the command that submits it; empty: shardeck submit
	Turns      bool   // of a sweep: between points the program says which comes next
}

// Settings are what scripts need of the settings and the site.
type Settings struct {
	Account     string            // "": Slurm's default; the experiment's own comes first
	AccountHint string            // of the site, for a comment
	HFHome      string            // may begin with $NAME or ~
	Runtime     model.Runtime     // no kind: none
	Modules     []string          // of the site, loaded before those of Runtime
	Network     map[string]string // of the site, for jobs over several nodes
	Plugin      []string          // modules that such jobs load where nothing else brings NCCL's plugin
	Shardeck    string            // absolute path of the binary, for engine replay
}

// Script is the job script of an experiment, for sbatch and bash. An error names a value that cannot stand in it.
func Script(j Job) ([]byte, error) {
	v, err := newView(j)
	if err != nil {
		return nil, err
	}
	return execute("run.sh.tmpl", "script of "+v.ID, v)
}

// NsysScript runs the experiment under Nsight Systems, in its layout; CONFIG in the environment names another config.
func NsysScript(j Job) ([]byte, error) {
	if j.Experiment.Engine == model.EngineReplay {
		return nil, fmt.Errorf("%s is a replay: it runs no kernels that nsys could see; use engine: vllm", j.Experiment.ID)
	}
	v, err := newView(j)
	if err != nil {
		return nil, err
	}
	v.Nsys, v.JobName, v.File = true, v.ID+"_nsys", path.Base(NsysPath)
	return execute("run_with_nsys.sh.tmpl", "script of "+v.ID, v)
}

// Lane is some GPUs of a node, and the files of points that engines there run in turn.
type Lane struct {
	First, GPUs int
	Files       []string // relative to the workspace
}

// SweepScript runs points of a sweep: the experiment of j is the size of its engines, and its id the sweep's.
func SweepScript(j Job, lanes []Lane) ([]byte, error) {
	v, err := newView(j)
	if err != nil {
		return nil, err
	}
	v.Lanes, v.Batch = lanes, v.Replay || len(lanes) > 1
	v.GPUs = v.Nodes * v.GPUsPerNode
	if j.Turns && path.IsAbs(v.Shardeck) {
		v.Next = shell.Quote(v.Shardeck) + " sweep next " + shell.Quote(v.ID) + ` --job "$SHARDECK_JOB_ID" --json -- "$@"`
	}
	devices := make([]string, v.GPUsPerNode)
	for i := range devices {
		devices[i] = strconv.Itoa(i)
	}
	v.Devices = strings.Join(devices, ",")
	for _, l := range lanes {
		for _, f := range l.Files {
			if err := checkConfigPath(f); err != nil {
				return nil, err
			}
		}
	}
	return execute("sweep.sh.tmpl", "script of "+v.ID, v)
}

// execute fills a template; what names its text in errors.
func execute(name, what string, data any) ([]byte, error) {
	var out bytes.Buffer
	if err := scripts().ExecuteTemplate(&out, name, data); err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return out.Bytes(), nil
}

var scripts = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("").Funcs(template.FuncMap{
		"q": shell.Quote, "path": quotePath, "hash": commentText,
		"y": yamlValue, "stage": stageLine, "exit": exitCode,
	}).ParseFS(templates.FS, "scripts/*.tmpl"))
})

var exits = map[string]int{
	"done": model.ExitDone, "failed": model.ExitFailed, "worker": model.ExitWorker, "config": model.ExitConfig, "partial": model.ExitPartial,
	"software": model.ExitSoftware, "traces": model.ExitTraces,
}

func exitCode(name string) (int, error) {
	if code, ok := exits[name]; ok {
		return code, nil
	}
	return 0, fmt.Errorf("no exit code is called %s", name)
}

func stageLine(name string) (string, error) {
	if s := model.Stage(name); slices.Contains(model.Stages(), s) {
		return s.Line(), nil
	}
	return "", fmt.Errorf("no stage is called %s", name)
}

// view is what the templates see. All of it is checked.
type view struct {
	Settings        // Account is who pays for this one, and Modules are those of the runtime too
	check.Placement // GPUs is how many there are in all

	ID, JobName, File, Title, Layout string
	By                               string
	Replay, Nsys                     bool
	Batch                            bool   // Slurm's signals go to the script, which passes them on
	Lanes                            []Lane // of a sweep
	Devices                          string // the GPUs of a node, where nobody names them
	Next                             string // what bash runs to ask which point comes next; empty: nobody is asked
	Config, ConfigName, OutputDir    string

	Time, GPURequest string
	Warning          int // in seconds before the limit

	Image        string            // of a container
	Passed       []string          // variables that podman hands into it
	Python       string            // images have python3 only
	Env, EnvFrom map[string]string // EnvFrom: files by name of variable, and FromCaller
	Secret       []string          // names under env whose values the config alone holds
}

func newView(j Job) (*view, error) {
	e, p, s := j.Experiment, j.Placement, j.Settings
	v := &view{
		ID: e.ID, JobName: e.ID, By: j.By, File: path.Base(ScriptPath(e.ID)), Layout: e.Layout.String(),
		Title: strings.TrimSuffix(e.ID+": "+e.Description, ": "), Replay: e.Engine == model.EngineReplay, Batch: e.Engine == model.EngineReplay,
		Config: j.Config, ConfigName: path.Base(j.Config), OutputDir: e.OutputDir, Settings: s, Placement: p, Time: e.Slurm.Time,
		GPURequest: strings.TrimPrefix(fmt.Sprintf("%s:%d", p.GPUType, p.GPUsPerNode), ":"),
		Env:        maps.Clone(e.Env), EnvFrom: e.EnvFrom, Python: "python",
	}
	v.Account, v.Modules = cmp.Or(e.Slurm.Account, s.Account), slices.Concat(s.Modules, s.Runtime.Modules)
	for _, path := range e.Secrets() {
		if name, ok := strings.CutPrefix(path, "env."); ok {
			v.Secret = append(v.Secret, name)
			delete(v.Env, name)
		}
	}
	v.Runtime.Kind = cmp.Or(v.Runtime.Kind, "none")
	switch {
	case v.Runtime.Image():
		v.Image, v.Python = v.Runtime.Name, "python3"
		v.Passed = slices.Concat(passed, slices.Sorted(maps.Keys(e.Env)), slices.Sorted(maps.Keys(e.EnvFrom)))
	case v.Runtime.Kind == "module":
		v.Modules = append(v.Modules, strings.Fields(v.Runtime.Name)...)
	}
	return v, v.check()
}

// passed are variables of a job that reach a container of podman, which inherits none: * is any ending.
var passed = []string{"SLURM_*", "SHARDECK_*", "MASTER_*", "OUT", "HF_*", "NCCL_*", "FI_*", "GLOO_*", "VLLM_*", "TORCH*", "TRITON_*",
	"CUDA_*", "FLASHINFER_*", "PYTHONNOUSERSITE"}

// maxWarning is how long before the time limit a runner is told to stop and write.
const maxWarning = 120 * time.Second

// check refuses what no quoting can make safe, and what makes no job.
func (v *view) check() error {
	limit, err := model.ParseTimeLimit(v.Time)
	v.Warning = int(min(maxWarning, limit/4).Seconds())
	return errors.Join(err,
		model.CheckID(v.ID), model.CheckOutputDir(v.OutputDir), checkConfigPath(v.Config),
		model.CheckSlurmWord(v.Account), model.CheckSlurmWord(v.QOS), model.CheckConstraint(v.Constraint),
		model.CheckSlurmWord(v.MemoryPerGPU), gpuRequest.Check(v.GPURequest, "%.40q cannot ask for GPUs"),
		v.checkJob(), v.checkRuntime(), checkEnvNames(v.Env), checkEnvNames(v.EnvFrom), checkEnvNames(v.Network))
}

var (
	configPath = model.NewPattern(`[A-Za-z0-9._+=,/-]+`, 512)
	gpuRequest = model.NewPattern(`(?:[A-Za-z0-9_.-]+:)?[0-9]+`, 128)
	imageName  = model.NewPattern(`[A-Za-z0-9][A-Za-z0-9._:/@-]*`, 256)
)

func checkConfigPath(p string) error {
	if configPath.MatchString(p) && !strings.HasPrefix(p, "-") && path.Clean(p) == p {
		return nil
	}
	return fmt.Errorf("%.80q cannot be named in a script: use letters, digits and . _ + = , - in the names of configs", p)
}

func (v *view) checkJob() error {
	switch {
	case v.Nodes < 1 || v.GPUsPerNode < 1 || v.GPUs < 1 || v.CPUsPerTask < 0:
		return fmt.Errorf("%s asks for %d nodes with %d GPUs each: give every part of its layout at least 1", v.ID, v.Nodes, v.GPUsPerNode)
	case v.Replay && !path.IsAbs(v.Shardeck):
		return fmt.Errorf("the script of a replay names the program by its full path, and %.80q is none", v.Shardeck)
	}
	return nil
}

func (v *view) checkRuntime() error {
	switch v.Runtime.Kind {
	case "none":
		return nil
	case "conda", "venv", "module", "shifter", "podman-hpc":
	default:
		return fmt.Errorf("runtime %.40q is not known: use conda, venv, module, shifter, podman-hpc or none", v.Runtime.Kind)
	}
	if strings.TrimSpace(v.Runtime.Name) == "" {
		return fmt.Errorf("runtime %s has no name: write runtime: {kind: %s, name: …} in shardeck.yaml", v.Runtime.Kind, v.Runtime.Kind)
	}
	if v.Image != "" && !imageName.MatchString(v.Image) {
		return fmt.Errorf("%.80q cannot name an image: write it as in vllm/vllm-openai:v0.13.0", v.Image)
	}
	return nil
}

func checkEnvNames(env map[string]string) error {
	return cmp.Or(model.Each(slices.Sorted(maps.Keys(env)), model.CheckEnvName)...)
}

// Runner is experiments/vllm_profiler.py and the modules of experiments/shardeck_runner/, file by file.
func Runner() (map[string][]byte, error) {
	files := map[string][]byte{}
	err := fs.WalkDir(templates.FS, "runner", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		files["experiments"+strings.TrimPrefix(name, "runner")], err = templates.FS.ReadFile(name)
		return err
	})
	return files, err
}

// Models is models.json of the runner: the shapes of the workspace, since a job sees nothing but experiments/.
func Models(shapes []model.Shape) ([]byte, error) {
	lines, err := model.Through(shapes, func(s model.Shape) ([]byte, error) { return json.Marshal(s) })
	if err != nil {
		return nil, fmt.Errorf("the shape of %s: %w", shapes[len(lines)].Name, err)
	}
	return slices.Concat([]byte("[\n"), bytes.Join(lines, []byte(",\n")), []byte("\n]\n")), nil
}

// leadingVar is what a path of the settings may begin with: $SCRATCH/…, ${HOME}/…, ~/….
var leadingVar = regexp.MustCompile(`^(?:\$([A-Za-z_][A-Za-z0-9_]*)|\$\{([A-Za-z_][A-Za-z0-9_]*)\}|(~))(/.*)?$`)

// quotePath is shell.Quote, but a leading variable or ~ keeps its meaning: $SCRATCH/huggingface is every user's.
func quotePath(s string) string {
	m := leadingVar.FindStringSubmatch(s)
	if m == nil {
		return shell.Quote(s)
	}
	name, rest := m[1]+m[2], m[4]
	if m[3] == "~" {
		name = "HOME"
	}
	if rest != "" {
		rest = shell.Quote(rest)
	}
	return `"${` + name + `:?is not set, and a path of the settings needs it}"` + rest
}

// lineBreak is one of any kind.
var lineBreak = strings.NewReplacer("\n", " ", "\r", " ", "\u2028", " ", "\u2029", " ")

// commentText writes text for a comment: one line, printable.
func commentText(s string) string {
	return strings.Join(strings.Fields(model.Printable(lineBreak.Replace(s))), " ")
}

// Reading is all that the script of a job is made from that reads a run's traces.
type Reading struct {
	Name      string          // of the job: an id
	Run       string          // as typed
	Ranks     []int           // one task each
	Workspace string          // absolute
	Shardeck  string          // absolute path of the binary
	CacheHome string          // absolute: what XDG_CACHE_HOME is there
	Sets      []string        // key=value, from --set
	Account   string          // of GPU jobs; its ending may go
	Time      string          // limit of a task
	Site      model.ReaderJob // what the site wants of such jobs
}

// ReadingScript is a job array with one task a rank. An error names the value that cannot stand in a script.
func ReadingScript(r Reading) ([]byte, error) {
	r.Account = strings.TrimSuffix(r.Account, r.Site.DropEnding)
	if err := r.check(); err != nil {
		return nil, err
	}
	return execute("read_ranks.sh.tmpl", "script that reads "+r.Run, r)
}

// Array is the list of tasks as Slurm writes it, consecutive ranks as 0-3.
func (r Reading) Array() string {
	var parts []string
	for i := 0; i < len(r.Ranks); {
		j := i
		for j+1 < len(r.Ranks) && r.Ranks[j+1] == r.Ranks[j]+1 {
			j++
		}
		part := strconv.Itoa(r.Ranks[i])
		if j > i {
			part += "-" + strconv.Itoa(r.Ranks[j])
		}
		parts, i = append(parts, part), j+1
	}
	return strings.Join(parts, ",")
}

func (r Reading) check() error {
	_, err := model.ParseTimeLimit(r.Time)
	err = errors.Join(err, model.CheckID(r.Name), model.CheckSlurmWord(r.Account), model.CheckConstraint(r.Site.Constraint),
		model.CheckSlurmWord(r.Site.QOS), model.CheckSlurmWord(r.Site.Memory))
	for what, p := range map[string]string{"workspace": r.Workspace, "program": r.Shardeck, "cache folder": r.CacheHome} {
		if !path.IsAbs(p) {
			err = errors.Join(err, fmt.Errorf("the script names the %s by its full path, and %.80q is none", what, p))
		}
	}
	if len(r.Ranks) == 0 || r.Ranks[0] < 0 {
		err = errors.Join(err, fmt.Errorf("%s has no ranks to read", r.Run))
	}
	return err
}
