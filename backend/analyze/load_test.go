package analyze

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"gopkg.in/yaml.v3"

	"shardeck/backend/trace"
	"shardeck/backend/trace/kineto"
	"shardeck/model"
	"shardeck/model/metric"
)

const (
	repo   = "../.."
	shared = repo + "/../shared/data" // recordings too large for the repository
)

// archives are unpacked once for all tests of this package.
var archives struct {
	sync.Mutex
	dir      string
	unpacked map[string]bool
}

func TestMain(m *testing.M) {
	code := m.Run()
	if archives.dir != "" {
		os.RemoveAll(archives.dir)
	}
	os.Exit(code)
}

// small is a recording kept in the repository.
func small(name string) string {
	if dir := filepath.Join(repo, "templates/demo", name); strings.HasPrefix(name, "vllm-llama") {
		return dir // once in the repository is enough
	}
	return filepath.Join(repo, "tests/recordings", name)
}

// large is a run inside an archive of the shared recordings; the test is skipped
// where there are none.
func large(t testing.TB, archive, run string) string {
	t.Helper()
	file := filepath.Join(shared, archive)
	if _, err := os.Stat(file); err != nil {
		t.Skipf("the large recordings are not here (%s): this test needs them", file)
	}
	archives.Lock()
	defer archives.Unlock()
	if archives.dir == "" {
		dir, err := os.MkdirTemp("", "shardeck-analyze-")
		if err != nil {
			t.Fatal(err)
		}
		archives.dir, archives.unpacked = dir, map[string]bool{}
	}
	if !archives.unpacked[archive] {
		out, err := exec.Command("tar", "xJf", file, "-C", archives.dir, "--exclude", "torch_et_*").CombinedOutput()
		if err != nil {
			t.Skipf("cannot unpack %s (%v: %.200s): this test needs tar and xz", archive, err, out)
		}
		archives.unpacked[archive] = true
	}
	return filepath.Join(archives.dir, run)
}

var rankFile = regexp.MustCompile(`^(kineto_trace|timing_stats)_(\d+)\.json(\.gz)?$`)

// load reads a recording as measure does.
func load(t testing.TB, dir string) Input {
	t.Helper()
	in := Input{Run: filepath.Base(dir), Ranks: map[int]*trace.Rank{}, Timing: map[int]*trace.Timing{}, GPUsPerNode: 4, GPU: gpus(t)}
	e := model.Defaults()
	readYAML(t, filepath.Join(dir, "config.yaml"), &e)
	in.Experiment, in.Shape = &e, shape(t, e.Model.Name)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		m := rankFile.FindStringSubmatch(entry.Name())
		if m == nil {
			continue
		}
		rank, err := strconv.Atoi(m[2])
		path := filepath.Join(dir, entry.Name())
		if err == nil && m[1] == "kineto_trace" {
			in.Ranks[rank], err = kineto.Open(context.Background(), path, nil)
		} else if err == nil {
			in.Timing[rank], err = trace.OpenTiming(path)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return in
}

func readYAML(t testing.TB, path string, into any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err == nil {
		err = yaml.Unmarshal(text, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func shape(t testing.TB, name string) *model.Shape {
	t.Helper()
	var file struct{ Models []model.Shape }
	readYAML(t, repo+"/templates/models.yaml", &file)
	for _, s := range file.Models {
		if s.Is(name) {
			return &s
		}
	}
	t.Fatalf("no shape of %s", name)
	return nil
}

func gpus(t testing.TB) func(string) *model.GPU {
	t.Helper()
	var file struct{ GPUs []model.GPU }
	readYAML(t, repo+"/templates/gpus.yaml", &file)
	return func(name string) *model.GPU {
		for _, g := range file.GPUs {
			for _, n := range g.Names {
				if n == name {
					return &g
				}
			}
		}
		return nil
	}
}

func analyse(t testing.TB, in Input) *metric.Analysis {
	t.Helper()
	a, err := Analyse(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// value of a metric; the test fails where it has none.
func value(t testing.TB, a *metric.Analysis, name string) float64 {
	t.Helper()
	m := a.Metric(name)
	if m.Value == nil {
		t.Fatalf("%s has no value: %s", name, m.Reason)
	}
	return *m.Value
}

// near fails unless got is want to the given digits after the point.
func near(t testing.TB, what string, got, want float64, digits int) {
	t.Helper()
	if f := fmt.Sprintf("%.*f", digits, got); f != fmt.Sprintf("%.*f", digits, want) {
		t.Errorf("%s: %v, want %.*f", what, got, digits, want)
	}
}
