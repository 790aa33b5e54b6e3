package yamledit

import (
	"slices"
	"strings"
	"unicode"

	"gopkg.in/yaml.v3"

	"shardeck/backend/strictyaml"
)

// splice is a change of text: the bytes from one place to another become new ones.
type splice struct {
	from, to int
	text     string
}

// spliced makes all edits as changes of text, nil where that cannot be done or two of them
// touch the same bytes. What several add at one place stands there in their order.
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

// predecessor is the index of the present key after which new keys belong: the one that
// comes before them in the edit's order, else the last.
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
