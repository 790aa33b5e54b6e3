package jobs

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"shardeck/backend/config"
	"shardeck/model"
)

// Remedy is a fix of a failure that can be applied to the config as it is now.
type Remedy struct {
	Text  string       `json:"text"` // "parallelism.tp 1 → 2"
	Edits []model.Edit `json:"edits"`
}

// namedKey finds the keys of a config that a fix speaks of, and the value it names, if any:
// "raise slurm.time", "slurm.constraint gpu&hbm80g", "model.weights: dummy".
var namedKey = regexp.MustCompile(`\b(parallelism\.tp|data\.(?:batch_size|seq_len|max_tokens)|profiling\.(?:trace_tokens|trace_iterations)|` +
	`profile_iterations|slurm\.(?:time|qos|constraint)|model\.weights|engine)\b:?(?: (gpu&hbm80g|regular|auto|dummy|replay))?`)

// remedies are those of the fixes that an edit of the config can make, in their order.
func (fo *Follower) remedies(experiment string, fixes []string) []Remedy {
	doc, ok := fo.config(experiment)
	if !ok {
		return nil // nothing to edit: the fixes are still there to be read
	}
	var out []Remedy
	seen := map[string]bool{}
	for _, fix := range fixes {
		for _, m := range namedKey.FindAllStringSubmatch(fix, -1) {
			key, to := m[1], m[2]
			from := doc.Get(key)
			if to == "" {
				to = fo.stepped(doc.Experiment(), key, from, strings.HasPrefix(fix, "raise"))
			}
			if to == "" || to == from || seen[key] {
				continue
			}
			seen[key] = true
			out = append(out, Remedy{Text: fmt.Sprintf("%s %s → %s", key, from, to), Edits: []model.Edit{{Path: key, Value: to}}})
		}
	}
	return out
}

// stepped is the next value of a key in a direction; empty: there is none.
func (fo *Follower) stepped(e model.Experiment, key, from string, up bool) string {
	switch {
	case key == "parallelism.tp" && up:
		for _, n := range fo.Experiments.Legal(e, key) {
			if n > e.Layout.TP {
				return strconv.Itoa(n)
			}
		}
		return ""
	case key == "slurm.time" && up:
		return doubledTime(from)
	case up:
		return ""
	}
	n, err := strconv.Atoi(from)
	if err != nil || n < 2 {
		return ""
	}
	return strconv.Itoa(n / 2)
}

// doubledTime is twice a time limit of the form HH:MM:SS; empty for another form.
func doubledTime(text string) string {
	var h, m, s int
	if n, err := fmt.Sscanf(text, "%d:%d:%d", &h, &m, &s); n != 3 || err != nil || h < 0 || m < 0 || s < 0 || h > 1000 {
		return ""
	}
	s = 2 * (h*3600 + m*60 + s)
	return fmt.Sprintf("%02d:%02d:%02d", s/3600, s/60%60, s%60)
}

// config is the config of an experiment, false where it cannot be read or edited.
func (fo *Follower) config(experiment string) (*config.Document, bool) {
	row, err := fo.Experiments.Row(experiment)
	if experiment == "" || err != nil {
		return nil, false
	}
	doc, err := fo.Workspace.OpenDocument(row.File)
	return doc, err == nil && doc.Err() == nil
}
