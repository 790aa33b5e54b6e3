package strictyaml

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"sync"

	"gopkg.in/yaml.v3"

	"shardeck/model"
	"shardeck/templates"
)

// Decode fills v, a pointer to a struct, from a mapping. What the mapping has not, and what is wrong in it,
// stays as it was in v. given are the values by their keys (parallelism.tp), of lists and maps the whole.
func Decode(file string, mapping *yaml.Node, v any, rules Rules) (given map[string]*yaml.Node, problems Problems) {
	at := reflect.ValueOf(v).Elem()
	d := &decoder{file: file, rules: rules, top: at.Type(), given: map[string]*yaml.Node{}}
	d.value("", mapping, at)
	return d.given, d.problems
}

// Embedded reads a table of templates when first asked for, and completes it. A damaged one panics.
func Embedded[T any](name string, complete ...func(*T)) func() *T {
	return sync.OnceValue(func() *T {
		table := new(T)
		data, err := templates.FS.ReadFile(name)
		doc, problems := Parse(name, data)
		if doc != nil {
			_, problems = Decode(name, doc.Content[0], table, Rules{})
		}
		if err = errors.Join(err, problems.OrNil()); err != nil || doc == nil {
			panic(fmt.Sprintf("this program was built with a damaged %s: %v", name, err))
		}
		for _, do := range complete {
			do(table)
		}
		return table
	})
}

type decoder struct {
	file     string
	rules    Rules
	top      reflect.Type
	given    map[string]*yaml.Node
	problems Problems
}

func (d *decoder) problem(at *yaml.Node, path, format string, args ...any) {
	d.problems = append(d.problems, At(d.file, at, path, format, args...))
}

func (d *decoder) value(path string, n *yaml.Node, at reflect.Value) {
	if n.Kind == yaml.AliasNode {
		d.problem(n, path, "%s: references (*%s) are not read here: write the value out", path, n.Value)
		return
	}
	want := shapeOf(at)
	switch {
	case want == 0:
		at.Set(reflect.ValueOf(*n))
	case want == yaml.ScalarNode && n.Kind == yaml.SequenceNode && d.rules.Several != "":
		d.problem(n, path, "%s must be %s: %s", path, d.rules.takes(path, at.Type()), fmt.Sprintf(d.rules.Several, path, Flow(n)))
	case want == yaml.ScalarNode && n.Kind != want:
		d.problem(n, path, "%s must be %s, not a list or further keys", path, d.rules.takes(path, at.Type()))
	case want == yaml.ScalarNode:
		d.scalar(path, n, at)
	case isNull(n): // an empty group means its defaults
	case n.Kind != want:
		d.problem(n, path, "%s must be %s", path, d.rules.takes(path, at.Type()))
	default:
		d.inside(path, n, at)
	}
}

// shapeOf is the kind of node that fills a value; 0: any, kept as it is.
func shapeOf(at reflect.Value) yaml.Kind {
	switch {
	case at.Type() == reflect.TypeFor[yaml.Node]():
		return 0
	case at.Kind() == reflect.Struct, at.Kind() == reflect.Map, at.Kind() == reflect.Pointer:
		return yaml.MappingNode
	case at.Kind() == reflect.Slice:
		return yaml.SequenceNode
	}
	return yaml.ScalarNode
}

func (d *decoder) inside(path string, n *yaml.Node, at reflect.Value) {
	switch {
	case at.Kind() == reflect.Pointer:
		at.Set(reflect.New(at.Type().Elem()))
		d.inside(path, n, at.Elem())
	case at.Kind() == reflect.Struct:
		d.fields(path, n, at)
	case at.Kind() == reflect.Slice:
		at.Set(reflect.MakeSlice(at.Type(), 0, len(n.Content))) // a list that is empty is one
		for _, item := range n.Content {
			next := reflect.New(at.Type().Elem()).Elem()
			d.value(path, item, next)
			at.Set(reflect.Append(at, next))
		}
	case at.Type().Elem().Kind() == reflect.Interface:
		d.passThrough(path, n, at)
	default:
		d.names(path, n, at)
	}
}

func (d *decoder) fields(path string, n *yaml.Node, at reflect.Value) {
	known := fieldNames(at.Type())
	d.pairs(path, n, func(key, value *yaml.Node, here string) {
		i := slices.Index(known, key.Value)
		if i < 0 {
			d.unknown(key, path, here, known)
			return
		}
		d.given[here] = value
		d.value(here, value, at.Field(i))
	})
}

func (d *decoder) names(path string, n *yaml.Node, at reflect.Value) {
	d.pairs(path, n, func(key, value *yaml.Node, here string) {
		before, v := len(d.problems), reflect.New(at.Type().Elem()).Elem()
		if d.value(here, value, v); len(d.problems) > before {
			return
		}
		if at.IsNil() {
			at.Set(reflect.MakeMap(at.Type()))
		}
		at.SetMapIndex(reflect.ValueOf(key.Value), v)
	})
}

// pairs visits the keys of a mapping, each once, with their paths.
func (d *decoder) pairs(path string, n *yaml.Node, visit func(key, value *yaml.Node, path string)) {
	first := map[string]int{}
	if path != "" {
		path += "."
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		here := path + key.Value
		switch line, twice := first[key.Value]; {
		case key.Kind != yaml.ScalarNode:
			d.problem(key, here, "a key must be a plain word")
		case twice:
			d.problem(key, here, "%s is given twice, first in line %d: keep one", here, line)
		default:
			first[key.Value] = key.Line
			visit(key, n.Content[i+1], here)
		}
	}
}

