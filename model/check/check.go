// Package check judges an experiment before its job is paid for: is the layout legal (rules.go and the tables rules_*.go, each
// row with its fix), which values may a field take, what does the job ask of the site, does it fit the GPUs and what does it
// cost (place.go). An experiment is judged against a World: the shapes, GPUs and site that are known.
package check

import (
	"cmp"
	"slices"

	"shardeck/model"
)

// Severity of a finding.
type Severity string

// Severities: an error refuses the submission, a warning asks for a look, a note needs nothing.
const (
	SeverityError   Severity = "error"
	SeverityWarning Severity = "warning"
	SeverityNote    Severity = "note"
)

// Compare puts errors before warnings, and these before notes.
func (s Severity) Compare(o Severity) int {
	weight := map[Severity]int{SeverityError: 0, SeverityWarning: 1, SeverityNote: 2}
	return weight[s] - weight[o]
}

// Finding is what a check has to say about an experiment: the fault, its cause and what to do, one line each.
type Finding struct {
	Code     string       `json:"code"` // stable, such as tp-heads
	Severity Severity     `json:"severity"`
	Field    string       `json:"field"` // key the fault sits in: parallelism.tp
	Fault    string       `json:"fault"` // "TP=3 is not possible: 32 heads do not divide by 3"
	Fix      string       `json:"fix"`   // "set parallelism.tp to 4"
	Edits    []model.Edit `json:"edits"` // the fix as changes a key can apply; empty if it takes a person
}

// Verdict is all that can be said of an experiment before it is paid for.
type Verdict struct {
	Findings  []Finding `json:"findings"`
	Placement Placement `json:"placement"`
	Fit       *Fit      `json:"fit"`   // nil: model shape or GPU not known (a finding says so)
	Price     *Price    `json:"price"` // nil: the site has no prices

	Plays *Plays `json:"plays,omitempty"` // what a replay would play; nil: it is none, or it has nothing to play

	Shape *model.Shape `json:"-"` // of the model, as it was judged; nil: not known
}

// Plays is what a replay would play: a recording, or where there is none of this layout and load a forecast.
type Plays struct {
	Recording string       `json:"recording,omitempty"`     // its name, and its load where that is another than was asked for
	From      int          `json:"forecast_from,omitempty"` // recordings that the forecast rests on; 0: it is no forecast
	Engine    model.Engine `json:"engine"`                  // that was recorded
}

// OK reports whether no finding is an error.
func (v Verdict) OK() bool {
	worst, _ := v.Worst()
	return worst.Severity != SeverityError
}

// Worst is the first error, else the first warning; false: there is neither.
func (v Verdict) Worst() (Finding, bool) {
	for _, s := range []Severity{SeverityError, SeverityWarning} {
		if f := model.First(v.Findings, func(f Finding) bool { return f.Severity == s }); f != nil {
			return *f, true
		}
	}
	return Finding{}, false
}

// Check judges an experiment against the world: everything that can be said before the job is paid for. Findings come with
// errors first. Numbers out of all range end it there, for nothing can be worked out from them.
func Check(e model.Experiment, w World) Verdict {
	form := append([]Finding{}, (&subject{e: e, w: &w}).apply(formRules)...)
	if !sound(e) {
		return Verdict{Findings: form, Shape: w.Shape(e.Model.Name)}
	}
	s := newSubject(e, &w)
	found := append(form, s.apply(layoutRules())...)
	legal := Verdict{Findings: found}.OK()
	rules := slices.Concat(modelRules, formatRules, siteRules, runRules, loadRules, runtimeRules)
	if legal {
		rules = slices.Concat(rules, memoryRules, evenRules, adviceRules)
	}
	found = slices.Concat(found, s.apply(rules), s.engineFindings())
	byWeight(found)
	return Verdict{Findings: found, Placement: s.place, Fit: s.memory(), Price: PriceOf(s.place, w.Site, s.limit), Shape: s.shape}
}

