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
	"shardeck/model/forecast"
)

const stateFile = PrivateDir + "/state.json"

// Ledger is what shardeck remembers of a workspace: submissions, unsaved edits, and the screen.
type Ledger struct {
	ws          *Workspace
	submissions records[model.Submission]
	drafts      records[model.Unsaved]
	forecasts   records[forecast.Kept]
}

// Ledger is that of this workspace; it keeps nothing in memory.
func (w *Workspace) Ledger() Ledger {
	return Ledger{w,
		records[model.Submission]{w, PrivateDir + "/submitted", func(tag string) error {
			return tagPattern.Check(tag, "%.60q is not the tag of a submission: tags look like shardeck-E1.3-1764000000-9f86d081")
		}, func(s model.Submission) string { return s.Tag },
			"remove it; the job itself is not touched"},
		records[model.Unsaved]{w, PrivateDir + "/drafts", model.CheckID, unsavedKey,
			"its edits cannot be offered: look whether you need it, then remove it"},
		records[forecast.Kept]{w, PrivateDir + "/forecasts", func(key string) error {
			return keyPattern.Check(key, "%.60q is not the key of a forecast")
		}, func(k forecast.Kept) string { return k.Key }, "it cannot be held against its run: remove it"},
	}
}

// tagPattern is what a tag looks like: it becomes a file name and part of a job's comment.
var tagPattern = model.NewPattern(`[A-Za-z0-9][A-Za-z0-9._-]*`, 100)

var keyPattern = model.NewPattern(`[0-9a-f]{20}`, 20)

// KeepForecast writes a forecast down, once: it is never changed.
func (l Ledger) KeepForecast(k forecast.Kept) error {
	if err := l.forecasts.write(k, l.ws.CreateFile); !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// Forecasts are those that were kept. A damaged one is a warning, hiding no other.
func (l Ledger) Forecasts() ([]forecast.Kept, []string, error) { return l.forecasts.all() }

// unsavedKey is the experiment of edits; edits of nothing have none.
func unsavedKey(u model.Unsaved) string {
	if len(u.Edits) == 0 {
		return ""
	}
	return u.Experiment
}

// NewTag is for one submission alone: shardeck-E1.3-1764000000-9f86d081. Schedulers carry 64 characters.
func NewTag(experiment string, at time.Time) string {
	var salt [4]byte
	_, _ = rand.Read(salt[:]) // never fails
	return fmt.Sprintf("shardeck-%s-%d-%s", experiment[:min(len(experiment), 30)], at.Unix(), hex.EncodeToString(salt[:]))
}

// Record writes a submission down before it is made: no lost reply hides a job. A tag is recorded once.
func (l Ledger) Record(s model.Submission) error { return l.submissions.write(s, l.ws.CreateFile) }

// Complete changes a recorded submission: the job's id, why it was refused, the last state seen.
func (l Ledger) Complete(tag string, change func(*model.Submission)) error {
	s, err := l.submissions.read(tag)
	if err != nil {
		return err
	}
	change(&s)
	s.Tag = tag
	return l.submissions.write(s, l.ws.WriteFile)
}

// Submissions lists what was submitted, newest first. A damaged record is a warning, hiding no other.
func (l Ledger) Submissions() (subs []model.Submission, warnings []string, err error) {
	subs, warnings, err = l.submissions.all()
	slices.SortStableFunc(subs, func(a, b model.Submission) int { return b.At.Compare(a.At) })
	return subs, warnings, err
}

// lookedBack is where LookBack writes.
const lookedBack = PrivateDir + "/looked-back"

// LookedBack is when the scheduler's history was last looked through for jobs submitted by hand; zero: never.
func (l Ledger) LookedBack() time.Time {
	text, _ := l.ws.Read(lookedBack, maxRecord)
	at, _ := time.Parse(time.RFC3339, strings.TrimSpace(string(text)))
	return at
}

// LookBack remembers that it was.
func (l Ledger) LookBack(at time.Time) error {
	return l.ws.WriteFile(lookedBack, []byte(at.Format(time.RFC3339)+"\n"), 0o644)
}

// Unsaved lists the edits that were not saved when their session ended, by experiment.
// A damaged record is passed over and stays where it is, with a warning.
func (l Ledger) Unsaved() (all []model.Unsaved, warnings []string, err error) { return l.drafts.all() }

// KeepUnsaved keeps edits for the next session; without any, what was kept is removed.
func (l Ledger) KeepUnsaved(u model.Unsaved) error {
	if len(u.Edits) == 0 {
		return l.drafts.remove(u.Experiment)
	}
	return l.drafts.write(u, l.ws.WriteFile)
}

// LoadState is the screen as it was left, nil if none was. A caller may pass over a damaged one.
func (l Ledger) LoadState() (json.RawMessage, error) {
	data, err := l.ws.Read(stateFile, maxRecord)
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
func (l Ledger) SaveState(state json.RawMessage) error {
	if !json.Valid(state) {
		return fault(stateFile, "not written", "the state is not JSON")
	}
	return l.ws.WriteFile(stateFile, state, 0o644)
}

// records is a folder of JSON files of the workspace, each named by the key of what it holds.
type records[T any] struct {
	ws     *Workspace
	dir    string
	isKey  func(string) error // nil for what may be a file's name
	key    func(T) string     // what a record says of itself
	isLost string             // what to do about a damaged record
}

func (r records[T]) rel(key string) (string, error) {
	return path.Join(r.dir, key+".json"), r.isKey(key)
}

func (r records[T]) read(key string) (v T, err error) {
	rel, err := r.rel(key)
	if err != nil {
		return v, err
	}
	data, err := r.ws.Read(rel, maxRecord)
	if err != nil {
		return v, err
	}
	if err := json.Unmarshal(data, &v); err != nil {
		return v, fault(rel, "is damaged ("+err.Error()+")", r.isLost)
	}
	if r.key(v) != key {
		return v, fault(rel, "is the record of something else, or of nothing", r.isLost)
	}
	return v, nil
}

// write puts a record down, by which of the workspace's ways to write a file.
func (r records[T]) write(v T, write func(rel string, data []byte, mode fs.FileMode) error) error {
	rel, err := r.rel(r.key(v))
	if err != nil {
		return err
	}
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("%s cannot be recorded: %w", rel, err)
	}
	if err := r.ws.EnsureDir(r.dir); err != nil {
		return err
	}
	more := shared(r.ws.Root)
	return write(rel, append(data, '\n'), 0o600|more|more<<1)
}

// remove drops a record, which need not be there.
func (r records[T]) remove(key string) error {
	rel, err := r.rel(key)
	if err != nil {
		return err
	}
	if r.ws.ReadOnly {
		return faultOf(rel, "not removed: started with --read-only", model.ErrReadOnly)
	}
	if err := os.Remove(r.ws.Path(rel)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return InWords("cannot remove "+rel, err)
	}
	return nil
}

// all are the records, in the order of their files. A damaged one is a warning and hides no other.
func (r records[T]) all() (all []T, warnings []string, err error) {
	entries, err := os.ReadDir(r.ws.Path(r.dir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, InWords(r.dir, err)
	}
	for _, e := range entries {
		key, ours := strings.CutSuffix(e.Name(), ".json")
		if !ours || r.isKey(key) != nil {
			continue // a file being written, or somebody else's
		}
		v, err := r.read(key)
		if err != nil {
			warnings = append(warnings, err.Error())
			continue
		}
		all = append(all, v)
	}
	return all, warnings, nil
}
