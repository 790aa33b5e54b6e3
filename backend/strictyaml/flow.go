package strictyaml

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// unfit finds a node that cannot be passed through as JSON. Dates it makes text, as
// which they are passed on: the node is the caller's own.
func unfit(n *yaml.Node) *yaml.Node {
	switch n.Kind {
	case yaml.AliasNode:
		return n
	case yaml.ScalarNode:
		var x float64
		if n.Tag == "!!float" && (n.Decode(&x) != nil || math.IsInf(x, 0) || math.IsNaN(x)) {
			return n
		}
		if n.Tag == "!!binary" || n.Tag == "!!timestamp" {
			n.Tag = "!!str"
		}
	case yaml.MappingNode:
		for i := 0; i < len(n.Content); i += 2 {
			if n.Content[i].Kind != yaml.ScalarNode || n.Content[i].Tag != "!!str" {
				return n.Content[i]
			}
		}
	}
	for _, c := range n.Content {
		if bad := unfit(c); bad != nil {
			return bad
		}
	}
	return nil
}

// Clone is a copy of a node and all below it.
func Clone(n *yaml.Node) *yaml.Node {
	c := *n
	c.Content = slices.Clone(n.Content)
	for i := range c.Content {
		c.Content[i] = Clone(c.Content[i])
	}
	return &c
}

// Flow writes a value as YAML on one line; empty for none.
func Flow(v any) string {
	if v == nil {
		return ""
	}
	n, ok := v.(*yaml.Node)
	if !ok {
		n = &yaml.Node{}
		if n.Encode(v) != nil {
			return ""
		}
	}
	n = Clone(n)
	setFlow(n)
	out, err := yaml.Marshal(n)
	if err != nil {
		return ""
	}
	return strings.TrimSuffix(string(out), "\n")
}

func setFlow(n *yaml.Node) {
	n.Style &^= yaml.LiteralStyle | yaml.FoldedStyle
	if n.Kind != yaml.ScalarNode {
		n.Style |= yaml.FlowStyle
	} else if strings.ContainsRune(n.Value, '\n') {
		n.Style = yaml.DoubleQuotedStyle
	}
	for _, c := range n.Content {
		setFlow(c)
	}
}

// ParseFlow reads one value as YAML, so that 2 is a number and [a, b] a list.
func ParseFlow(text string) (any, error) {
	var n yaml.Node
	if err := yaml.Unmarshal([]byte(text), &n); err != nil {
		return nil, fmt.Errorf("%.60q cannot be read: put it in quotes", text)
	}
	if n.Kind == 0 {
		return "", nil
	}
	if unfit(&n) != nil {
		return nil, fmt.Errorf("%.60q cannot be passed through: put it in quotes", text)
	}
	var v any
	if err := n.Decode(&v); err != nil {
		return nil, fmt.Errorf("%.60q cannot be read: put it in quotes", text)
	}
	return v, nil
}
