package check

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"shardeck/model"
)

// commRules judge the communication backends against layout, nodes and GPU.
// [vllm.md §1: custom all-reduce, all2all]
func commRules() []rule {
	return []rule{
		{"all-reduce-unused", SeverityNote, "comm.all_reduce", func(s *subject) string {
			return faultIf(!model.IsAuto(s.e.Comm.AllReduce) && s.e.Layout.TP <= 1,
				"with TP=1 there is no all-reduce for comm.all_reduce to choose")
		}, fixed("comm.all_reduce", "auto")},
		{"custom-nodes", SeverityWarning, "comm.all_reduce", func(s *subject) string {
			return faultIf(s.e.Comm.AllReduce == "custom" && s.place.Nodes != 1,
				"the custom all-reduce works inside one node: on %d nodes vLLM turns it off", s.place.Nodes)
		}, fixed("comm.all_reduce", "nccl")},
		{"custom-size", SeverityWarning, "comm.all_reduce", func(s *subject) string {
			tp := s.e.Layout.TP
			return faultIf(s.e.Comm.AllReduce == "custom" && !slices.Contains([]int{1, 2, 4, 6, 8}, tp),
				"the custom all-reduce knows 2, 4, 6 or 8 ranks, not TP=%d: vLLM turns it off", tp)
		}, fixed("comm.all_reduce", "nccl")},
		{"custom-messages", SeverityNote, "comm.all_reduce", shaped(func(e model.Experiment, m model.Shape) string {
			return faultIf(e.Comm.AllReduce == "custom" && e.Layout.TP != 1,
				"the custom all-reduce takes up to %d tokens (8 MiB); longer steps use NCCL",
				customLimit/(int64(m.Hidden)*valueBytes(e.Model.Precision)))
		}), nil},
		{"symm-mem-gpu", SeverityWarning, "comm.all_reduce", func(s *subject) string {
			if s.e.Comm.AllReduce != "symm_mem" || s.gpu == nil || s.gpu.AtLeast(9, 0) {
				return ""
			}
			return fmt.Sprintf("symm_mem needs compute capability 9.0; %s has %s and uses NCCL", s.gpu.Title, s.gpu.Capability)
		}, fixed("comm.all_reduce", "nccl")},
		{"all2all-unused", SeverityWarning, "comm.all2all", func(s *subject) string {
			l := s.e.Layout
			return faultIf(!model.IsAuto(s.e.Comm.All2All) && (l.DP() <= 1 || s.shape != nil && s.shape.MoE == nil),
				"comm.all2all has no effect: it needs experts and DP above 1")
		}, fixed("comm.all2all", "auto")},
		{"deepep-install", SeverityWarning, "comm.all2all", func(s *subject) string {
			return faultIf(deepEP(s.e) && !s.replay(), "%s needs DeepEP and NVSHMEM installed beside vLLM", s.e.Comm.All2All)
		}, words("install them in the runtime of the jobs, or set comm.all2all to auto")},
	}
}

const customLimit = 8 << 20 // bytes of the largest message of the custom all-reduce

func deepEP(e model.Experiment) bool { return strings.HasPrefix(e.Comm.All2All, "deepep") }

// profilingRules judge what is recorded, and what would make it mean something else.
func profilingRules() []rule {
	return []rule{
		{"nsys-kineto", SeverityWarning, "profiling.nsys", func(s *subject) string {
			return faultIf(s.e.Profiling.Nsys && s.e.Profiling.Kineto,
				"nsys and the torch profiler both need CUPTI: only one will see kernels")
		}, fixed("profiling.kineto", "false")},
		{"no-trace", SeverityNote, "profiling.kineto", func(s *subject) string {
			p := s.e.Profiling
			return faultIf(!p.Kineto && !p.Nsys,
				"no kernels are traced: there will be latency and throughput, and no communication metrics")
		}, fixed("profiling.kineto", "true")},
		{"prefix-caching", SeverityWarning, "vllm.enable_prefix_caching", func(s *subject) string {
			on, _ := s.e.VLLM["enable_prefix_caching"].(bool)
			return faultIf(on, "with prefix caching a repeated prompt costs no prefill: iterations are not comparable")
		}, fixed("vllm.enable_prefix_caching", "false")},
		{"memory-utilization", SeverityError, "vllm.gpu_memory_utilization", func(s *subject) string {
			u := s.e.EngineNumber("gpu_memory_utilization", 0.9)
			return faultIf(!(u > 0 && u <= 1), "vllm.gpu_memory_utilization must lie above 0 and at most 1")
		}, fixed("vllm.gpu_memory_utilization", "0.9")},
		{"vllm-key", SeverityError, "vllm", takenKey, words("remove it there and use the config's own key")},
	}
}

// taken are engine arguments that a key of the config, or shardeck, sets.
var taken = map[string]string{
	"model": "model.name", "dtype": "model.precision", "load_format": "model.weights",
	"tensor_parallel_size": "parallelism.tp", "pipeline_parallel_size": "parallelism.pp",
	"data_parallel_size": "parallelism.dp_replicate", "enable_expert_parallel": "parallelism.ep",
	"all2all_backend": "comm.all2all", "disable_custom_all_reduce": "comm.all_reduce",
	"profiler_config": "profiling", "worker_extension_cls": "profiling",
	"nnodes": "parallelism", "node_rank": "parallelism", "master_addr": "parallelism", "master_port": "parallelism",
}

// takenKey is the first engine argument, by name, that would contradict the config.
func takenKey(s *subject) string {
	for _, k := range slices.Sorted(maps.Keys(s.e.VLLM)) {
		if taken[k] != "" {
			return fmt.Sprintf("vllm.%s is set by %s", k, taken[k])
		}
	}
	return ""
}

// wordRules judge what a person wrote about an experiment: a description that was true
// of the layout before this one misleads in every table and chart.
func wordRules() []rule {
	return []rule{
		{"description-layout", SeverityWarning, "description", func(s *subject) string {
			return faultIf(described(s.e) != s.e.Description, "the description still speaks of another layout: %q", s.e.Description)
		}, func(s *subject) (string, []model.Edit) { return set("description", described(s.e)) }},
	}
}

// What a description may say of the layout; what it names twice compares, and is left alone.
var layoutWords = []struct {
	words *regexp.Regexp
	now   func(model.Layout) string
}{
	{regexp.MustCompile(`\b(?:TP|tp)=?(\d+)\b`), func(l model.Layout) string { return strconv.Itoa(l.TP) }},
	{regexp.MustCompile(`\b(?:PP|pp)=?(\d+)\b`), func(l model.Layout) string { return strconv.Itoa(l.PP) }},
	{regexp.MustCompile(`\b(?:EP|ep)=?(\d+)\b`), func(l model.Layout) string { return strconv.Itoa(l.EP) }},
	{regexp.MustCompile(`\bon (\d+ GPUs?)\b`), func(l model.Layout) string { return gpus(l.GPUs()) }},
}

// described is the description with the factors and the number of GPUs that it names as they are.
func described(e model.Experiment) string {
	text := e.Description
	for _, s := range layoutWords {
		if at := s.words.FindAllStringSubmatchIndex(text, 2); len(at) == 1 {
			text = text[:at[0][2]] + s.now(e.Layout) + text[at[0][3]:]
		}
	}
	return text
}

func gpus(n int) string {
	if n == 1 {
		return "1 GPU"
	}
	return strconv.Itoa(n) + " GPUs"
}
