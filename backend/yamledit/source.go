package yamledit

import (
	"bytes"
	"regexp"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// source is text with the places of its nodes; it says so where it cannot place one.
type source struct {
	data  []byte
	lines []int // offset of each line
	eol   string
}

func newSource(data []byte) source {
	s := source{data: data, lines: []int{0}, eol: "\n"}
	for i, b := range data {
		if b == '\n' {
			s.lines = append(s.lines, i+1)
		}
	}
	if bytes.Contains(data, []byte("\r\n")) {
		s.eol = "\r\n"
	}
	return s
}

// offset is where a node begins. Its column counts characters.
func (s source) offset(n *yaml.Node) (int, bool) {
	if n.Line < 1 || n.Line > len(s.lines) {
		return 0, false
	}
	at := s.lines[n.Line-1]
	for range n.Column - 1 {
		if at >= len(s.data) || s.data[at] == '\n' {
			return 0, false
		}
		_, size := utf8.DecodeRune(s.data[at:])
		at += size
	}
	return at, true
}

// span is the text of a scalar, or of a {…} or […]: [from, to). False for scalars over several
// lines without quotes, and those with a tag or an anchor.
func (s source) span(n *yaml.Node) (from, to int, ok bool) {
	from, ok = s.offset(n)
	if !ok {
		return 0, 0, false
	}
	rest, size := string(s.data[from:]), 0
	switch {
	case n.Kind != yaml.ScalarNode && n.Style&yaml.FlowStyle != 0:
		size = flowEnd(rest)
	case n.Kind != yaml.ScalarNode || n.Anchor != "" || n.Style&yaml.TaggedStyle != 0:
	case n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0:
		size = len(quoted.FindString(rest))
	case n.Style == 0 && !strings.Contains(n.Value, "\n") && strings.HasPrefix(rest, n.Value):
		return from, from + len(n.Value), true // that may be nothing
	}
	return from, from + size, size > 0
}

// quoted is leading text in quotes; a doubled single one stands for one.
var quoted = regexp.MustCompile(`^(?s:"(?:\\.|[^"\\])*"|'(?:''|[^'])*')`)

// flowEnd is the length of a leading {…} or […], 0 if its end is not found.
func flowEnd(s string) int {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		case '"', '\'':
			i += max(len(quoted.FindString(s[i:]))-1, 0)
		}
	}
	return 0
}

// end is the offset just after a value; key is the key it belongs to.
func (s source) end(key, n *yaml.Node) (int, bool) {
	if _, ok := s.offset(n); !ok {
		return 0, false
	}
	_, to, ok := s.span(n)
	switch {
	case ok:
		return to, true
	case n.Kind == yaml.MappingNode && len(n.Content) > 0:
		return s.end(n.Content[len(n.Content)-2], n.Content[len(n.Content)-1])
	case n.Kind == yaml.SequenceNode && len(n.Content) > 0:
		return s.end(key, n.Content[len(n.Content)-1])
	}
	return s.endOfIndented(n.Line, key.Column), n.Kind == yaml.ScalarNode
}

// endOfIndented is the end of the last line after a line (from 1) that is indented more
// than a column: where a value written over several lines stops.
func (s source) endOfIndented(line, column int) int {
	last := line
	for i := line; i < len(s.lines); i++ {
		text := s.line(i)
		trimmed := strings.TrimLeft(text, " ")
		if strings.TrimSpace(trimmed) == "" {
			continue
		}
		if len(text)-len(trimmed) < column {
			break
		}
		last = i + 1
	}
	return s.lines[last-1] + len(s.line(last-1))
}

// line is a line from 0 without its line break.
func (s source) line(i int) string {
	end := len(s.data)
	if i+1 < len(s.lines) {
		end = s.lines[i+1]
	}
	return strings.TrimRight(string(s.data[s.lines[i]:end]), "\r\n")
}

// addLines puts whole lines after the line at an offset.
func (s source) addLines(at int, lines ...string) *splice {
	if i := bytes.IndexByte(s.data[at:], '\n'); i >= 0 {
		at += i + 1
	} else {
		at = len(s.data)
	}
	text := strings.Join(lines, s.eol) + s.eol
	if at == len(s.data) && at > 0 && s.data[at-1] != '\n' {
		text = s.eol + strings.TrimSuffix(text, s.eol)
	}
	return &splice{at, at, text}
}
