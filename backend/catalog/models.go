package catalog

import (
	"cmp"
	"errors"
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
	type number struct {
		key string
		n   int
	}
	needed := []number{{"hidden", m.Hidden}, {"layers", m.Layers}, {"vocab", m.Vocab}}
	if m.SSM == nil || m.Heads > 0 {
		needed = append(needed, number{"heads", m.Heads}, number{"kv_heads", m.KVHeads}, number{"head_dim", m.HeadDim})
	}
	if missing := model.First(needed, func(n number) bool { return n.n < 1 }); missing != nil {
		return fmt.Errorf("model %.60q: %s is missing", m.Name, missing.key)
	}
	switch {
	case m.Name == "":
		return errors.New("a model without a name: write its hub id as name")
	case m.Hidden > mostWidth || m.Intermediate > mostWidth || m.Vocab > mostWidth || m.Heads > mostWidth || m.Layers > mostLayers:
		return fmt.Errorf("model %.60s: its numbers are too large to be those of a model", m.Name)
	case m.SSM == nil && strings.ContainsAny(m.Mixers, "mlkcb"), m.MoE == nil && strings.Contains(m.FFNs, "e"):
		return fmt.Errorf("model %.60s: its mixers need ssm, or its ffns need moe", m.Name)
	case strings.Trim(m.Mixers, "asbmlkic-") != "" || strings.Trim(m.FFNs, "de-") != "":
		return fmt.Errorf("model %.60s: mixers are letters of asbmlkic-, ffns of de-", m.Name)
	case m.MoE != nil && (m.MoE.Experts < 1 || m.MoE.TopK < 1 || m.MoE.TopK > m.MoE.Experts || m.MoE.Intermediate < 1):
		return fmt.Errorf("model %s: moe needs experts, intermediate, and a top_k of at most experts", m.Name)
	case m.DenseLayers() > 0 && m.Intermediate < 1:
		return fmt.Errorf("model %s: intermediate is missing", m.Name)
	case m.MLA != nil && (m.MLA.KVLoraRank < 1 || m.MLA.VDim < 1 || m.MLA.NopeDim < 1):
		return fmt.Errorf("model %s: mla needs kv_lora_rank, nope_dim and v_dim", m.Name)
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
	var entry, config yaml.Node
	about := map[string]any{"name": s.Name, "short": s.Short, "source": s.Source}
	if err := errors.Join(config.Encode(s.Config), entry.Encode(about)); err != nil {
		return nil, fmt.Errorf("the config of %s cannot be kept: %w", s.Name, err)
	}
	for _, n := range config.Content {
		n.Style |= n.Style | map[bool]yaml.Style{true: yaml.FlowStyle}[n.Kind != yaml.ScalarNode]
	}
	entry.Content = append(entry.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: "config"}, &config)
	for i, old := range list.Content {
		if _, name := strictyaml.Find(old, "name"); name != nil && name.Value == s.Name {
			list.Content[i] = &entry
			return strictyaml.Encode(doc, 2)
		}
	}
	list.Content = append(list.Content, &entry)
	return strictyaml.Encode(doc, 2)
}
