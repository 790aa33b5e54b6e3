package local

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"shardeck/model"
)

// FuzzFacts: whatever stands in a job's files, reading them is safe, nothing is
// signalled, and what is shown is fit for the screen.
func FuzzFacts(f *testing.F) {
	f.Add(`{"name":"a","tag":"t","gpus":1,"log":"/x/%j","limit":60}`, "12 345 host boot", "FAILED 3:0 1795426094 because", "1795426090")
	f.Add(`{}`, "-1 1 1", "X", "")
	f.Fuzz(func(t *testing.T, job, keeper, exit, started string) {
		dir := filepath.Join(t.TempDir(), "L1")
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		for name, text := range map[string]string{"job.json": job, "keeper": keeper, "submitter": keeper, "exit": exit, "started": started} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		j, err := New(Options{Dir: filepath.Dir(dir)}).read("L1")
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range []string{j.Name, j.Tag, string(j.State), j.Reason, j.ExitCode, j.Log, j.WorkDir} {
			if model.Printable(s) != s {
				t.Fatalf("unsafe text %q in %+v", s, j)
			}
		}
		if j.Elapsed < 0 || j.End.After(time.Now().Add(time.Hour)) && j.State.Active() {
			t.Fatalf("%+v", j)
		}
	})
}
