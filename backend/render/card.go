package render

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strings"

	"shardeck/backend/strictyaml"
	"shardeck/model"
)

// Facts is what was found out about a run beside its config: from its traces and run.json, the settings and the
// site. What is not known stays zero, and its key on the card stays empty: a card holds no guess.
type Facts struct {
	Contributor, Contact string
	TraceURL             string
	GPU                  string  // as the driver names it: NVIDIA A100-SXM4-40GB
	CUDA, NCCL           string  // versions
	Engine               string  // name and version of what ran: vllm 0.13.0
	WorldSize            int     // ranks, as the traces tell
	GPUsPerNode          int     // of the site
	Topology             string  // network between nodes: slingshot
	ScaleOutGbps         float64 // of one node's links, per direction
	ScaleUpGbps          float64 // between GPUs of a node, per direction
	Traces               []model.FileKind
	Replay               bool // measured elsewhere
	Forecast             bool // measured nowhere
}

type card struct {
	model.Experiment
	Facts Facts
	Shape *model.Shape // with the layers that ran; nil: not known

	Description, HubURL, Family, Precision, GPU, Driver string
	EngineName, EngineVersion                           string
	MoE                                                 any   // nil: not known
	Bench                                               bool  // of today's ccl-bench
	Active                                              int64 // parameters that a token passes, of a mixture of experts; 0: not written
	PerNode, OtherRanks                                 int
	Bandwidths                                          []float64 // scale-out and scale-up, by place
	CommEnv                                             map[string]string
	Traces, OtherTraces                                 []string
}

// Card is workload_card.yaml: what was run, on what and how, with the keys of the
// ccl-bench template. total_count is TP × PP × DP; EP re-uses those ranks. Whether
// the model is a mixture of experts is told by its shape, nil if that is not known.
func Card(e model.Experiment, shape *model.Shape, f Facts) ([]byte, error) {
	return execute("workload_card.yaml.tmpl", "card of "+e.ID, newCard(e, shape, f))
}

// benchGPU are the GPUs whose peak upstream's tools know, as these name them.
var benchGPU = regexp.MustCompile(`^nvidia_[ah]100`)

// BenchCard is the card that the tools of ccl-bench read today: phase inference, their names of GPUs, the parameters that a token of a
// mixture of experts passes. gpu is the name on it; known: upstream knows its peak.
func BenchCard(e model.Experiment, shape *model.Shape, f Facts) (text []byte, gpu string, known bool, err error) {
	c := newCard(e, shape, f)
	c.Bench = true
	if own := benchGPU.FindString(c.GPU); own != "" {
		c.GPU, known = own, true
	}
	if c.Shape != nil && c.Shape.MoE != nil {
		c.Active = c.Shape.ActiveParams()
	}
	text, err = execute("workload_card.yaml.tmpl", "card of "+e.ID, c)
	return text, c.GPU, known, err
}

func newCard(e model.Experiment, shape *model.Shape, f Facts) card {
	c := card{Experiment: e, Facts: f, Description: describe(e, f), HubURL: hubURL(e.Model.Name),
		Family:    strings.ToLower(model.ShortModel(e.Model.Name)),
		Precision: cmp.Or(cardPrecision[e.Model.Precision], e.Model.Precision), GPU: model.Slug(f.GPU, "_"),
		PerNode: min(f.GPUsPerNode, e.Layout.GPUs()), CommEnv: commEnv(e.Env)}
	if shape != nil {
		s := shape.WithLayers(e.Model.Layers)
		c.Shape, c.MoE, c.Family = &s, s.MoE != nil, strings.ToLower(s.Short)
	}
	if f.WorldSize != e.Layout.GPUs() {
		c.OtherRanks = f.WorldSize
	}
	if f.CUDA != "" {
		c.Driver = "cuda_" + f.CUDA
	}
	if f.ScaleOutGbps != 0 || f.ScaleUpGbps != 0 {
		c.Bandwidths = []float64{f.ScaleOutGbps, f.ScaleUpGbps}
	}
	c.EngineName, c.EngineVersion, _ = strings.Cut(f.Engine, " ")
	if c.EngineName == "" && e.Engine == model.EngineReplay {
		c.EngineName = string(e.Replay.Engine) // what was recorded
	} else if c.EngineName == "" {
		c.EngineName = string(e.Engine)
	}
	c.Traces = cardTraces(f.Traces, model.FileKineto, model.FileNsys)
	c.OtherTraces = cardTraces(f.Traces, model.FileET, model.FileTiming)
	return c
}

var commVariable = regexp.MustCompile(`^(?:NCCL|NVSHMEM|FI)_`)

func commEnv(env map[string]string) map[string]string {
	env = maps.Clone(env)
	maps.DeleteFunc(env, func(name, _ string) bool { return !commVariable.MatchString(name) })
	return env
}

var cardTypes = map[model.FileKind]string{
	model.FileKineto: "json", model.FileNsys: "nsys", model.FileET: "torch_et", model.FileTiming: "timing_stats",
}

// cardTraces words those of some kinds that there are, and no others.
func cardTraces(there []model.FileKind, kinds ...model.FileKind) []string {
	kinds = slices.DeleteFunc(kinds, func(k model.FileKind) bool { return !slices.Contains(there, k) })
	return model.Each(kinds, func(k model.FileKind) string { return cardTypes[k] })
}

// yamlValue writes a value behind its key, nothing where it is not known: empty or 0.
func yamlValue(v any) string {
	if v == nil || v == "" || v == 0 || v == int64(0) || v == 0.0 {
		return ""
	}
	return " " + strictyaml.Flow(v)
}

func describe(e model.Experiment, f Facts) string {
	d := strings.TrimPrefix(e.ID+": "+e.Description, ": ")
	switch {
	case f.Forecast:
		d += " (a forecast: measured nowhere)"
	case f.Replay:
		d += " (a replay: measured on another machine)"
	}
	return commentText(d)
}

var hubID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*$`)

// hubURL is the model's page, empty for a model that is a folder.
func hubURL(name string) string {
	if !hubID.MatchString(name) {
		return ""
	}
	return "https://huggingface.co/" + name
}

var cardPrecision = map[string]string{"bfloat16": "bf16", "float16": "fp16", "float32": "fp32"}
