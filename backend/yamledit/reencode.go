package yamledit

import (
	"bytes"
	"strings"

	"gopkg.in/yaml.v3"

	"shardeck/backend/strictyaml"
)

// reencoded makes the edit in a copy of the tree and writes the whole file anew: comments
// and order stay, spacing may not. It is for files that inPlace cannot change.
func (e Edit) reencoded(_ []byte, doc *yaml.Node) []byte {
	doc = strictyaml.Clone(doc)
	value := *e.Value
	if strings.Contains(value.Value, "\n") {
		value.Style = yaml.LiteralStyle
	}
	e.attach(doc.Content[0], &value)
	var out bytes.Buffer
	enc := yaml.NewEncoder(&out)
	enc.SetIndent(indentOf(doc.Content[0]))
	if enc.Encode(doc) != nil || enc.Close() != nil {
		return nil
	}
	return out.Bytes()
}

// attach puts the value into a tree, making its group where there is none.
func (e Edit) attach(parent, value *yaml.Node) {
	if len(e.Keys) == 2 {
		_, group := strictyaml.Find(parent, e.Keys[0])
		if group == nil {
			group = &yaml.Node{}
			parent.Content = append(parent.Content, textNode(e.Keys[0]), group)
		}
		if group.Kind != yaml.MappingNode {
			*group = yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
		}
		parent = group
	}
	if _, old := strictyaml.Find(parent, e.name()); old != nil {
		value.HeadComment, value.LineComment, value.FootComment = old.HeadComment, old.LineComment, old.FootComment
		*old = *value
		return
	}
	parent.Content = append(parent.Content, textNode(e.name()), value)
}

func textNode(text string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text}
}
