package check

import "shardeck/model"

// World is what an experiment is judged against: the shapes and GPUs that are
// known, the site it would run on, and who pays. It is read, never changed.
type World struct {
	Shapes  []model.Shape
	GPUs    map[string]model.GPU // by key
	Site    model.Site
	Account string // from the settings; an experiment's own comes first

	// The machine itself, for sites that do not say what their nodes hold. Empty
	// and 0: not known.
	MachineGPU  string // key of a GPU
	MachineGPUs int
}

// Shape finds a model's shape by hub id or alias; nil if it is not known.
func (w World) Shape(name string) *model.Shape {
	for i := range w.Shapes {
		if w.Shapes[i].Is(name) {
			return &w.Shapes[i]
		}
	}
	return nil
}

// modelNames lists every hub id that has a shape.
func (w World) modelNames() []string {
	var names []string
	for _, s := range w.Shapes {
		names = append(append(names, s.Name), s.Aliases...)
	}
	return names
}

// GPUsPerNode is how many GPUs a node holds; 0: not known.
func (w World) GPUsPerNode() int {
	if w.Site.GPUsPerNode > 0 {
		return w.Site.GPUsPerNode
	}
	return w.MachineGPUs
}

// maxGPUs is the largest job here; 0: not known.
func (w World) maxGPUs() int { return w.GPUsPerNode() * w.Site.MaxNodes }

// GPUByName finds a kind of GPU by the name a trace or nvidia-smi gives it.
func (w World) GPUByName(name string) (model.GPU, bool) {
	for _, g := range w.GPUs {
		for _, n := range g.Names {
			if n == name {
				return g, true
			}
		}
	}
	return model.GPU{}, false
}
