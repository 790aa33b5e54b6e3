package render

import (
	"bytes"
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"

	"shardeck/model"
)

// seedKeys are the keys a config always has; all others are written only where
// they differ from their defaults.
var seedKeys = []string{"experiment_id", "description", "model.name", "model.precision",
	"parallelism.", "data.", "warmup_iterations", "profile_iterations", "output_dir"}

// Config is the YAML of an experiment: keys in their order, those of the original
// generator always, others where they differ from their defaults.
func Config(e model.Experiment) ([]byte, error) {
	if err := model.CheckID(e.ID); err != nil {
		return nil, err
	}
	if err := model.CheckOutputDir(e.OutputDir); err != nil {
		return nil, err
	}
	var mine, base yaml.Node
	if err := mine.Encode(e); err != nil {
		return nil, fmt.Errorf("config of %s: %w", e.ID, err)
	}
	if err := base.Encode(model.Defaults()); err != nil {
		return nil, fmt.Errorf("config of %s: %w", e.ID, err)
	}
	prune(&mine, &base, "")
	var out bytes.Buffer
	enc := yaml.NewEncoder(&out)
	enc.SetIndent(2)
	if err := enc.Encode(&mine); err != nil {
		return nil, fmt.Errorf("config of %s: %w", e.ID, err)
	}
	return out.Bytes(), enc.Close()
}

// prune drops what is as by default, and groups that are then empty.
func prune(mine, base *yaml.Node, prefix string) {
	var kept []*yaml.Node
	for i := 0; i+1 < len(mine.Content); i += 2 {
		key, value := mine.Content[i], mine.Content[i+1]
		usual := valueOf(base, key.Value)
		path := prefix + key.Value
		if usual != nil && usual.Kind == yaml.MappingNode && len(usual.Content) > 0 {
			prune(value, usual, path+".")
			if len(value.Content) == 0 {
				continue
			}
		} else if !isSeedKey(path) && usual != nil && same(value, usual) {
			continue
		}
		kept = append(kept, key, value)
	}
	mine.Content = kept
}

func isSeedKey(path string) bool {
	for _, k := range seedKeys {
		if path == k || strings.HasSuffix(k, ".") && strings.HasPrefix(path, k) {
			return true
		}
	}
	return false
}

func valueOf(mapping *yaml.Node, key string) *yaml.Node {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			return mapping.Content[i+1]
		}
	}
	return nil
}

// same compares a value with its default; an empty map is no map.
func same(a, b *yaml.Node) bool {
	return a.Value == b.Value && len(a.Content) == 0 && len(b.Content) == 0
}
