package yamledit

import (
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"shardeck/backend/strictyaml"
)

// parser reads documents and counts how often it is asked.
type parser struct{ calls int }

func (p *parser) parse(text []byte) *yaml.Node {
	p.calls++
	doc, _ := strictyaml.Parse("a.yaml", text)
	return doc
}

func number(text string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Value: text} }

func TestMake(t *testing.T) {
	order := []string{"first", "group", "group.a", "group.b", "last"}
	for _, c := range []struct{ before, key, value, after string }{
		{"first: 1 # one\ngroup: {a: 2}\n", "first", "7", "first: 7 # one\ngroup: {a: 2}\n"},
		{"first: 1\nlast: 3\n", "group.a", "7", "first: 1\ngroup:\n  a: 7\nlast: 3\n"},
		{"first: 1\ngroup:\n", "group.b", "7", "first: 1\ngroup: {b: 7}\n"},
		{"group: {b: 2,  c: 3} # x\n", "group.a", "7", "group: {b: 2,  c: 3, a: 7} # x\n"},
		{"group:\n    b: |\n      text\n    c: 3\n", "group.b", "7", "group:\n    b: 7\n    c: 3\n"},
		{"group:\r\n  b: 'it''s'\r\n", "group.b", "7", "group:\r\n  b: 7\r\n"},
		{"{\"group\": {}}", "group.b", "7", "{\"group\": {b: 7}}"},
		{"group: [1]\n", "group.b", "7", ""},
		{"group: &x {b: 1}\nlast: *x\n", "group.b", "7", "group: &x {b: 7}\nlast: *x\n"},
	} {
		var p parser
		doc := p.parse([]byte(c.before))
		e := Edit{Keys: strings.Split(c.key, "."), Value: number(c.value), Order: order}
		if got := MakeAll([]Edit{e}, []byte(c.before), doc, p.parse); string(got) != c.after {
			t.Errorf("%q with %s: %s\nis   %q\nwant %q", c.before, c.key, c.value, got, c.after)
		}
		if c.after != "" && p.calls != 2 {
			t.Errorf("%q: parsed %d times after it was read", c.before, p.calls-1)
		}
	}
}

// TestMakeQuotes: text stays text, also for readers of YAML 1.1.
func TestMakeQuotes(t *testing.T) {
	for value, want := range map[string]string{"yes": `"yes"`, "1": `"1"`, "01:00:00": `"01:00:00"`, "a: b": "'a: b'", "x, y": "x, y",
		"two\nlines": `"two\nlines"`, "": `""`} {
		var p parser
		text := []byte("a: 1\n")
		e := Edit{Keys: []string{"a"}, Value: &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: value}}
		if got := string(MakeAll([]Edit{e}, text, p.parse(text), p.parse)); got != "a: "+want+"\n" {
			t.Errorf("%q is written %s, want %s", value, got, want)
		}
	}
}

func TestMakeQuotesInFlow(t *testing.T) {
	var p parser
	text := []byte("a: {b: 1}\n")
	for value, want := range map[string]string{"x, y": `"x, y"`, "[z]": `"[z]"`, "x y": "x y"} {
		e := Edit{Keys: []string{"a", "b"}, Value: &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: value}}
		if got := string(MakeAll([]Edit{e}, text, p.parse(text), p.parse)); got != "a: {b: "+want+"}\n" {
			t.Errorf("%q is written %s, want %s", value, got, want)
		}
	}
}

// TestMakeLeavesTheTree: the tree of the text before is still that of the text before.
func TestMakeLeavesTheTree(t *testing.T) {
	var p parser
	text := []byte("a: # why\n  >\n  folded\nb: 1\n")
	doc := p.parse(text)
	before := flatten(doc.Content[0], nil)
	after := MakeAll([]Edit{{Keys: []string{"a"}, Value: number("2")}}, text, doc, p.parse)
	if !strings.Contains(string(after), "# why") || strings.Join(flatten(doc.Content[0], nil), "\n") != strings.Join(before, "\n") {
		t.Errorf("%s\n%q", after, flatten(doc.Content[0], nil))
	}
}

// TestMakeAll: several edits are one new text, parsed once unless they touch the same bytes.
func TestMakeAll(t *testing.T) {
	for _, c := range []struct {
		before, edits, after string
		parses               int
	}{
		{"first: 1 # one\ngroup: {a: 2}\n", "group.a first", "first: 8 # one\ngroup: {a: 7}\n", 1},
		{"first: 1\ngroup:\n    a: 1\nlast: 3\n", "group.b group.c", "first: 1\ngroup:\n    a: 1\n    b: 7\n    c: 8\nlast: 3\n", 1},
		{"group: {a: 1}\n", "group.b group.c", "group: {a: 1, b: 7, c: 8}\n", 1},
		{"first: 1\n", "group.a group.b", "first: 1\ngroup:\n  a: 7\n  b: 8\n", 5},
		{"first: 1\ngroup: [1]\n", "first group.a", "", 3},
	} {
		var p parser
		doc := p.parse([]byte(c.before))
		var edits []Edit
		for i, key := range strings.Fields(c.edits) {
			edits = append(edits, Edit{Keys: strings.Split(key, "."), Value: number(string("78"[i]))})
		}
		if got := MakeAll(edits, []byte(c.before), doc, p.parse); string(got) != c.after || p.calls-1 != c.parses {
			t.Errorf("%q with %s: parsed %d times\nis   %q\nwant %q", c.before, c.edits, p.calls-1, got, c.after)
		}
	}
}
