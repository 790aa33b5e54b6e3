package workspace

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"shardeck/model"
)

const draftsDir = PrivateDir + "/drafts"

// Unsaved lists the edits that were not saved when their session ended, by experiment.
// A damaged record is passed over and stays where it is, with a warning.
func (w *Workspace) Unsaved() (all []model.Unsaved, warnings []string, err error) {
	entries, err := os.ReadDir(w.Path(draftsDir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, say("cannot list "+draftsDir, err)
	}
	for _, entry := range entries {
		id, ok := strings.CutSuffix(entry.Name(), ".json")
		if !ok || model.CheckID(id) != nil {
			continue // a file being written, or somebody else's
		}
		u, err := w.unsaved(id)
		if err != nil {
			warnings = append(warnings, err.Error())
			continue
		}
		all = append(all, u)
	}
	slices.SortFunc(all, func(a, b model.Unsaved) int { return strings.Compare(a.Experiment, b.Experiment) })
	return all, warnings, nil
}

func (w *Workspace) unsaved(id string) (model.Unsaved, error) {
	rel := draftFile(id)
	data, err := readCapped(w.Path(rel), rel, MaxConfigBytes)
	if err != nil {
		return model.Unsaved{}, err
	}
	var u model.Unsaved
	if err := json.Unmarshal(data, &u); err != nil || u.Experiment != id || len(u.Edits) == 0 {
		return u, fault(rel, "is damaged: the edits in it cannot be offered", "look whether you need it, then remove it")
	}
	return u, nil
}

// KeepUnsaved keeps edits for the next session; without any, what was kept is removed.
func (w *Workspace) KeepUnsaved(u model.Unsaved) error {
	if err := model.CheckID(u.Experiment); err != nil {
		return err
	}
	rel := draftFile(u.Experiment)
	if len(u.Edits) == 0 {
		return w.dropUnsaved(rel)
	}
	text, err := json.MarshalIndent(u, "", "  ")
	if err != nil {
		return fmt.Errorf("%s: %w", rel, err)
	}
	return w.WriteFile(rel, append(text, '\n'), 0o644)
}

func (w *Workspace) dropUnsaved(rel string) error {
	if w.ReadOnly {
		return &pathError{rel, "not removed: started with --read-only", ErrReadOnly}
	}
	if err := os.Remove(w.Path(rel)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return say("cannot remove "+rel, err)
	}
	return nil
}

func draftFile(id string) string { return path.Join(draftsDir, id+".json") }
