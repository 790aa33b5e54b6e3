package catalog

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"gopkg.in/yaml.v3"

	"shardeck/backend/hub"
	"shardeck/backend/strictyaml"
	"shardeck/model"
)

// ModelsFile holds shapes of models, of the program, the user and the workspace.
const ModelsFile = "models.yaml"

// loadShapes reads models.yaml of every source. A later shape of a name that is known already takes its place.
func loadShapes(sources []source) ([]model.Shape, error) {
	var all []model.Shape
	for _, s := range sources {
		var file struct {
			Models []model.Shape `yaml:"models"`
		}
		if _, err := s.load(ModelsFile, &file); err != nil {
			return nil, err
		}
		for _, m := range file.Models {
			m, err := ofConfig(m)
			if err = cmp.Or(err, checkShape(m)); err != nil {
				return nil, fmt.Errorf("%s: %w", s.label(ModelsFile), err)
			}
			if i := slices.IndexFunc(all, func(known model.Shape) bool { return known.Name == m.Name }); i >= 0 {
				all[i] = m
				continue
			}
			all = append(all, m)
		}
	}
	return all, nil
}

const mostWidth = 1 << 24

// checkShape refuses a shape that nothing can be worked out from.
func checkShape(m model.Shape) error {
	attends, moe, mla := m.SSM == nil || m.Heads > 0, cmp.Or(m.MoE, &model.MoE{}), cmp.Or(m.MLA, &model.MLA{})
	widest := max(m.Hidden, m.Intermediate, m.Vocab, m.Heads)
	for _, fault := range []struct {
		is    bool
		words string
	}{
		{m.Name == "", "name is missing: write its hub id there"},
		{m.Hidden < 1, "hidden is missing"},
		{m.Layers < 1, "layers is missing"},
		{m.Vocab < 1, "vocab is missing"},
		{attends && m.Heads < 1, "heads is missing"},
		{attends && m.KVHeads < 1, "kv_heads is missing"},
		{attends && m.HeadDim < 1, "head_dim is missing"},
		{widest > mostWidth || m.Layers > mostLayers, "its numbers are too large to be those of a model"},
		{m.SSM == nil && strings.ContainsAny(m.Mixers, "mlkcb"), "its mixers need ssm"},
		{m.MoE == nil && strings.Contains(m.FFNs, "e"), "its ffns need moe"},
		{strings.Trim(m.Mixers, "asbmlkic-") != "" || strings.Trim(m.FFNs, "de-") != "", "mixers are letters of asbmlkic-, ffns of de-"},
		{m.MoE != nil && min(moe.Experts, moe.TopK, moe.Intermediate) < 1 || moe.TopK > moe.Experts,
			"moe needs experts, intermediate, and a top_k of at most experts"},
		{m.Intermediate < 1 && m.Layers <= mostLayers && m.DenseLayers() > 0, "intermediate is missing"},
		{m.MLA != nil && min(mla.KVLoraRank, mla.VDim, mla.NopeDim) < 1, "mla needs kv_lora_rank, nope_dim and v_dim"},
	} {
		if fault.is {
			return fmt.Errorf("model %.60q: %s", m.Name, fault.words)
		}
	}
	return nil
}

// ofConfig is an entry whose numbers come from the config it keeps; one that gives them itself stays as it is.
func ofConfig(m model.Shape) (model.Shape, error) {
	if m.Config == nil || m.Hidden > 0 {
		return m, nil
	}
	s, err := ShapeOf(m.Name, m.Config)
	s.Short, s.Aliases, s.Gated, s.Source = cmp.Or(m.Short, s.Short), append(s.Aliases, m.Aliases...), m.Gated, m.Source
	return s, err
}

// finder looks for the config.json of models that no table has: in a folder, or in the hub's cache. What it finds, or does not, it
// remembers for a while, because a check of one experiment tries hundreds of layouts. Any goroutine may use it.
type finder struct {
	cache, workspace string
	known            []model.Shape

	mu    sync.Mutex
	found map[string]found
}

