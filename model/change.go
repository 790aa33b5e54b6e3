package model

import (
	"cmp"
	"slices"
	"strings"
)

// Change is one key of a config that is not as a run recorded it.
type Change struct {
	Path string `json:"path"` // data.batch_size
	Was  string `json:"was"`  // as the run recorded it; empty: it gave none
	Now  string `json:"now"`
}

// Changes are what the config of an experiment says otherwise than a run of it recorded, in the order of a config. There
// are none where the numbers of the run are still those of the config.
type Changes []Change

// unmeasured are the keys on which no number depends: names, who pays, how long the job may take, where its nodes come
// from (the GPU is compared as it was found), and how much is measured and traced of the same work. Those below go with them.
var unmeasured = []string{"experiment_id", "description", "output_dir", "warmup_iterations", "profile_iterations", "profiling", "slurm",
	"replay.engine"}

// ChangesSince compares what a run recorded with what its config says now: the values of both by key, each key once.
func ChangesSince(run, now []Edit) (all Changes) {
	was, is, seen := map[string]string{}, map[string]string{}, map[string]bool{}
	for _, e := range run {
		was[e.Path] = e.Value
	}
	for _, e := range now {
		is[e.Path] = e.Value
	}
	for _, e := range slices.Concat(now, run) {
		if c := (Change{e.Path, was[e.Path], is[e.Path]}); c.Was != c.Now && !seen[c.Path] && c.measured() {
			all = append(all, c)
		}
		seen[e.Path] = true
	}
	return all
}

// measured reports whether numbers depend on the key; a replay that names no recording takes any of its layout.
func (c Change) measured() bool {
	if c.Path == "replay.recording" && c.Now == "" {
		return false
	}
	return !slices.ContainsFunc(unmeasured, func(key string) bool { return strings.HasPrefix(c.Path+".", key+".") })
}

// shortKeys are keys as people say them; others are named by their last part, those of env and vllm in full.
var shortKeys = map[string]string{"model.name": "model", "data.batch_size": "batch", "data.seq_len": "prompt", "data.max_tokens": "output",
	"parallelism.tp": "TP", "parallelism.pp": "PP", "parallelism.dp_replicate": "DP", "parallelism.dp_shard": "DP sharded", "parallelism.ep": "EP"}

func (c Change) String() string {
	name := cmp.Or(shortKeys[c.Path], c.Path)
	if group, last, below := strings.Cut(name, "."); below && group != "env" && group != "vllm" {
		name = last
	}
	return name + " " + cmp.Or(c.Was, "none") + " → " + cmp.Or(c.Now, "none")
}

// String names what differs: "batch 4 → 8, prompt 2048 → 4096".
func (all Changes) String() string { return strings.Join(Each(all, Change.String), ", ") }

// Sentence says that a config is not, or no longer, that of the run; empty: it is.
func (all Changes) Sentence(replay bool) string {
	switch {
	case len(all) == 0:
		return ""
	case replay:
		return "the recording differs from its config: " + all.String()
	}
	return "config changed since this run: " + all.String()
}
