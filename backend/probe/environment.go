package probe

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

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

// Environment looks at all that jobs will need before any is paid for: software,
// models, modules, quota and disk, each line with the command that mends it. It
// starts the environment's Python and a few small programs, one after the other and
// each with a deadline, so it is for a user who asked, not for every start.
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
		names = append(append([]string{}, names...), strings.Fields(t.Name)...)
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
