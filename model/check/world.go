package check

import (
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

// GPUByName finds a kind of GPU by the name a trace or nvidia-smi gives it; nil if it is
// not known.
func (w World) GPUByName(name string) *model.GPU {
	for _, g := range w.GPUs {
		for _, n := range g.Names {
			if n == name {
				return &g
			}
		}
	}
	return nil
}

// layoutKey reads and changes one key of a layout. With keeps expert parallelism
// on: EP follows TP × DP where it was on before.
type layoutKey struct {
	get  func(model.Layout) int
	with func(model.Layout, int) model.Layout
}

// layoutKeys are the keys that have a stepper, by path.
var layoutKeys = map[string]layoutKey{
	"parallelism.tp": {func(l model.Layout) int { return l.TP },
		func(l model.Layout, v int) model.Layout { return keepEP(l, func(l *model.Layout) { l.TP = v }) }},
	"parallelism.pp": {func(l model.Layout) int { return l.PP },
		func(l model.Layout, v int) model.Layout { l.PP = v; return l }},
	"parallelism.dp_replicate": {func(l model.Layout) int { return l.DPReplicate },
		func(l model.Layout, v int) model.Layout {
			return keepEP(l, func(l *model.Layout) { l.DPReplicate = v })
		}},
	"parallelism.dp_shard": {func(l model.Layout) int { return l.DPShard },
		func(l model.Layout, v int) model.Layout { return keepEP(l, func(l *model.Layout) { l.DPShard = v }) }},
	"parallelism.ep": {func(l model.Layout) int { return l.EP },
		func(l model.Layout, v int) model.Layout { l.EP = v; return l }},
}

// keepEP changes a layout; where EP is on it follows TP × DP.
func keepEP(l model.Layout, change func(*model.Layout)) model.Layout {
	on := l.EP > 1
	change(&l)
	if on {
		l.EP = l.TP * l.DP()
	}
	return l
}

// unknownMax bounds a stepper where nothing says how many GPUs there are.
const unknownMax = 64

// Legal lists, in rising order, the values that a layout key may take while the
// others stay as they are: those that no rule refuses and that divide evenly (layers
// over stages, GPUs over nodes). The value it has is listed if it is legal
// at all. Where EP is on it follows TP × DP. It is empty for a path that is no
// layout key, and where the rest of the experiment cannot be judged. Where
// another key is at fault, so that no value would do, only the rules of this one count.
func Legal(e model.Experiment, path string, w World) []int {
	key, ok := layoutKeys[path]
	if !ok || !sound(e) {
		return nil
	}
	all := layoutRules()
	if values := key.passing(e, w, all); len(values) > 0 {
		return values
	}
	own := slices.DeleteFunc(all, func(r rule) bool { return r.field != path && r.field != "parallelism" })
	return key.passing(e, w, own)
}

// passing lists the values that these rules let pass and that divide evenly.
func (k layoutKey) passing(e model.Experiment, w World, rules []rule) []int {
	var out []int
	for v := 1; v <= largest(w); v++ {
		try := e
		try.Layout = k.with(e.Layout, v)
		s := newSubject(try, w)
		if !s.passes(rules, SeverityError) {
			continue
		}
		if v == k.get(e.Layout) || s.passes(evenRules(), SeverityWarning, SeverityNote) {
			out = append(out, v)
		}
	}
	return out
}

func largest(w World) int {
	if n := w.maxGPUs(); n > 0 {
		return n
	}
	return unknownMax
}
