package workspace

import (
	"bytes"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"shardeck/model"
)

// ReadExperiment reads one config, starting from model.Defaults. What is wrong is
// returned as Problems, each with line, column and what to do; the experiment then
// holds what could be read. file is only for the messages.
func ReadExperiment(file string, data []byte) (model.Experiment, error) {
	doc, problems := parse(file, data)
	if problems != nil {
		return model.Defaults(), problems
	}
	e, ps := DecodeExperiment(file, doc.Content[0])
	return e, ps.orNil()
}

// DecodeExperiment is ReadExperiment for a mapping inside a larger file, such as
// an entry of the catalogue.
func DecodeExperiment(file string, mapping *yaml.Node) (model.Experiment, Problems) {
	r := &reader{file: file, e: model.Defaults(), seen: map[string]*yaml.Node{}}
	r.mapping(mapping, "")
	for _, key := range required {
		if v, _ := Value(r.e, key); v == "" && !r.faulty(key) {
			r.missing(mapping, key)
		}
	}
	return r.e, r.problems
}

// parse reads the one document of a file, whose content must be a mapping.
func parse(file string, data []byte) (*yaml.Node, Problems) {
	whole := func(text string) (*yaml.Node, Problems) { return nil, Problems{{File: file, Text: text}} }
	if !utf8.Valid(data) || bytes.IndexByte(data, 0) >= 0 {
		return whole("is not text: a config is YAML in UTF-8; is this the right file?")
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc, next yaml.Node
	switch err := dec.Decode(&doc); {
	case err == io.EOF:
		return whole("is empty: write at least experiment_id, model, parallelism, data and output_dir")
	case err != nil:
		return nil, Problems{syntax(file, err)}
	}
	if err := dec.Decode(&next); err != io.EOF {
		p := Problem{File: file, Line: next.Line, Col: next.Column, Text: "a second document begins (---): one experiment a file"}
		if err != nil {
			p = syntax(file, err)
		}
		return nil, Problems{p}
	}
	root := doc.Content[0]
	if root.Kind == yaml.ScalarNode && root.Tag == "!!null" {
		return whole("is empty: write at least experiment_id, model, parallelism, data and output_dir")
	}
	if root.Kind != yaml.MappingNode {
		return nil, Problems{{File: file, Line: root.Line, Col: root.Column, Text: "is not a config: it must be keys with values, as in experiment_id: E1.1"}}
	}
	return &doc, nil
}

var yamlLine = regexp.MustCompile(`^(?:yaml: )?(?:line (\d+): )?(?s:(.*))$`)

// syntax turns an error of the YAML parser into a problem at its line.
func syntax(file string, err error) Problem {
	m := yamlLine.FindStringSubmatch(err.Error())
	p := Problem{File: file, Text: "is not YAML: " + m[2] + "; check indentation, quotes and colons"}
	if n, convErr := strconv.Atoi(m[1]); convErr == nil {
		p.Line, p.Col = n, 1
	}
	return p
}

// reader walks a mapping and fills an experiment.
type reader struct {
	file     string
	e        model.Experiment
	problems Problems
	seen     map[string]*yaml.Node // values by path
}

func (r *reader) problem(at *yaml.Node, path, format string, args ...any) {
	r.problems = append(r.problems, Problem{File: r.file, Line: at.Line, Col: at.Column, Key: path, Text: fmt.Sprintf(format, args...)})
}

func (r *reader) faulty(key string) bool {
	for _, p := range r.problems {
		if p.Key == key {
			return true
		}
	}
	return false
}

func (r *reader) missing(at *yaml.Node, key string) {
	if group, _, ok := strings.Cut(key, "."); ok && r.seen[group] != nil {
		at = r.seen[group]
	}
	r.problem(at, key, "%s is missing: add it", key)
}

// mapping reads the known keys of one mapping.
func (r *reader) mapping(n *yaml.Node, prefix string) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		path := prefix + key.Value
		if key.Kind != yaml.ScalarNode {
			r.problem(key, path, "a key must be a plain word")
			continue
		}
		f, known := fields[path]
		if !known {
			r.unknown(key, prefix)
			continue
		}
		if first := r.seen[path]; first != nil {
			r.problem(key, path, "%s is given twice, first in line %d: keep one", path, first.Line)
			continue
		}
		r.seen[path] = value
		r.value(f, value)
	}
}

