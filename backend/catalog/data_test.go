package catalog

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"shardeck/backend/strictyaml"
	"shardeck/model"
)

// load reads a workspace and a user folder made of files by path ("ws/shardeck.yaml").
func load(t *testing.T, files map[string]string, env map[string]string, sets ...string) (*Catalog, error) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	getenv := func(k string) string {
		if k == "HOME" {
			return filepath.Join(dir, "home")
		}
		return env[k]
	}
	return Load(Options{Workspace: filepath.Join(dir, "ws"), UserDir: UserDir(getenv, "XDG_CONFIG_HOME", ".config"), Env: getenv, Sets: sets})
}

var perlmutter = map[string]string{"NERSC_HOST": "perlmutter", "SCRATCH": "/pscratch/sd/u/user"}

func mustLoad(t *testing.T, files, env map[string]string, sets ...string) *Catalog {
	t.Helper()
	c, err := load(t, files, env, sets...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// The embedded shapes have the published totals, to the digit.
func TestModels(t *testing.T) {
	c := mustLoad(t, nil, nil)
	for name, total := range map[string]int64{
		"meta-llama/Llama-3.1-8B":          8_030_261_248,
		"meta-llama/Llama-3.1-8B-Instruct": 8_030_261_248,
		"meta-llama/Meta-Llama-3-8B":       8_030_261_248,
		"meta-llama/Llama-3.1-70B":         70_553_706_496,
		"Qwen/Qwen2.5-32B":                 32_763_876_352,
		"Qwen/Qwen2.5-32B-Instruct":        32_763_876_352,
		"Qwen/Qwen3-32B":                   32_762_123_264,
		"mistralai/Mixtral-8x7B-v0.1":      46_702_792_704,
		"Qwen/Qwen3-30B-A3B":               30_532_122_624,
		"deepseek-ai/DeepSeek-V2-Lite":     15_706_484_224,
	} {
		s := c.World().Shape(name)
		if s == nil || s.Params() != total || s.MaxLen == 0 || s.Short == "" {
			t.Errorf("%s: %+v", name, s)
		}
	}
	if s := c.World().Shape("Qwen/Qwen-32B"); s != nil {
		t.Errorf("Qwen/Qwen-32B is no hub id, and is known as %s", s.Name)
	}
}

func TestGPUs(t *testing.T) {
	c := mustLoad(t, nil, nil)
	for name, want := range map[string]model.GPU{
		"NVIDIA A100-SXM4-40GB": {Key: "a100-40gb", Bytes: 42_297_524_224, HBM: 1555, NVLink: 300, SMs: 108},
		"NVIDIA A100-SXM4-80GB": {Key: "a100-80gb", Bytes: 84_990_623_744, HBM: 2039, NVLink: 300, SMs: 108},
		"NVIDIA H100 80GB HBM3": {Key: "h100-80gb", Bytes: 85_017_493_504, HBM: 3350, NVLink: 450, SMs: 132},
		"NVIDIA H200":           {Key: "h200-141gb", Bytes: 150_110_011_392, HBM: 4800, NVLink: 450, SMs: 132},
	} {
		g := c.World().GPUByName(name)
		if g == nil {
			t.Errorf("%s is not known", name)
			continue
		}
		got := model.GPU{Key: g.Key, Bytes: g.Bytes, HBM: g.HBM, NVLink: g.NVLink, SMs: g.SMs}
		if diff := cmp.Diff(want, got); diff != "" || g.Peak["bfloat16"] < 312 {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestSites(t *testing.T) {
	c := mustLoad(t, nil, perlmutter)
	s := c.Site
	if s.Name != "perlmutter" || s.GPUsPerNode*s.MaxNodes != 64 || s.Network["NCCL_NET"] != "AWS Libfabric" || len(s.Known) != 1 {
		t.Errorf("%+v", s)
	}
	if got := c.Settings.Origin("site"); got != "detected" {
		t.Errorf("origin of the site: %s", got)
	}
	var shown []string
	for _, q := range s.Queues {
		shown = append(shown, q.Shown...)
	}
	if want := "gpu_regular gpu_shared shared gpu_debug gpu_interactive gpu_preempt gpu_premium gpu_overrun"; strings.Join(shown,
		" ") != want {
		t.Errorf("shown as %v", shown)
	}
	if other := mustLoad(t, nil, map[string]string{"NERSC_HOST": "cori"}).Site; other.Name != "generic" || len(other.Queues) != 0 {
		t.Errorf("elsewhere: %+v", other)
	}
	if laptop := mustLoad(t, nil, nil); laptop.Site.Name != "perlmutter" || laptop.Settings.Origin("site") != "assumed" {
		t.Errorf("where nothing tells the site: %+v", laptop.Site)
	}
	if named := mustLoad(t, nil, nil, "site=perlmutter"); named.Site.Name != "perlmutter" || named.Settings.Origin("site") != "--set" {
		t.Errorf("named: %+v", named.Settings)
	}
}

// A user's own files are read beside the embedded ones, and win.
func TestOwnData(t *testing.T) {
	own := map[string]string{
		"ws/models.yaml": "models:\n- {name: me/tiny, short: tiny, hidden: 64, layers: 2, heads: 4, kv_heads: 2, head_dim: 16, " +
			"intermediate: 128, vocab: 100, max_len: 512}\n" +
			"- {name: Qwen/Qwen3-32B, short: mine, hidden: 64, layers: 2, heads: 4, kv_heads: 2, head_dim: 16, intermediate: 128, " +
			"vocab: 100, max_len: 512}\n",
		"home/.config/shardeck/sites/perlmutter.yaml": "name: perlmutter\ntitle: user's\n",
		"home/.config/shardeck/sites/cluster.yaml": "name: cluster\ndetect: {CLUSTER: here}\nmax_nodes: 2\nnode_kinds: " +
			"[{constraint: a, gpu: h100-80gb}]\n",
		"ws/sites/perlmutter.yaml": "name: perlmutter\ntitle: workspace's\n",
	}
	c := mustLoad(t, own, map[string]string{"CLUSTER": "here"})
	if c.Site.Name != "cluster" || c.World().Shape("me/tiny") == nil || c.World().Shape("Qwen/Qwen3-32B").Short != "mine" {
		t.Errorf("%+v", c.Site)
	}
	if c := mustLoad(t, own, nil, "site=perlmutter"); c.Site.Title != "workspace's" {
		t.Errorf("the workspace's site does not win: %s", c.Site.Title)
	}
	if diff := cmp.Diff([]string{"cluster", "generic", "perlmutter"}, c.Sites); diff != "" {
		t.Error(diff)
	}
}

// Every fault of a file is told with its place and what to do.
func TestBadFiles(t *testing.T) {
	const shape = "{name: a/b, hidden: 64, layers: 2, heads: 4, kv_heads: 2, head_dim: 16, intermediate: 128, vocab: 100"
	for _, tt := range []struct{ file, text, want string }{
		{"ws/models.yaml", "models:\n- {name: a/b, hiden: 4}", "models.yaml:2:15: unknown key \"hiden\" under models; did you mean hidden?"},
		{"ws/models.yaml", "modles: []", "models.yaml:1:1: unknown key \"modles\"; did you mean models?"},
		{"ws/models.yaml", "models:\n- {name: a/b, hidden: 4}", "models.yaml: model \"a/b\": "},
		{"ws/models.yaml", "models:\n- " + shape + ", layers: 3}", "given twice"},
		{"ws/models.yaml", "models:\n- " + shape + ", max_len: 1.5}", "is not a whole number of at least 0"},
		{"ws/models.yaml", "models:\n- " + shape + ", max_len: -1}", "is not a whole number of at least 0"},
		{"ws/models.yaml", "models:\n- " + shape + ", gated: maybe}", "true or false"},
		{"ws/models.yaml", "models:\n- " + shape + ", moe: {experts: 4, top_k: 8, intermediate: 3}}", "top_k"},
		{"ws/models.yaml", "models: {}", "must be a list"},
		{"ws/models.yaml", "- a", "must hold keys with values"},
		{"ws/models.yaml", "a: [", "is not YAML"},
		{"ws/models.yaml", "models: []\n---\nmodels: []", "a second document begins"},
		{"ws/models.yaml", "models: &x [*x]", "write the value out"},
		{"ws/gpus.yaml", "gpus: [{key: x}]", "needs a key, a title and its bytes"},
		{"ws/gpus.yaml", "gpus: [{key: x, hbm_gbs: .inf}]", "is not a number of at least 0"},
		{"ws/sites/perlmutter.yaml", "name: other", "must be that of the file, perlmutter"},
		{"ws/sites/perlmutter.yaml", "name: perlmutter\nnode_kinds: [{gpu: b200}]", "is not in gpus.yaml"},
		{"ws/sites/perlmutter.yaml", "name: perlmutter\ndefault_qos: {whole: regular}", "which is not among qos"},
		{"ws/sites/perlmutter.yaml", "name: perlmutter\nqos: [{name: 'a b'}]", "sites/perlmutter.yaml: \"a b\""},
		{"ws/sites/perlmutter.yaml", "name: perlmutter\nnetwork: {'A B': x}", "environment variable"},
		{"ws/sites/perlmutter.yaml", "name: perlmutter\nnetwork: {A: \"x\\ny\"}", "control characters"},
		{"ws/sites/perlmutter.yaml", "name: perlmutter\nsettings: {acount: x}", "did you mean account?"},
		{"ws/sites/perlmutter.yaml", "name: perlmutter\nqos: [{nmae: x}]",
			"sites/perlmutter.yaml:2:8: unknown key \"nmae\" under qos; did you mean name?"},
		{"ws/shardeck.yaml", "acount: m1_g", "shardeck.yaml:1:1: unknown key \"acount\"; did you mean account?"},
		{"ws/shardeck.yaml", "# who pays\naccount: m1_g\nruntime:\n  kind: conda\n  nam: x",
			"shardeck.yaml:5:3: unknown key \"nam\" under runtime; did you mean name?"},
		{"ws/shardeck.yaml", "runtime: conda", "shardeck.yaml:1:10: runtime must be keys with values"},
		{"ws/shardeck.yaml", "runtime: {kind: cond}", "did you mean conda?"},
		{"ws/shardeck.yaml", "refresh: 5", "shardeck.yaml:1:10: refresh: \"5\" is not a whole number from 10"},
		{"ws/shardeck.yaml", "refresh: soon", "is not a whole number"},
		{"ws/shardeck.yaml", "workers: -1", "is not a whole number"},
		{"ws/shardeck.yaml", "ascii: maybe", "is not true or false"},
		{"ws/shardeck.yaml", "account: [a]", "must be text, not a list"},
		{"ws/shardeck.yaml", "account: 'a b'", "shardeck.yaml:1:10: account"},
		{"ws/shardeck.yaml", "account: a\naccount: b", "given twice"},
		{"ws/shardeck.yaml", "site: ../../etc", "cannot name a site"},
		{"ws/shardeck.yaml", "site: perlmuter", "site \"perlmuter\" is not known: there are generic, perlmutter"},
		{"ws/shardeck.yaml", "hf_home: $NOWHERE/x", "shardeck.yaml:1:10: hf_home: $NOWHERE is not set"},
		{"ws/shardeck.yaml", "just words", "must hold keys with values"},
		{"ws/shardeck.yaml", strings.Repeat("#", strictyaml.MaxBytes+1), "larger than 1 MB"},
		{"home/.config/shardeck/config.yaml", "them: dark", "~/.config/shardeck/config.yaml:1:1: unknown key \"them\"; did you mean theme?"},
	} {
		_, err := load(t, map[string]string{tt.file: tt.text}, nil, siteOf(tt.file)...)
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s %.60q: %v, want %s", tt.file, tt.text, err, tt.want)
		}
	}
	for _, set := range []string{"account", "refresh=1", "theme=drak"} {
		if _, err := load(t, nil, nil, set); err == nil || !strings.Contains(err.Error(), "--set") {
			t.Errorf("--set %s: %v", set, err)
		}
	}
}

func siteOf(file string) []string {
	if strings.HasSuffix(file, "perlmutter.yaml") {
		return []string{"site=perlmutter"}
	}
	return nil
}

// A file that is there and cannot be read is told, not passed over.
func TestUnreadable(t *testing.T) {
	for _, name := range []string{"shardeck.yaml", "models.yaml"} {
		dir := t.TempDir()
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(Options{Workspace: dir}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s is a folder: %v", name, err)
		}
	}
}
