package catalog

import (
	"errors"
	"io/fs"
	"os"
	"strings"

	"gopkg.in/yaml.v3"
)

// readSettings reads one file of settings; none is no error.
func readSettings(label, path string) ([]value, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, &Fault{File: label, Text: "cannot be read: " + err.Error(), Err: err}
	}
	return parseSettings(label, data)
}

// parseSettings turns a file of settings into values, each checked at its place.
func parseSettings(file string, data []byte) ([]value, error) {
	top, err := root(file, data)
	if err != nil || top == nil {
		return nil, err
	}
	return settingsBelow(file, "", top)
}

// settingsBelow reads a mapping; a key with a dot in the table is one below another.
func settingsBelow(file, prefix string, n *yaml.Node) ([]value, error) {
	var out []value
	err := pairs(file, n, func(k, v *yaml.Node) error {
		key := prefix + k.Value
		if prefix == "" && hasBelow(key) && v.Kind == yaml.MappingNode {
			below, err := settingsBelow(file, key+".", v)
			out = append(out, below...)
			return err
		}
		if !IsSetting(key) {
			return unknownSetting(file, prefix, k)
		}
		if v.Kind != yaml.ScalarNode {
			return faultAt(file, v, "%s must be one value", key)
		}
		text := v.Value
		if v.Tag == "!!null" {
			text = ""
		}
		if err := find(key).takes(text); err != nil {
			return faultAt(file, v, "%s: %v", key, err)
		}
		out = append(out, value{key, text, file, func(err error) error { return faultAt(file, v, "%v", err) }})
		return nil
	})
	return out, err
}

// hasBelow reports whether a key holds further ones: runtime.
func hasBelow(key string) bool {
	for _, k := range Keys() {
		if strings.HasPrefix(k, key+".") {
			return true
		}
	}
	return false
}

func unknownSetting(file, prefix string, k *yaml.Node) error {
	var known []string
	for _, name := range Keys() {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			known = append(known, rest)
		}
	}
	if hasBelow(k.Value) && prefix == "" {
		return faultAt(file, k, "%s must hold keys with values, as in  %s: {kind: conda, name: vllm-profiling}", k.Value, k.Value)
	}
	return unknown(file, k, known)
}
