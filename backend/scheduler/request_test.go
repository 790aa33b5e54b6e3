package scheduler

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shardeck/backend/process"
	"shardeck/model"
)

// TestExpandLog: what Slurm makes of a pattern. The lines of %b, %N and %S stay for who can look at the disk.
func TestExpandLog(t *testing.T) {
	plain, task := model.Job{ID: "12", Name: "E1.3"}, model.Job{ID: "12_3", RawID: "15", Name: "n", Restarts: 2}
	part, rest := model.Job{ID: "12+1", RawID: "13"}, model.Job{ID: "12_[4-9%2]", RawID: "12"}
	for _, c := range []struct {
		pattern string
		job     model.Job
		want    string
	}{
		{"/l/%x-%j.out", plain, "/l/E1.3-12.out"},
		{"/l/%A_%a.out", task, "/l/12_3.out"},
		{"/l/%A_%a.out", plain, "/l/12_4294967294.out"},
		{"/l/%A_%a.out", rest, "/l/12_%a.out"},
		{"/l/%j-%J.out", task, "/l/15-15.out"},
		{"/l/%j-%A.out", part, "/l/13-13.out"},
		{"/l/%4j-%2t-%20a-%3n-%s.out", task, "/l/0015-00-0000000003-000-batch.out"},
		{"/l/%5x-%2u", model.Job{ID: "1", Name: "n"}, "/l/n-" + process.User()},
		{"/l/%3x", model.Job{ID: "1", Name: "7"}, "/l/7"},
		{"/l/%r.out", task, "/l/2.out"},
		{"/l/100%%j", plain, "/l/100%j"},
		{"/l/%%%j", plain, "/l/%12"},
		{"/l/%N-%b-%S-%q", plain, "/l/%N-%b-%S-%q"},
		{`/l/\%x-%j.out`, plain, "/l/%x-%j.out"},
		{`/l\/%x\\-%j.out`, plain, "/l/%x-%j.out"},
		{"/l/plain%", model.Job{ID: "L1"}, "/l/plain%"},
	} {
		if got := ExpandLog(c.pattern, c.job); got != c.want {
			t.Errorf("%s of %s: %s, want %s", c.pattern, c.job.ID, got, c.want)
		}
	}
}

// TestFoldersThatNoLogCanLieIn are refused before Slurm hears of the job; one with a percent sign is not.
func TestFoldersThatNoLogCanLieIn(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "100%j")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, ok := range map[string]bool{strings.ReplaceAll(dir, "%", "%%") + "/x_%j.out": true, dir + `/a\b_%j.out`: false,
		dir + "/\xff.out": false} {
		r := Request{Script: "#!/bin/sh\n", Tag: "t", Dir: dir, Log: name}
		if err := r.Check(); (err == nil) != ok {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func FuzzExpandLog(f *testing.F) {
	f.Add("/l/%4j-%A_%a-%%.out", "12_3", "name")
	f.Fuzz(func(t *testing.T, pattern, id, name string) {
		if got := ExpandLog(pattern, model.Job{ID: id, Name: name}); !strings.ContainsAny(pattern, `%\`) && got != pattern {
			t.Errorf("%q became %q", pattern, got)
		}
	})
}

func TestCheckScriptLength(t *testing.T) {
	dir := t.TempDir()
	r := Request{Script: "#!/bin/bash\n" + strings.Repeat("#", maxScript), Dir: dir, Tag: "t", Log: dir + "/%j.out"}
	if err := r.Check(); err == nil || !strings.Contains(err.Error(), "4 MiB") {
		t.Errorf("too long: %v", err)
	}
	r.Script = "#!/bin/bash\n"
	if err := r.Check(); err != nil {
		t.Errorf("short: %v", err)
	}
	for _, tag := range []string{"", "-x", strings.Repeat("x", 65), "a\nb", "a b"} {
		r.Tag = tag
		if r.Check() == nil {
			t.Errorf("tag %q was taken", tag)
		}
	}
}

func TestFault(t *testing.T) {
	err := error(&Fault{Text: "what", ToDo: "do", Kind: ErrMaybe, Cause: fs.ErrNotExist})
	if err.Error() != "what: file does not exist" || !errors.Is(err, ErrMaybe) || !errors.Is(err, fs.ErrNotExist) || errors.Is(err, ErrNoJob) {
		t.Errorf("%v", err)
	}
}
