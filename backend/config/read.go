package config

import (
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"shardeck/backend/strictyaml"
	"shardeck/model"
)

// required keys have no default that could be meant.
var required = []string{"experiment_id", "model.name", "output_dir"}

// parse is where all text of a config is parsed: tests count its calls.
var parse = parseText

// parseText reads the document of a config, which must not be empty.
func parseText(file string, data []byte) (*yaml.Node, strictyaml.Problems) {
	doc, problems := strictyaml.Parse(file, data)
	if doc == nil && problems == nil {
		problems = strictyaml.Problems{{File: file, Text: "is empty: write at least experiment_id, model, parallelism, data and output_dir"}}
	}
	return doc, problems
}

// Read reads one config, starting from model.Defaults. What is wrong is returned as
// strictyaml.Problems, each with line, column and what to do; the experiment then
// holds what could be read. file is only for the messages.
func Read(file string, data []byte) (model.Experiment, error) {
	doc, problems := parse(file, data)
	if problems != nil {
		return model.Defaults(), problems
	}
	e, problems := Decode(file, doc.Content[0])
	return e, problems.OrNil()
}

// Decode is Read for a mapping inside a larger file, such as an entry of the catalogue.
func Decode(file string, mapping *yaml.Node) (model.Experiment, strictyaml.Problems) {
	e := model.Defaults()
	given, problems := strictyaml.Decode(file, mapping, &e, rules)
	for _, key := range required {
		faulty := slices.ContainsFunc(problems, func(p strictyaml.Problem) bool { return p.Key == key })
		if v, _ := Value(e, key); v == "" && !faulty {
			at := mapping
			if group, _, ok := strings.Cut(key, "."); ok && given[group] != nil {
				at = given[group]
			}
			problems = append(problems, strictyaml.At(file, at, key, "%s is missing: add it", key))
		}
	}
	return e, problems
}
