package probe

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"shardeck/model/present/unit"
	"shardeck/model/shell"
)

// hubModels looks for the models in the hub's cache.
func hubModels(_ context.Context, t Target, o Options) []Line {
	if t.Replay {
		return nil
	}
	cache := hubCache(t.HFHome, o.Getenv)
	var lines []Line
	for _, m := range t.Models {
		lines = append(lines, cached(cache, m, t.HFHome))
	}
	return lines
}

// hubCache is the folder of downloaded models: as the settings say, else as the
// hub's library finds it.
func hubCache(home string, env func(string) string) string {
	if home == "" {
		if dir := env("HF_HUB_CACHE"); dir != "" {
			return dir
		}
		home = cmp.Or(env("HF_HOME"), "~/.cache/huggingface")
	}
	return filepath.Join(expand(home, env), "hub")
}

// expand puts the values of variables and ~ into a path of the settings.
func expand(path string, env func(string) string) string {
	if rest, ok := strings.CutPrefix(path, "~"); ok && (rest == "" || rest[0] == '/') {
		path = "$HOME" + rest
	}
	return os.Expand(path, env)
}

// cached tells whether one model is in the cache, whole.
func cached(cache string, m Model, home string) Line {
	what := "model " + clean(m.Name)
	dir := filepath.Join(cache, "models--"+strings.ReplaceAll(m.Name, "/", "--"))
	local := strings.HasPrefix(m.Name, "/") || strings.HasPrefix(m.Name, ".")
	download := "huggingface-cli download " + m.Name
	if home != "" {
		download = "HF_HOME=" + shell.Quote(home) + " " + download
	}
	absent := Line{Fail, what, "is not in the hub cache " + cache + ", and compute nodes may not reach the hub", download}
	snapshot := newest(filepath.Join(dir, "snapshots"))
	if local {
		absent.Text, absent.Fix = "is not there", "correct model.name"
		snapshot = m.Name
	}
	if _, err := os.Stat(filepath.Join(snapshot, "config.json")); snapshot == "" || err != nil {
		return absent
	}
	bytes, files := weights(snapshot)
	switch missing := unfinished(snapshot, dir); {
	case m.Dummy:
		return Line{Pass, what, "its config is there, and weights are dummy", ""}
	case files == 0:
		return Line{Fail, what, "its config is there, its weights are not", download}
	case missing != "":
		return Line{Fail, what, "its download is not complete: " + missing, download}
	}
	return Line{Pass, what, fmt.Sprintf("%s in %d files, in %s", unit.FileSize(bytes), files, cache), ""}
}

// newest is the snapshot that was written last, empty if there is none.
func newest(dir string) string {
	entries, _ := os.ReadDir(dir)
	best, when := "", int64(-1)
	for _, e := range entries {
		if info, err := e.Info(); err == nil && e.IsDir() && info.ModTime().UnixNano() > when {
			best, when = filepath.Join(dir, e.Name()), info.ModTime().UnixNano()
		}
	}
	return best
}

// weights adds up the files that hold weights; links lead to the blobs.
func weights(snapshot string) (bytes int64, files int) {
	for _, pattern := range []string{"*.safetensors", "*.bin", "*.pt"} {
		found, _ := filepath.Glob(filepath.Join(snapshot, pattern))
		for _, f := range found {
			if info, err := os.Stat(f); err == nil {
				bytes, files = bytes+info.Size(), files+1
			}
		}
		if files > 0 {
			return bytes, files
		}
	}
	return 0, 0
}

// unfinished says what is missing of a download, empty for nothing: a file that the
// index names, or one still being written.
func unfinished(snapshot, dir string) string {
	var index struct {
		Files map[string]string `json:"weight_map"`
	}
	text, err := os.ReadFile(filepath.Join(snapshot, "model.safetensors.index.json"))
	if err == nil && json.Unmarshal(text, &index) == nil {
		names, lost := map[string]bool{}, 0
		for _, f := range index.Files {
			names[f] = true
		}
		for f := range names {
			if _, err := os.Stat(filepath.Join(snapshot, filepath.Base(f))); err != nil {
				lost++
			}
		}
		if lost > 0 {
			return fmt.Sprintf("%d of %d files of weights are missing", lost, len(names))
		}
		return ""
	}
	if parts, _ := filepath.Glob(filepath.Join(dir, "blobs", "*.incomplete")); len(parts) > 0 {
		return fmt.Sprintf("%d files are partly there", len(parts))
	}
	return ""
}
