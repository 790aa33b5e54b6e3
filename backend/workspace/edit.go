package workspace

import (
	"bytes"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// inPlace makes the edit as a change of text, nil where it cannot.
func (d *Document) inPlace(doc *yaml.Node, e edit) []byte {
	s, root := newSource(d.data), doc.Content[0]
	keys := e.keys()
	parent := root
	if len(keys) == 2 {
		key, group := entry(root, keys[0])
		switch {
		case group == nil:
			return s.addGroup(root, e)
		case group.Kind == yaml.ScalarNode && group.Tag == "!!null":
			return s.fillGroup(key, group, e)
		}
		parent = group
	}
	if _, old := entry(parent, keys[len(keys)-1]); old != nil {
		return s.replace(parent, old, e)
	}
	return s.add(parent, e)
}

// replace puts a new value where the old one stands.
func (s source) replace(parent, old *yaml.Node, e edit) []byte {
	inFlow := parent.Style&yaml.FlowStyle != 0
	from, to, ok := s.span(old)
	if !ok && old.Kind != yaml.ScalarNode && old.Style&yaml.FlowStyle != 0 {
		from, ok = s.offset(old)
		to = from + flowEnd(string(s.data[min(from, len(s.data)):]))
		ok = ok && to > from
	}
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
	return s.splice(from, to, text)
}

// block is the text of a scalar written as | or > and lines below it.
func (s source) block(parent, old *yaml.Node) (from, to int, ok bool) {
	i := slices.Index(parent.Content, old)
	from, ok = s.offset(old)
	if !ok || i < 1 || strings.Contains(s.line(old.Line-1), "#") {
		return 0, 0, false
	}
	return from, s.deeper(old.Line, parent.Content[i-1].Column), true
}

// add writes a new key into a mapping that exists.
func (s source) add(parent *yaml.Node, e edit) []byte {
	keys := e.keys()
	inFlow := parent.Style&yaml.FlowStyle != 0
	text, fine := e.token(0, inFlow)
	if parent.Kind != yaml.MappingNode || !fine {
		return nil
	}
	text = keyToken(keys[len(keys)-1]) + ": " + text
	if inFlow {
		return s.addFlow(parent, text)
	}
	return s.addBlock(parent, e.f.path, strings.Join(keys[:len(keys)-1], "."), text)
}

func (s source) addFlow(parent *yaml.Node, text string) []byte {
	if len(parent.Content) == 0 {
		at, ok := s.offset(parent)
		if !ok || s.data[at] != '{' {
			return nil
		}
		return s.splice(at+1, at+1, text)
	}
	last := len(parent.Content)
	at, ok := s.end(parent.Content[last-2], parent.Content[last-1])
	if !ok {
		return nil
	}
	return s.splice(at, at, ", "+text)
}

// addBlock writes lines into a block mapping, after the key that comes before it
// in the order of a config, else at the mapping's end.
func (s source) addBlock(parent *yaml.Node, path, group string, lines ...string) []byte {
	if len(parent.Content) == 0 {
		return nil
	}
	i := predecessor(parent, path, group)
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

// predecessor is the index of the present key after which a new one belongs.
func predecessor(parent *yaml.Node, path, group string) int {
	prefix := ""
	if group != "" {
		prefix = group + "."
	}
	best, place := len(parent.Content)-2, -1
	mine := slices.Index(order, path)
	for i := 0; i+1 < len(parent.Content); i += 2 {
		at := slices.Index(order, prefix+parent.Content[i].Value)
		if at >= 0 && at < mine && at > place {
			best, place = i, at
		}
	}
	return best
}

// addGroup writes a group that the file lacks, with its one key.
func (s source) addGroup(root *yaml.Node, e edit) []byte {
	keys := e.keys()
	inFlow := root.Style&yaml.FlowStyle != 0
	text, fine := e.token(0, inFlow)
	if !fine {
		return nil
	}
	line := keyToken(keys[1]) + ": " + text
	if inFlow {
		return s.addFlow(root, keys[0]+": {"+line+"}")
	}
	return s.addBlock(root, keys[0], "", keys[0]+":", strings.Repeat(" ", step(root))+line)
}

// fillGroup writes a key into a group that is there without any: `slurm:`.
func (s source) fillGroup(key, group *yaml.Node, e edit) []byte {
	text, fine := e.token(0, true)
	from, to, ok := s.span(group)
	if !ok || !fine {
		return nil
	}
	text = "{" + keyToken(e.keys()[1]) + ": " + text + "}"
	if s.data[max(from-1, 0)] == ':' {
		text = " " + text
	}
	return s.splice(from, to, text)
}

// step is by how much this file indents.
func step(root *yaml.Node) int {
	for i := 1; i < len(root.Content); i += 2 {
		n := root.Content[i]
		if n.Kind == yaml.MappingNode && n.Style&yaml.FlowStyle == 0 && len(n.Content) > 0 {
			return max(n.Content[0].Column-root.Content[0].Column, 1)
		}
	}
	return 2
}

// token is the value as YAML on one line, in the quotes the old one had.
func (e edit) token(old yaml.Style, inFlow bool) (string, bool) {
	switch e.f.kind {
	case kindText, kindEnv:
		return textToken(e.value, old, inFlow)
	case kindAnyKeys:
		v, err := parseFlow(e.value)
		text := flow(v)
		return text, err == nil && text != "" && !strings.Contains(text, "\n")
	}
	return e.value, true
}

// textToken writes text so that YAML 1.1 readers, Python's among them, take it
// for text too: the encoder knows which words and numbers need quotes.
func textToken(text string, old yaml.Style, inFlow bool) (string, bool) {
	n := yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text}
	n.Style = old & (yaml.DoubleQuotedStyle | yaml.SingleQuotedStyle)
	if n.Style == 0 && (hasControl(text) || inFlow && strings.ContainsAny(text, ",[]{}")) {
		n.Style = yaml.DoubleQuotedStyle
	}
	if n.Style == yaml.SingleQuotedStyle && hasControl(text) {
		n.Style = yaml.DoubleQuotedStyle
	}
	var out []byte
	var err error
	if n.Style == 0 {
		out, err = yaml.Marshal(text)
	} else {
		out, err = yaml.Marshal(&n)
	}
	token := strings.TrimSuffix(string(out), "\n")
	return token, err == nil && !strings.Contains(token, "\n")
}

// keyToken writes the name of a key; those of env and vllm may need quotes.
func keyToken(key string) string {
	if token, ok := textToken(key, 0, true); ok {
		return token
	}
	return key
}

// reencoded makes the edit in the tree and writes the whole file anew: comments
// and order stay, spacing may not. It is for files that inPlace cannot place.
func reencoded(doc *yaml.Node, e edit) []byte {
	root := doc.Content[0]
	value := &yaml.Node{Kind: yaml.ScalarNode, Value: e.value}
	switch e.f.kind {
	case kindText, kindEnv:
		value.SetString(e.value)
	case kindAnyKeys:
		v, err := parseFlow(e.value)
		if err != nil || value.Encode(v) != nil {
			return nil
		}
	}
	attach(root, e.keys(), value)
	var out bytes.Buffer
	enc := yaml.NewEncoder(&out)
	enc.SetIndent(step(root))
	if enc.Encode(doc) != nil || enc.Close() != nil {
		return nil
	}
	return out.Bytes()
}

// attach puts a value into a tree, making its group where there is none.
func attach(root *yaml.Node, keys []string, value *yaml.Node) {
	parent := root
	if len(keys) == 2 {
		_, group := entry(root, keys[0])
		if group == nil {
			group = &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
			root.Content = append(root.Content, name(keys[0]), group)
		}
		if group.Kind != yaml.MappingNode {
			*group = yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
		}
		parent = group
	}
	last := keys[len(keys)-1]
	if _, old := entry(parent, last); old != nil {
		value.HeadComment, value.LineComment, value.FootComment = old.HeadComment, old.LineComment, old.FootComment
		*old = *value
		return
	}
	parent.Content = append(parent.Content, name(last), value)
}

func name(key string) *yaml.Node {
	n := &yaml.Node{}
	n.SetString(key)
	return n
}
