package workspace

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"shardeck/model"
)

const (
	submittedDir = PrivateDir + "/submitted"
	stateFile    = PrivateDir + "/state.json"
	maxRecord    = 8 << 20 // a submission holds its script
)

// tagPattern is what a tag looks like: it becomes a file name and part of a job's comment.
var tagPattern = model.NewPattern(`[A-Za-z0-9][A-Za-z0-9._-]*`, 100)

// NewTag is a name for one submission that no other has: shardeck-E1.3-1764000000-9f86d081.
func NewTag(experiment string, at time.Time) string {
	var salt [4]byte
	_, _ = rand.Read(salt[:]) // never fails
	return fmt.Sprintf("shardeck-%s-%d-%s", experiment, at.Unix(), hex.EncodeToString(salt[:]))
}

// Record writes a submission down before it is made, so that a lost reply or a
// dropped link cannot hide a job. A tag is recorded once.
func (w *Workspace) Record(s model.Submission) error {
	rel, err := recordPath(s.Tag)
	if err != nil {
		return err
	}
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("submission %s cannot be recorded: %w", s.Tag, err)
	}
	return w.CreateFile(rel, append(data, '\n'), 0o644)
}

// Complete changes a recorded submission: the job's id, why it was refused, the
// last state seen.
func (w *Workspace) Complete(tag string, change func(*model.Submission)) error {
	s, err := w.Submission(tag)
	if err != nil {
		return err
	}
	change(&s)
	s.Tag = tag
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("submission %s cannot be recorded: %w", tag, err)
	}
	rel, err := recordPath(tag)
	if err != nil {
		return err
	}
	return w.WriteFile(rel, append(data, '\n'), 0o644)
}

// Submission reads one record.
func (w *Workspace) Submission(tag string) (s model.Submission, err error) {
	rel, err := recordPath(tag)
	if err != nil {
		return s, err
	}
	data, err := readCapped(w.Path(rel), rel, maxRecord)
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal(data, &s); err != nil {
		return s, fault(rel, "is damaged ("+err.Error()+")", "remove it; the job itself is not touched")
	}
	if s.Tag != tag {
		return s, fault(rel, "is not the record of that submission", "remove it")
	}
	return s, nil
}

func recordPath(tag string) (string, error) {
	if !tagPattern.MatchString(tag) {
		return "", fmt.Errorf("%.60q is not the tag of a submission: tags look like shardeck-E1.3-1764000000-9f86d081", tag)
	}
	return path.Join(submittedDir, tag+".json"), nil
}

// Submissions lists what was submitted, newest first. A damaged record is a
// warning and hides no other.
func (w *Workspace) Submissions() (subs []model.Submission, warnings []string, err error) {
	entries, err := os.ReadDir(w.Path(submittedDir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, say(submittedDir, err)
	}
	for _, e := range entries {
		tag, ours := strings.CutSuffix(e.Name(), ".json")
		if !ours || strings.HasPrefix(tag, ".") {
			continue
		}
		s, err := w.Submission(tag)
		if err != nil {
			warnings = append(warnings, err.Error())
			continue
		}
		subs = append(subs, s)
	}
	slices.SortStableFunc(subs, func(a, b model.Submission) int { return b.At.Compare(a.At) })
	return subs, warnings, nil
}

// Newest picks the latest submission of each experiment, by id, from a list that
// is newest first.
func Newest(subs []model.Submission) map[string]model.Submission {
	newest := map[string]model.Submission{}
	for _, s := range subs {
		if _, have := newest[s.Experiment.ID]; !have {
			newest[s.Experiment.ID] = s
		}
	}
	return newest
}

// LoadState is the screen as it was left, nil if none was. A damaged one is an
// error that a caller may pass over.
func (w *Workspace) LoadState() (json.RawMessage, error) {
	data, err := readCapped(w.Path(stateFile), stateFile, MaxConfigBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if !json.Valid(data) {
		return nil, fault(stateFile, "is damaged", "remove it; the screen starts anew")
	}
	return data, nil
}

// SaveState keeps the screen for the next start.
func (w *Workspace) SaveState(state json.RawMessage) error {
	if !json.Valid(state) {
		return fault(stateFile, "not written", "the state is not JSON")
	}
	return w.WriteFile(stateFile, state, 0o644)
}
