package yamledit

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"shardeck/backend/strictyaml"
)

// splice is a change of text: the bytes from one place to another become new ones.
type splice struct {
	from, to int
	text     string
}

// spliced makes all edits as changes of text, those at one place in their order; nil where they cannot be or overlap.
func spliced(edits []Edit, text []byte, doc *yaml.Node) []byte {
	s := newSource(text)
	var all []splice
	for _, e := range edits {
		one := e.inPlace(s, doc.Content[0])
		if one == nil {
			return nil
		}
		all = append(all, *one)
	}
	slices.SortStableFunc(all, func(a, b splice) int { return a.from - b.from })
	var out []byte
	done := 0
	for _, one := range all {
		if one.from < done {
			return nil
		}
		out, done = append(append(out, text[done:one.from]...), one.text...), one.to
	}
	return append(out, text[done:]...)
}

// inPlace is the edit as a change of text, nil where it cannot be.
func (e Edit) inPlace(s source, parent *yaml.Node) *splice {
	if len(e.Keys) == 2 {
		key, group := strictyaml.Find(parent, e.Keys[0])
		switch {
		case group == nil:
			return s.add(parent, e, e.Keys[:1])
		case group.ShortTag() == "!!null":
			return s.fillGroup(key, group, e)
		}
		parent = group
	}
	if _, old := strictyaml.Find(parent, e.name()); old != nil {
		return s.replace(parent, old, e)
	}
	return s.add(parent, e, e.Keys)
}

func (s source) replace(parent, old *yaml.Node, e Edit) *splice {
	inFlow := parent.Style&yaml.FlowStyle != 0
	from, to, ok := s.span(old)
	if !ok && old.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		from, to, ok = s.block(parent, old)
	}
	text, fine := e.token(old.Style, inFlow)
	if !ok || !fine {
		return nil
	}
	if from > 0 && s.data[from-1] == ':' {
		text = " " + text
	}
	return &splice{from, to, text}
}

// block is the text of a scalar written as | or > and lines below it.
func (s source) block(parent, old *yaml.Node) (from, to int, ok bool) {
	i := slices.Index(parent.Content, old)
	from, ok = s.offset(old)
	if !ok || i < 1 || strings.Contains(s.line(old.Line-1), "#") {
		return 0, 0, false
	}
	return from, s.endOfIndented(old.Line, parent.Content[i-1].Column), true
}

// add writes a new key into a mapping that exists, or its group with it: what keys lead to.
func (s source) add(parent *yaml.Node, e Edit, keys []string) *splice {
	inFlow, group := parent.Style&yaml.FlowStyle != 0, len(keys) < len(e.Keys)
	text, fine := e.token(0, inFlow)
	text = keyToken(e.name()) + ": " + text
	switch {
	case parent.Kind != yaml.MappingNode || !fine:
		return nil
	case inFlow && group:
		return s.addFlow(parent, keys[0]+": {"+text+"}")
	case inFlow:
		return s.addFlow(parent, text)
	case group:
		return s.addBlock(parent, e.predecessor(parent, keys), keys[0]+":", strings.Repeat(" ", indentOf(parent))+text)
	}
	return s.addBlock(parent, e.predecessor(parent, keys), text)
}

func (s source) addFlow(parent *yaml.Node, text string) *splice {
	if len(parent.Content) == 0 {
		at, ok := s.offset(parent)
		if !ok || s.data[at] != '{' {
			return nil
		}
		return &splice{at + 1, at + 1, text}
	}
	last := len(parent.Content)
	at, ok := s.end(parent.Content[last-2], parent.Content[last-1])
	if !ok {
		return nil
	}
	return &splice{at, at, ", " + text}
}

// addBlock writes lines into a block mapping, after the value whose key is at an index.
func (s source) addBlock(parent *yaml.Node, i int, lines ...string) *splice {
	if len(parent.Content) == 0 {
		return nil
	}
	at, ok := s.end(parent.Content[i], parent.Content[i+1])
	if !ok {
		return nil
	}
	indent := strings.Repeat(" ", parent.Content[0].Column-1)
	for j := range lines {
		lines[j] = indent + lines[j]
	}
	return s.addLines(at, lines...)
}

// predecessor is the index of the key after which new ones belong: by the edit's order, else the last.
func (e Edit) predecessor(parent *yaml.Node, keys []string) int {
	path := strings.Join(keys, ".")
	prefix := strings.TrimSuffix(path, keys[len(keys)-1])
	found, best := len(parent.Content)-2, -1
	mine := slices.Index(e.Order, path)
	for i := 0; i+1 < len(parent.Content); i += 2 {
		at := slices.Index(e.Order, prefix+parent.Content[i].Value)
		if at >= 0 && at < mine && at > best {
			found, best = i, at
		}
	}
	return found
}

// fillGroup writes a key into a group that is there without any: `slurm:`.
func (s source) fillGroup(key, group *yaml.Node, e Edit) *splice {
	text, fine := e.token(0, true)
	from, to, ok := s.span(group)
	if !ok || !fine {
		return nil
	}
	text = "{" + keyToken(e.name()) + ": " + text + "}"
	if s.data[max(from-1, 0)] == ':' {
		text = " " + text
	}
	return &splice{from, to, text}
}

// indentOf is by how much this file indents.
func indentOf(root *yaml.Node) int {
	for i := 1; i < len(root.Content); i += 2 {
		n := root.Content[i]
		if n.Kind == yaml.MappingNode && n.Style&yaml.FlowStyle == 0 && len(n.Content) > 0 {
			return max(n.Content[0].Column-root.Content[0].Column, 1)
		}
	}
	return 2
}

// token is the value as YAML on one line, in the quotes the old one had.
func (e Edit) token(old yaml.Style, inFlow bool) (string, bool) {
	switch {
	case e.Value.Kind != yaml.ScalarNode || e.Value.Style != 0:
		text := strictyaml.Flow(e.Value)
		return text, text != "" && !strings.Contains(text, "\n")
	case e.Value.Tag == "!!str":
		return textToken(e.Value.Value, old, inFlow)
	}
	return e.Value.Value, true
}

// textToken writes text so that YAML 1.1 readers, Python's among them, take it
// for text too: the encoder knows which words and numbers need quotes.
func textToken(text string, old yaml.Style, inFlow bool) (string, bool) {
	n := yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text}
	n.Style = old & (yaml.DoubleQuotedStyle | yaml.SingleQuotedStyle)
	if strings.ContainsFunc(text, unicode.IsControl) || n.Style == 0 && inFlow && strings.ContainsAny(text, ",[]{}") {
		n.Style = yaml.DoubleQuotedStyle
	}
	var value any = text
	if n.Style != 0 {
		value = &n
	}
	out, err := yaml.Marshal(value)
	token := strings.TrimSuffix(string(out), "\n")
	return token, err == nil && !strings.Contains(token, "\n")
}

// keyToken writes the name of a key, which may need quotes.
func keyToken(key string) string {
	if token, ok := textToken(key, 0, true); ok {
		return token
	}
	return key
}

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

// endOfIndented is where a value over several lines ends: the last after a line (from 1) indented past a column.
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
