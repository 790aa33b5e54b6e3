package workspace

import (
	"fmt"
	"reflect"
	"strings"

	"shardeck/model"
	"shardeck/model/check"
)

// kind is what a key of a config holds.
type kind int

const (
	kindText kind = iota
	kindWhole
	kindAuto // whole, or the word auto
	kindDecimal
	kindYesNo
	kindGroup   // a mapping of known keys
	kindEnv     // a mapping of any names to text
	kindAnyKeys // a mapping passed through as it is
)

// field is one key of a config: where it lies in model.Experiment and what it takes.
type field struct {
	path  string // parallelism.tp
	kind  kind
	index []int // for reflect.Value.FieldByIndex
}

// checks are the patterns of values that reach a job script.
var checks = map[string]func(string) error{
	"experiment_id":    model.CheckID,
	"output_dir":       model.CheckOutputDir,
	"slurm.account":    model.CheckSlurmWord,
	"slurm.qos":        model.CheckSlurmWord,
	"slurm.constraint": model.CheckConstraint,
	"slurm.time":       model.CheckTimeLimit,
}

// required keys have no default that could be meant.
var required = []string{"experiment_id", "model.name", "output_dir"}

// fields is every key by path, from the yaml tags of model.Experiment; order is
// theirs, which is also the order keys are written in.
var fields, order = collect()

func collect() (map[string]field, []string) {
	found, paths := map[string]field{}, []string{}
	var walk func(t reflect.Type, prefix string, index []int)
	walk = func(t reflect.Type, prefix string, index []int) {
		for i := range t.NumField() {
			name, _, _ := strings.Cut(t.Field(i).Tag.Get("yaml"), ",")
			f := field{prefix + name, kindOf(t.Field(i).Type), append(append([]int{}, index...), i)}
			found[f.path] = f
			paths = append(paths, f.path)
			if f.kind == kindGroup {
				walk(t.Field(i).Type, f.path+".", f.index)
			}
		}
	}
	walk(reflect.TypeFor[model.Experiment](), "", nil)
	return found, paths
}

func kindOf(t reflect.Type) kind {
	if t == reflect.TypeFor[model.AutoInt]() {
		return kindAuto
	}
	switch t.Kind() {
	case reflect.Struct:
		return kindGroup
	case reflect.Map:
		if t.Elem().Kind() == reflect.String {
			return kindEnv
		}
		return kindAnyKeys
	case reflect.Int:
		return kindWhole
	case reflect.Float64:
		return kindDecimal
	case reflect.Bool:
		return kindYesNo
	}
	return kindText
}

// Keys lists every key a form can show, by path, in the order of a config;
// groups, env and vllm themselves are left out.
func Keys() []string {
	var keys []string
	for _, p := range order {
		if fields[p].kind < kindGroup {
			keys = append(keys, p)
		}
	}
	return keys
}

// Choices are the words a key takes; nil: any text, or a number.
func Choices(path string) []string {
	if fields[path].kind == kindYesNo {
		return []string{"true", "false"}
	}
	return check.Choices(path)
}

// lookup finds the field of a path; env and vllm hold any name below them.
func lookup(path string) (f field, sub string, err error) {
	if f, ok := fields[path]; ok && f.kind < kindGroup {
		return f, "", nil
	}
	top, sub, _ := strings.Cut(path, ".")
	f, ok := fields[top]
	if ok && sub != "" && (f.kind == kindEnv || f.kind == kindAnyKeys) {
		return f, sub, nil
	}
	return field{}, "", unknownKey(path, Keys())
}

func unknownKey(path string, known []string) error {
	if near := model.Nearest(path, known); near != "" {
		return fmt.Errorf("unknown key %.60q; did you mean %s?", path, near)
	}
	return fmt.Errorf("unknown key %.60q; known are %s", path, strings.Join(known, ", "))
}
