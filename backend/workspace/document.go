package workspace

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"shardeck/model"
)

// Document is the YAML of one experiment being edited. A change touches the one
// value it is about: comments, order, quotes, blank lines and line ends of the
// rest stay byte for byte. It is not safe for concurrent use.
type Document struct {
	Name string // relative path, for messages
	data []byte
	base []byte // as it is on disk
}

// NewDocument edits text that need not be on disk. The text must be one YAML
// mapping; wrong keys and values in it are no hindrance.
func NewDocument(name string, data []byte) (*Document, error) {
	if len(data) > MaxConfigBytes {
		return nil, fault(name, "is too large", "a config stays under 1 MB")
	}
	if _, problems := parse(name, data); problems != nil {
		return nil, problems
	}
	return &Document{Name: name, data: bytes.Clone(data), base: bytes.Clone(data)}, nil
}

// OpenDocument reads a config to edit it.
func (w *Workspace) OpenDocument(rel string) (*Document, error) {
	path := w.Path(rel)
	data, err := readCapped(path, w.Rel(path), MaxConfigBytes)
	if err != nil {
		return nil, err
	}
	return NewDocument(w.Rel(path), data)
}

// SaveDocument writes the document where it was read, unless the file there is no
// longer the one that was read (ErrChanged). Without a change it writes nothing.
func (w *Workspace) SaveDocument(d *Document) error {
	if !sameOnDisk(w.Path(d.Name), d.base) {
		return &pathError{d.Name, "changed on disk since it was read: reopen it and make the change again", ErrChanged}
	}
	if !d.Modified() {
		return nil
	}
	if err := w.WriteFile(d.Name, d.data, 0o644); err != nil {
		return err
	}
	d.base = bytes.Clone(d.data)
	return nil
}

// Bytes is the text as it stands; the caller must not change it.
func (d *Document) Bytes() []byte { return d.data }

// Base is the text as it was read or last saved.
func (d *Document) Base() []byte { return d.base }

// Restore puts back a text that Bytes gave earlier, for undo.
func (d *Document) Restore(data []byte) { d.data = bytes.Clone(data) }

// Modified reports whether the text differs from the one on disk.
func (d *Document) Modified() bool { return !bytes.Equal(d.data, d.base) }

// Experiment is what the text means, with what is wrong in it as Problems.
func (d *Document) Experiment() (model.Experiment, error) { return ReadExperiment(d.Name, d.data) }

// Get is a key's value as text, as the file has it even if it is wrong; the
// default where the file has none.
func (d *Document) Get(path string) (string, error) {
	f, sub, err := lookup(path)
	if err != nil {
		return "", err
	}
	if n := find(d.root(), f, sub); n != nil && n.Kind == yaml.ScalarNode && n.Tag != "!!null" && f.kind != kindAnyKeys {
		return n.Value, nil
	}
	e, _ := d.Experiment() // its problems are for Experiment's caller
	return Value(e, path)
}

// Set changes one key, adding it where the file lacks it. The error says what the
// key takes; the document is then as it was.
func (d *Document) Set(path, value string) error {
	f, sub, err := lookup(path)
	if err != nil {
		return err
	}
	scratch := model.Defaults()
	if err := Apply(&scratch, path, value); err != nil {
		return err
	}
	if d.holds(f, sub, value) {
		return nil
	}
	return d.write(edit{f: f, path: path, sub: sub, value: value})
}

// holds reports whether the file already means this value.
func (d *Document) holds(f field, sub, value string) bool {
	path := f.path
	if sub != "" {
		path += "." + sub
	}
	e, err := d.Experiment()
	if err != nil {
		return false
	}
	if sub != "" && find(d.root(), f, sub) == nil {
		return false
	}
	now, err := Value(e, path)
	return err == nil && now == value
}

// edit is one change: field, name below env or vllm, value as text.
type edit struct {
	f                field
	path, sub, value string
}

// keys are the names from the root to the value: [parallelism tp].
func (e edit) keys() []string {
	if e.sub != "" {
		return []string{e.f.path, e.sub}
	}
	return strings.Split(e.f.path, ".")
}

// write tries the edit in place first, then with the YAML encoder, and keeps the
// first that means what it should: the new value, and all others as before.
func (d *Document) write(e edit) error {
	for _, try := range []func(*yaml.Node, edit) []byte{d.inPlace, reencoded} {
		next := try(d.doc(), e) // each try gets its own tree
		if next != nil && len(next) <= MaxConfigBytes && d.means(next, e) {
			d.data = next
			return nil
		}
	}
	return fmt.Errorf("%s: %s cannot be changed here: edit the file by hand (e opens your editor)", d.Name, e.path)
}

// doc parses the text, which is known to be one mapping.
func (d *Document) doc() *yaml.Node {
	doc, problems := parse(d.Name, d.data)
	if problems != nil { // only after Restore with a foreign text
		empty := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
		return &yaml.Node{Kind: yaml.DocumentNode, Content: []*yaml.Node{empty}}
	}
	return doc
}

func (d *Document) root() *yaml.Node { return d.doc().Content[0] }

// means checks a new text: one key changed, every other value as it was.
func (d *Document) means(next []byte, e edit) bool {
	doc, problems := parse(d.Name, next)
	if problems != nil {
		return false
	}
	root := doc.Content[0]
	got := find(root, e.f, e.sub)
	return got != nil && e.says(got) && slices.Equal(flatten(d.root(), e), flatten(root, e))
}

// says reports whether a node means the value of the edit.
func (e edit) says(n *yaml.Node) bool {
	root := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	attach(root, e.keys(), n)
	now, _ := DecodeExperiment("", root)
	want := model.Defaults()
	if Apply(&want, e.path, e.value) != nil {
		return false
	}
	a, errA := Value(now, e.path)
	b, errB := Value(want, e.path)
	return errA == nil && errB == nil && (a == b || e.f.path == "description" && a == oneLine(b))
}

// flatten lists every value but the edited one, as path, tag and text.
func flatten(root *yaml.Node, e edit) []string {
	var out []string
	skip := "/" + strings.Join(e.keys(), "/")
	group := "/" + e.keys()[0]
	var walk func(n *yaml.Node, path string)
	walk = func(n *yaml.Node, path string) {
		if path == skip || path == group && n.Tag == "!!null" {
			return
		}
		switch n.Kind {
		case yaml.MappingNode:
			for i := 0; i+1 < len(n.Content); i += 2 {
				walk(n.Content[i+1], path+"/"+n.Content[i].Value)
			}
		case yaml.SequenceNode:
			for i, c := range n.Content {
				walk(c, fmt.Sprint(path, "/", i))
			}
		default:
			out = append(out, fmt.Sprintf("%s %s %s %s", path, n.Tag, n.Value, n.Anchor))
		}
	}
	walk(root, "")
	slices.Sort(out)
	return out
}

// find is the node of a field, nil if the file has none.
func find(root *yaml.Node, f field, sub string) *yaml.Node {
	n := root
	for _, key := range (edit{f: f, sub: sub}).keys() {
		if _, n = entry(n, key); n == nil {
			return nil
		}
	}
	return n
}

// entry finds key and value in a mapping.
func entry(mapping *yaml.Node, key string) (k, v *yaml.Node) {
	if mapping.Kind != yaml.MappingNode {
		return nil, nil
	}
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Kind == yaml.ScalarNode && mapping.Content[i].Value == key {
			return mapping.Content[i], mapping.Content[i+1]
		}
	}
	return nil, nil
}
