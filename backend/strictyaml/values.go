package strictyaml

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"shardeck/model"
)

// Rules say what keys take beyond their types, by path (parallelism.tp); the zero value: any text, numbers from 0.
type Rules struct {
	Choices func(path string) []string               // the words that a text is one of; nil: any text
	Bounds  func(path string) (lo, hi int, ok bool)  // of a number
	Check   func(path, text string) error            // of a text, also of one below a key that takes any names
	Clean   func(path, text string) (cleaned string) // of a text in a file, before it is checked
	Several string                                   // what to do where a key of one value has a list; empty: nothing is said
}

func (r Rules) choices(path string) []string {
	if r.Choices == nil {
		return nil
	}
	return r.Choices(path)
}

// bounds is the range of a number. Where 0 stands for auto, the word is written.
func (r Rules) bounds(path string, t reflect.Type) (lo, hi float64) {
	hi = math.Inf(1)
	if r.Bounds != nil {
		if a, b, ok := r.Bounds(path); ok {
			lo, hi = float64(a), float64(b)
		}
	}
	if isAutoInt(t) {
		lo = max(lo, 1)
	}
	return lo, hi
}

func isAutoInt(t reflect.Type) bool { return t == reflect.TypeFor[model.AutoInt]() }

// IsText reports whether a key of this type takes text.
func IsText(t reflect.Type) bool { return t.Kind() == reflect.String }

func (r Rules) takes(path string, t reflect.Type) string {
	lo, hi := r.bounds(path, t)
	span := fmt.Sprintf(" from %.0f to %.0f", lo, hi)
	if math.IsInf(hi, 1) {
		span = fmt.Sprintf(" of at least %.0f", lo)
	}
	switch t.Kind() {
	case reflect.Int, reflect.Int64:
		if isAutoInt(t) {
			return "auto or a whole number" + span
		}
		return "a whole number" + span
	case reflect.Float64:
		return "a number" + span
	case reflect.Bool:
		return "true or false"
	case reflect.Slice:
		return "a list: [a, b]"
	case reflect.String:
		if c := r.choices(path); c != nil {
			return "one of " + strings.Join(c, ", ")
		}
		return "text"
	}
	return "keys with values, one a line below it"
}

func (r Rules) refuse(path, value string, t reflect.Type) error {
	near := model.DidYouMean(value, r.choices(path))
	if near != "" {
		near = "; " + near
	}
	return fmt.Errorf("%s: %.60q is not %s%s", path, value, r.takes(path, t), near)
}

// scalar reads one plain value; numbers and words for yes must not be in quotes.
func (d *decoder) scalar(path string, n *yaml.Node, at reflect.Value) {
	text, t := n.Value, at.Type()
	switch {
	case isNull(n) && !IsText(t):
		d.problem(n, path, "%s has no value: it takes %s", path, d.rules.takes(path, t))
		return
	case IsText(t):
		if isNull(n) {
			text = ""
		}
		if d.rules.Clean != nil {
			text = d.rules.Clean(path, text)
		}
		if text == "" && d.rules.choices(path) == nil {
			return // left out and left empty are the same
		}
	case n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0 && !(isAutoInt(t) && text == "auto"):
		d.problem(n, path, "%s: %.60q is text because of its quotes: write it without, it takes %s", path, text, d.rules.takes(path, t))
		return
	case t.Kind() == reflect.Bool:
		text = strings.ToLower(text)
	default:
		text = plainInt(n)
	}
	if err := d.rules.SetText(path, at, text); err != nil {
		d.problem(n, path, "%v", err)
	}
}

// plainInt writes 0x10 and 1_000, which YAML reads as numbers, the usual way.
func plainInt(n *yaml.Node) string {
	var i int64
	if n.Tag == "!!int" && n.Decode(&i) == nil {
		return strconv.FormatInt(i, 10)
	}
	return n.Value
}

// SetText gives a field a value written as text, a duration in whole seconds. An error says what the key takes.
func (r Rules) SetText(path string, at reflect.Value, text string) error {
	t := at.Type()
	lo, hi := r.bounds(path, t)
	switch t.Kind() {
	case reflect.Int, reflect.Int64:
		n, err := strconv.ParseInt(text, 10, 64)
		switch {
		case isAutoInt(t) && text == "auto":
			n = int64(model.Auto)
		case err != nil, float64(n) < lo, float64(n) > hi:
			return r.refuse(path, text, t)
		case isDuration(t):
			n *= int64(time.Second)
		}
		at.SetInt(n)
	case reflect.Float64:
		x, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsNaN(x) || math.IsInf(x, 0) || x < lo || x > hi {
			return r.refuse(path, text, t)
		}
		at.SetFloat(x)
	case reflect.Bool:
		if text != "true" && text != "false" {
			return r.refuse(path, text, t)
		}
		at.SetBool(text == "true")
	case reflect.Slice: // of words
		words := strings.FieldsFunc(text, func(c rune) bool { return strings.ContainsRune("[], ", c) })
		for i := range words {
			if err := r.SetText(path, reflect.ValueOf(&words[i]).Elem(), words[i]); err != nil {
				return err
			}
		}
		at.Set(reflect.ValueOf(words))
	default:
		if c := r.choices(path); c != nil && !slices.Contains(c, text) {
			return r.refuse(path, text, t)
		}
		if r.Check != nil {
			if err := r.Check(path, text); err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
		}
		at.SetString(text)
	}
	return nil
}

func isDuration(t reflect.Type) bool { return t == reflect.TypeFor[time.Duration]() }

// Text is what SetText reads, of a list its words: the value of a field as a file has it.
func Text(at reflect.Value) string {
	switch t := at.Type(); {
	case isAutoInt(t) && at.Int() == int64(model.Auto):
		return "auto"
	case isDuration(t):
		return strconv.FormatInt(at.Int()/int64(time.Second), 10)
	case at.CanInt():
		return strconv.FormatInt(at.Int(), 10)
	case at.CanFloat():
		return strconv.FormatFloat(at.Float(), 'f', -1, 64)
	case t.Kind() == reflect.Bool:
		return strconv.FormatBool(at.Bool())
	case t.Kind() == reflect.Slice:
		return strings.Join(at.Interface().([]string), ", ")
	}
	return at.String()
}

// Field is one key of a struct that files fill.
type Field struct {
	Path  string // parallelism.tp
	Type  reflect.Type
	index []int
}

// Of is the field of a struct that has it.
func (f Field) Of(v any) reflect.Value { return reflect.ValueOf(v).Elem().FieldByIndex(f.index) }

// Single reports whether the key takes one value, not keys or a list.
func (f Field) Single() bool { return shapeOf(reflect.Zero(f.Type)) == yaml.ScalarNode }

// Fields are all keys of a struct, in their order, a group before those below it.
func Fields[T any]() []Field {
	var found []Field
	var walk func(t reflect.Type, prefix string, index []int)
	walk = func(t reflect.Type, prefix string, index []int) {
		for i, name := range fieldNames(t) {
			f := Field{prefix + name, t.Field(i).Type, append(slices.Clone(index), i)}
			found = append(found, f)
			if f.Type.Kind() == reflect.Struct {
				walk(f.Type, f.Path+".", f.index)
			}
		}
	}
	walk(reflect.TypeFor[T](), "", nil)
	return found
}
