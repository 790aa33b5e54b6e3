package hub

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The cache is where the hub's library has it, by the same variables in the same order.
func TestCache(t *testing.T) {
	for _, tt := range []struct{ home, env, want string }{
		{"", "HOME=/home/u", "/home/u/.cache/huggingface/hub"},
		{"", "HOME=/home/u HF_HOME=/big", "/big/hub"},
		{"", "HOME=/home/u HF_HOME=$HOME/hf", "/home/u/hf/hub"},
		{"", "HF_HOME=/big HF_HUB_CACHE=/cache", "/cache"},
		{"/x", "HF_HOME=/big HF_HUB_CACHE=/cache", "/x/hub"},
	} {
		get := func(key string) string {
			for _, pair := range strings.Fields(tt.env) {
				if v, ok := strings.CutPrefix(pair, key+"="); ok {
					return v
				}
			}
			return ""
		}
		if got := Cache(tt.home, get); got != tt.want {
			t.Errorf("%q, %q: %s, want %s", tt.home, tt.env, got, tt.want)
		}
	}
}

func write(t *testing.T, files map[string]string) string {
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
	return dir
}

// The snapshot that refs/main names wins over a newer one; without it the newest; a ref to what is gone is passed over.
func TestSnapshot(t *testing.T) {
	dir := write(t, map[string]string{"models--o--n/refs/main": "abc\n", "models--o--n/snapshots/abc/config.json": "{}",
		"models--o--n/snapshots/zzz/config.json": "{}", "models--o--lost/refs/main": "gone", "models--o--lost/snapshots/def/x": ""})
	for name, want := range map[string]string{"o/n": "abc", "o/lost": "def", "o/none": ""} {
		if got := Snapshot(dir, name); want == "" && got != "" || want != "" && filepath.Base(got) != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if got := strings.Join(Names(dir), " "); got != "o/lost o/n" {
		t.Errorf("names %s", got)
	}
}

// A config may have NaN and Infinity as Python writes them; ModelOpt says what is quantised in a file of its own.
func TestConfig(t *testing.T) {
	dir := write(t, map[string]string{"config.json": `{"a": NaN, "b": [0.0, Infinity, -Infinity], "c": "Infinity"}`,
		"hf_quant_config.json": `{"quantization": {"quant_algo": "FP8"}}`, "bad/config.json": "{",
		"big/config.json": strings.Repeat(" ", mostConfig+1)})
	c, err := Config(dir)
	if err != nil || c["a"] != nil || c["c"] != "Infinity" || c["quantization_config"].(map[string]any)["quant_algo"] != "FP8" {
		t.Errorf("%v, %v", c, err)
	}
	for _, bad := range []string{"bad", "big", "none"} {
		if c, err := Config(filepath.Join(dir, bad)); err == nil {
			t.Errorf("%s: %v", bad, c)
		}
	}
}
