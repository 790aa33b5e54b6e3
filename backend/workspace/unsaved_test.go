package workspace

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"shardeck/model"
)

func TestUnsavedEdits(t *testing.T) {
	w := newWorkspace(t, nil)
	if all, warnings, err := w.Ledger().Unsaved(); all != nil || warnings != nil || err != nil {
		t.Error(all, warnings, err)
	}
	tp := model.Unsaved{Experiment: "E1.3", At: time.Unix(100, 0).UTC(), Edits: []model.Edit{{Path: "parallelism.tp", Value: "4"}}}
	text := model.Unsaved{Experiment: "E1.2", At: time.Unix(200, 0).UTC(), Edits: []model.Edit{{Path: "description", Value: "\x1b \" ü"}}}
	for _, u := range []model.Unsaved{tp, text} {
		if err := w.Ledger().KeepUnsaved(u); err != nil {
			t.Fatal(err)
		}
	}
	all, warnings, err := w.Ledger().Unsaved()
	if d := cmp.Diff([]model.Unsaved{text, tp}, all); d != "" || warnings != nil || err != nil {
		t.Error(d, warnings, err)
	}
	for range 2 { // what is not there can be dropped too
		if err := w.Ledger().KeepUnsaved(model.Unsaved{Experiment: "E1.3"}); err != nil {
			t.Fatal(err)
		}
	}
	if all, _, _ := w.Ledger().Unsaved(); len(all) != 1 {
		t.Errorf("left: %v", all)
	}
	if err := w.Ledger().KeepUnsaved(model.Unsaved{Experiment: "../state", Edits: tp.Edits}); err == nil {
		t.Error("an id that leads out of the folder was taken")
	}
	w.ReadOnly = true
	for _, u := range []model.Unsaved{tp, {Experiment: "E1.2"}} {
		if err := w.Ledger().KeepUnsaved(u); !errors.Is(err, model.ErrReadOnly) {
			t.Errorf("read-only: %v", err)
		}
	}
}

func TestDamagedUnsavedEditsStay(t *testing.T) {
	files := map[string]string{
		".shardeck/drafts/E1.1.json":       `{"experiment": "E1.1", "edits": [{"path": "parall`,
		".shardeck/drafts/E1.2.json":       "",
		".shardeck/drafts/E1.3.json":       `{"experiment": "E9", "edits": [{"path": "a", "value": "b"}]}`,
		".shardeck/drafts/.x.json.tmp-1-2": "half",
		".shardeck/drafts/notes.txt":       "hello",
		".shardeck/drafts/E1.4.json":       `{"experiment": "E1.4", "edits": [{"path": "parallelism.tp", "value": "2"}]}`,
	}
	w := newWorkspace(t, files)
	all, warnings, err := w.Ledger().Unsaved()
	if err != nil || len(all) != 1 || all[0].Experiment != "E1.4" || len(warnings) != 3 {
		t.Errorf("%v\n%v\n%v", all, warnings, err)
	}
}
