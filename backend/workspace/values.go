package workspace

import (
	"fmt"
	"math"
	"reflect"
	"sort"
	"strconv"
	"strings"

	"shardeck/model"
	"shardeck/model/check"
)

// takes says in words what a field accepts.
func (f field) takes() string {
	span := ""
	if lo, hi, bounded := f.bounds(); bounded {
		span = fmt.Sprintf(" from %d to %d", lo, hi)
	}
	switch f.kind {
	case kindWhole:
		return "a whole number" + span
	case kindAuto:
		return "auto or a whole number" + span
	case kindDecimal:
		return "a number" + span
	case kindYesNo:
		return "true or false"
	case kindGroup, kindEnv, kindAnyKeys:
		return "keys with values, one a line below it"
	}
	if c := check.Choices(f.path); c != nil {
		return "one of " + strings.Join(c, ", ")
	}
	return "text"
}

func number(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }

// refuse is the error of a value that a field does not take.
func (f field) refuse(value string) error {
	if near := model.Nearest(value, check.Choices(f.path)); near != "" {
		return fmt.Errorf("%s: %.60q is not %s; did you mean %s?", f.path, value, f.takes(), near)
	}
	return fmt.Errorf("%s: %.60q is not %s", f.path, value, f.takes())
}

// set gives a field of an experiment a value written as text.
func (f field) set(e *model.Experiment, text string) error {
	at := reflect.ValueOf(e).Elem().FieldByIndex(f.index)
	switch f.kind {
	case kindWhole, kindAuto:
		if f.kind == kindAuto && text == "auto" {
			at.SetInt(int64(model.Auto))
			return nil
		}
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || !f.within(float64(n)) {
			return f.refuse(text)
		}
		at.SetInt(n)
	case kindDecimal:
		x, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsNaN(x) || !f.within(x) {
			return f.refuse(text)
		}
		at.SetFloat(x)
	case kindYesNo:
		if text != "true" && text != "false" {
			return f.refuse(text)
		}
		at.SetBool(text == "true")
	default:
		if err := f.checkText(text); err != nil {
			return err
		}
		at.SetString(text)
	}
	return nil
}

func (f field) within(x float64) bool {
	lo, hi, bounded := f.bounds()
	return !bounded || x >= float64(lo) && x <= float64(hi)
}

// maxFactor bounds the pace of a replay; none of hours is meant.
const maxFactor = 1000

// bounds is the range of a number. Where 0 stands for auto, the word is written.
func (f field) bounds() (lo, hi int, ok bool) {
	lo, hi, ok = check.Bounds(f.path)
	switch f.kind {
	case kindAuto:
		lo = max(lo, 1)
	case kindDecimal:
		return 0, maxFactor, true
	}
	return lo, hi, ok
}

// checkText tells whether text may stand in a field.
func (f field) checkText(text string) error {
	if c := check.Choices(f.path); c != nil && !contains(c, text) {
		return f.refuse(text)
	}
	if hasControl(text) {
		return fmt.Errorf("%s: holds a line break or another control character: remove it", f.path)
	}
	if check := checks[f.path]; check != nil {
		if err := check(text); err != nil {
			return fmt.Errorf("%s: %w", f.path, err)
		}
	}
	return nil
}

// get is the value of a field as it is written in a config.
func (f field) get(e *model.Experiment) string {
	at := reflect.ValueOf(e).Elem().FieldByIndex(f.index)
	switch {
	case f.kind == kindAuto && at.Int() == 0:
		return "auto"
	case f.kind == kindWhole, f.kind == kindAuto:
		return strconv.FormatInt(at.Int(), 10)
	case f.kind == kindDecimal:
		return number(at.Float())
	case f.kind == kindYesNo:
		return strconv.FormatBool(at.Bool())
	}
	return at.String()
}

// Value is one key of an experiment as text: "parallelism.tp", "env.NCCL_DEBUG".
func Value(e model.Experiment, path string) (string, error) {
	f, sub, err := lookup(path)
	if err != nil {
		return "", err
	}
	switch f.kind {
	case kindEnv:
		return e.Env[sub], nil
	case kindAnyKeys:
		return flow(e.VLLM[sub]), nil
	}
	return f.get(&e), nil
}

// Apply sets one key of an experiment that has no file, such as for --set. The
// error says what the key takes.
func Apply(e *model.Experiment, path, value string) error {
	f, sub, err := lookup(path)
	if err != nil {
		return err
	}
	switch f.kind {
	case kindEnv:
		return applyEnv(e, sub, value)
	case kindAnyKeys:
		return applyAny(e, sub, value)
	}
	return f.set(e, value)
}

func applyEnv(e *model.Experiment, name, value string) error {
	if err := checkEnv(name, value); err != nil {
		return err
	}
	env := map[string]string{name: value}
	for k, v := range e.Env {
		if k != name {
			env[k] = v
		}
	}
	e.Env = env
	return nil
}

// applyAny reads the value as YAML would, so that 2 is a number and [a, b] a list.
func applyAny(e *model.Experiment, name, value string) error {
	v, err := parseFlow(value)
	if err != nil {
		return fmt.Errorf("vllm.%s: %w", name, err)
	}
	args := map[string]any{name: v}
	for k, old := range e.VLLM {
		if k != name {
			args[k] = old
		}
	}
	e.VLLM = args
	return nil
}

func checkEnv(name, value string) error {
	if err := model.CheckEnvName(name); err != nil {
		return fmt.Errorf("env: %w", err)
	}
	if strings.ContainsRune(value, 0) {
		return fmt.Errorf("env.%s: holds a NUL byte: remove it", name)
	}
	return nil
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

func hasControl(s string) bool { return strings.ContainsFunc(s, isControl) }

func isControl(r rune) bool { return r < 0x20 || r >= 0x7f && r < 0xa0 }

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