type found struct {
	shape *model.Shape
	until time.Time
}

const remembered = 10 * time.Second

func (f *finder) find(name string) *model.Shape {
	f.mu.Lock()
	defer f.mu.Unlock()
	if known, ok := f.found[name]; ok && time.Now().Before(known.until) {
		return known.shape
	}
	s, err := f.read(name)
	if err != nil {
		s = byName(name, f.known)
	}
	f.found[name] = found{s, time.Now().Add(remembered)}
	return s
}

// read is the shape of a model by its own config.json.
func (f *finder) read(name string) (*model.Shape, error) {
	dir := name
	switch {
	case !hub.IsFolder(name):
		if dir = hub.Snapshot(f.cache, name); dir == "" {
			return nil, model.Unknown(fmt.Sprintf("%s is not in the hub's cache %s", name, f.cache),
				"huggingface-cli download "+name+" config.json")
		}
	case !filepath.IsAbs(dir):
		dir = filepath.Join(f.workspace, dir)
	}
	config, err := hub.Config(dir)
	if err != nil {
		return nil, model.Failed("the config.json of "+name+" cannot be read", err, "look at "+dir)
	}
	s, err := ShapeOf(name, config)
	if err != nil {
		return nil, model.Failed("the config.json of "+name+" does not say enough", err, "write its shape into models.yaml")
	}
	s.Source = dir
	return &s, nil
}

// Model is the shape of a model by its name; a folder or a hub id that no table has is read. The error says what was looked for.
func (c *Catalog) Model(name string) (model.Shape, error) {
	s, err := c.World().Shape(name), error(nil)
	if s == nil {
		_, err = c.finder.read(name)
		return model.Shape{}, err
	}
	return *s, nil
}

// Models lists the shapes that are known, and those of the hub's cache whose config can be read.
func (c *Catalog) Models() []model.Shape {
	all := slices.Clone(c.Shapes)
	for _, name := range hub.Names(c.finder.cache) {
		if slices.ContainsFunc(all, func(s model.Shape) bool { return s.Is(name) }) {
			continue
		}
		if s, err := c.finder.read(name); err == nil {
			all = append(all, *s)
		}
	}
	return all
}

// kept is what a models.yaml keeps of a model whose config is known.
type kept struct {
	Name, Short, Source string
	Config              map[string]any
}

// WithModel is the text of a models.yaml with an entry for a shape, in the place of one of its name if there is such.
func WithModel(text []byte, s model.Shape) ([]byte, error) {
	doc, problems := strictyaml.Parse(ModelsFile, append(text, '\n'))
	if err := problems.OrNil(); err != nil {
		return nil, err
	}
	if doc == nil || len(doc.Content) == 0 {
		doc = &yaml.Node{Kind: yaml.DocumentNode, Content: []*yaml.Node{{Kind: yaml.MappingNode}}}
	}
	top := doc.Content[0]
	_, list := strictyaml.Find(top, "models")
	if list == nil {
		list = &yaml.Node{Kind: yaml.SequenceNode}
		top.Content = append(top.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: "models"}, list)
	}
	var entry yaml.Node
	if err := entry.Encode(kept{s.Name, s.Short, s.Source, s.Config}); err != nil {
		return nil, fmt.Errorf("the config of %s cannot be kept: %w", s.Name, err)
	}
	_, config := strictyaml.Find(&entry, "config")
	for _, n := range config.Content {
		if n.Kind != yaml.ScalarNode {
			n.Style = yaml.FlowStyle
		}
	}
	i := slices.IndexFunc(list.Content, func(old *yaml.Node) bool {
		_, name := strictyaml.Find(old, "name")
		return name != nil && name.Value == s.Name
	})
	if i < 0 {
		i, list.Content = len(list.Content), append(list.Content, nil)
	}
	list.Content[i] = &entry
	return strictyaml.Encode(doc, 2)
}
