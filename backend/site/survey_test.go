package site_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"shardeck/backend/app"
)

// TestWhatIsHereIsAskedForOnce: the next starts take the answer, for a time; one that came too late is asked for again sooner.
func TestWhatIsHereIsAskedForOnce(t *testing.T) {
	bin, dir, cache := t.TempDir(), t.TempDir(), t.TempDir()
	calls := filepath.Join(bin, "calls")
	program := func(name, body string) {
		if err := os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\necho "+name+" >>"+calls+"\n"+body+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", bin)
	t.Setenv("CUDA_VISIBLE_DEVICES", "")
	now := time.Now()
	site := func() string {
		a, err := app.Open(app.Options{Dir: dir, CacheDir: cache, Binary: "/x", Env: func(string) string {
			return ""
		}, Now: func() time.Time { return now }})
		if err != nil {
			t.Fatal(err)
		}
		defer a.Close()
		return a.Site().Name + ", " + a.SiteOrigin()
	}
	asked := func() int {
		text, _ := os.ReadFile(calls)
		return strings.Count(string(text), "\n")
	}

	program("nvidia-smi", `echo "0, GPU-1, NVIDIA H200, 143771, 615, 9.0"`)
	for range 3 {
		if got := site(); got != "this-machine, read from nvidia-smi" {
			t.Fatal(got)
		}
	}
	once := asked()
	if now = now.Add(11 * time.Minute); once == 0 || once > 2 || site() == "" || asked() != 2*once {
		t.Errorf("%d calls, then %d", once, asked())
	}

	for _, name := range []string{"sbatch", "squeue", "scancel", "sinfo"} {
		program(name, "exit 1")
	}
	program("scontrol", "echo 'Unable to contact slurm controller (connect failure)' >&2; exit 1")
	before := asked()
	for range 3 {
		if got := site(); got != "this-cluster, read from Slurm, which does not answer" {
			t.Fatal(got)
		}
	}
	if n := asked() - before; n != 1 {
		t.Errorf("a Slurm that does not answer is asked %d times", n)
	}
	if now = now.Add(2 * time.Minute); site() == "" || asked()-before != 2 {
		t.Errorf("asked %d times after two minutes", asked()-before)
	}
}
