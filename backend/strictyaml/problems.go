package strictyaml

import (
	"fmt"
	"strings"

	"shardeck/model"

	"gopkg.in/yaml.v3"
)

// Problem is one fault of a file, at its place.
type Problem struct {
	File       string
	Line       int // from 1; 0: the file as a whole
	Col        int // from 1, in characters
	Key        string
	Text       string // fault and fix, one line
	UnknownKey bool   // nothing reads the key: without it the file means the same
}

// At is a problem at a node.
func At(file string, n *yaml.Node, key, format string, args ...any) Problem {
	return Problem{File: file, Line: n.Line, Col: n.Column, Key: key, Text: fmt.Sprintf(format, args...)}
}

// String is file:line:col: text, as compilers write it.
func (p Problem) String() string {
	if p.Line == 0 {
		return p.File + ": " + p.Text
	}
	return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Col, p.Text)
}

// Problems is all that is wrong with one file, in the order of its lines.
type Problems []Problem

// maxShown bounds how many problems one error prints.
const maxShown = 10

// Error lists the problems, one a line.
func (ps Problems) Error() string {
	lines := make([]string, 0, maxShown+1)
	for i, p := range ps {
		if i == maxShown {
			lines = append(lines, fmt.Sprintf("and %d more", len(ps)-maxShown))
			break
		}
		lines = append(lines, p.String())
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
