package probe

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"shardeck/model/shell"
)

// versionScript is the Python that tells versions. It imports none of the packages: on a busy
// parallel file system importing PyTorch takes a minute, reading its version nothing.
const versionScript = `import sys
from importlib.metadata import PackageNotFoundError, version
print("shardeck-probe python", sys.version.split()[0], sys.executable)
for name in ("vllm", "torch", "PyYAML"):
    try:
        print("shardeck-probe", name, version(name))
    except PackageNotFoundError:
        print("shardeck-probe", name)
`

// enterCommands are the shell lines that enter each kind of environment, as job scripts do;
// its name is $1, the question $2.
var enterCommands = map[string]string{
	"conda": `command -v conda >/dev/null 2>&1 || module load conda >/dev/null 2>&1
command -v conda >/dev/null 2>&1 || { echo "there is no conda here, and no module of that name" >&2; exit 1; }
eval "$(conda shell.bash hook)" && conda activate "$1" || exit 1
exec python3 -c "$2"`,
	"venv":   `. "$1/bin/activate" || exit 1; exec python3 -c "$2"`,
	"module": `module load $1 || exit 1; exec python3 -c "$2"`,
	"none":   `exec python3 -c "$2"`,
}

// installCommands are the commands that make an environment that is not there.
var installCommands = map[string]string{
	"conda":   "conda create -n %[1]s python=3.12 && conda activate %[1]s && pip install vllm",
	"venv":    "python3 -m venv %[1]s && . %[1]s/bin/activate && pip install vllm",
	"module":  "module spider %[1]s",
	"none":    "install Python 3, or say runtime: {kind: conda, name: vllm-profiling} in shardeck.yaml",
	"shifter": "shifterimg pull %[1]s",
}

// software starts the Python of the jobs' environment and reads its versions.
func software(ctx context.Context, t Target, o Options) []Line {
	if t.Replay {
		return nil
	}
	if t.Runtime == "" {
		t.Runtime = "none"
	}
	text, err := question(ctx, t, o)
	if err != nil {
		fix := installCommands[t.Runtime]
		if strings.Contains(fix, "%") {
			fix = fmt.Sprintf(fix, t.Name)
		}
		return []Line{{Fail, "environment", fmt.Sprintf("the %s cannot be entered: %s", t.environmentName(), clean(err.Error())), fix}}
	}
	return versions(text, t)
}

// question asks the environment's Python for its versions.
func question(ctx context.Context, t Target, o Options) (string, error) {
	if t.Runtime == "shifter" {
		return o.Run(ctx, "shifter", "--image="+t.Name, "python3", "-c", versionScript)
	}
	lines, known := enterCommands[t.Runtime]
	if !known {
		return "", fmt.Errorf("runtime %.40q is not known", t.Runtime)
	}
	for _, m := range t.Modules {
		lines = "module load " + shell.Quote(m) + "\n" + lines
	}
	name := expand(t.Name, o.Getenv)
	return o.Run(ctx, "bash", "-lc", lines, "probe", name, versionScript)
}

// environmentName names the environment for people.
func (t Target) environmentName() string {
	switch t.Runtime {
	case "conda":
		return "conda environment " + t.Name
	case "venv":
		return "virtual environment " + t.Name
	case "module":
		return "module " + t.Name
	case "shifter":
		return "image " + t.Name
	}
	return "Python of this machine"
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
	for _, need := range []struct{ name, least, fix string }{
		{"python", "3.9", "make the environment anew with python=3.12"},
		{"vllm", "0.8", "pip install --upgrade vllm"},
		{"torch", "2.0", "pip install --upgrade vllm, which brings its PyTorch"},
		{"PyYAML", "", "pip install pyyaml"},
	} {
		lines = append(lines, versionLine(need.name, need.least, need.fix, found[need.name], t))
	}
	return lines
}

// versionLine words one version.
func versionLine(name, least, fix string, found []string, t Target) Line {
	l := Line{Pass, name, "", ""}
	switch {
	case len(found) == 0:
		l.Level, l.Text, l.Fix = Fail, "is not in the "+t.environmentName(), strings.Replace(fix, " --upgrade", "", 1)
	case isOlder(found[0], least):
		l.Level, l.Text, l.Fix = Fail, fmt.Sprintf("%s is too old: %s or newer is needed", found[0], least), fix
	default:
		l.Text = strings.Join(found, "  ") + "  in the " + t.environmentName()
	}
	return l
}

// isOlder compares the first two numbers of two versions; a version that cannot be
// read is none that is too old.
func isOlder(version, least string) bool {
	a, b := numbers(version), numbers(least)
	if a == nil || b == nil {
		return false
	}
	return a[0] < b[0] || a[0] == b[0] && a[1] < b[1]
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
