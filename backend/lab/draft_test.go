package lab

import (
	"errors"
	"os"
	"strings"
	"testing"
)

func TestDraft(t *testing.T) {
	b := newBench(t)
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
	b := newBench(t)
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
	if err := d.Save(); !errors.Is(err, ErrRefused) {
		t.Errorf("saved over an edit: %v, want ErrRefused", err)
	}
	if now, _ := os.ReadFile(d.Path()); string(now) != string(mine) {
		t.Error("the other edit is gone")
	}
}

func TestUnified(t *testing.T) {
	for name, c := range map[string]struct{ before, after, want string }{
		"same":   {"a\nb\n", "a\nb\n", ""},
		"change": {"a\nb\nc\n", "a\nB\nc\n", "@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n"},
		"new":    {"", "a\n", "@@ -0,0 +1,1 @@\n+a\n"},
		"gone":   {"a\n", "", "@@ -1,1 +0,0 @@\n-a\n"},
		"far apart": {"1\n2\n3\n4\n5\n6\n7\n8\n9\nx\n", "0\n2\n3\n4\n5\n6\n7\n8\n9\ny\n",
			"@@ -1,4 +1,4 @@\n-1\n+0\n 2\n 3\n 4\n@@ -7,4 +7,4 @@\n 7\n 8\n 9\n-x\n+y\n"},
	} {
		t.Run(name, func(t *testing.T) {
			got := unified("f", c.before, c.after)
			if c.want != "" {
				c.want = "--- f\n+++ f (edited)\n" + c.want
			}
			if got != c.want {
				t.Errorf("got\n%swant\n%s", got, c.want)
			}
		})
	}
}
