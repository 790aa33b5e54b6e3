package render

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"shardeck/model"

	"shardeck/backend/scheduler/slurmtest"
)

func TestMain(m *testing.M) { os.Exit(slurmtest.Main(m)) }

// TestThroughRealSlurm submits a script of two nodes by hand, as its header says:
// one job that ends by itself, and one that is cancelled while it runs.
func TestThroughRealSlurm(t *testing.T) {
	env := append(os.Environ(), slurmtest.Env(t)...)
	j := job(t, byID(t, "E4.1"))
	j.Settings.Runtime, j.Settings.HFHome, j.Config = model.Runtime{}, "", plain(t).Config
	j.Experiment.Slurm.Time = "00:05:00"
	s := newSite(t, script(t, j))
	if err := os.Remove(filepath.Join(s.bin, "srun")); err != nil { // Slurm's own
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(s.root, "logs"), 0o755); err != nil {
		t.Fatal(err)
	}
	sbatch := func(options ...string) string {
		t.Helper()
		cmd := exec.Command("sbatch", append(append([]string{"--parsable"}, options...), s.path)...)
		cmd.Dir, cmd.Env = s.root, append(env, "PATH="+s.bin+":"+os.Getenv("PATH"), "LD_LIBRARY_PATH="+s.bin, "WRITE=1")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return regexp.MustCompile(`\d+`).FindString(string(out))
	}
	log := func(id string) string {
		text, _ := os.ReadFile(filepath.Join(s.root, "logs/E4.1_"+id+".out"))
		return string(text)
	}

	first := sbatch("--wait")
	if d := cmp.Diff(map[string]string{"llama-70b-tp8": all}, s.tree()); d != "" {
		t.Fatalf("%s\n%s", d, log(first))
	}

	second := sbatch("--export=ALL,WAIT=1,CODE=3")
	waitFor(t, filepath.Join(s.root, "trace_collection/llama-70b-tp8.tmp-"+second+"/ready"))
	cancel := exec.Command("scancel", second)
	cancel.Env = env
	if out, err := cancel.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	waitFor(t, filepath.Join(s.root, "trace_collection/llama-70b-tp8@"+second))
	got := s.tree()
	if !strings.Contains(got["llama-70b-tp8@"+second], "timing_stats_0.json") || got["llama-70b-tp8"] != all {
		t.Errorf("%v\n%s", got, log(second))
	}
}
