package experiments_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"shardeck/backend/app/apptest"
	"shardeck/model"
)

func TestDraft(t *testing.T) {
	b := apptest.New(t)
	d, err := b.Draft("E1.2")
	if err != nil {
		t.Fatal(err)
	}
	if d.Modified() || d.Diff() != "" || d.Undo() || d.Redo() {
		t.Error("a draft just opened is modified, or can be undone")
	}
	for _, step := range []struct{ path, value string }{{"parallelism.tp", "1"}, {"data.batch_size", "8"}} {
		if err := d.Set(step.path, step.value); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Set("parallelism.tp", "many"); !strings.Contains(err.Error(), "tp") {
		t.Errorf("a wrong value: %v", err)
	}
	if e := d.Experiment(); e.Layout.TP != 1 || e.Data.BatchSize != 8 || d.Get("data.batch_size") != "8" {
		t.Errorf("the draft means %+v", e)
	}
	diff := d.Diff()
	for _, want := range []string{"--- experiments/configs/", "-parallelism: {tp: 2", "+parallelism: {tp: 1", "@@ -"} {
		if !strings.Contains(diff, want) {
			t.Errorf("no %q in\n%s", want, diff)
		}
	}
	if !d.Undo() || d.Experiment().Data.BatchSize != 4 || !d.Redo() || d.Experiment().Data.BatchSize != 8 {
		t.Error("undo and redo do not come back to the same")
	}
	if d.Undo(); d.Set("warmup_iterations", "1") != nil || d.Redo() {
		t.Error("a change after undo does not forget what was undone")
	}
	if err := d.Save(); err != nil || d.Modified() {
		t.Fatalf("saved: %v, modified %v", err, d.Modified())
	}
	row, err := b.Row("E1.2")
	if err != nil || row.Experiment.Layout.TP != 1 || row.Experiment.WarmupIterations != 1 {
		t.Errorf("on disk: %+v, %v", row.Experiment, err)
	}
}

func TestDraftDoesNotOverwriteAnotherEdit(t *testing.T) {
	b := apptest.New(t)
	d, err := b.Draft("E1.2")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(d.Path())
	if err != nil {
		t.Fatal(err)
	}
	mine := append(text, "# mine\n"...)
	if err := os.WriteFile(d.Path(), mine, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := d.Set("data.batch_size", "16"); err != nil {
		t.Fatal(err)
	}
	if err := d.Save(); !errors.Is(err, model.ErrRefused) {
		t.Errorf("saved over an edit: %v, want model.ErrRefused", err)
	}
	if now, _ := os.ReadFile(d.Path()); string(now) != string(mine) {
		t.Error("the other edit is gone")
	}
}
