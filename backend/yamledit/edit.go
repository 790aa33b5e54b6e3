// Package yamledit changes values of a YAML text in place: all else, comments and blank lines too,
// stays byte for byte. An Edit is first tried as a change of text (inplace.go), else by writing the
// whole tree anew, and is kept only if the new text, parsed, has the new value and every other one as before.
package yamledit

import (
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"shardeck/backend/strictyaml"
)

// Edit is a new value of one key, which is added where the text lacks it.
type Edit struct {
	Keys  []string   // one or two names from the top: [parallelism tp]
	Value *yaml.Node // a scalar, or a list or mapping, to be written on one line
	Order []string   // the paths that new keys are sorted in by: parallelism.tp
}

// MakeAll is the text after all edits; nil where they cannot be made. doc is the document of the
// text, whose content is a mapping; parse reads such a document, nil from text that is none. It
// is called once, but for odd text and for edits of the same bytes: those are made in turn.
func MakeAll(edits []Edit, text []byte, doc *yaml.Node, parse func([]byte) *yaml.Node) []byte {
	fits := func(next []byte) bool {
		if next == nil {
			return false
		}
		after := parse(next)
		return after != nil && areMade(edits, doc.Content[0], after.Content[0])
	}
	next := spliced(edits, text, doc)
	switch {
	case fits(next):
		return next
	case len(edits) > 1:
		return inTurn(edits, text, doc, parse)
	}
	if next = edits[0].reencoded(doc); fits(next) {
		return next
	}
	return nil
}

func inTurn(edits []Edit, text []byte, doc *yaml.Node, parse func([]byte) *yaml.Node) []byte {
	for _, e := range edits {
		if text = MakeAll([]Edit{e}, text, doc, parse); text == nil {
			return nil
		}
		doc = parse(text)
	}
	return text
}

// areMade checks a new text: the keys changed, every other value as it was.
func areMade(edits []Edit, before, after *yaml.Node) bool {
	var changed [][]string
	for _, e := range edits {
		_, got := strictyaml.Find(after, e.Keys...)
		if got == nil || !slices.Equal(flatten(e.Value, nil), flatten(got, nil)) {
			return false
		}
		changed = append(changed, e.Keys)
	}
	return slices.Equal(flatten(before, changed), flatten(after, changed))
}

// flatten lists every value as path, tag and text, without those that keys lead to.
func flatten(root *yaml.Node, without [][]string) []string {
	var out []string
	var walk func(n *yaml.Node, path []string)
	walk = func(n *yaml.Node, path []string) {
		if slices.ContainsFunc(without, func(keys []string) bool {
			return slices.Equal(path, keys) || slices.Equal(path, keys[:1]) && n.ShortTag() == "!!null"
		}) {
			return
		}
		switch n.Kind {
		case yaml.MappingNode:
			for i := 0; i+1 < len(n.Content); i += 2 {
				walk(n.Content[i+1], append(path, n.Content[i].Value))
			}
		case yaml.SequenceNode:
			for i, c := range n.Content {
				walk(c, append(path, fmt.Sprint(i)))
			}
		default:
			out = append(out, fmt.Sprintf("%q %s %s %s", path, n.ShortTag(), n.Value, n.Anchor))
		}
	}
	walk(root, nil)
	slices.Sort(out)
	return out
}

func (e Edit) name() string { return e.Keys[len(e.Keys)-1] }

// reencoded makes the edit in a copy of the tree and writes the whole file anew: comments
// and order stay, spacing may not. It is for files that inPlace cannot change.
func (e Edit) reencoded(doc *yaml.Node) []byte {
	doc = strictyaml.Clone(doc)
	value := *e.Value
	if strings.Contains(value.Value, "\n") {
		value.Style = yaml.LiteralStyle
	}
	e.attach(doc.Content[0], &value)
	out, err := strictyaml.Encode(doc, indentOf(doc.Content[0]))
	if err != nil {
		return nil
	}
	return out
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
