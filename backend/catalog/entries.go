package catalog

import (
	"regexp"
	"slices"

	"gopkg.in/yaml.v3"

	"shardeck/backend/strictyaml"
	"shardeck/model"
	"shardeck/templates"
)

// CatalogueFile is the name of the catalogue in templates.
const CatalogueFile = "experiments.yaml"

// Entry is one experiment of a catalogue: a config, and the slug of its file name.
type Entry struct {
	ID      string // experiment_id
	Slug    string // llama8b_baseline
	Default bool   // written by generate alone
	node    *yaml.Node
}

// YAML is the entry as a config file: its keys in their order, one a line.
func (e Entry) YAML() ([]byte, error) { return strictyaml.Encode(e.node, 2) }

// Node is the entry's config as YAML; its lines are those of the catalogue, so that an
// error points there. It must not be changed.
func (e Entry) Node() *yaml.Node { return e.node }

var slugPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,80}$`)

// BuiltinCatalogue is the text of the embedded catalogue, with its comments.
func BuiltinCatalogue() ([]byte, error) { return templates.FS.ReadFile(CatalogueFile) }

// ParseCatalogue reads a catalogue; file names it in errors. The configs in it are
// not judged, only that each has an id and a slug of its own.
func ParseCatalogue(file string, data []byte) ([]Entry, error) {
	var list struct {
		Experiments []yaml.Node `yaml:"experiments"`
	}
	if err := decode(file, data, &list); err != nil {
		return nil, err
	}
	var out []Entry
	for i := range list.Experiments {
		n := &list.Experiments[i]
		e, err := parseEntry(file, n)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(out, func(other Entry) bool { return other.ID == e.ID }) {
			return nil, faultAt(file, n, "%s is in the catalogue twice: give one another experiment_id", e.ID)
		}
		out = append(out, e)
	}
	return out, nil
}

// parseEntry splits an entry into its own two keys and the config.
func parseEntry(file string, n *yaml.Node) (Entry, error) {
	if n.Kind != yaml.MappingNode {
		return Entry{}, faultAt(file, n, "an entry must hold keys with values")
	}
	var own struct {
		ID      string `yaml:"experiment_id"`
		Slug    string `yaml:"slug"`
		Default bool   `yaml:"default"`
	}
	_, problems := strictyaml.Decode(file, n, &own, strictyaml.Rules{})
	problems = slices.DeleteFunc(problems, func(p strictyaml.Problem) bool { return p.UnknownKey }) // the config's
	if len(problems) > 0 {
		return Entry{}, problems
	}
	config := *n
	config.Content, config.Style = nil, 0
	config.HeadComment, config.FootComment, config.LineComment = "", "", ""
	for i := 0; i+1 < len(n.Content); i += 2 {
		if key, v := *n.Content[i], n.Content[i+1]; key.Value != "slug" && key.Value != "default" {
			key.HeadComment, key.FootComment = "", ""
			if v.Kind == yaml.MappingNode && v.Style&yaml.FlowStyle != 0 {
				key.HeadComment = v.LineComment // {…} is about to be written on lines of its own: it would be lost
			}
			config.Content = append(config.Content, &key, inBlockStyle(v))
		}
	}
	if err := model.CheckID(own.ID); err != nil {
		return Entry{}, faultAt(file, n, "experiment_id: %v", err)
	}
	if !slugPattern.MatchString(own.Slug) {
		return Entry{}, faultAt(file, n,
			"%s: slug %.40q cannot be part of a file name: use letters, digits, dots, dashes and underscores", own.ID, own.Slug)
	}
	return Entry{ID: own.ID, Slug: own.Slug, Default: own.Default, node: &config}, nil
}

// faultAt is the error of an entry, at its place.
func faultAt(file string, n *yaml.Node, format string, args ...any) error {
	return strictyaml.Problems{strictyaml.At(file, n, "", format, args...)}
}

// inBlockStyle is a copy of a node in which mappings stand one key a line.
func inBlockStyle(n *yaml.Node) *yaml.Node {
	c := *n
	if c.Kind == yaml.MappingNode {
		c.Style &^= yaml.FlowStyle
	}
	c.Content = model.Each(n.Content, inBlockStyle)
	return &c
}
