// Package sweep is the use cases of a sweep: its file (file.go), what its points are and have become (plan.go), the jobs that run
// them (pack.go), and which of them come next (turns.go).
package sweep

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"shardeck/backend/config"
	"shardeck/backend/strictyaml"
	"shardeck/model"
	"shardeck/model/condition"
	"shardeck/model/metric"
	"shardeck/model/sweep"
)

// file is a sweep as people write it; its id is the file's name.
type file struct {
	Description string      `yaml:"description"`
	Base        string      `yaml:"base"`
	Vary        yaml.Node   `yaml:"vary"`
	Load        yaml.Node   `yaml:"load"` // keys of a config that one server takes one after the other, below vary
	SLO         yaml.Node   `yaml:"slo"`
	Repeat      int         `yaml:"repeat"`
	Where       []string    `yaml:"where"`
	Isolate     bool        `yaml:"isolate"`
	Exclusive   bool        `yaml:"exclusive"`
	Limit       sweep.Limit `yaml:"limit"`
	Goal        goal        `yaml:"goal"`
}

type goal struct {
	Metric      string   `yaml:"metric"`
	Direction   string   `yaml:"direction"`
	Constraints []string `yaml:"constraints"`
	Until       bool     `yaml:"until_decided"`
}

// zip is the key of vary whose fields take their values together.
const zip = "zip"

var rules = strictyaml.Rules{
	Choices: func(path string) []string {
		if path == "goal.direction" {
			return []string{"max", "min"}
		}
		return nil
	},
	Bounds: func(path string) (lo, hi int, ok bool) {
		if path == "repeat" {
			return 1, 100, true
		}
		return 0, 0, false
	},
}

// reader collects what is wrong with one file.
type reader struct {
	name     string
	problems strictyaml.Problems
}

func (r *reader) fault(n *yaml.Node, key, format string, args ...any) {
	r.problems = append(r.problems, strictyaml.At(r.name, n, key, format, args...))
}

// Read reads a sweep. What is wrong is returned as strictyaml.Problems; name is for the messages.
func Read(id, name string, text []byte) (sweep.Sweep, error) {
	s := sweep.Sweep{ID: id, Repeat: 1}
	doc, problems := strictyaml.Parse(name, text)
	if problems != nil {
		return s, problems
	}
	r := &reader{name: name}
	if doc == nil {
		return s, strictyaml.Problems{{File: name, Text: "is empty: write at least base and vary"}}
	}
	f := file{Repeat: 1}
	given, problems := strictyaml.Decode(name, doc.Content[0], &f, rules)
	r.problems = problems
	s.Description, s.Base, s.Repeat, s.Isolate, s.Exclusive, s.Limit = f.Description, f.Base, f.Repeat, f.Isolate, f.Exclusive, f.Limit
	if f.Base == "" && given["base"] == nil {
		r.fault(doc.Content[0], "base", "base is missing: name the experiment that gives all that does not vary")
	}
	s.Axes = slices.Concat(r.axes(f.Vary, ""), r.axes(f.SLO, "slo."), r.axes(f.Load, "load."))
	r.once(doc.Content[0], s.Axes)
	s.Where = r.conditions(given["where"], "where", f.Where)
	if f.Goal.Metric != "" || given["goal"] != nil {
		s.Goal = r.goal(given, f.Goal)
	}
	return s, r.problems.OrNil()
}

// once tells of fields that vary more than once: the last value would count, and the others only name the point.
func (r *reader) once(n *yaml.Node, axes []sweep.Axis) {
	seen := map[string]bool{}
	for _, a := range axes {
		for _, path := range a.Paths {
			if seen[path] {
				r.fault(n, "vary."+path, "%s varies twice: keep one", path)
			}
			seen[path] = true
		}
	}
}

