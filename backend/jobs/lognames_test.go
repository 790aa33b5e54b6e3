package jobs_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shardeck/backend/jobs"
	"shardeck/model"
)

// TestLogNames: a job's log is where sbatch's own rules put it.
func TestLogNamesOfScripts(t *testing.T) {
	for script, want := range map[string]string{
		"#SBATCH -o a_%j.out\n":                                    "a_41.out",
		"#SBATCH -oa_%j.out\n#SBATCH --output b.out\n":             "b.out",
		"#SBATCH --output=\"my log.out\"\n":                        "my log.out",
		"#SBATCH --out='x.out' # as ever\n":                        "x.out",
		"# comment\n\necho\n#SBATCH -o late.out\n":                 "slurm-41.out",
		"#SBATCH --overcommit --open-mode=append --exclusive\n":    "slurm-41.out",
		"#SBATCH --output=/logs/%x.out\nsrun prog -o result.txt\n": "/logs/n.out",
	} {
		if got := logOf(t, "sbatch $script -o result.txt", script); got != want {
			t.Errorf("%q: %s, want %s", script, got, want)
		}
		if got := logOf(t, "sbatch -o first.out --output=said.out $script --output=no", script); got != "said.out" {
			t.Errorf("%q: what the command says is not taken but %s", script, got)
		}
	}
}

// logOf is where a job submitted by a command logs, seen from its folder; $script is one that begins with #! and goes on.
func logOf(t *testing.T, command, script string) string {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.sh"), []byte("#!/bin/bash\n"+script), 0o644); err != nil {
		t.Fatal(err)
	}
	j := jobs.WithLogs(model.Job{ID: "41", Name: "n", WorkDir: dir, Command: strings.ReplaceAll(command, "$script", "a.sh")})
	return strings.TrimPrefix(j.Log, dir+"/")
}

func FuzzLogNames(f *testing.F) {
	f.Add("sbatch -o x_%j.out $script", "#SBATCH --output=a.out\n#SBATCH -e '%x.err'\n")
	f.Add("sbatch --array=0-3 $script -o y", "#SBATCH -o\n#SBATCH --err=\"b\"")
	f.Fuzz(func(t *testing.T, command, script string) {
		if got := logOf(t, command, script); got == "" || strings.HasSuffix(got, "\n") {
			t.Errorf("%q, %q: %q", command, script, got)
		}
	})
}
