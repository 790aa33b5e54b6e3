// Package config is the YAML of one experiment: its keys, which are the yaml tags of
// model.Experiment, what each takes, what a file means and what is wrong with it (keys.go),
// and a Document that is edited key by key and remembers each state, parsed (document.go).
package config

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"path"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"gopkg.in/yaml.v3"

	"shardeck/backend/strictyaml"
	"shardeck/model"
	"shardeck/model/check"
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
// strictyaml.Problems; the experiment then holds what could be read. file is for the messages.
func Read(file string, data []byte) (model.Experiment, error) {
	doc, problems := parse(file, data)
	if problems != nil {
		e := model.Defaults()
		e.ID = ID(file, data)
		return e, problems
	}
	e, problems := Decode(file, doc.Content[0])
	return e, problems.OrNil()
}

// ID is the id of a config that cannot be read as YAML: that of its line, else the first part of the name that generate gave
// the file, which has a digit; empty: neither tells.
func ID(file string, text []byte) string {
	if m := idLine.FindSubmatch(text); m != nil && model.CheckID(string(m[1])) == nil {
		return string(m[1])
	}
	id, _, slug := strings.Cut(path.Base(file), "_")
	if slug && strings.ContainsAny(id, "0123456789") && model.CheckID(id) == nil {
		return id
	}
	return ""
}

var idLine = regexp.MustCompile(`(?m)^experiment_id:[ \t]*["']?([^\s"'#]+)`)

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
			p := strictyaml.At(file, at, key, "%s is missing: add it", key)
			p.NoValue = true
			problems = append(problems, p)
		}
	}
	return e, problems
}

var fields = strictyaml.Fields[model.Experiment]()

// order and single are the paths of all keys, and of those that take one value.
var order, single = func() (all, single []string) {
	for _, f := range fields {
		all = append(all, f.Path)
		if f.Single() {
			single = append(single, f.Path)
		}
	}
	return all, single
}()

var rules = strictyaml.Rules{Choices: check.Choices, Bounds: bounds, Check: checkText, Clean: clean,
	Several: "an experiment has one; several are the points of a sweep, in experiments/sweeps/<id>.yaml as vary: {%s: %s}"}

// most bounds numbers that need not be whole: the pace of a replay, of which none of hours is meant; requests a second; ms.
var most = map[string]int{"replay.factor": 1000, "load.rate": 1e6, "slo.ttft": 1e9, "slo.tpot": 1e9, "slo.e2e": 1e9}

func bounds(path string) (lo, hi int, ok bool) {
	if hi, ok := most[path]; ok {
		return 0, hi, true
	}
	return check.Bounds(path)
}

// patterns are those of values that reach a job script.
var patterns = map[string]func(string) error{
	"experiment_id":    model.CheckID,
	"output_dir":       model.CheckOutputDir,
	"slurm.account":    model.CheckSlurmWord,
	"slurm.qos":        model.CheckSlurmWord,
	"slurm.constraint": model.CheckConstraint,
	"slurm.time":       model.CheckTimeLimit,
}

func checkText(path, text string) error {
	if name, ok := strings.CutPrefix(path, "env_from."); ok {
		if text != model.FromCaller && !strings.Contains(text, "/") {
			return errors.New("is the file that holds the value alone, such as ~/.hf_token, or " + model.FromCaller + ", where the caller has set it")
		}
		return cmp.Or(model.CheckEnvName(name), checkText("", text))
	}
	if name, ok := strings.CutPrefix(path, "env."); ok {
		if strings.ContainsRune(text, 0) {
			return errors.New("holds a NUL byte: remove it")
		}
		return model.CheckEnvName(name)
	}
	if strings.ContainsFunc(text, unicode.IsControl) {
		return errors.New("holds a line break or another control character: remove it")
	}
	if pattern := patterns[path]; pattern != nil {
		return pattern(text)
	}
	return nil
}

// clean joins the lines of a description and makes it safe for a screen.
func clean(path, text string) string {
	if path != "description" {
		return text
	}
	joined := strings.NewReplacer("\n", " ", "\r", " ").Replace(text)
	return strings.Join(strings.Fields(model.Printable(joined)), " ")
}

// Keys lists the keys that take one value, by path, in the order of a config.
func Keys() []string { return slices.Clone(single) }

// Choices are the words a key takes; nil: any text, or a number.
func Choices(path string) []string {
	if f, _, err := lookup(path); err == nil && f.Type.Kind() == reflect.Bool {
		return []string{"true", "false"}
	}
	return check.Choices(path)
}

