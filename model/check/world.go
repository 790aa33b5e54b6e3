package check

import (
	"cmp"
	"slices"

	"shardeck/model"
)

// World is what an experiment is judged against: the shapes and GPUs that are
// known, the site it would run on, and who pays. It is read, never changed.
type World struct {
	Shapes  []model.Shape
	GPUs    map[string]model.GPU // by key
	Site    model.Site
	Account string // from the settings; an experiment's own comes first

	// The machine itself, for sites that do not say what their nodes hold; empty and 0: not known.
	MachineGPU  string // key of a GPU
	MachineGPUs int
}

// Shape finds a model's shape by hub id or alias; nil if it is not known.
func (w World) Shape(name string) *model.Shape {
	return model.First(w.Shapes, func(s model.Shape) bool { return s.Is(name) })
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
	return cmp.Or(max(w.Site.GPUsPerNode, 0), w.MachineGPUs)
}

// maxGPUs is the largest job here; 0: not known.
func (w World) maxGPUs() int { return w.GPUsPerNode() * w.Site.MaxNodes }

// GPUByName finds a kind of GPU by the name a trace or nvidia-smi gives it; nil: not known.
func (w World) GPUByName(name string) *model.GPU {
	for _, g := range w.GPUs {
		if slices.Contains(g.Names, name) {
			return &g
		}
	}
	return nil
}

// layoutAt is the value of a layout key, nil for a path that is none.
func layoutAt(l *model.Layout, path string) *int {
	switch path {
	case "parallelism.tp":
		return &l.TP
	case "parallelism.pp":
		return &l.PP
	case "parallelism.dp_replicate":
		return &l.DPReplicate
	case "parallelism.dp_shard":
		return &l.DPShard
	case "parallelism.ep":
		return &l.EP
	}
	return nil
}

// withKey is a layout with another value of a key; where EP is on it follows TP × DP.
func withKey(l model.Layout, path string, v int) model.Layout {
	on := l.EP > 1
	*layoutAt(&l, path) = v
	if on && path != "parallelism.pp" && path != "parallelism.ep" {
		l.EP = l.TP * l.DP()
	}
	return l
}

// unknownMax bounds a stepper where nothing says how many GPUs there are.
const unknownMax = 64

// Legal lists, in rising order, the values that a layout key may take while the others stay
// as they are: those that no rule refuses and that divide evenly (layers over stages, GPUs
// over nodes). The value it has is listed if it is legal at all. Where EP is on it follows
// TP × DP. It is empty for a path that is no layout key, and where the rest of the experiment
// cannot be judged. Where another key is at fault, so that no value would do, only the rules
// of this one count.
func Legal(e model.Experiment, path string, w World) []int {
	if layoutAt(&e.Layout, path) == nil || !sound(e) {
		return nil
	}
	all := layoutRules()
	if values := passing(e, path, w, all); len(values) > 0 {
		return values
	}
	return passing(e, path, w, slices.DeleteFunc(all, func(r rule) bool { return r.field != path && r.field != "parallelism" }))
}

// passing lists the values that these rules let pass and that divide evenly.
func passing(e model.Experiment, path string, w World, rules []rule) []int {
	var out []int
	now := *layoutAt(&e.Layout, path)
	for v := 1; v <= cmp.Or(w.maxGPUs(), unknownMax); v++ {
		try := e
		try.Layout = withKey(e.Layout, path, v)
		s := newSubject(try, &w)
		if s.passes(rules, SeverityError) && (v == now || s.passes(evenRules(), SeverityWarning, SeverityNote)) {
			out = append(out, v)
		}
	}
	return out
}
