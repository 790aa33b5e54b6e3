package probe

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"shardeck/model/present/unit"
	"shardeck/model/shell"
)

// disk is the room for runs, whose traces are some 300 MB a rank, in a few files each.
func disk(_ context.Context, t Target, o Options) []Line {
	if t.Workspace == "" {
		return nil
	}
	var s syscall.Statfs_t
	if err := o.Statfs(t.Workspace, &s); err != nil {
		return []Line{{Warn, "disk", fmt.Sprintf("the room in %s is not known: %v", t.Workspace, err), "df -h " + t.Workspace}}
	}
	const clear = "remove old runs below trace_collection, or move the workspace to $SCRATCH"
	free, files := int64(s.Bavail)*int64(s.Bsize), int64(s.Ffree)
	lines := []Line{leftOver("disk", free, 1e9, 20e9, unit.FileSize(free)+" free for "+t.Workspace, clear)}
	if s.Files > 0 {
		lines = append(lines, leftOver("inodes", files, 100, 10000, fmt.Sprintf("%d more files fit", files), clear))
	}
	return lines
}

// leftOver is the line of what is left: it may be none, or little, and wants then a fix.
func leftOver(what string, left, none, little int64, text, fix string) Line {
	switch {
	case left < none:
		return Line{Fail, what, text, fix}
	case left < little:
		return Line{Warn, what, text, fix}
	}
	return Line{Pass, what, text, ""}
}

// freeMemory holds what is free of this machine's GPUs against what experiments want of it: the engine ends where it is less.
func freeMemory(ctx context.Context, t Target, o Options) (lines []Line) {
	if t.Utilization == 0 {
		return nil
	}
	text, _ := o.Run(ctx, "nvidia-smi", "--query-gpu=index,memory.free,memory.total", "--format=csv,noheader,nounits")
	for line := range strings.Lines(text) {
		var gpu int
		var free, total float64 // MiB
		if n, _ := fmt.Sscanf(line, "%d, %f, %f", &gpu, &free, &total); n == 3 && free < t.Utilization*total {
			lines = append(lines, Line{Warn, fmt.Sprintf("GPU %d", gpu), fmt.Sprintf("%.1f of %.1f GiB are free, and gpu_memory_utilization=%.4g takes %.1f",
				free/1024, total/1024, t.Utilization, t.Utilization*total/1024),
				fmt.Sprintf("end what holds it (nvidia-smi), or set vllm.gpu_memory_utilization below %.2f", free/total)})
		}
	}
	return lines
}

func outputs(_ context.Context, t Target, _ Options) []Line {
	var lines []Line
	seen := map[string]bool{}
	for _, dir := range t.Outputs {
		at := nearestExisting(dir)
		if seen[at] {
			continue
		}
		seen[at] = true
		l := Line{Pass, "output", at + " can be written", ""}
		if err := syscall.Access(at, 2|1); err != nil { // W_OK and X_OK
			l = Line{Fail, "output", fmt.Sprintf("%s cannot be written: %v", at, err),
				"chmod u+w " + shell.Quote(at) + ", or set output_dir to a folder below $SCRATCH"}
		} else if info, err := os.Stat(at); err == nil && !info.IsDir() {
			l = Line{Fail, "output", at + " is a file, where a directory must be", "mv " + shell.Quote(at) + " " + shell.Quote(at+".old")}
		}
		lines = append(lines, l)
	}
	return lines
}

// nearestExisting is the nearest of a path and its parents that exists.
func nearestExisting(path string) string {
	_, err := os.Lstat(path)
	if up := filepath.Dir(path); up != path && errors.Is(err, os.ErrNotExist) {
		return nearestExisting(up)
	}
	return path
}

func quota(ctx context.Context, _ Target, o Options) []Line {
	if _, err := o.Look("showquota"); err != nil {
		return nil
	}
	text, err := o.Run(ctx, "showquota", "-J")
	if err != nil {
		return []Line{{Warn, "quota", "showquota does not answer: " + clean(err.Error()), "showquota"}}
	}
	if used := quotas(text); len(used) > 0 {
		return used
	}
	return []Line{{Warn, "quota", "showquota's answer cannot be read", "showquota"}}
}

// quotas reads showquota -J: a list of objects, or an object that holds one, with fs,
// space_perc and inode_perc, numbers or text such as 12.3%.
func quotas(text string) (lines []Line) {
	var list []map[string]any
	if wrapped := map[string][]map[string]any{}; json.Unmarshal([]byte(text), &wrapped) == nil {
		list = slices.Concat(slices.Collect(maps.Values(wrapped))...)
	} else if json.Unmarshal([]byte(text), &list) != nil {
		return nil
	}
	for _, entry := range list {
		fs, _ := entry["fs"].(string)
		for _, of := range [][2]string{{"space_perc", "space"}, {"inode_perc", "files"}} {
			if used, ok := percent(entry[of[0]]); ok && fs != "" {
				lines = append(lines, leftOver("quota "+clean(fs), int64(100-used), 1, 15, fmt.Sprintf("%.0f %% of its %s are used", used, of[1]),
					"remove old traces, or ask for more: showquota"))
			}
		}
	}
	return lines
}

// percent reads 12.3, "12.3" and "12.3%".
func percent(v any) (float64, bool) {
	f, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(fmt.Sprint(v)), "%"), 64)
	return f, err == nil
}
