package replay

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"shardeck/backend/atomicfile"
	"shardeck/model"
	"shardeck/templates"
)

const workspaceDir = "demo/workspace" // files of the demo workspace as they are laid out

// notRun are the recordings that the demo leaves for the newcomer to submit.
var notRun = map[string]bool{"llama-8b-pp2": true}

// WriteDemo lays the demo workspace out in dir: experiments with engine replay, the recordings as runs (all but
// one, which waits to be submitted) and the untraced runs of a sweep for the charts. Each file and each run
// appears whole or not at all. A second start goes on with what a first one left undone; once all was there it keeps
// what the user made of it: what was edited, renamed or deleted stays so.
func WriteDemo(dir string) error {
	if _, err := os.Stat(filepath.Join(dir, laidOut)); err == nil {
		return nil
	}
	err := writeTree(dir)
	if err == nil {
		err = writeRuns(filepath.Join(dir, "trace_collection"))
	}
	if err == nil {
		err = atomicfile.Write(filepath.Join(dir, laidOut), nil, 0o644)
	}
	if err != nil {
		return fmt.Errorf("demo workspace %s: %w", dir, err)
	}
	return nil
}

// laidOut says that all of the demo was there once.
const laidOut = ".laid-out"

// writeTree copies the files of the workspace that are not there yet.
func writeTree(dir string) error {
	return fs.WalkDir(templates.FS, workspaceDir, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		target := filepath.Join(dir, filepath.FromSlash(name[len(workspaceDir):]))
		if d.IsDir() {
			return os.MkdirAll(target, 0o755)
		}
		b, err := fs.ReadFile(templates.FS, name)
		if err != nil || exists(target) {
			return err
		}
		return writeFile(target, b)
	})
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

// writeRuns lays out the sweep first, so that the runs with traces are the newest.
func writeRuns(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	sweep, _ := fs.Glob(templates.FS, sweepDir+"/*") // the pattern is sound
	var all []Recording
	for _, name := range sweep {
		r, err := load(name)
		if err != nil {
			return err
		}
		all = append(all, r)
	}
	for _, r := range append(all, Recordings()...) {
		if notRun[r.Name] {
			continue
		}
		if err := r.writeRun(filepath.Join(dir, r.Name)); err != nil {
			return fmt.Errorf("%s: %w", r.Name, err)
		}
	}
	return nil
}

// writeRun makes the run that a replay of the recording would have left, in one rename.
func (r Recording) writeRun(target string) error {
	if exists(target) {
		return nil
	}
	temp, err := os.MkdirTemp(filepath.Dir(target), ".laying-out-*")
	if err != nil {
		return err
	}
	err = errors.Join(os.Chmod(temp, 0o755), r.writeFiles(temp))
	if err == nil {
		err = os.Rename(temp, target)
	}
	if err != nil {
		os.RemoveAll(temp)
	}
	return err
}

func (r Recording) writeFiles(dir string) error {
	played := Play{Recording: r}
	t, err := played.timing()
	if err != nil {
		return err
	}
	e := model.Experiment{ID: r.ID, Description: played.labelled(r.Description), OutputDir: path.Join("trace_collection", r.Name)}
	info := played.info(e)
	info.Status, info.ExitCode, info.Cause = model.RunComplete, model.ExitDone, ""
	info.Timed = len(t.Timed)
	if r.traced {
		info.Traced, info.Tokens = r.Traced, r.Tokens
	}
	return errors.Join(played.writeConfig(dir, e), r.copyFiles("timing_stats_*", dir),
		r.copyFiles("kineto_trace_*", dir), writeJSON(filepath.Join(dir, "run.json"), info))
}
