package experiments_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shardeck/backend/app/apptest"
	"shardeck/model"
)

// TestRunUnderNsys: its result has a folder of its own. A submission keeps that one and
// leaves the plain one alone, and the board shows it where the config asks for nsys.
func TestRunUnderNsys(t *testing.T) {
	b := apptest.New(t)
	b.Profile(t, "{kineto: true}")
	plain := filepath.Join(b.Dir, b.BoardRow(t, "E1.2").Experiment.OutputDir)
	if err := os.CopyFS(plain+model.NsysMark, os.DirFS(plain)); err != nil {
		t.Fatal(err)
	}
	for nsys, want := range map[bool]string{false: filepath.Base(plain) + model.OldMark,
		true: filepath.Base(plain) + model.NsysMark + model.OldMark} {
		if p, err := b.Preview(t.Context(), "E1.2", nsys); err != nil || !strings.HasPrefix(p.KeptAs, want) {
			t.Errorf("nsys %v keeps %q, %v", nsys, p.KeptAs, err)
		}
	}
	if run := b.BoardRow(t, "E1.2").Run; run == nil || run.Dir != plain {
		t.Errorf("the board has %+v", run)
	}
	b.Profile(t, "{nsys: true, kineto: false}")
	if run := b.BoardRow(t, "E1.2").Run; run == nil || run.Dir != plain+model.NsysMark {
		t.Errorf("where the config asks for nsys the board has %+v", run)
	}
}

func TestPlanCloneWritesNothing(t *testing.T) {
	b := apptest.New(t)
	before := b.IDs()
	row, err := b.PlanClone("E1.6", "E1.9", model.Edit{Path: "parallelism.tp", Value: "3"})
	if err != nil || row.Experiment.ID != "E1.9" || row.Experiment.Layout.TP != 3 || row.Verdict.OK() {
		t.Errorf("planned %+v, %v", row.Experiment, err)
	}
	if row, err := b.PlanClone("E1.6", "E1.9", model.Edit{Path: "batch_size", Value: "3"}); err != nil || row.Experiment.Data.BatchSize != 3 {
		t.Errorf("a key by its last word: %+v, %v", row.Experiment.Data, err)
	}
	if _, err := b.PlanClone("E1.6", "E1.6"); err == nil {
		t.Error("an id that is taken was planned")
	}
	if after := b.IDs(); len(after) != len(before) {
		t.Errorf("the workspace now holds %v, before %v", after, before)
	}
}

// TestRefusedBeforeItIsPaidFor: a replay of what nobody recorded and no law tells, and what stops a stepper, each in one line.
func TestRefusedBeforeItIsPaidFor(t *testing.T) {
	b := apptest.New(t)
	row, err := b.Clone("E3.1", "X", model.Edit{Path: "data.seq_len", Value: "100000"})
	if err != nil {
		t.Fatal(err)
	}
	f, _ := row.Verdict.Worst()
	if f.Code != "replay-recording" || !strings.HasPrefix(f.Fault, "no recording of DeepSeek-V2-Lite with 1 GPU of this load, and no forecast: ") || !strings.HasPrefix(f.Fix, "recorded are 1 GPU, DP2 EP2;") {
		t.Errorf("%+v", f)
	}
	if first := row.Verdict.Findings[0]; first.Code != f.Code {
		t.Errorf("an error stands behind %+v", first)
	}
	if why := b.WhyNot(row.Experiment, "parallelism.tp", "3"); !strings.Contains(why, "do not divide by 3") || strings.Contains(why, "\n") {
		t.Errorf("TP 3: %q", why)
	}
	if why := b.WhyNot(b.BoardRow(t, "E1.1").Experiment, "parallelism.tp", "2"); why != "" {
		t.Errorf("TP 2: %q", why)
	}
}
