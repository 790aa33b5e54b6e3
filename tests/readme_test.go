package tests

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// elsewhere says which test runs a command of the README that needs a terminal or
// is the test command itself.
var elsewhere = map[string]string{
	"go run . demo": "TestDemoInTmux",
	"go test ./...": ".ci/run",
	`CGO_ENABLED=0 GOOS=linux GOARCH=amd64 go build -trimpath -ldflags "-s -w" -o shardeck .`: "TestMain builds it so",

	"scp shardeck perlmutter.nersc.gov:bin/":                                                "copies a file",
	"conda create -y -n go -c conda-forge 'go>=1.26'":                                       "has Go from elsewhere",
	`CGO_ENABLED=0 conda run -n go go build -trimpath -ldflags "-s -w" -o ~/bin/shardeck .`: "TestMain builds it so",

	"shardeck": "TestDemoInTmux",
}

// TestReadmeCommands runs every sh block of the README, in order, in an empty
// folder. The machine has no GPU, so the one job is a replay of the same layout at
// a fast pace; all else is as written.
func TestReadmeCommands(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := fenced(string(text), "sh")
	if len(blocks) < 3 {
		t.Fatalf("%d sh blocks in the README, want at least 3", len(blocks))
	}
	script := "set -eux\n"
	for _, line := range strings.Split(strings.Join(blocks, "\n"), "\n") {
		script += before[command(line)] + line + "\n" + after[command(line)]
	}
	dir := t.TempDir()
	out := bash(t, dir, script)
	for _, want := range []string{"#SBATCH -J E1.2", "E1.2", "comm_overhead", "rank 0"} {
		if !strings.Contains(out, want) {
			t.Errorf("the commands never printed %q:\n%s", want, out)
		}
	}
	for _, name := range []string{"experiments/results_summary.csv", "experiments/scaling_analysis.png",
		"trace_collection/llama-8b-tp2/workload_card.yaml"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Size() == 0 {
			t.Errorf("the commands left no %s", name)
		}
	}
}

// after and before are what the test adds to commands: E1.2 becomes a replay of what was recorded, ten
// times as fast, and itself again before all are generated.
var (
	after = map[string]string{
		"shardeck generate": "sed -i 's/max_tokens: 512/max_tokens: 4/' experiments/configs/E1.2_llama8b_tp2.yaml\n" +
			"printf 'engine: replay\\nreplay: {factor: 0.1}\\n' >> experiments/configs/E1.2_llama8b_tp2.yaml\n",
	}
	before = map[string]string{
		"shardeck generate --all": "shardeck generate E1.2 --force\n",
	}
)

// command is a line of the README without its prompt and comment.
func command(line string) string {
	line, _, _ = strings.Cut(strings.TrimPrefix(line, "$ "), " #")
	return strings.TrimSpace(line)
}

// TestReadmeConsole holds that commands which cannot run here have their test elsewhere.
func TestReadmeConsole(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range fenced(string(text), "console") {
		for _, line := range strings.Split(strings.TrimSpace(block), "\n") {
			if elsewhere[command(line)] == "" {
				t.Errorf("no test runs %q of the README", command(line))
			}
		}
	}
}

// fenced returns the blocks of one language in a Markdown text.
func fenced(text, language string) []string {
	var blocks []string
	for _, m := range regexp.MustCompile("(?ms)^```"+language+"\n(.*?)^```").FindAllStringSubmatch(text, -1) {
		blocks = append(blocks, m[1])
	}
	return blocks
}

// bash runs a script with our binary on PATH and a cache of its own; it fails the
// test when the script does.
func bash(t *testing.T, dir, script string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "bash", "-c", script)
	cmd.Dir = dir
	cmd.WaitDelay = time.Second
	cmd.Env = append(os.Environ(), "PATH="+filepath.Dir(binary)+":"+os.Getenv("PATH"),
		"XDG_CACHE_HOME="+t.TempDir(), "XDG_CONFIG_HOME="+userSettings(t))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return string(out)
}

// userSettings is a home for a user's settings: the test's Slurm where CI started
// one, else the local scheduler.
func userSettings(t *testing.T) string {
	t.Helper()
	home := t.TempDir()
	text := "account: m1234_g\n"
	if os.Getenv("SLURM_CONF") == "" {
		text += "scheduler: local\n"
	}
	dir := filepath.Join(home, "shardeck")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "config.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return home
}