// Placement is what the job will ask for: nodes, and how ranks lie on them.
type Placement struct {
	GPUs         int    `json:"gpus"`
	Nodes        int    `json:"nodes"`
	GPUsPerNode  int    `json:"gpus_per_node"` // asked for on each node
	CPUsPerTask  int    `json:"cpus_per_task"`
	Tasks        int    `json:"tasks_per_node"`
	QOS          string `json:"qos"`                      // as submitted, resolved
	Constraint   string `json:"constraint"`               // resolved
	GPU          string `json:"gpu"`                      // key of templates/gpus.yaml
	Partition    bool   `json:"partition,omitempty"`      // QOS is a partition
	GPUType      string `json:"gpu_type,omitempty"`       // as GRES calls it
	MemoryPerGPU string `json:"memory_per_gpu,omitempty"` // of the host
	Shared       bool   `json:"shared"`                   // part of a node
	PPSpans      bool   `json:"pp_spans"`                 // a pipeline crosses nodes
	TPSpans      bool   `json:"tp_spans"`                 // a tensor-parallel group crosses nodes
}

// Fit is the memory of one GPU, in bytes: the fullest rank of the layout.
type Fit struct {
	GPU         string `json:"gpu"`
	Total       int64  `json:"total"`  // what CUDA reports
	Usable      int64  `json:"usable"` // total × gpu_memory_utilization
	Weights     int64  `json:"weights"`
	KVCache     int64  `json:"kv_cache"`    // for the requests of this workload, all at once
	Activations int64  `json:"activations"` // peak of one forward step, estimated
	Overhead    int64  `json:"overhead"`    // context, NCCL, CUDA graphs, estimated
	Headroom    int64  `json:"headroom"`    // usable − all of the above; negative: does not fit
	KVTokens    int64  `json:"kv_tokens"`   // tokens of cache that the headroom and KVCache hold
	Params      int64  `json:"params"`      // parameters on this rank

	sequence func(tokens int64) int64 // bytes of cache and states of one of so many tokens
}

// Used is what the job needs of Usable.
func (f Fit) Used() int64 { return f.Weights + f.KVCache + f.Activations + f.Overhead }

// Price of one job at the site, at most (for its whole time limit).
type Price struct {
	NodeHours float64 `json:"node_hours"`
	Nodes     float64 `json:"nodes"` // charged: whole nodes, or the fraction of a shared one
	Hours     float64 `json:"hours"`
	Factor    float64 `json:"factor"` // charge factor of the QOS
	Words     string  `json:"words"`  // "one whole node for 30 min"
}

// World is what an experiment is judged against: known shapes and GPUs, the site, who pays. It is never changed.
type World struct {
	Shapes  []model.Shape
	Find    func(name string) *model.Shape // one that is not among Shapes, from its config.json if that is here; nil: none is sought
	Formats model.Formats                  // of weights and caches
	GPUs    map[string]model.GPU           // by key
	Site    model.Site
	Account string         // from the settings; an experiment's own comes first
	Runtime model.Runtime  // of the jobs, with all modules that a job over nodes loads
	Engine  func() *Engine // asked for where an experiment needs it; nil: engine arguments are not judged
}

// Shape finds a model's shape by hub id, alias or folder; nil if it is not known.
func (w World) Shape(name string) *model.Shape {
	s := model.First(w.Shapes, func(s model.Shape) bool { return s.Is(name) })
	if s == nil && w.Find != nil && name != "" {
		s = w.Find(name)
	}
	return s
}

func (w World) modelNames() []string {
	var names []string
	for _, s := range w.Shapes {
		names = append(append(names, s.Name), s.Aliases...)
	}
	return names
}

// GPUsPerNode is how many GPUs a node holds; 0: not known.
func (w World) GPUsPerNode() int { return max(w.Site.GPUsPerNode, 0) }

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

var layoutKeys = []string{"parallelism.tp", "parallelism.pp", "parallelism.dp_replicate", "parallelism.dp_shard", "parallelism.ep"}

// layoutAt is the value of a layout key, nil for a path that is none.
func layoutAt(l *model.Layout, path string) *int {
	if i := slices.Index(layoutKeys, path); i >= 0 {
		return []*int{&l.TP, &l.PP, &l.DPReplicate, &l.DPShard, &l.EP}[i]
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

// Legal lists, in rising order, the values that a layout key may take while the others stay as they are: those that no rule
// refuses and that divide evenly (layers over stages, GPUs over nodes). The value it has is listed if it is legal at all. Where
// EP is on it follows TP × DP. It is empty for a path that is no layout key, and where the rest of the experiment cannot be
// judged. Where another key is at fault, so that no value would do, only the rules of this one count.
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
		if s.passes(rules, SeverityError) && (v == now || s.passes(evenRules, SeverityWarning, SeverityNote)) {
			out = append(out, v)
		}
	}
	return out
}
