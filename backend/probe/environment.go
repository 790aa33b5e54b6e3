package probe

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"shardeck/backend/strictyaml"
	"shardeck/model/shell"
	"shardeck/templates"
)

// environment is a kind of software environment, need is what must be in it; see
// templates/software.yaml.
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

// wanted is what jobs need of their software, read once.
var wanted = sync.OnceValue(func() (file struct {
	Environments map[string]environment `yaml:"environments"`
	Versions     string                 `yaml:"versions"`
	Needs        []need                 `yaml:"needs"`
}) {
	strictyaml.MustDecode(templates.FS, "software.yaml", &file)
	return file
})

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
	return versions(text, t)
}

// askVersions asks the environment's Python for its versions.
func askVersions(ctx context.Context, t Target, o Options) (string, error) {
	if t.Runtime == "shifter" {
		return o.Run(ctx, "shifter", "--image="+t.Name, "python3", "-c", wanted().Versions)
	}
	kind, known := wanted().Environments[t.Runtime]
	if !known {
		return "", fmt.Errorf("runtime %.40q is not known", t.Runtime)
	}
	lines := kind.Enter
	for _, m := range t.Modules {
		lines = "module load " + shell.Quote(m) + "\n" + lines
	}
	return o.Run(ctx, "bash", "-lc", lines, "probe", expand(t.Name, o.Getenv), wanted().Versions)
}

// environmentName names the environment for people.
func (t Target) environmentName() string {
	all := wanted().Environments
	return strings.ReplaceAll(cmp.Or(all[t.Runtime].Title, all["none"].Title), "{name}", t.Name)
}

// versions reads the answer: one line for each thing needed.
func versions(text string, t Target) []Line {
	found := map[string][]string{}
	for line := range strings.Lines(text) {
		if words := strings.Fields(clean(line)); len(words) > 2 && words[0] == "shardeck-probe" {
			found[words[1]] = words[2:]
		}
	}
	var lines []Line
	for _, n := range wanted().Needs {
		lines = append(lines, n.line(found[n.Name], t.environmentName()))
	}
	return lines
}

// line words the version that was found, of what is in an environment.
func (n need) line(found []string, in string) Line {
	switch {
	case len(found) == 0:
		return Line{Fail, n.Name, "is not in the " + in, strings.Replace(n.Fix, " --upgrade", "", 1)}
	case isOlder(found[0], n.Least):
		return Line{Fail, n.Name, fmt.Sprintf("%s is too old: %s or newer is needed", found[0], n.Least), n.Fix}
	}
	return Line{Pass, n.Name, strings.Join(found, "  ") + "  in the " + in, ""}
}

// isOlder compares the first two numbers of two versions; a version that cannot be
// read is none that is too old.
func isOlder(version, least string) bool {
	a, b := numbers(version), numbers(least)
	return a != nil && b != nil && slices.Compare(a, b) < 0
}

func numbers(version string) []int {
	parts := strings.SplitN(version, ".", 3)
	if len(parts) < 2 {
		return nil
	}
	major, err1 := strconv.Atoi(parts[0])
	minor, err2 := strconv.Atoi(strings.TrimRight(parts[1], "abcdefrv+"))
	if err1 != nil || err2 != nil {
		return nil
	}
	return []int{major, minor}
}

// Target is what jobs of this workspace will need.
type Target struct {
	Runtime   string   // conda, venv, module, shifter or none
	Name      string   // of that environment, image or module
	Modules   []string // loaded before it
	HFHome    string   // absolute; empty: the hub's own default
	Models    []Model  // to be loaded
	Workspace string   // absolute
	Outputs   []string // directories that jobs will write, absolute
	Nsys      bool     // Nsight Systems will be used
	Replay    bool     // nothing but replays: no engine is needed
}

// Model is one to be loaded.
type Model struct {
	Name  string // hub id or path
	Dummy bool   // weights are made up: only its config is read
}

// patience is how long one program may take to answer.
const patience = 25 * time.Second

// Environment looks at all that jobs will need before any is paid for, each line with
// the command that mends it. It starts the environment's Python and a few small programs,
// one after the other and each with a deadline: for a user who asked, not every start.
func Environment(ctx context.Context, t Target, o Options) []Line {
	o = o.orHere()
	var lines []Line
	for _, look := range []func(context.Context, Target, Options) []Line{software, nsysProgram, modules, hubModels, quota, disk, outputs} {
		if ctx.Err() != nil {
			break
		}
		lines = append(lines, look(ctx, t, o)...)
	}
	return lines
}

// run starts a program, in a process group that ends with its deadline, and returns
// what it printed on standard output; its error is the last that it said.
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

// lastLine is the last line of a program's errors that says something.
func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return fmt.Sprintf("%.200s", clean(lines[len(lines)-1]))
}

// nsysProgram looks for Nsight Systems, where it is wanted.
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

// modules asks whether the modules that scripts load exist.
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
