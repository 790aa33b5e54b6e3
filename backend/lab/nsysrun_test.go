package lab

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"shardeck/model"
)

// TestRunUnderNsys: its result has a folder of its own. A submission keeps that one and
// leaves the plain one alone, and the board shows it where the config asks for nsys.
func TestRunUnderNsys(t *testing.T) {
	b := newBench(t)
	b.profile(t, "{kineto: true}")
	plain := filepath.Join(b.dir, b.row(t, "E1.2").Experiment.OutputDir)
	if err := os.CopyFS(plain+model.NsysMark, os.DirFS(plain)); err != nil {
		t.Fatal(err)
	}
	for nsys, want := range map[bool]string{false: filepath.Base(plain) + model.OldMark, true: filepath.Base(plain) + model.NsysMark + model.OldMark} {
		if p, err := b.Preview(t.Context(), "E1.2", nsys); err != nil || !strings.HasPrefix(p.Keeps, want) {
			t.Errorf("nsys %v keeps %q, %v", nsys, p.Keeps, err)
		}
	}
	if run := b.row(t, "E1.2").Run; run == nil || run.Dir != plain {
		t.Errorf("the board has %+v", run)
	}
	b.profile(t, "{nsys: true, kineto: false}")
	if run := b.row(t, "E1.2").Run; run == nil || run.Dir != plain+model.NsysMark {
		t.Errorf("where the config asks for nsys the board has %+v", run)
	}
}

// profile makes E1.2 a run of engine torch that is profiled so.
func (b *bench) profile(t *testing.T, how string) {
	t.Helper()
	config := filepath.Join(b.dir, b.row(t, "E1.2").File)
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	text = regexp.MustCompile(`(?m)^(engine|profiling):.*\n`).ReplaceAll(text, nil)
	text = append(text, "engine: torch\nprofiling: "+how+"\n"...)
	if err := os.WriteFile(config, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

func (b *bench) row(t *testing.T, id string) Row {
	t.Helper()
	rows, err := b.Board(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if r.Experiment.ID == id {
			return r
		}
	}
	t.Fatalf("no row %s", id)
	return Row{}
}
