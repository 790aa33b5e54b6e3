package workspace

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Outcome says what became of a generated file, in the words of lab.Action.
type Outcome string

// Outcomes.
const (
	Created     Outcome = "created"
	Unchanged   Outcome = "unchanged"
	Updated     Outcome = "updated"     // ours and never edited, now newer
	Refused     Outcome = "refused"     // edited by the user, left alone
	Overwritten Outcome = "overwritten" // edited by the user, replaced by force
)

const (
	generatedFile = PrivateDir + "/generated.json"
	maxGenerated  = 16 << 20
)

// Generate writes a file that we make, such as a config or a script, and
// remembers its sum. A file whose bytes are not those we wrote was edited by the
// user: it is refused unless force is set. Refused is an outcome, not an error.
func (w *Workspace) Generate(rel string, data []byte, mode fs.FileMode, force bool) (Outcome, error) {
	ledger, err := w.ledger()
	if err != nil {
		return "", err
	}
	outcome, err := w.judge(rel, data, ledger[rel], force)
	if err != nil || outcome == Refused {
		return outcome, err
	}
	if outcome != Unchanged {
		if err := w.WriteFile(rel, data, mode); err != nil {
			return "", err
		}
	}
	if ledger[rel] == sum(data) || outcome == Unchanged && w.ReadOnly {
		return outcome, nil
	}
	ledger[rel] = sum(data)
	return outcome, w.saveLedger(ledger)
}

// judge compares what lies there with what we would write and what we wrote last.
func (w *Workspace) judge(rel string, data []byte, ours string, force bool) (Outcome, error) {
	path := w.Path(rel)
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Created, nil
	case err == nil && info.IsDir():
		return "", fault(rel, "is a folder", "move it away")
	}
	old, err := readCapped(path, rel, maxGenerated)
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

// Edited lists generated files that a user changed or removed since.
func (w *Workspace) Edited() ([]string, error) {
	ledger, err := w.ledger()
	if err != nil {
		return nil, err
	}
	var edited []string
	for _, rel := range sortedKeys(ledger) {
		old, err := readCapped(w.Path(rel), rel, maxGenerated)
		if err != nil || sum(old) != ledger[rel] {
			edited = append(edited, filepath.ToSlash(rel))
		}
	}
	return edited, nil
}

// ledger is the sum of every generated file as we wrote it. One that cannot be
// read counts as empty: then every file that differs is the user's, which is safe.
func (w *Workspace) ledger() (map[string]string, error) {
	data, err := readCapped(w.Path(generatedFile), generatedFile, MaxConfigBytes)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	sums := map[string]string{}
	if json.Unmarshal(data, &sums) != nil || sums == nil {
		return map[string]string{}, nil
	}
	return sums, nil
}

func (w *Workspace) saveLedger(sums map[string]string) error {
	data, err := json.MarshalIndent(sums, "", "  ")
	if err != nil {
		return say(generatedFile, err)
	}
	return w.WriteFile(generatedFile, append(data, '\n'), 0o644)
}

func sum(data []byte) string {
	h := sha256.Sum256(data)
	return hex.EncodeToString(h[:])
}
