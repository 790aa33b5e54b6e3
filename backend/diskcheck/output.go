// Package diskcheck looks at what a config names on this disk, as package check looks at the config itself: may a run be written to
// that folder, can that secret be read, and by its owner alone.
package diskcheck

import (
	"os"
	"path"
	"path/filepath"
	"strings"

	"shardeck/backend/workspace"
)

// Output is why a run may not be written to a directory: where links and .. lead to it is the workspace or a folder that the
// workspace cannot do without, lies in one, or holds something that is no run, which a job would rename. Empty: it may.
func Output(w *workspace.Workspace, dir string) string {
	at := resolved(w.Path(dir))
	for _, kept := range []string{"", workspace.TracesDir, workspace.LogsDir, workspace.ConfigsDir, workspace.ScriptsDir, workspace.RunnerDir, workspace.PrivateDir} {
		own := resolved(w.Path(kept))
		switch inside, name := within(at, own), path.Join(filepath.Base(w.Root), kept); {
		case at == own:
			return "it is " + name + " of the workspace, which a job would rename"
		case within(own, at):
			return "it holds " + name + " of the workspace, and a job would rename it with all that is in it"
		case inside && kept != "" && kept != workspace.TracesDir && kept != workspace.LogsDir:
			return "it lies in " + name + ", which is shardeck's own"
		}
	}
	info, err := os.Stat(at)
	switch {
	case err != nil: // usually: there is none yet
		return ""
	case !info.IsDir():
		return "a file is there"
	case holdsRun(at):
		return ""
	}
	return "the folder there holds other things than a run, and a job would rename it"
}

// runSigns are the files by which a folder is known to hold a run, or to have been left by a job; holds_run in
// templates/scripts has them too.
var runSigns = []string{".job", "run.json", "config.yaml", "timing_stats_*", "bench_serve.json", "kineto_trace_*", "torch_et_*", "nsys_*"}

func holdsRun(dir string) bool {
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) == 0 {
		return err == nil
	}
	for _, e := range entries {
		for _, sign := range runSigns {
			if ok, _ := path.Match(sign, e.Name()); ok {
				return true
			}
		}
	}
	return false
}

// resolved is a path with its links followed, as far as it is there.
func resolved(p string) string {
	if real, err := filepath.EvalSymlinks(p); err == nil {
		return real
	}
	if parent := filepath.Dir(p); parent != p {
		return filepath.Join(resolved(parent), filepath.Base(p))
	}
	return p
}

// within reports whether a path lies below another.
func within(p, dir string) bool {
	return strings.HasPrefix(p, strings.TrimSuffix(dir, string(filepath.Separator))+string(filepath.Separator)) && p != dir
}
