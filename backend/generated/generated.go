// Package generated writes the files of a workspace that we make, and never over what a user changed in them.
package generated

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"

	"shardeck/backend/workspace"
	"shardeck/model"
)

// Outcome says what became of a generated file, in the words that people see.
type Outcome string

// Outcomes.
const (
	Created     Outcome = "created"
	Unchanged   Outcome = "unchanged"
	Updated     Outcome = "updated"     // ours and never edited, now newer
	Refused     Outcome = "refused"     // edited by the user, left alone
	Kept        Outcome = "kept"        // ours and older, left as it fits one that was refused
	Overwritten Outcome = "overwritten" // edited by the user, replaced by force
)

// Wrote says what became of one file.
type Wrote struct {
	Path   string  `json:"path"`
	Action Outcome `json:"action"`
}

const (
	sumsFile  = workspace.PrivateDir + "/generated.json"
	mostBytes = 16 << 20 // of a generated file, and of the list of their sums
)

// Write writes files that we make, such as a config, a script or the modules of the runner, in the order of
// their names, and remembers their sums. A file whose bytes are not those we wrote was edited by the user: it
// is refused unless force is set, and those of ours that are older are then Kept, as they fit it. Refused is an
// outcome, not an error. What begins with #! may be executed.
func Write(w *workspace.Workspace, files map[string][]byte, force bool) (map[string]Outcome, error) {
	sums, err := sumsOf(w)
	if err != nil {
		return nil, err
	}
	outcomes, refused := map[string]Outcome{}, false
	for rel, data := range files {
		if outcomes[rel], err = outcomeOf(w, rel, data, sums[rel], force); err != nil {
			return nil, err
		}
		refused = refused || outcomes[rel] == Refused
	}
	old := maps.Clone(sums)
	for _, rel := range slices.Sorted(maps.Keys(files)) {
		if outcomes[rel] == Updated && refused {
			outcomes[rel] = Kept
		}
		if o := outcomes[rel]; o == Refused || o == Kept || o == Unchanged && w.ReadOnly {
			continue
		} else if o != Unchanged {
			mode := map[bool]fs.FileMode{true: 0o755, false: 0o644}[bytes.HasPrefix(files[rel], []byte("#!"))]
			err = w.WriteFile(rel, files[rel], mode)
		}
		if err != nil {
			break
		}
		sums[rel] = sum(files[rel])
	}
	if maps.Equal(old, sums) {
		return outcomes, err
	}
	text, _ := json.MarshalIndent(sums, "", "  ") // plain text: cannot fail
	return outcomes, cmp.Or(err, w.WriteFile(sumsFile, append(text, '\n'), 0o644))
}

// outcomeOf compares what lies there with what we would write and what we wrote last.
func outcomeOf(w *workspace.Workspace, rel string, data []byte, ours string, force bool) (Outcome, error) {
	info, err := os.Lstat(w.Path(rel))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Created, nil
	case err == nil && info.IsDir():
		return "", fmt.Errorf("%s is a folder: move it away", model.Printable(rel))
	}
	old, err := w.Read(rel, mostBytes)
	switch {
	case err != nil:
		return "", err
	case bytes.Equal(old, data):
		return Unchanged, nil
	case sum(old) == ours:
		return Updated, nil
	case force:
		return Overwritten, nil
	}
	return Refused, nil
}

// Edited is the text of a generated file that a user changed; false: as we wrote it, gone, or not ours.
func Edited(w *workspace.Workspace, rel string) (string, bool) {
	sums, err := sumsOf(w)
	text, readErr := w.Read(rel, mostBytes)
	edited := err == nil && readErr == nil && sums[rel] != "" && sum(text) != sums[rel]
	return string(text), edited
}

// sumsOf are the sums of the generated files as we wrote them. A list that cannot be
// read counts as empty: then every file that differs is the user's, which is safe.
func sumsOf(w *workspace.Workspace) (map[string]string, error) {
	data, err := w.Read(sumsFile, mostBytes)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	sums := map[string]string{}
	if json.Unmarshal(data, &sums) != nil || sums == nil {
		sums = map[string]string{}
	}
	return sums, nil
}

func sum(data []byte) string {
	h := sha256.Sum256(data)
	return hex.EncodeToString(h[:])
}

// Runner reports whether jobs find a Python runner, and whether it is an older shardeck's, of two files, which
// runs as it is. Ours names the folder of its modules, the older one the module of its engine.
func Runner(w *workspace.Workspace) (there, old bool) {
	text, err := w.Read(workspace.RunnerFile, mostBytes)
	ours := bytes.Contains(text, []byte(path.Base(workspace.RunnerDir)))
	there = err == nil && (!ours || w.IsDir(workspace.RunnerDir))
	return there, there && !ours && bytes.Contains(text, []byte("torch_engine"))
}
