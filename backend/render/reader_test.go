package render

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"shardeck/model"
)

func reading() Reading {
	return Reading{Name: "read-a", Run: "/w/trace_collection/a", Ranks: []int{0, 1, 2, 5, 7, 8}, Workspace: "/w", Shardeck: "/bin/shardeck",
		CacheHome: "/h/.cache", Account: "m1234_g", Time: "00:10:00",
		Site: model.ReaderJob{Constraint: "cpu", QOS: "shared", CPUs: 4, DropEnding: "_g"}}
}

func TestReadingScript(t *testing.T) {
	text, err := ReadingScript(reading())
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"#SBATCH -A m1234\n", "#SBATCH -C cpu\n", "#SBATCH -q shared\n", "#SBATCH -t 00:10:00\n", "#SBATCH -c 4\n",
		"#SBATCH --array=0-2,5,7-8\n", "#SBATCH -o logs/read-a_%A.out\n"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	for _, without := range []string{"gpus", "--mem"} {
		if strings.Contains(string(text), without) {
			t.Errorf("%q in\n%s", without, text)
		}
	}
}

// TestReadingScriptRuns gives the program's stand-in exactly the words it should get,
// from places and settings with everything in them that a shell could mistake.
func TestReadingScriptRuns(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "it's $HOME `a`\n#SBATCH -A other; \"b\"")
	r := reading()
	r.Workspace, r.Run, r.Shardeck, r.Sets = "/", dir, "/usr/bin/printf", []string{"hf_home=$(false) 'x'"}
	text, err := ReadingScript(r)
	if err != nil {
		t.Fatal(err)
	}
	script := strings.Replace(string(text), "exec /usr/bin/printf", "exec /usr/bin/printf '<%s>'", 1)
	cmd := exec.Command("bash", "-c", script)
	cmd.Env = []string{"SLURM_ARRAY_TASK_ID=5", "PATH=/usr/bin:/bin"}
	out, err := cmd.CombinedOutput()
	if want := "<analyze><--read-rank><5><--set><hf_home=$(false) 'x'><--><" + dir + ">"; err != nil || string(out) != want {
		t.Errorf("%v: got %s, want %s", err, out, want)
	}
	if strings.Count(string(text), "\n#SBATCH -A") != 2 { // its own, and the one inside quotes, where sbatch no longer looks
		t.Errorf("a run's name reached the header:\n%s", text)
	}
	if head, _, _ := strings.Cut(string(text), "set -euo"); strings.Contains(head, "-A other;\n") || strings.Count(head, "\n#SBATCH -A") != 1 {
		t.Errorf("a run's name reached the header:\n%s", head)
	}
}

func TestReadingScriptRefuses(t *testing.T) {
	for name, spoil := range map[string]func(*Reading){
		"name":      func(r *Reading) { r.Name = "a b" },
		"account":   func(r *Reading) { r.Account = "a;b" },
		"time":      func(r *Reading) { r.Time = "soon" },
		"workspace": func(r *Reading) { r.Workspace = "w" },
		"program":   func(r *Reading) { r.Shardeck = "shardeck" },
		"cache":     func(r *Reading) { r.CacheHome = "" },
		"ranks":     func(r *Reading) { r.Ranks = nil },
		"memory":    func(r *Reading) { r.Site.Memory = "8 G" },
	} {
		r := reading()
		spoil(&r)
		if text, err := ReadingScript(r); err == nil {
			t.Errorf("%s:\n%s", name, text)
		}
	}
}
