// Package strictyaml reads YAML files that people write. A key that nothing reads, one given
// twice and a value of another kind are problems, each with its place and what to do; what is
// right beside them is still read. Parse turns a file into its mapping, Decode fills a struct
// from it (decode.go) by yaml tags and by Rules that say what each key takes (values.go).
package strictyaml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"shardeck/model"
)

// MaxBytes bounds a file: the longest sensible one has some KB.
const MaxBytes = 1 << 20

// Parse reads the one document of a file, whose content must be a mapping. It is nil
// where the file is empty or has comments only, which is no problem here.
func Parse(file string, data []byte) (*yaml.Node, Problems) {
	whole := func(text string) Problems { return Problems{{File: file, Text: text}} }
	switch {
	case len(data) > MaxBytes:
		return nil, whole("is larger than 1 MB, which no such file is: check its name")
	case !utf8.Valid(data), bytes.IndexByte(data, 0) >= 0:
		return nil, whole("is not text, but YAML in UTF-8 is wanted: is this the right file?")
	}
	if at := conflict.FindIndex(data); at != nil {
		return nil, Problems{{File: file, Line: 1 + bytes.Count(data[:at[0]], []byte("\n")), Col: 1,
			Text: "a merge left both versions here: keep one, and remove the lines that begin with <<<<<<<, ======= and >>>>>>>"}}
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc, next yaml.Node
	switch err := dec.Decode(&doc); {
	case err == io.EOF, err == nil && len(doc.Content) == 0:
		return nil, nil
	case err != nil:
		return nil, Problems{syntax(file, err)}
	}
	if err := dec.Decode(&next); err == nil {
		return nil, Problems{At(file, &next, "", "a second document begins (---): keep the part before it")}
	} else if err != io.EOF {
		return nil, Problems{syntax(file, err)}
	}
	root := doc.Content[0]
	if isNull(root) {
		return nil, nil
	}
	if root.Kind != yaml.MappingNode {
		return nil, Problems{At(file, root, "", "must hold keys with values, as in key: value")}
	}
	return &doc, nil
}

// conflict is a line that version control writes where two versions could not be merged; no YAML has one.
var conflict = regexp.MustCompile(`(?m)^(?:<{7}|>{7}|\|{7})(?: |\r?$)`)

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

// Find is the key and the value that keys lead to, from a mapping down; nil where there is none.
func Find(mapping *yaml.Node, keys ...string) (key, value *yaml.Node) {
	for i := 0; mapping.Kind == yaml.MappingNode && i+1 < len(mapping.Content); i += 2 {
		key, value = mapping.Content[i], mapping.Content[i+1]
		switch {
		case key.Kind != yaml.ScalarNode || key.Value != keys[0]:
		case len(keys) > 1:
			return Find(value, keys[1:]...)
		default:
			return key, value
		}
	}
	return nil, nil
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

// Problem is one fault of a file, at its place.
type Problem struct {
	File       string
	Line       int // from 1; 0: the file as a whole
	Col        int // from 1, in characters
	Key        string
	Text       string // fault and fix, one line
	UnknownKey bool   // nothing reads the key: without it the file means the same
	NoValue    bool   // the key stands there without a value, or is missing
}

// At is a problem at a node.
func At(file string, n *yaml.Node, key, format string, args ...any) Problem {
	return Problem{File: file, Line: n.Line, Col: n.Column, Key: key, Text: fmt.Sprintf(format, args...), NoValue: isNull(n)}
}

// String is file:line:col: text, as compilers write it.
func (p Problem) String() string {
	switch {
	case p.File == "":
		return p.Text
	case p.Line == 0:
		return p.File + ": " + p.Text
	}
	return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Col, p.Text)
}

// Problems is all that is wrong with one file, in the order of its lines.
type Problems []Problem

// FirstLine is the line of the first fault that has one; 0: none has.
func FirstLine(err error) int {
	ps, _ := errors.AsType[Problems](err)
	for _, p := range ps {
		if p.Line > 0 {
			return p.Line
		}
	}
	return 0
}

const maxShown = 10 // problems that one error prints

// Error lists the problems, one a line.
func (ps Problems) Error() string {
	lines := model.Each(ps[:min(len(ps), maxShown)], Problem.String)
	if more := len(ps) - maxShown; more > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(lines, "\n")
}

// Is tells that a file with problems is invalid.
func (ps Problems) Is(target error) bool { return target == model.ErrInvalid }

// OrNil is the list as an error, and nil when it is empty.
func (ps Problems) OrNil() error {
	if len(ps) == 0 {
		return nil
	}
	return ps
}
