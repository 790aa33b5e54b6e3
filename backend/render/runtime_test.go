package render

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shardeck/model"
)

// twoNodes is a site whose script is for two nodes of Perlmutter.
func twoNodes(t *testing.T, change func(*Job)) *site {
	j := job(t, byID(t, "E4.1"))
	j.Settings.Runtime, j.Settings.HFHome, j.Config = model.Runtime{}, "", plain(t).Config
	change(&j)
	return newSite(t, script(t, j))
}

// TestPluginIsLookedForFirst: a job over nodes whose NCCL would find no plugin ends before any engine starts, and one
// that has it, that needs none, or that a module brings it to goes on.
func TestPluginIsLookedForFirst(t *testing.T) {
	const said = "NCCL_NET is AWS Libfabric, and no libnccl-net.so"
	for name, c := range map[string]struct {
		change func(*Job)
		env    string
		want   int
	}{
		"none":       {func(*Job) {}, "LD_LIBRARY_PATH=", 4},
		"there":      {func(*Job) {}, "", 0},
		"elsewhere":  {func(*Job) {}, "LD_LIBRARY_PATH=/usr/nowhere", 4},
		"in conda":   {func(*Job) {}, "LD_LIBRARY_PATH=", 0},
		"by module":  {func(*Job) {}, "LD_LIBRARY_PATH=", 0},
		"not wanted": {func(j *Job) { j.Experiment.Env = map[string]string{"NCCL_NET": "Socket"} }, "LD_LIBRARY_PATH=", 0},
	} {
		s := twoNodes(t, c.change)
		env := []string{"SLURM_JOB_ID=5", "WRITE=1", c.env}
		switch name {
		case "in conda":
			if err := os.MkdirAll(filepath.Join(s.bin, "lib"), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(s.bin, "lib/libnccl-net-ofi.so"), nil, 0o644); err != nil {
				t.Fatal(err)
			}
			env = append(env, "CONDA_PREFIX="+s.bin)
		case "by module":
			env = append(env, `BASH_FUNC_module%%=() { if [ "$*" = "load nccl" ]; then export LD_LIBRARY_PATH=`+s.bin+`; fi; }`)
		}
		log, code := s.run(env...)
		if code != c.want || strings.Contains(log, said) != (c.want != 0) || c.want != 0 && strings.Contains(log, "task ") {
			t.Errorf("%s: exit code %d\n%s", name, code, log)
		}
	}
}

// TestModuleThatNeedsOthers: the sentence names the module and how to learn what it needs; nothing runs.
func TestModuleThatNeedsOthers(t *testing.T) {
	j := plain(t)
	j.Settings.Runtime = model.Runtime{Kind: "module", Name: "cudatoolkit nccl/2.29.2-cu13"}
	s := newSite(t, script(t, j))
	log, code := s.run(`BASH_FUNC_module%%=() { echo "loading $2"; [ "$2" = cudatoolkit ]; }`)
	if code != 4 || !strings.Contains(log, "cannot load module nccl/2.29.2-cu13: module spider nccl/2.29.2-cu13 says what it needs") {
		t.Errorf("exit code %d\n%s", code, log)
	}
}

// TestCompilersKeepTheirCachesOnScratch: what they made goes with the job, vLLM's stays for the next of the same
// experiment, unless the job failed.
func TestCompilersKeepTheirCachesOnScratch(t *testing.T) {
	s := newSite(t, script(t, plain(t)))
	python := `#!/bin/bash
mkdir -p "$TRITON_CACHE_DIR" "$TORCHINDUCTOR_CACHE_DIR" "$CUDA_CACHE_PATH" "$VLLM_CACHE_ROOT"
touch "$TRITON_CACHE_DIR/a" "$VLLM_CACHE_ROOT/b" "$OUT/timing_stats_0.json"
echo "nouser=$PYTHONNOUSERSITE root=$VLLM_CACHE_ROOT"
exit ${CODE:-0}
`
	if err := os.WriteFile(filepath.Join(s.bin, "python"), []byte(python), 0o755); err != nil {
		t.Fatal(err)
	}
	scratch := filepath.Join(s.root, "scratch")
	left := func() (all []string) {
		_ = filepath.Walk(scratch, func(path string, info os.FileInfo, err error) error {
			if err == nil && !info.IsDir() {
				all = append(all, filepath.Base(path))
			}
			return nil
		})
		return all
	}
	for _, step := range []struct{ code, want string }{{"0", "b"}, {"10", "b"}, {"7", "b"}, {"9", ""}, {"1", ""}} {
		log, _ := s.run("SCRATCH="+scratch, "CODE="+step.code)
		if got := strings.Join(left(), " "); got != step.want || !strings.Contains(log, "nouser=1") {
			t.Errorf("exit code %s leaves %q, want %q\n%s", step.code, got, step.want, log)
		}
	}
	if log, code := s.run("SCRATCH=/proc/nowhere", "CODE=0"); code != 0 || !strings.Contains(log, s.root+"/.shardeck/shardeck-caches") {
		t.Errorf("no scratch: exit code %d\n%s", code, log)
	}
	if log, _ := s.run("SCRATCH="+scratch, "VLLM_CACHE_ROOT="+s.root+"/own"); !strings.Contains(log, "root="+s.root+"/own\n") {
		t.Errorf("the user's own choice does not count\n%s", log)
	}
}

// TestNsysRunsInsideOfTheImage: the container is around nsys, and nsys around the program.
func TestNsysRunsInsideOfTheImage(t *testing.T) {
	for kind, box := range map[string]string{
		"shifter":    "#!/bin/bash\nwhile case $1 in -*) true ;; *) false ;; esac; do shift; done\n",
		"podman-hpc": "#!/bin/bash\nshift\nwhile case $1 in -*) true ;; *) false ;; esac; do shift; done\nshift\n",
	} {
		j := plain(t)
		j.Config = "experiments/configs/absent.yaml"
		j.Settings.Runtime = model.Runtime{Kind: kind, Name: "vllm/vllm-openai:v0.13.0"}
		text, err := NsysScript(j)
		if err != nil {
			t.Fatal(err)
		}
		s := newSite(t, text)
		for name, file := range map[string]string{
			kind:      box + `echo "$1 $2" >>"` + s.root + `/inside"; PATH=` + s.root + `/image:$PATH exec "$@"` + "\n",
			"python3": fakePython, "nsys": "#!/bin/bash\necho outside; exit 3\n",
		} {
			if err := os.WriteFile(filepath.Join(s.bin, name), []byte(file), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		env := []string{"NSYS_SAID=" + filepath.Join(s.bin, "said"), "WRITE=1", baseline}
		if log, code := s.run(env...); code != 4 || !strings.Contains(log, "no nsys in the image vllm/vllm-openai:v0.13.0") {
			t.Errorf("%s without nsys: exit code %d\n%s", kind, code, log)
		}
		if err := os.MkdirAll(filepath.Join(s.root, "image"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(s.root, "image/nsys"), []byte(fakeNsys), 0o755); err != nil {
			t.Fatal(err)
		}
		log, code := s.run(env...)
		inside, _ := os.ReadFile(filepath.Join(s.root, "inside"))
		if code != 0 || !strings.Contains(string(inside), "nsys profile\n") || !strings.Contains(s.tree()["llama-8b-tp1-nsys"], "nsys_0.sqlite") {
			t.Errorf("%s: exit code %d\n%s\n%s", kind, code, inside, log)
		}
	}
}