// lookup finds the field of a path; env and vllm hold any name below them.
func lookup(path string) (f strictyaml.Field, name string, err error) {
	top, name, below := strings.Cut(path, ".")
	for _, f := range fields {
		if f.Path == path && f.Single() {
			return f, "", nil
		}
		if f.Path == top && name != "" && below && f.Type.Kind() == reflect.Map {
			return f, name, nil
		}
	}
	return f, "", fmt.Errorf("unknown key %.60q; %s", path, cmp.Or(model.DidYouMean(path, single), "known are "+strings.Join(single, ", ")))
}

// Path is the key that a word means: a key by its path, or the one key that ends in it (tp, batch_size).
func Path(word string) (string, error) {
	if _, _, err := lookup(word); err == nil {
		return word, nil
	}
	var ends []string
	for _, key := range single {
		if strings.HasSuffix(key, "."+word) {
			ends = append(ends, key)
		}
	}
	switch len(ends) {
	case 0:
		last := model.Each(single, func(key string) string { return key[strings.LastIndexByte(key, '.')+1:] })
		if near := model.DidYouMean(word, last); near != "" {
			return "", fmt.Errorf("unknown key %.60q; %s", word, near)
		}
		_, _, err := lookup(word)
		return "", err
	case 1:
		return ends[0], nil
	}
	return "", fmt.Errorf("%.60q may be %s: write the whole", word, strings.Join(ends, " or "))
}

// Value is one key of an experiment as text: "parallelism.tp", "env.NCCL_DEBUG".
func Value(e model.Experiment, path string) (string, error) {
	f, name, err := lookup(path)
	switch {
	case err != nil:
		return "", err
	case f.Path == "env":
		return e.Env[name], nil
	case f.Path == "env_from":
		return e.EnvFrom[name], nil
	case f.Path == "vllm":
		return strictyaml.Flow(e.VLLM[name]), nil
	}
	return strictyaml.Text(f.Of(&e)), nil
}

// Changes are what a config says otherwise than a run of it recorded.
func Changes(run, now model.Experiment) model.Changes {
	return model.ChangesSince(values(run), values(now))
}

// Measured are the keys of an experiment that numbers depend on, with their values.
func Measured(e model.Experiment) []model.Edit {
	return slices.DeleteFunc(values(e), func(v model.Edit) bool { return !model.Counts(v.Path) })
}

// values are an experiment by key, those of env and vllm by name. A pace of 0 is that of the recording, and no number
// of layers is the model's own.
func values(e model.Experiment) (all []model.Edit) {
	e = e.Masked() // as a run has written them down
	e.Replay.Factor = cmp.Or(e.Replay.Factor, 1)
	for _, f := range fields {
		if own := f.Path == "model.layers" && e.Model.Layers == 0; !own && f.Type.Kind() != reflect.Struct && f.Type.Kind() != reflect.Map {
			all = append(all, model.Edit{Path: f.Path, Value: strictyaml.Text(f.Of(&e))})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(e.Env)) {
		all = append(all, model.Edit{Path: "env." + name, Value: e.Env[name]})
	}
	for _, name := range slices.Sorted(maps.Keys(e.EnvFrom)) {
		all = append(all, model.Edit{Path: "env_from." + name, Value: e.EnvFrom[name]})
	}
	for _, name := range slices.Sorted(maps.Keys(e.VLLM)) {
		all = append(all, model.Edit{Path: "vllm." + name, Value: strictyaml.Flow(e.VLLM[name])})
	}
	return all
}

// Apply sets one key of an experiment, such as for --set. An error says what the key takes.
func Apply(e *model.Experiment, path, value string) error {
	f, name, err := lookup(path)
	if err != nil {
		return err
	}
	switch f.Path {
	case "env", "env_from":
		if err := checkText(path, value); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if f.Path == "env" {
			e.Env = with(e.Env, name, value)
		} else {
			e.EnvFrom = with(e.EnvFrom, name, value)
		}
	case "vllm":
		v, err := strictyaml.ParseFlow(value)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		e.VLLM = with(e.VLLM, name, v)
	default:
		return rules.SetText(path, f.Of(e), value)
	}
	return nil
}

// with is a copy of a map with one key more, or another value of it.
func with[V any](m map[string]V, key string, value V) map[string]V {
	copied := map[string]V{}
	maps.Copy(copied, m)
	copied[key] = value
	return copied
}