// unknown reports a key that nothing reads, with the one that was likely meant.
func (r *reader) unknown(key *yaml.Node, prefix string) {
	var siblings []string
	for _, p := range order {
		if name, ok := strings.CutPrefix(p, prefix); ok && !strings.Contains(name, ".") {
			siblings = append(siblings, name)
		}
	}
	text := fmt.Sprintf("unknown key %.60q", key.Value)
	if prefix != "" {
		text += " under " + strings.TrimSuffix(prefix, ".")
	}
	if near := model.Nearest(key.Value, siblings); near != "" {
		text += fmt.Sprintf("; did you mean %s?", near)
	} else if home := homeOf(key.Value); home != "" {
		text += fmt.Sprintf("; it belongs under %s", home)
	} else {
		text += "; known are " + strings.Join(siblings, ", ")
	}
	r.problem(key, prefix+key.Value, "%s", text)
	r.problems[len(r.problems)-1].unknownKey = true
}

// homeOf is the group that has a key of this name.
func homeOf(name string) string {
	for _, p := range order {
		if group, last, ok := strings.Cut(p, "."); ok && last == name {
			return group
		}
	}
	return ""
}

// value reads one value of any kind.
func (r *reader) value(f field, n *yaml.Node) {
	null := n.Kind == yaml.ScalarNode && n.Tag == "!!null"
	switch {
	case n.Kind == yaml.AliasNode:
		r.problem(n, f.path, "%s: references (*%s) are not read here: write the value out", f.path, n.Value)
	case f.kind >= kindGroup && null: // an empty group means its defaults
	case f.kind >= kindGroup && n.Kind != yaml.MappingNode:
		r.problem(n, f.path, "%s must be %s", f.path, f.takes())
	case f.kind == kindGroup:
		r.mapping(n, f.path+".")
	case f.kind == kindEnv:
		r.env(n)
	case f.kind == kindAnyKeys:
		r.anyKeys(n)
	case n.Kind != yaml.ScalarNode:
		r.problem(n, f.path, "%s must be %s, not a list or further keys", f.path, f.takes())
	case null && f.kind != kindText:
		r.problem(n, f.path, "%s has no value: it takes %s", f.path, f.takes())
	default:
		r.scalar(f, n)
	}
}

// scalar reads one plain value: text may look like anything, numbers and words
// for yes must not be in quotes.
func (r *reader) scalar(f field, n *yaml.Node) {
	text := n.Value
	switch {
	case n.Tag == "!!null":
		text = ""
	case f.path == "description":
		text = oneLine(text)
	case f.kind != kindText && n.Tag == "!!str" && !(f.kind == kindAuto && text == "auto"):
		if n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0 {
			r.problem(n, f.path, "%s: %.60q is text because of its quotes: write it without, it takes %s", f.path, text, f.takes())
			return
		}
		r.problem(n, f.path, "%v", f.refuse(text))
		return
	case f.kind == kindWhole || f.kind == kindAuto:
		text = plainInt(n)
	case f.kind == kindYesNo:
		text = strings.ToLower(text)
	}
	if f.kind == kindText && text == "" && f.path != "slurm.time" && checks[f.path] != nil {
		return // left out and left empty are the same; required keys are checked at the end
	}
	if err := f.set(&r.e, text); err != nil {
		r.problem(n, f.path, "%v", err)
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

// oneLine joins the lines of a description and makes it safe for a screen.
func oneLine(s string) string {
	joined := strings.NewReplacer("\n", " ", "\r", " ").Replace(s)
	return strings.Join(strings.Fields(model.Printable(joined)), " ")
}
