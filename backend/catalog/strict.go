package catalog

import (
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"strings"

	"gopkg.in/yaml.v3"

	"shardeck/model"
)

// Fault is one thing wrong with a file, at its place.
type Fault struct {
	File      string
	Line, Col int // from 1; 0: the file as a whole
	Text      string
	Err       error // what it wraps; may be nil
}

// Error is file:line:col: text, as compilers write it.
func (f *Fault) Error() string {
	if f.Line == 0 {
		return fmt.Sprintf("%s: %s", f.File, f.Text)
	}
	return fmt.Sprintf("%s:%d:%d: %s", f.File, f.Line, f.Col, f.Text)
}

// Unwrap gives what caused it.
func (f *Fault) Unwrap() error { return f.Err }

func faultAt(file string, n *yaml.Node, format string, args ...any) *Fault {
	return &Fault{File: file, Line: n.Line, Col: n.Column, Text: fmt.Sprintf(format, args...)}
}

// maxBytes of a file of settings or data: past it, it is something else.
const maxBytes = 4 << 20

// root parses one YAML document and returns its mapping; nil for an empty file.
func root(file string, data []byte) (*yaml.Node, error) {
	if len(data) > maxBytes {
		return nil, &Fault{File: file, Text: "is larger than 4 MB, which no such file is: check its name"}
	}
	var doc yaml.Node
	dec := yaml.NewDecoder(strings.NewReader(string(data)))
	err := dec.Decode(&doc)
	if errors.Is(err, io.EOF) || err == nil && len(doc.Content) == 0 {
		return nil, nil
	}
	if err != nil {
		return nil, &Fault{File: file, Text: "is not YAML: " + strings.TrimPrefix(err.Error(), "yaml: "), Err: err}
	}
	if dec.Decode(&yaml.Node{}) != io.EOF {
		return nil, &Fault{File: file, Text: "holds more than one document: keep the part before the second ---"}
	}
	top := doc.Content[0]
	if top.Kind == yaml.ScalarNode && top.Tag == "!!null" {
		return nil, nil
	}
	if top.Kind != yaml.MappingNode {
		return nil, faultAt(file, top, "must hold keys with values, as in  key: value")
	}
	return top, nil
}

// decode fills v, a pointer to a struct, from a file; a key without a field, one
// given twice and a value of another kind are errors at their place.
func decode(file string, data []byte, v any) error {
	top, err := root(file, data)
	if err != nil || top == nil {
		return err
	}
	return fill(file, top, v)
}

// fill is decode for a part of a file.
func fill(file string, n *yaml.Node, v any) error {
	if err := checkNode(file, n, reflect.TypeOf(v).Elem(), 0); err != nil {
		return err
	}
	if err := n.Decode(v); err != nil {
		return faultAt(file, n, "%s", strings.TrimPrefix(err.Error(), "yaml: "))
	}
	return nil
}

// checkNode walks a node beside the type it is to fill.
func checkNode(file string, n *yaml.Node, t reflect.Type, depth int) error {
	if n.Kind == yaml.AliasNode || depth > 16 {
		return faultAt(file, n, "write the value out: references (*name) and deep nesting are not read here")
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		return nil
	}
	switch t.Kind() {
	case reflect.Struct:
		return checkStruct(file, n, t, depth)
	case reflect.Map:
		return checkMap(file, n, t, depth)
	case reflect.Slice:
		return checkList(file, n, t, depth)
	}
	return checkScalar(file, n, t)
}

func checkStruct(file string, n *yaml.Node, t reflect.Type, depth int) error {
	if n.Kind != yaml.MappingNode {
		return faultAt(file, n, "must hold keys with values")
	}
	known := fieldTypes(t)
	return pairs(file, n, func(k, v *yaml.Node) error {
		ft, ok := known[k.Value]
		if !ok {
			return unknown(file, k, fieldNames(t))
		}
		return checkNode(file, v, ft, depth+1)
	})
}

func checkMap(file string, n *yaml.Node, t reflect.Type, depth int) error {
	if n.Kind != yaml.MappingNode {
		return faultAt(file, n, "must hold keys with values")
	}
	return pairs(file, n, func(_, v *yaml.Node) error { return checkNode(file, v, t.Elem(), depth+1) })
}

func checkList(file string, n *yaml.Node, t reflect.Type, depth int) error {
	if n.Kind != yaml.SequenceNode {
		return faultAt(file, n, "must be a list: [a, b]")
	}
	for _, item := range n.Content {
		if err := checkNode(file, item, t.Elem(), depth+1); err != nil {
			return err
		}
	}
	return nil
}

// checkScalar also catches what the YAML decoder lets through: a fraction for a
// whole number, a negative one where none makes sense, and infinity.
func checkScalar(file string, n *yaml.Node, t reflect.Type) error {
	if n.Kind != yaml.ScalarNode {
		return faultAt(file, n, "must be one value")
	}
	switch t.Kind() {
	case reflect.Int, reflect.Int64:
		var v int64
		if n.Tag != "!!int" || n.Decode(&v) != nil || v < 0 {
			return faultAt(file, n, "%.40q must be a whole number, 0 or more", n.Value)
		}
	case reflect.Float64:
		var v float64
		if n.Decode(&v) != nil || v < 0 || math.IsNaN(v) || math.IsInf(v, 0) {
			return faultAt(file, n, "%.40q must be a number, 0 or more", n.Value)
		}
	case reflect.Bool:
		if n.Tag != "!!bool" {
			return faultAt(file, n, "%.40q must be true or false", n.Value)
		}
	}
	return nil
}

// pairs visits the keys of a mapping, each once.
func pairs(file string, n *yaml.Node, visit func(k, v *yaml.Node) error) error {
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		if k.Kind != yaml.ScalarNode {
			return faultAt(file, k, "a key must be a word")
		}
		if seen[k.Value] {
			return faultAt(file, k, "key %.40q is given twice: remove one", k.Value)
		}
		seen[k.Value] = true
		if err := visit(k, v); err != nil {
			return err
		}
	}
	return nil
}

// unknown is the error of a key that means nothing there.
func unknown(file string, k *yaml.Node, known []string) error {
	if near := model.Nearest(k.Value, known); near != "" {
		return faultAt(file, k, "unknown key %.40q: did you mean %s?", k.Value, near)
	}
	return faultAt(file, k, "unknown key %.40q: known are %s", k.Value, strings.Join(known, ", "))
}

func fieldTypes(t reflect.Type) map[string]reflect.Type {
	out := map[string]reflect.Type{}
	for i := range t.NumField() {
		out[fieldName(t.Field(i))] = t.Field(i).Type
	}
	return out
}

func fieldNames(t reflect.Type) []string {
	var out []string
	for i := range t.NumField() {
		out = append(out, fieldName(t.Field(i)))
	}
	return out
}

func fieldName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
	return name
}
