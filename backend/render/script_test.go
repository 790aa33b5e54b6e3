package render

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"

	"shardeck/model"
	"shardeck/model/check"
	"shardeck/templates"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := gocmp.Diff(string(want), string(got)); d != "" {
		t.Errorf("%s differs (go test -update writes it anew):\n%s", name, d)
	}
}

// entry is one experiment of the embedded catalogue.
type entry struct {
	Slug             string
	Default          bool
	model.Experiment `yaml:",inline"`
}

func catalogue(t *testing.T) []entry {
	t.Helper()
	data, err := templates.FS.ReadFile("experiments.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var list struct{ Experiments []yaml.Node }
	if err := yaml.Unmarshal(data, &list); err != nil {
		t.Fatal(err)
	}
	var entries []entry
	for _, n := range list.Experiments {
		e := entry{Experiment: model.Defaults()}
		if err := n.Decode(&e); err != nil {
			t.Fatal(err)
		}
		entries = append(entries, e)
	}
	return entries
}

func perlmutter(t *testing.T) model.Site {
	t.Helper()
	data, err := templates.FS.ReadFile("sites/perlmutter.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var s model.Site
	if err := yaml.Unmarshal(data, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// job is an experiment as Perlmutter would run it.
func job(t *testing.T, e entry) Job {
	t.Helper()
	site := perlmutter(t)
	config, err := ConfigPath(e.ID, e.Slug)
	if err != nil {
		t.Fatal(err)
	}
	return Job{Experiment: e.Experiment, Placement: check.Place(e.Experiment, site), Config: config, Settings: Settings{
		Account: "m1234_g", AccountHint: site.AccountHint, HFHome: "$SCRATCH/huggingface",
		Runtime: model.Runtime{Kind: "conda", Name: "vllm-profiling"}, Modules: site.Modules, Network: site.Network, Plugin: site.Plugin,
		Shardeck: "/opt/shardeck",
	}}
}

func byID(t *testing.T, id string) entry {
	t.Helper()
	for _, e := range catalogue(t) {
		if e.ID == id {
			return e
		}
	}
	t.Fatalf("no %s in the catalogue", id)
	return entry{}
}

func script(t *testing.T, j Job) []byte {
	t.Helper()
	out, err := Script(j)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestGoldenScripts(t *testing.T) {
	golden(t, "run_E1.1.sh", script(t, job(t, byID(t, "E1.1"))))
	golden(t, "run_E4.1.sh", script(t, job(t, byID(t, "E4.1"))))

	replay := job(t, byID(t, "E1.2"))
	replay.Experiment.Engine = model.EngineReplay
	replay.Settings.Account = ""
	golden(t, "run_replay.sh", script(t, replay))

	shifter := job(t, byID(t, "E1.3"))
	shifter.Settings.Runtime = model.Runtime{Kind: "shifter", Name: "vllm/vllm-openai:v0.13.0"}
	golden(t, "run_shifter.sh", script(t, shifter))

	nsys, err := NsysScript(job(t, byID(t, "E1.3")))
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "run_with_nsys.sh", nsys)
}

// runtimes are one of each kind.
var runtimes = []model.Runtime{
	{}, {Kind: "conda", Name: "vllm-profiling"}, {Kind: "venv", Name: "$HOME/my env"}, {Kind: "module", Name: "pytorch/2.8.0 cudatoolkit"},
	{Kind: "shifter", Name: "vllm/vllm-openai:v0.13.0"}, {Kind: "podman-hpc", Name: "vllm/vllm-openai:v0.13.0"},
}

// TestGoldenRuntimes: every kind of runtime, on one node and on two.
func TestGoldenRuntimes(t *testing.T) {
	for _, r := range runtimes {
		for nodes, id := range map[string]string{"one": "E1.2", "two": "E4.1"} {
			j := job(t, byID(t, id))
			j.Settings.Runtime = r
			if r.Image() || r.Kind == "module" {
				j.Settings.Plugin = nil // as the catalogue of settings leaves them out
			}
			golden(t, fmt.Sprintf("runtimes/%s_%s.sh", cmp.Or(r.Kind, "none"), nodes), script(t, j))
		}
	}
	j := job(t, byID(t, "E4.1"))
	j.Settings.Runtime = runtimes[5]
	nsys, err := NsysScript(j)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "runtimes/podman-hpc_nsys.sh", nsys)
}

// TestPerlmutterHeaders: what each layout asks of Slurm.
func TestPerlmutterHeaders(t *testing.T) {
	for id, want := range map[string][]string{
		"E1.1": {"-q shared", "-N 1", "-c 32", "--gpus-per-node=1", "-C gpu", "-A m1234_g", "-o logs/E1.1_%j.out", "-t 00:30:00",
			"--ntasks-per-node=1"},
		"E1.2": {"-q shared", "-N 1", "-c 64", "--gpus-per-node=2"},
		"E1.3": {"-q regular", "-N 1", "-c 128", "--gpus-per-node=4"},
		"E4.1": {"-q regular", "-N 2", "-c 128", "--gpus-per-node=4", "--ntasks-per-node=1"},
		"E4.6": {"-q regular", "-N 16", "-c 128", "--gpus-per-node=4"},
	} {
		text := string(script(t, job(t, byID(t, id))))
		for _, option := range want {
			if !strings.Contains(text, "\n#SBATCH "+option+"\n") {
				t.Errorf("%s lacks #SBATCH %s", id, option)
			}
		}
		if spans := strings.Contains(text, "FI_MR_CACHE_MONITOR=userfaultfd"); spans != (id[:2] == "E4") {
			t.Errorf("%s: network environment %v", id, spans)
		}
		// sbatch reads options up to the first command only.
		if strings.LastIndex(text, "\n#SBATCH") > strings.Index(text, "\nset -euo pipefail") {
			t.Errorf("%s: an option after the first command", id)
		}
	}
}

// TestSiteOfNothingKnown: what a site does not say is not asked for.
func TestSiteOfNothingKnown(t *testing.T) {
	e := byID(t, "E1.2")
	j := Job{Experiment: e.Experiment, Placement: check.Place(e.Experiment, model.Site{GPUsPerNode: 8}), Config: "experiments/configs/x.yaml"}
	text := string(script(t, j))
	for _, option := range []string{"-C ", "-q ", "-c ", "-A "} {
		if strings.Contains(text, "\n#SBATCH "+option) {
			t.Errorf("asks for %s", option)
		}
	}
	if strings.Contains(text, "--cpus-per-task") || !strings.Contains(text, "#SBATCH --gpus-per-node=2\n") {
		t.Error(text)
	}
}

// hostile are texts that must do no harm wherever they may stand.
var hostile = []string{
	"it's $(touch /tmp/x) `id` \"q\" \\ ;&|<>*?[]{}!#~",
	"line\n#SBATCH -N 99\nrm -rf /", "\x1b[31mred\x07", "ünïcode ☃", "-n", "=x", "", " ", "a\rb", "\u2028rm", "'", "''", "%s%n", "{{.ID}}",
}

// TestScriptsAreSound: bash and shellcheck have nothing to say about any entry of
// the catalogue, any engine and runtime, and any text.
func TestScriptsAreSound(t *testing.T) {
	dir := t.TempDir()
	var files []string
	add := func(name string, text []byte) {
		path := filepath.Join(dir, name+".sh")
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
		files = append(files, path)
	}
	for _, e := range catalogue(t) {
		add("run_"+e.ID, script(t, job(t, e)))
	}
	for _, r := range append(runtimes, model.Runtime{Kind: "conda", Name: "it's"}) {
		j := job(t, byID(t, "E4.1"))
		j.Settings.Runtime, j.Settings.Modules, j.Settings.Account = r, []string{"a b", "it's"}, ""
		add("runtime_"+r.Kind, script(t, j))
		nsys, err := NsysScript(j)
		if err != nil {
			t.Fatal(err)
		}
		add("nsys_"+r.Kind, nsys)
	}
	j := job(t, byID(t, "E1.1"))
	j.Experiment.Engine = model.EngineReplay
	add("replay", script(t, j))
	add("hostile", script(t, hostileJob(t)))

	for _, f := range files {
		if out, err := exec.Command("bash", "-n", f).CombinedOutput(); err != nil {
			t.Errorf("bash -n %s: %v\n%s", filepath.Base(f), err, out)
		}
	}
	if testing.Short() {
		t.Skip("shellcheck takes long, and is no program of ours: only bash -n looked at the scripts")
	}
	if _, err := exec.LookPath("shellcheck"); err != nil {
		t.Skip("shellcheck is not installed: only bash -n looked at the scripts")
	}
	if out, err := exec.Command("shellcheck", files...).CombinedOutput(); err != nil {
		t.Errorf("shellcheck: %v\n%s", err, out)
	}
}

func hostileJob(t *testing.T) Job {
	j := job(t, byID(t, "E4.1"))
	j.Experiment.Description = strings.Join(hostile, " ")
	j.Experiment.Env = map[string]string{}
	for i, h := range hostile {
		j.Experiment.Env["X_"+string(rune('A'+i))] = h
	}
	j.Settings.AccountHint, j.Settings.HFHome, j.Settings.Runtime.Name = hostile[1], hostile[0], hostile[0]
	j.Settings.Account = ""
	return j
}

// TestHostileTextStaysInPlace: every line of a comment stays a comment, and no
// option of Slurm comes from a value.
func TestHostileTextStaysInPlace(t *testing.T) {
	text := string(script(t, hostileJob(t)))
	for line := range strings.SplitSeq(text[:strings.Index(text, "\nset -euo")], "\n") {
		if line != "" && !strings.HasPrefix(line, "#") {
			t.Errorf("not a comment: %q", line)
		}
	}
	if n := strings.Count(text, "\n#SBATCH -N "); n != 1+1 { // the header's, and one inside a quoted value
		t.Errorf("%d lines ask for nodes", n)
	}
	if strings.ContainsRune(text[:strings.Index(text, "\nset -euo")], '\x1b') {
		t.Error("an escape sequence in the header")
	}
}

func TestQuotePath(t *testing.T) {
	for in, want := range map[string]string{
		"$HOME/it's": "/home/me/it's", "${HOME}": "/home/me", "~/x": "/home/me/x", "/a b": "/a b",
		"$HOME$(id)": "$HOME$(id)", "x/$HOME": "x/$HOME", "~root": "~root",
	} {
		cmd := exec.Command("bash", "-c", "printf '%s' "+quotePath(in))
		cmd.Env = []string{"HOME=/home/me"}
		if out, err := cmd.Output(); err != nil || string(out) != want {
			t.Errorf("%s is %q, %v, want %q", in, out, err, want)
		}
	}
	if out, err := exec.Command("bash", "-c", "printf '%s' "+quotePath("$NOT_SET_1/x")).CombinedOutput(); err == nil ||
		!strings.Contains(string(out), "is not set") {
		t.Errorf("a variable that is not set: %q, %v", out, err)
	}
}

func TestScriptRefuses(t *testing.T) {
	for want, change := range map[string]func(*Job){
		"cannot be an experiment id":    func(j *Job) { j.Experiment.ID = "a b" },
		"cannot be an output directory": func(j *Job) { j.Experiment.OutputDir = "$(id)" },
		"cannot be named in a script":   func(j *Job) { j.Config = "a b.yaml" },
		"is not a time":                 func(j *Job) { j.Experiment.Slurm.Time = "1h" },
		"is no name Slurm knows":        func(j *Job) { j.Settings.Account = "x y" },
		"is no constraint":              func(j *Job) { j.Placement.Constraint = "gpu && x" },
		"cannot name an environment":    func(j *Job) { j.Experiment.Env = map[string]string{"A;b": "c"} },
		"runtime \"docker\" is not":     func(j *Job) { j.Settings.Runtime = model.Runtime{Kind: "docker", Name: "x"} },
		"runtime conda has no name":     func(j *Job) { j.Settings.Runtime = model.Runtime{Kind: "conda", Name: " "} },
		"cannot name an image":          func(j *Job) { j.Settings.Runtime = model.Runtime{Kind: "shifter", Name: "a b"} },
		"give every part of its layout": func(j *Job) { j.Placement.Nodes = 0 },
		"names the program by its full": func(j *Job) { j.Experiment.Engine, j.Settings.Shardeck = model.EngineReplay, "shardeck" },
	} {
		j := job(t, byID(t, "E1.1"))
		change(&j)
		if _, err := Script(j); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
	j := job(t, byID(t, "E1.1"))
	j.Experiment.Engine = model.EngineReplay
	if _, err := NsysScript(j); err == nil || !strings.Contains(err.Error(), "is a replay") {
		t.Errorf("nsys of a replay: %v", err)
	}
}

func TestShortLimitsWarnInTime(t *testing.T) {
	j := job(t, byID(t, "E1.1"))
	j.Experiment.Slurm.Time = "00:02:00"
	if text := string(script(t, j)); !strings.Contains(text, "--signal=USR1@30\n") {
		t.Error("a job of two minutes is told to stop at its start")
	}
}
