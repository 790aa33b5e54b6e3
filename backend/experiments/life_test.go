package experiments_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"shardeck/backend/app"
	"shardeck/backend/app/apptest"
	"shardeck/backend/experiments"
	"shardeck/backend/jobs"
	"shardeck/model"
)

// tree is every file of a workspace but claims, by its path.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		rel, _ := filepath.Rel(dir, path)
		if d.IsDir() && strings.Contains(rel, "-tp") { // of the demo, which nothing here is about
			return fs.SkipDir
		}
		if err != nil || d.IsDir() || strings.HasPrefix(rel, ".shardeck/claims") || strings.HasPrefix(rel, ".shardeck/generated") {
			return err
		}
		text, err := os.ReadFile(path)
		all[rel] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// ranJob is a workspace with an experiment E9 made from E1.2, with a job that has ended and the results of two.
func ranJob(t *testing.T) *apptest.Bench {
	t.Helper()
	b := apptest.New(t)
	if _, err := b.Clone("E1.2", "E9", model.Edit{Path: "data.batch_size", Value: "8"}); err != nil {
		t.Fatal(err)
	}
	s, err := b.Submit(t.Context(), "E9", jobs.SubmitOptions{})
	if err != nil {
		t.Fatal(err)
	}
	b.Stage.Set(s.JobID, func(j *model.Job) { j.State = model.JobCompleted })
	b.Clock.Pass(1e11)
	if _, err := b.ListJobs(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"E9", "E9@7", "E9-nsys"} {
		text, err := os.ReadFile(b.Traces("llama-8b-tp2", "timing_stats_0.json"))
		if err == nil {
			err = errors.Join(os.MkdirAll(b.Traces(name, ""), 0o755), os.WriteFile(b.Traces(name, "timing_stats_0.json"), text, 0o644))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.SetBaseline(t.Context(), "main", []string{"E9"}); err != nil {
		t.Fatal(err)
	}
	if err := b.Archive([]string{"E9"}, true); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Clone("E9", "E9.2"); err != nil {
		t.Fatal(err)
	}
	sweep := "base: E9 # as it is\nvary: {parallelism.tp: [1, 2]}\n"
	if err := os.MkdirAll(b.Path("experiments/sweeps"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(b.Path("experiments/sweeps/scan.yaml"), []byte(sweep), 0o644); err != nil {
		t.Fatal(err)
	}
	return b
}

func TestRenameTakesAllAlong(t *testing.T) {
	b := ranJob(t)
	before := tree(t, b.Dir)
	done, err := b.Rename(t.Context(), "E9", "ref", "")
	if err != nil || done.ID != "ref" || len(done.Moved) != 3 || len(done.Notes) != 0 {
		t.Fatalf("%+v, %v", done, err)
	}
	row := b.BoardRow(t, "ref")
	if row.File != "experiments/configs/ref_llama-3.1-8b_tp2.yaml" || row.Experiment.OutputDir != "trace_collection/ref" || row.Run == nil ||
		row.Job == nil || !row.Archived || len(row.Older) != 2 {
		t.Errorf("%+v", row)
	}
	if s := b.Submissions(t)[0]; s.Experiment.ID != "ref" || s.Experiment.OutputDir != "trace_collection/ref" {
		t.Errorf("the history says %s, %s", s.Experiment.ID, s.Experiment.OutputDir)
	}
	if r := b.MustRun(t, "main"); r.Name != "ref" {
		t.Errorf("the baseline means %s", r.Name)
	}
	now := tree(t, b.Dir)
	for name, text := range now {
		if strings.Contains(name, "E9") && !strings.Contains(name, "E9.2") && !strings.Contains(name, "shardeck-E9") {
			t.Errorf("%s is still there", name)
		}
		if name == "experiments/sweeps/scan.yaml" && !strings.HasPrefix(text, "base: ref # as it is\n") || strings.Contains(text, "from E9") {
			t.Errorf("%s: %s", name, text)
		}
	}
	if len(now) != len(before) {
		t.Errorf("%d files, before %d", len(now), len(before))
	}
	if _, err := b.Rename(t.Context(), "ref", "E9", ""); err != nil {
		t.Fatal(err)
	}
	now = tree(t, b.Dir)
	delete(before, ".shardeck/archived/E9.json") // since when
	delete(now, ".shardeck/archived/E9.json")
	if diff := cmp.Diff(before, now); diff != "" {
		t.Error("there and back is not the same:", diff)
	}
}

// TestDeleteAndRestore: the trash outlives the program, and gives back what it took, byte for byte.
func TestDeleteAndRestore(t *testing.T) {
	for _, results := range []bool{false, true} {
		b := ranJob(t)
		if _, err := b.Delete(t.Context(), []string{"E9"}, results); err == nil || !strings.Contains(err.Error(), "scan.yaml") {
			t.Errorf("the base of a sweep: %v", err)
		}
		if err := os.Remove(b.Path("experiments/sweeps/scan.yaml")); err != nil {
			t.Fatal(err)
		}
		before := tree(t, b.Dir)
		d, err := b.Delete(t.Context(), []string{"E9"}, results)
		if err != nil || (len(d[0].Results) > 0) != results {
			t.Fatalf("%+v, %v", d, err)
		}
		if _, err := os.Stat(b.Traces("E9@7", "")); (err != nil) != results {
			t.Errorf("results %v: %v", results, err)
		}
		b.Open(t, app.Options{})
		if _, err := b.Row("E9"); !errors.Is(err, model.ErrUnknown) {
			t.Errorf("after it E9 is %v", err)
		}
		if all, err := b.Deleted(); err != nil || len(all) != 1 || all[0].ID != "E9" {
			t.Errorf("the trash holds %+v, %v", all, err)
		}
		if _, err := b.Restore(""); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(before, tree(t, b.Dir)); diff != "" {
			t.Error("restored it is not what it was:", diff)
		}
		if d, err = b.Delete(t.Context(), []string{"E9"}, results); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Purge(d[0].Name); err != nil {
			t.Fatal(err)
		}
		for name := range tree(t, b.Dir) {
			if strings.Contains(name, "trash") || results && strings.HasPrefix(name, "trace_collection/E9") {
				t.Errorf("%s is left", name)
			}
		}
	}
}

// TestNotNow: a rename or delete is refused with its reason, and nothing is touched.
func TestNotNow(t *testing.T) {
	for _, c := range []struct {
		name, want string
		make       func(b *apptest.Bench) error
	}{
		{"job", "job 102 of it is waiting", func(b *apptest.Bench) error {
			_, err := b.Submit(t.Context(), "E9", jobs.SubmitOptions{})
			return err
		}},
		{"form", "the form holds changes", func(b *apptest.Bench) error {
			return b.KeepUnsaved(model.Unsaved{Experiment: "E9", At: b.Clock.Now(), Edits: []model.Edit{{Path: "data.batch_size", Value: "4"}}})
		}},
		{"editor", "an editor has its file open (.E9_llama-3.1-8b_tp2.yaml.swp is there)", func(b *apptest.Bench) error {
			return os.WriteFile(b.Path("experiments/configs/.E9_llama-3.1-8b_tp2.yaml.swp"), nil, 0o600)
		}},
	} {
		b := ranJob(t)
		if err := c.make(b); err != nil {
			t.Fatal(c.name, err)
		}
		_ = b.KnownJobs() // which writes down what it finds
		_, _ = b.ListJobs(t.Context(), false)
		before := tree(t, b.Dir)
		_, renamed := b.Rename(t.Context(), "E9", "ref", "")
		_, deleted := b.Delete(t.Context(), []string{"E9"}, true)
		for _, err := range []error{renamed, deleted} {
			if err == nil || !strings.Contains(err.Error(), c.want) || model.FixOf(err) == "" {
				t.Errorf("%s: %v, want %s", c.name, err, c.want)
			}
		}
		if diff := cmp.Diff(before, tree(t, b.Dir)); diff != "" {
			t.Error("refused, and yet:", diff)
		}
	}
	b := ranJob(t)
	for _, c := range []struct{ id, to, want string }{{"E9", "E1.1", "already"}, {"E9", "../x", "cannot be"}, {"none", "x", "no experiment"},
		{"E9", "llama-8b-tp1", "there already"}} {
		if _, err := b.Rename(t.Context(), c.id, c.to, ""); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s as %s: %v", c.id, c.to, err)
		}
	}
	if d, err := b.Rename(t.Context(), "E1.2", "two", ""); err != nil || len(d.Moved) > 0 || len(d.Notes) != 1 {
		t.Errorf("of results called otherwise: %+v, %v", d, err)
	}
	if _, err := b.Generate(t.Context(), experiments.GenerateOptions{}); err != nil || b.BoardRow(t, "two").Problem != "" {
		t.Error("generate makes a second experiment of one that was renamed:", err, b.BoardRow(t, "two").Problem)
	}
}

func TestNotesOfRuns(t *testing.T) {
	b := ranJob(t)
	run, err := b.Say("E9", func(s *model.Said) { s.Note, s.Tags = "on the\nnew driver", []string{"ref", "fast", "ref"} })
	if err != nil || run.Said.Words() != "#fast #ref · on the new driver" {
		t.Fatalf("%q, %v", run.Said.Words(), err)
	}
	if _, err := b.Say("E9", func(s *model.Said) { s.Tags = []string{"two words"} }); !errors.Is(err, model.ErrInvalid) {
		t.Errorf("a tag of two words: %v", err)
	}
	if _, err := b.Rename(t.Context(), "E9", "ref", ""); err != nil {
		t.Fatal(err)
	}
	if r := b.BoardRow(t, "ref").Run; r == nil || r.Said.Note != "on the new driver" {
		t.Errorf("after a rename: %+v", r)
	}
}
