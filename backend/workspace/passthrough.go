package workspace

import (
	"fmt"
	"math"
	"strings"

	"gopkg.in/yaml.v3"
)

// env reads environment variables; numbers and words for yes are taken as written.
func (r *reader) env(n *yaml.Node) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.Kind != yaml.ScalarNode || value.Kind != yaml.ScalarNode {
			r.problem(value, "env."+key.Value, "env.%s must be text: write it in quotes", key.Value)
			continue
		}
		if _, twice := r.e.Env[key.Value]; twice {
			r.problem(key, "env."+key.Value, "env.%s is given twice: keep one", key.Value)
			continue
		}
		text := value.Value
		if value.Tag == "!!null" {
			text = ""
		}
		if err := checkEnv(key.Value, text); err != nil {
			r.problem(key, "env."+key.Value, "%v", err)
			continue
		}
		if r.e.Env == nil {
			r.e.Env = map[string]string{}
		}
		r.e.Env[key.Value] = text
	}
}

// anyKeys reads the engine's extra arguments as they are.
func (r *reader) anyKeys(n *yaml.Node) {
	if bad := unfit(n); bad != nil {
		r.problem(bad, "vllm", "vllm: only plain values, lists and keys can be passed through; references, infinities and odd keys cannot")
		return
	}
	var args map[string]any
	if err := n.Decode(&args); err != nil {
		r.problem(n, "vllm", "vllm: %s", strings.ReplaceAll(strings.TrimPrefix(err.Error(), "yaml: "), "\n", " "))
		return
	}
	r.e.VLLM = args
}

// unfit finds a node that cannot be passed through as JSON.
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
			n.Tag = "!!str" // 2026-01-01 is passed on as it was written
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

// flow writes a value passed through as YAML on one line; empty for none.
func flow(v any) string {
	if v == nil {
		return ""
	}
	var n yaml.Node
	if n.Encode(v) != nil {
		return ""
	}
	setFlow(&n)
	out, err := yaml.Marshal(&n)
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

// parseFlow reads one value as YAML.
func parseFlow(text string) (any, error) {
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
