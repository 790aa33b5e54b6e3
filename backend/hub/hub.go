// Package hub finds models that lie here: in the cache of the hub's library (hub/models--OWNER--NAME/{refs,snapshots}), or in a
// folder. It reads what describes them, never their weights, and asks no network.
package hub

import (
	"cmp"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Cache is the folder of downloaded models: below home where that is set, else as the hub's library finds it.
func Cache(home string, env func(string) string) string {
	if home == "" {
		if dir := cmp.Or(env("HF_HUB_CACHE"), env("HUGGINGFACE_HUB_CACHE")); dir != "" {
			return Expand(dir, env)
		}
		home = cmp.Or(env("HF_HOME"), "~/.cache/huggingface")
	}
	return filepath.Join(Expand(home, env), "hub")
}

// Expand puts the values of variables and ~ into a path of the settings.
func Expand(path string, env func(string) string) string {
	if rest, ok := strings.CutPrefix(path, "~"); ok && (rest == "" || rest[0] == '/') {
		path = "$HOME" + rest
	}
	return os.Expand(path, env)
}

// IsFolder reports whether a model's name is a path.
func IsFolder(name string) bool { return strings.HasPrefix(name, "/") || strings.HasPrefix(name, ".") }

// Folder is where a model of the cache lies, whether it is there or not.
func Folder(cache, name string) string {
	return filepath.Join(cache, "models--"+strings.ReplaceAll(name, "/", "--"))
}

// Snapshot is the folder with the files of a model: the one that refs/main names, else the newest; empty: there is none.
func Snapshot(cache, name string) string {
	dir := Folder(cache, name)
	if ref, err := os.ReadFile(filepath.Join(dir, "refs", "main")); err == nil {
		snapshot := filepath.Join(dir, "snapshots", filepath.Base(strings.TrimSpace(string(ref))))
		if _, err := os.Stat(snapshot); err == nil {
			return snapshot
		}
	}
	entries, _ := os.ReadDir(filepath.Join(dir, "snapshots"))
	best, when := "", int64(-1)
	for _, e := range entries {
		if info, err := e.Info(); err == nil && e.IsDir() && info.ModTime().UnixNano() > when {
			best, when = filepath.Join(dir, "snapshots", e.Name()), info.ModTime().UnixNano()
		}
	}
	return best
}

// Names lists the models of the cache, by their ids.
func Names(cache string) []string {
	var names []string
	entries, _ := os.ReadDir(cache)
	for _, e := range entries {
		if id, ok := strings.CutPrefix(e.Name(), "models--"); ok {
			names = append(names, strings.Replace(id, "--", "/", 1))
		}
	}
	slices.Sort(names)
	return names
}

// mostConfig bounds the files that describe a model; the longest sensible one, of a thousand layers, has some 100 KB.
const mostConfig = 4 << 20

// Config reads the config.json of a folder; what its hf_quant_config.json says of formats (ModelOpt) stands in it as quantization_config.
func Config(dir string) (map[string]any, error) {
	config, err := read(filepath.Join(dir, "config.json"))
	if err != nil {
		return nil, err
	}
	if _, has := config["quantization_config"]; !has {
		if other, err := read(filepath.Join(dir, "hf_quant_config.json")); err == nil && other["quantization"] != nil {
			config["quantization_config"] = other["quantization"]
		}
	}
	return config, nil
}

func read(path string) (map[string]any, error) {
	if info, err := os.Stat(path); err == nil && info.Size() > mostConfig {
		return nil, &os.PathError{Op: "read", Path: path, Err: os.ErrInvalid}
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return Parse(data)
}

// Parse reads the text of a config.json, also as Python writes it, with NaN and Infinity, which become null.
func Parse(data []byte) (map[string]any, error) {
	var out map[string]any
	err := json.Unmarshal(odd.ReplaceAll(data, []byte("${1}null")), &out)
	return out, err
}

var odd = regexp.MustCompile(`([:\[,]\s*)-?(?:NaN|Infinity)`)