// axes reads vary: fields by their paths, and groups under zip; or the fields of one group, whose name is given.
func (r *reader) axes(vary yaml.Node, group string) (axes []sweep.Axis) {
	vary = *meant(&vary)
	if vary.Kind != yaml.MappingNode {
		if vary.Kind != 0 && vary.Tag != "!!null" {
			r.fault(&vary, cmp.Or(strings.TrimSuffix(group, "."), "vary"), "%s must be fields with their values, as in parallelism.tp: [1, 2, 4]", cmp.Or(strings.TrimSuffix(group, "."), "vary"))
		}
		return nil
	}
	for i := 0; i+1 < len(vary.Content); i += 2 {
		key, value := *vary.Content[i], meant(vary.Content[i+1])
		key.Value = group + key.Value
		switch {
		case key.Value != zip:
			axes = append(axes, r.distinct(value, r.axis(&key, value)))
		case value.Kind == yaml.SequenceNode:
			axes = append(axes, model.Each(value.Content, r.group)...)
		default:
			axes = append(axes, r.group(value))
		}
	}
	return axes
}

// axis is one field and its values.
func (r *reader) axis(key, value *yaml.Node) sweep.Axis {
	if _, err := config.Value(model.Defaults(), key.Value); err != nil || slices.Contains([]string{"experiment_id", "output_dir", "slurm.time"}, key.Value) {
		r.fault(key, "vary."+key.Value, "vary: %.60q is no field that can vary%s", key.Value, near(key.Value))
	}
	var all []string
	for _, item := range items(value) {
		values, err := valuesOfNode(item)
		if item.Tag == "!!null" && item == value {
			continue // as if the list were empty
		}
		if err != nil {
			r.fault(item, "vary."+key.Value, "%v", err)
		}
		all = append(all, values...)
	}
	if len(all) == 0 {
		r.fault(value, "vary."+key.Value, "%s has no values: write [1, 2, 4], or a range such as 1..64*2", key.Value)
	}
	for _, v := range all {
		scratch := model.Defaults()
		if err := config.Apply(&scratch, key.Value, v); err != nil {
			r.fault(value, "vary."+key.Value, "%v", err)
		}
	}
	return sweep.Axis{Paths: []string{key.Value}, Values: model.Each(all, func(v string) []string { return []string{v} })}
}

// distinct tells of values that a field has twice: they would be one point. In a group the others tell them apart.
func (r *reader) distinct(n *yaml.Node, a sweep.Axis) sweep.Axis {
	for i, v := range a.Values {
		if slices.ContainsFunc(a.Values[:i], func(w []string) bool { return w[0] == v[0] || typed(w[0]) == typed(v[0]) }) {
			r.fault(n, "vary."+a.Paths[0], "%s has the value %s twice: each is one point", a.Paths[0], v[0])
		}
	}
	return a
}

// near says which field was likely meant.
func near(path string) string {
	if hint := model.DidYouMean(path, config.Keys()); hint != "" {
		return "; " + hint
	}
	return ": fields are written by their paths, such as parallelism.tp"
}

// items are the nodes of a list, or the one node that is none.
func items(n *yaml.Node) []*yaml.Node {
	n = meant(n)
	if n.Kind == yaml.SequenceNode {
		return model.Each(n.Content, meant)
	}
	return []*yaml.Node{n}
}

