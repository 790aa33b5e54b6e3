package measure

import (
	"cmp"
	"context"
	"path/filepath"
	"strings"

	"shardeck/backend/workspace"
	"shardeck/model"
)

func (rd *Reader) baselines() workspace.Baselines {
	return workspace.Baselines{Workspace: rd.Workspace}
}

// Baselines lists the baselines here, by name.
func (rd *Reader) Baselines() ([]workspace.Baseline, error) { return rd.baselines().List() }

// SetBaseline gives runs a name by which others are compared with them: those named, or of a single one all of its config.
func (m *Measure) SetBaseline(ctx context.Context, name string, names []string) (workspace.Baseline, error) {
	runs, err := m.named(names)
	bad := model.CheckID(name)
	if bad != nil {
		bad = model.Invalid(strings.ReplaceAll(bad.Error(), "an experiment id", "the name of a baseline"), "")
	}
	if err = cmp.Or(bad, err, m.Workspace.Writable("set a baseline")); err != nil {
		return workspace.Baseline{}, err
	}
	if len(runs) == 1 {
		runs = m.repeats(ctx).of(runs[0])
	}
	return m.baselines().Put(name, m.Now(), runs)
}

// RemoveBaseline takes a baseline out; its runs stay.
func (rd *Reader) RemoveBaseline(name string) error {
	return cmp.Or(rd.Workspace.Writable("remove a baseline"), rd.baselines().Remove(name))
}

// WriteOutput writes a file where a person asked for it: relative to the folder in which the command runs.
func (rd *Reader) WriteOutput(path string, data []byte) error {
	path, err := filepath.Abs(workspace.FromHome(path))
	if err != nil {
		return err
	}
	return rd.Workspace.WriteFile(path, data, 0o644)
}
