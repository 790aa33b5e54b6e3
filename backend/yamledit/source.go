package yamledit

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// source is text with the places of its nodes, so that one value can be changed and
// every other byte kept. It says so where it cannot place a node.
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

// span is the text of a scalar: [from, to). False for scalars over several lines
// without quotes, and those with a tag or an anchor.
func (s source) span(n *yaml.Node) (from, to int, ok bool) {
	from, ok = s.offset(n)
	if !ok || n.Kind != yaml.ScalarNode || n.Anchor != "" || n.Style&yaml.TaggedStyle != 0 {
		return 0, 0, false
	}
	rest := string(s.data[from:])
	switch {
	case n.Style&yaml.DoubleQuotedStyle != 0:
		return from, from + doubleQuoted(rest), doubleQuoted(rest) > 0
	case n.Style&yaml.SingleQuotedStyle != 0:
		return from, from + singleQuoted(rest), singleQuoted(rest) > 0
	case n.Style == 0 && !strings.Contains(n.Value, "\n") && strings.HasPrefix(rest, n.Value):
		return from, from + len(n.Value), true
	}
	return 0, 0, false
}

// doubleQuoted is the length of a leading "text", 0 for none.
func doubleQuoted(s string) int {
	if !strings.HasPrefix(s, `"`) {
		return 0
	}
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return 0
}

// singleQuoted is the length of a leading 'text', in which a doubled quote stands for one.
func singleQuoted(s string) int {
	if !strings.HasPrefix(s, `'`) {
		return 0
	}
	for i := 1; i < len(s); i++ {
		if s[i] != '\'' {
			continue
		}
		if i+1 < len(s) && s[i+1] == '\'' {
			i++
			continue
		}
		return i + 1
	}
	return 0
}

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
		case '"':
			i += max(doubleQuoted(s[i:])-1, 0)
		case '\'':
			i += max(singleQuoted(s[i:])-1, 0)
		}
	}
	return 0
}

// end is the offset just after a value; key is the key it belongs to.
func (s source) end(key, n *yaml.Node) (int, bool) {
	from, ok := s.offset(n)
	switch {
	case !ok:
		return 0, false
	case n.Kind != yaml.ScalarNode && n.Style&yaml.FlowStyle != 0:
		size := flowEnd(string(s.data[from:]))
		return from + size, size > 0
	case n.Kind == yaml.MappingNode && len(n.Content) > 0:
		return s.end(n.Content[len(n.Content)-2], n.Content[len(n.Content)-1])
	case n.Kind == yaml.SequenceNode && len(n.Content) > 0:
		return s.end(key, n.Content[len(n.Content)-1])
	}
	if _, to, ok := s.span(n); ok {
		return to, true
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

// nextLine is the offset of the line after the one at an offset.
func (s source) nextLine(at int) int {
	if i := bytes.IndexByte(s.data[at:], '\n'); i >= 0 {
		return at + i + 1
	}
	return len(s.data)
}

// splice puts text in place of [from, to).
func (s source) splice(from, to int, text string) []byte {
	out := make([]byte, 0, len(s.data)+len(text))
	out = append(out, s.data[:from]...)
	out = append(out, text...)
	return append(out, s.data[to:]...)
}

// addLines puts whole lines after the line at an offset.
func (s source) addLines(at int, lines ...string) []byte {
	at = s.nextLine(at)
	text := strings.Join(lines, s.eol) + s.eol
	if at == len(s.data) && at > 0 && s.data[at-1] != '\n' {
		text = s.eol + strings.TrimSuffix(text, s.eol)
	}
	return s.splice(at, at, text)
}
