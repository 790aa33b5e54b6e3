// Package catalog knows what there is: the shapes of models, the kinds of GPU, the
// sites, the catalogue of experiments, and the settings of this user in this
// workspace. It is the only reader of the data in templates/.
//
// Load reads everything once: data.go the embedded files and the user's own beside
// them; site.go picks the site; settings.go has the settings there are and reads the
// files that set them, and layers.go merges these in order (embedded, site, user,
// workspace, --set, with an experiment's own in For), each value with its origin.
// entries.go reads a catalogue.
package catalog

import (
	"errors"
	"fmt"
	"io/fs"

	"shardeck/backend/strictyaml"
	"shardeck/model"
)

// source is one place that files may lie in; later ones win.
type source struct {
	name     string // for messages: "built in", "~/.config/shardeck", "."
	files    fs.FS
	settings string // name of its file of settings; empty: it has none
}

// label names a file of a source in messages.
func (s source) label(file string) string {
	if s.name == "." {
		return file
	}
	return s.name + "/" + file
}

// read is the text of a file of this source, nil if there is none.
func (s source) read(file string) ([]byte, error) {
	data, err := fs.ReadFile(s.files, file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%s: cannot be read: %w", s.label(file), err)
	}
	return data, nil
}

// load decodes a file of this source into v; false if there is none.
func (s source) load(file string, v any) (bool, error) {
	data, err := s.read(file)
	if data == nil {
		return false, err
	}
	return true, decode(s.label(file), data, v)
}

// decode fills v, a pointer to a struct, from a file.
func decode(file string, data []byte, v any) error {
	doc, problems := strictyaml.Parse(file, data)
	if doc != nil {
		_, problems = strictyaml.Decode(file, doc.Content[0], v, strictyaml.Rules{})
	}
	return problems.OrNil()
}

// loadShapes reads models.yaml of every source. A later shape of a name that is
// known already takes its place.
func loadShapes(sources []source) ([]model.Shape, error) {
	var all []model.Shape
	at := map[string]int{}
	for _, s := range sources {
		var file struct {
			Models []model.Shape `yaml:"models"`
		}
		if _, err := s.load("models.yaml", &file); err != nil {
			return nil, err
		}
		for _, m := range file.Models {
			if err := checkShape(m); err != nil {
				return nil, fmt.Errorf("%s: %w", s.label("models.yaml"), err)
			}
			if i, known := at[m.Name]; known {
				all[i] = m
				continue
			}
			at[m.Name] = len(all)
			all = append(all, m)
		}
	}
	return all, nil
}

// checkShape refuses a shape that nothing can be worked out from.
func checkShape(m model.Shape) error {
	for name, n := range map[string]int{"hidden": m.Hidden, "layers": m.Layers, "heads": m.Heads, "kv_heads": m.KVHeads,
		"head_dim": m.HeadDim, "vocab": m.Vocab} {
		if n < 1 {
			return fmt.Errorf("model %.60q: %s is missing", m.Name, name)
		}
	}
	switch {
	case m.Name == "":
		return errors.New("a model without a name: write its hub id as name")
	case m.MoE != nil && (m.MoE.Experts < 1 || m.MoE.TopK < 1 || m.MoE.TopK > m.MoE.Experts || m.MoE.Intermediate < 1):
		return fmt.Errorf("model %s: moe needs experts, intermediate, and a top_k of at most experts", m.Name)
	case m.DenseLayers() > 0 && m.Intermediate < 1:
		return fmt.Errorf("model %s: intermediate is missing", m.Name)
	case m.MLA != nil && (m.MLA.KVLoraRank < 1 || m.MLA.VDim < 1 || m.MLA.NopeDim < 1):
		return fmt.Errorf("model %s: mla needs kv_lora_rank, nope_dim and v_dim", m.Name)
	}
	return nil
}

// loadGPUs reads gpus.yaml of every source, by key.
func loadGPUs(sources []source) (map[string]model.GPU, error) {
	all := map[string]model.GPU{}
	for _, s := range sources {
		var file struct {
			GPUs []model.GPU `yaml:"gpus"`
		}
		if _, err := s.load("gpus.yaml", &file); err != nil {
			return nil, err
		}
		for _, g := range file.GPUs {
			if g.Key == "" || g.Title == "" || g.Bytes <= 0 {
				return nil, fmt.Errorf("%s: GPU %q needs a key, a title and its bytes", s.label("gpus.yaml"), g.Key)
			}
			all[g.Key] = g
		}
	}
	return all, nil
}