// unknown reports a key that nothing reads, with the one that was likely meant.
func (d *decoder) unknown(key *yaml.Node, group, path string, siblings []string) {
	text := fmt.Sprintf("unknown key %.60q", key.Value)
	if group != "" {
		text += " under " + group
	}
	if near := model.DidYouMean(key.Value, siblings); near != "" {
		text += "; " + near
	} else if home := homeOf(key.Value, d.top); home != "" {
		text += fmt.Sprintf("; it belongs under %s", home)
	} else {
		text += "; known are " + strings.Join(siblings, ", ")
	}
	d.problem(key, path, "%s", text)
	d.problems[len(d.problems)-1].UnknownKey = true
}

func homeOf(name string, t reflect.Type) string {
	for i, group := range fieldNames(t) {
		if field := t.Field(i).Type; field.Kind() == reflect.Struct && slices.Contains(fieldNames(field), name) {
			return group
		}
	}
	return ""
}

func fieldNames(t reflect.Type) []string {
	names := make([]string, t.NumField())
	for i := range names {
		names[i], _, _ = strings.Cut(t.Field(i).Tag.Get("yaml"), ",")
	}
	return names
}

func (d *decoder) passThrough(path string, n *yaml.Node, at reflect.Value) {
	args := map[string]any{}
	n = Clone(n)
	if bad := unfit(n); bad != nil {
		d.problem(bad, path, "%s: only plain values, lists and keys can be passed through; references, infinities and odd keys cannot", path)
	} else if err := n.Decode(&args); err != nil {
		d.problem(n, path, "%s: %s", path, strings.ReplaceAll(strings.TrimPrefix(err.Error(), "yaml: "), "\n", " "))
	} else {
		at.Set(reflect.ValueOf(args))
	}
}

// unfit finds a node that cannot be passed through as JSON. It makes dates text, in the caller's node.
func unfit(n *yaml.Node) *yaml.Node {
	switch n.Kind {
	case yaml.AliasNode:
		return n
	case yaml.ScalarNode:
		var x float64
		if n.Tag == "!!float" && (n.Decode(&x) != nil || math.IsInf(x, 0) || math.IsNaN(x)) {
			return n
		}
		if n.Tag == "!!binary" || n.Tag == "!!timestamp" {
			n.Tag = "!!str"
		}
	case yaml.MappingNode:
		for i := 0; i < len(n.Content); i += 2 {
			if n.Content[i].Kind != yaml.ScalarNode || n.Content[i].Tag != "!!str" {
				return n.Content[i]
			}
		}
	}
	for _, c := range n.Content {
		if bad := unfit(c); bad != nil {
			return bad
		}
	}
	return nil
}

// Encode writes a tree as a file, its groups indented by some blanks.
func Encode(n *yaml.Node, indent int) ([]byte, error) {
	var out bytes.Buffer
	enc := yaml.NewEncoder(&out)
	enc.SetIndent(indent)
	err := errors.Join(enc.Encode(n), enc.Close())
	return out.Bytes(), err
}

// Plain writes a value as a file, without what is empty or zero; keys of an element of a list stand on one line.
func Plain(v any) ([]byte, error) {
	var n yaml.Node
	if err := n.Encode(v); err != nil {
		return nil, err
	}
	leaveOutZeros(&n)
	return Encode(&n, 2)
}

// leaveOutZeros reports whether anything is left.
func leaveOutZeros(n *yaml.Node) bool {
	if n.Kind == yaml.ScalarNode {
		return !slices.Contains([]string{"", "0", "false", "null"}, n.Value) || n.Tag == "!!str" && n.Value != ""
	}
	var kept []*yaml.Node
	for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
		if leaveOutZeros(n.Content[i+1]) {
			kept = append(kept, n.Content[i:i+2]...)
		}
	}
	if n.Kind == yaml.MappingNode {
		n.Content = kept
	}
	for _, c := range n.Content {
		if n.Kind == yaml.SequenceNode && leaveOutZeros(c) && c.Kind == yaml.MappingNode {
			setFlow(c)
		}
	}
	return len(n.Content) > 0
}

// Clone is a copy of a node and all below it.
func Clone(n *yaml.Node) *yaml.Node {
	c := *n
	c.Content = model.Each(n.Content, Clone)
	return &c
}

// Flow writes a value as YAML on one line; empty for none.
func Flow(v any) string {
	var n yaml.Node
	if v == nil || n.Encode(v) != nil {
		return ""
	}
	setFlow(&n)
	out, _ := yaml.Marshal(&n) // what was encoded can be
	return strings.TrimSuffix(string(out), "\n")
}

func setFlow(n *yaml.Node) {
	n.Style &^= yaml.LiteralStyle | yaml.FoldedStyle
	if n.Kind != yaml.ScalarNode {
		n.Style |= yaml.FlowStyle
	} else if strings.ContainsRune(n.Value, '\n') {
		n.Style = yaml.DoubleQuotedStyle
	}
	for _, c := range n.Content {
		setFlow(c)
	}
}

// ParseFlow reads one value as YAML, so that 2 is a number and [a, b] a list.
func ParseFlow(text string) (any, error) {
	var n yaml.Node
	if err := yaml.Unmarshal([]byte(text), &n); err != nil {
		return nil, fmt.Errorf("%.60q cannot be read: put it in quotes", text)
	}
	if n.Kind == 0 {
		return "", nil
	}
	if unfit(&n) != nil {
		return nil, fmt.Errorf("%.60q cannot be passed through: put it in quotes", text)
	}
	var v any
	if n.Decode(&v) != nil {
		return nil, fmt.Errorf("%.60q cannot be read: put it in quotes", text)
	}
	return v, nil
}