// meant is what an alias stands for.
func meant(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// valuesOfNode are the values of one item: what is in quotes, and what has keys or items of its own, is one as it stands.
func valuesOfNode(n *yaml.Node) ([]string, error) {
	var v any
	switch {
	case n.Kind != yaml.ScalarNode && n.Decode(&v) == nil:
		return []string{strictyaml.Flow(v)}, nil
	case n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0:
		return []string{n.Value}, nil
	}
	return sweep.Values(n.Value)
}

// group is fields whose values go together: they have as many.
func (r *reader) group(n *yaml.Node) (together sweep.Axis) {
	if n = meant(n); n.Kind != yaml.MappingNode || len(n.Content) == 0 {
		r.fault(n, "vary.zip", "zip must be fields with as many values each: {data.seq_len: [512, 2048], data.max_tokens: [512, 128]}")
		return together
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		a := r.axis(n.Content[i], n.Content[i+1])
		if i == 0 {
			together = a
			continue
		}
		if len(a.Values) != len(together.Values) {
			r.fault(n.Content[i+1], "vary.zip", "%s has %d values and %s %d: what goes together has as many",
				a.Paths[0], len(a.Values), together.Paths[0], len(together.Values))
			continue
		}
		together.Paths = append(together.Paths, a.Paths...)
		for k := range together.Values {
			together.Values[k] = append(together.Values[k], a.Values[k]...)
		}
	}
	return together
}

func (r *reader) conditions(n *yaml.Node, key string, list []string) (all []condition.Condition) {
	for _, text := range list {
		c, err := condition.Parse(text)
		if err != nil {
			r.fault(n, key, "%s: %v", key, err)
			continue
		}
		all = append(all, c)
	}
	return all
}

// goal reads what the best point is best at. The direction is the metric's own where the file gives none.
func (r *reader) goal(given map[string]*yaml.Node, g goal) *sweep.Goal {
	d, stat, err := metric.FindStat(g.Metric)
	if err != nil {
		r.fault(given["goal"], "goal.metric", "goal.metric: %v; %s", err, model.FixOf(err))
		return nil
	}
	if d.Better == metric.NoBetter && g.Direction == "" {
		r.fault(given["goal"], "goal.direction", "%s is neither good nor bad by itself: write direction: max or min", d.Name)
	}
	name := d.Name
	if stat != "" {
		name += "_" + string(stat)
	}
	out := &sweep.Goal{Metric: name, Until: g.Until, Highest: g.Direction == "max" || g.Direction == "" && d.Better == metric.Higher}
	out.Constraints = r.conditions(given["goal.constraints"], "goal.constraints", g.Constraints)
	for _, c := range out.Constraints {
		for _, name := range c.Names() {
			if _, _, err := metric.FindStat(name); err != nil {
				r.fault(given["goal.constraints"], "goal.constraints", "goal.constraints: %v; %s", err, model.FixOf(err))
			}
		}
	}
	return out
}

// AxesOf reads fields with their values as people type them: tp=1,2,4. A field is a key of a config, or its last part.
func AxesOf(vary []string) (axes []sweep.Axis, err error) {
	for _, text := range vary {
		field, values, ok := strings.Cut(text, "=")
		if !ok {
			return nil, model.Invalid(fmt.Sprintf("%.80q names no values", text), "write it as field=values, as in tp=1,2,4")
		}
		path, err := config.Path(field)
		axis, err2 := sweep.AxisOf(path, values)
		if err := cmp.Or(err, err2); err != nil {
			return nil, &model.Fault{Text: fmt.Sprintf("%.80s", text), Cause: err, Kind: model.ErrInvalid}
		}
		axes = append(axes, axis)
	}
	return axes, nil
}

// Text is a new sweep as a file.
func Text(base string, axes []sweep.Axis, repeat int) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "base: %s\nvary:\n", base)
	zipped := false
	for _, a := range axes {
		indent := ""
		if len(a.Paths) > 1 { // a file has one zip
			if indent = "      "; !zipped {
				b.WriteString("  zip:\n")
			}
			zipped = true
			b.WriteString("    -\n")
		}
		for i, path := range a.Paths {
			values := model.Each(a.Values, func(v []string) any { return valueOf(path, v[i]) })
			fmt.Fprintf(&b, "%s  %s: %s\n", indent, path, strictyaml.Flow(values))
		}
	}
	if repeat > 1 {
		fmt.Fprintf(&b, "repeat: %d\n", repeat)
	}
	return []byte(b.String())
}

// valueOf is a value as YAML writes it: of an argument of the engine what its text means, of all else a number or a word.
func valueOf(path, text string) any {
	if v, err := strictyaml.ParseFlow(text); err == nil && strings.HasPrefix(path, "vllm.") {
		return v
	}
	return typed(text)
}
