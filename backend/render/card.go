package render

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"shardeck/model"
)

// Facts is what was found out about a run beside its config: from its traces and
// run.json, the settings and the site. What is not known stays zero, and its key
// on the card stays empty: a card holds no guess.
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
}

// Card is workload_card.yaml: what was run, on what and how, with the keys of the
// ccl-bench template. total_count is TP × PP × DP; EP re-uses those ranks. Whether
// the model is a mixture of experts is told by its shape, nil if that is not known.
func Card(e model.Experiment, shape *model.Shape, f Facts) ([]byte, error) {
	root := mapping(
		"version", 1,
		"description", describe(e, f),
		"hf_url", hubURL(e.Model.Name),
		"trace_url", f.TraceURL,
		"contributor", f.Contributor,
		"contact", f.Contact,
		"workload", mapping(
			"model", cardModel(e, shape),
			"data", cardData(e),
			"hardware", cardHardware(e, f)),
		"Model-executor", cardExecutor(e, f),
		"metric_source", cardSources(f),
	)
	var out bytes.Buffer
	enc := yaml.NewEncoder(&out)
	enc.SetIndent(2)
	if err := enc.Encode(root); err != nil {
		return nil, fmt.Errorf("card of %s: %w", e.ID, err)
	}
	return out.Bytes(), enc.Close()
}

func describe(e model.Experiment, f Facts) string {
	d := strings.TrimPrefix(e.ID+": "+e.Description, ": ")
	if f.Replay {
		d += " (a replay: measured on another machine)"
	}
	return hash(d)
}

func cardModel(e model.Experiment, shape *model.Shape) *yaml.Node {
	moe, family, arch := empty(), strings.ToLower(lastPart(e.Model.Name)), mapping(
		"num_params", nil, "num_params_embedding", nil, "num_layers", nil, "num_heads", nil, "head_dim", nil)
	if shape != nil {
		s := shape.WithLayers(e.Model.Layers)
		moe, family = scalar(s.MoE != nil), strings.ToLower(s.Short)
		arch = mapping(
			"num_params", s.Params(),
			"num_params_embedding", s.EmbedParams(),
			"num_layers", s.Layers,
			"num_heads", s.Heads,
			"head_dim", s.QKDim()) // of the attention, which hidden ÷ heads need not be
	}
	return mapping(
		"phase", "serving",
		"moe", moe,
		"granularity", "model_fwd",
		"model_family", family,
		"precision", precision(e.Model.Precision),
		"epochs", nil, // of training only
		"iteration", e.ProfileIterations,
		"model_arch", arch)
}

func cardData(e model.Experiment) *yaml.Node {
	return mapping(
		"batch_size", e.Data.BatchSize, // over all DP ranks
		"seq_len", e.Data.SeqLen,
		"input_len", e.Data.SeqLen,
		"output_len", e.Data.MaxTokens,
		"dataset", "random tokens")
}

func cardHardware(e model.Experiment, f Facts) *yaml.Node {
	total := scalar(e.Layout.GPUs())
	if f.WorldSize > 0 && f.WorldSize != e.Layout.GPUs() {
		total.LineComment = fmt.Sprintf("TP x PP x DP of the config; the traces are of %d ranks", f.WorldSize)
	}
	perNode := min(f.GPUsPerNode, e.Layout.GPUs())
	driver := ""
	if f.CUDA != "" {
		driver = "cuda_" + f.CUDA
	}
	return mapping(
		"network_topo", mapping(
			"topology", f.Topology,
			"bandwidth_gbps", bandwidths(f)),
		"xpu_spec", mapping(
			"type", "GPU",
			"model", cardGPU(f.GPU),
			"total_count", total,
			"count_per_node", known(float64(perNode))),
		"driver_version", driver)
}

// bandwidths are scale-out and scale-up, by place; none if neither is known.
func bandwidths(f Facts) *yaml.Node {
	if f.ScaleOutGbps == 0 && f.ScaleUpGbps == 0 {
		return list()
	}
	return list(known(f.ScaleOutGbps), known(f.ScaleUpGbps))
}

func cardExecutor(e model.Experiment, f Facts) *yaml.Node {
	engine, version, _ := strings.Cut(f.Engine, " ")
	if engine == "" && e.Engine != model.EngineReplay {
		engine = string(e.Engine)
	}
	library := ""
	if f.NCCL != "" {
		library = "NCCL"
	}
	return mapping(
		"framework", mapping("name", engine, "version", version, "compiler_tool_selection", nil),
		"model_plan_parallelization", mapping(
			"dp_replicate", e.Layout.DPReplicate, "dp_shard", e.Layout.DPShard,
			"tp", e.Layout.TP, "pp", e.Layout.PP, "cp", 1, "ep", e.Layout.EP,
			"pp_mb", nil), // the engine chooses micro-batches step by step
		"communication_library", mapping("name", library, "version", f.NCCL, "env", ncclEnv(e.Env)),
		"protocol_selection", list())
}

// cardTypes are the card's words for kinds of trace, and under which key they stand.
var cardTypes = []struct {
	kind     model.FileKind
	word     string
	specific bool
}{
	{model.FileKineto, "json", false},
	{model.FileNsys, "nsys", false},
	{model.FileET, "torch_et", true},
	{model.FileTiming, "timing_stats", true},
}

// cardSources lists the traces that exist, and no others.
func cardSources(f Facts) *yaml.Node {
	var traces, specific []any
	for _, t := range cardTypes {
		switch {
		case !slices.Contains(f.Traces, t.kind):
		case t.specific:
			specific = append(specific, t.word)
		default:
			traces = append(traces, t.word)
		}
	}
	return mapping("traces", list(traces...), "metrics_specific_trace", list(specific...))
}

// ncclEnv are the variables of the run that steer communication.
func ncclEnv(env map[string]string) *yaml.Node {
	var pairs []any
	for _, k := range sorted(env) {
		if strings.HasPrefix(k, "NCCL_") || strings.HasPrefix(k, "NVSHMEM_") || strings.HasPrefix(k, "FI_") {
			pairs = append(pairs, k, env[k])
		}
	}
	return mapping(pairs...)
}

func sorted(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

var hubID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*$`)

// hubURL is the model's page, empty for a model that is a folder.
func hubURL(name string) string {
	if !hubID.MatchString(name) {
		return ""
	}
	return "https://huggingface.co/" + name
}

func lastPart(name string) string { return name[strings.LastIndex(name, "/")+1:] }

var cardPrecision = map[string]string{"bfloat16": "bf16", "float16": "fp16", "float32": "fp32"}

func precision(p string) string {
	if short := cardPrecision[p]; short != "" {
		return short
	}
	return p
}

var notWord = regexp.MustCompile(`[^a-z0-9]+`)

// cardGPU writes NVIDIA A100-SXM4-40GB as nvidia_a100_sxm4_40gb.
func cardGPU(name string) string {
	return strings.Trim(notWord.ReplaceAllString(strings.ToLower(name), "_"), "_")
}
