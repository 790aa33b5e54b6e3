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
	"slices"
)

// Outcome says what became of a generated file, in the words of lab.Action.
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

const (
	generatedFile = PrivateDir + "/generated.json"
	maxGenerated  = 16 << 20
)

// GeneratedFile is a file that we make, such as a config or a script.
type GeneratedFile struct {
	Rel  string
	Data []byte
	Mode fs.FileMode
}

// Generate writes a file that we make and remembers its sum. A file whose bytes are
// not those we wrote was edited by the user: it is refused unless force is set.
// Refused is an outcome, not an error.
func (w *Workspace) Generate(rel string, data []byte, mode fs.FileMode, force bool) (Outcome, error) {
	outcomes, err := w.GenerateSet([]GeneratedFile{{rel, data, mode}}, force)
	if err != nil {
		return "", err
	}
	return outcomes[0], nil
}

// GenerateSet writes files that belong together, such as the modules of the runner,
// in their order. Where one is refused, those of ours that are older are Kept: they
// fit the one that was edited.
func (w *Workspace) GenerateSet(files []GeneratedFile, force bool) ([]Outcome, error) {
	ledger, err := w.ledger()
	if err != nil {
		return nil, err
	}
	outcomes := make([]Outcome, len(files))
	for i, f := range files {
		if outcomes[i], err = w.judge(f.Rel, f.Data, ledger[f.Rel], force); err != nil {
			return nil, err
		}
	}
	refused, changed := slices.Contains(outcomes, Refused), false
	for i, f := range files {
		switch {
		case outcomes[i] == Refused, outcomes[i] == Unchanged && w.ReadOnly:
			continue
		case outcomes[i] == Updated && refused:
			outcomes[i] = Kept
			continue
		case outcomes[i] != Unchanged:
			if err := w.WriteFile(f.Rel, f.Data, f.Mode); err != nil {
				_ = w.saveLedger(ledger) // of those written before
				return nil, err
			}
		}
		changed = changed || ledger[f.Rel] != sum(f.Data)
		ledger[f.Rel] = sum(f.Data)
	}
	if !changed {
		return outcomes, nil
	}
	return outcomes, w.saveLedger(ledger)
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
