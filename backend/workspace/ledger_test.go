package workspace

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"shardeck/model"
)

func submission(id string, at int64) model.Submission {
	e := model.Defaults()
	e.ID = id
	when := time.Unix(at, 0).UTC()
	return model.Submission{Tag: NewTag(id, when), Experiment: e, Scheduler: "slurm", Script: "#!/bin/bash\n", At: when}
}

func TestSubmissions(t *testing.T) {
	w := newWorkspace(t, nil)
	if subs, warnings, err := w.Ledger().Submissions(); err != nil || subs != nil || warnings != nil {
		t.Error(subs, warnings, err)
	}
	old, mid, last := submission("E1.1", 100), submission("E1.2", 200), submission("E1.1", 300)
	for _, s := range []model.Submission{mid, last, old} {
		if err := w.Ledger().Record(s); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Ledger().Complete(last.Tag, func(s *model.Submission) {
		s.JobID, s.Last = "77", &model.Job{ID: "77", State: model.JobRunning}
	}); err != nil {
		t.Fatal(err)
	}
	last.JobID, last.Last = "77", &model.Job{ID: "77", State: model.JobRunning}
	subs, warnings, err := w.Ledger().Submissions()
	if err != nil || warnings != nil {
		t.Fatal(warnings, err)
	}
	if d := cmp.Diff([]model.Submission{last, mid, old}, subs); d != "" {
		t.Error(d)
	}
}

// TestDamagedRecords: each is told of and hides no other.
func TestDamagedRecords(t *testing.T) {
	w := newWorkspace(t, map[string]string{
		".shardeck/submitted/cut.json":        `{"tag": "cut", "exper`,
		".shardeck/submitted/empty.json":      "",
		".shardeck/submitted/foreign.json":    "{}",
		".shardeck/submitted/.x.json.tmp-1-2": "half",
		".shardeck/submitted/notes.txt":       "hello",
	})
	good := submission("E1", 1)
	if err := w.Ledger().Record(good); err != nil {
		t.Fatal(err)
	}
	subs, warnings, err := w.Ledger().Submissions()
	if err != nil || len(subs) != 1 || len(warnings) != 3 {
		t.Errorf("%v, %q, %v", subs, warnings, err)
	}
	for _, text := range warnings {
		if !strings.Contains(text, ".shardeck/submitted/") || !strings.Contains(text, "remove it") {
			t.Errorf("%q does not say which file and what to do", text)
		}
	}
}

func TestRecordOnce(t *testing.T) {
	w := newWorkspace(t, nil)
	s := submission("E1", 1)
	if err := w.Ledger().Record(s); err != nil {
		t.Fatal(err)
	}
	if err := w.Ledger().Record(s); !errors.Is(err, fs.ErrExist) {
		t.Errorf("recorded twice: %v", err)
	}
	for _, tag := range []string{"", "../x", "a/b", ".x"} {
		if err := w.Ledger().Record(model.Submission{Tag: tag}); err == nil {
			t.Errorf("took the tag %q", tag)
		}
	}
	if err := w.Ledger().Complete("shardeck-none-1-00000000", func(*model.Submission) {}); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

func TestTagsDiffer(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		tag := NewTag("E1.1", time.Unix(1, 0))
		if seen[tag] || !tagPattern.MatchString(tag) {
			t.Fatalf("tag %s", tag)
		}
		seen[tag] = true
	}
}

// TestRecordsByManyAtOnce: no reader ever sees a part of a record.
func TestRecordsByManyAtOnce(t *testing.T) {
	w := newWorkspace(t, nil)
	s := submission("E1", 1)
	if err := w.Ledger().Record(s); err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 20 {
				if err := w.Ledger().Complete(s.Tag, func(s *model.Submission) { s.JobID += "x" }); err != nil {
					t.Error(err)
				}
				if subs, warnings, err := w.Ledger().Submissions(); err != nil || len(subs) != 1 || warnings != nil {
					t.Error(len(subs), warnings, err)
				}
			}
		})
	}
	group.Wait()
}

func TestState(t *testing.T) {
	w := newWorkspace(t, nil)
	if state, err := w.Ledger().LoadState(); err != nil || state != nil {
		t.Error(state, err)
	}
	if err := w.Ledger().SaveState(json.RawMessage(`{"pane": "jobs"}`)); err != nil {
		t.Fatal(err)
	}
	if state, err := w.Ledger().LoadState(); err != nil || string(state) != `{"pane": "jobs"}` {
		t.Error(string(state), err)
	}
	if err := w.Ledger().SaveState(json.RawMessage(`{`)); err == nil {
		t.Error("saved what is not JSON")
	}
	if err := os.WriteFile(w.Path(".shardeck/state.json"), []byte("{\"pane"), 0o644); err != nil {
		t.Fatal(err)
	}
	if state, err := w.Ledger().LoadState(); err == nil || state != nil || !strings.Contains(err.Error(), "is damaged") {
		t.Error(string(state), err)
	}
}

// TestLedgerIsForItsUsers: records are their owner's, or of all who may write into the workspace.
func TestLedgerIsForItsUsers(t *testing.T) {
	for mode, want := range map[os.FileMode]os.FileMode{0o755: 0o600, 0o775: 0o660, 0o777: 0o666} {
		w := &Workspace{Root: t.TempDir()}
		if err := os.Chmod(w.Root, mode); err != nil {
			t.Fatal(err)
		}
		s := model.Submission{Tag: "shardeck-E1.3-1764000000-9f86d081"}
		if err := w.Ledger().Record(s); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(w.Path(PrivateDir + "/submitted/" + s.Tag + ".json"))
		if err != nil || info.Mode().Perm()&^0o066 != 0o600 || info.Mode().Perm()&0o044 != want&0o044 {
			t.Errorf("in a workspace of mode %v: %v, %v", mode, info.Mode(), err)
		}
	}
}
