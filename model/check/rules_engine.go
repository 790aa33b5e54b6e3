package check

import (
	"fmt"
	"sort"
)

// profilingRules judge what is recorded, and what would make it mean something else.
func profilingRules() []rule {
	return []rule{
		{"nsys-kineto", SeverityWarning, "profiling.nsys", func(s *subject) string {
			if !s.e.Profiling.Nsys || !s.e.Profiling.Kineto {
				return ""
			}
			return "nsys and the torch profiler both need CUPTI: only one will see kernels"
		}, fixed("profiling.kineto", "false")},
		{"no-trace", SeverityNote, "profiling.kineto", func(s *subject) string {
			if p := s.e.Profiling; p.Kineto || p.Nsys {
				return ""
			}
			return "no kernels are traced: there will be latency and throughput, and no communication metrics"
		}, fixed("profiling.kineto", "true")},
		{"prefix-caching", SeverityWarning, "vllm.enable_prefix_caching", func(s *subject) string {
			if on, _ := s.e.VLLM["enable_prefix_caching"].(bool); !on {
				return ""
			}
			return "with prefix caching a repeated prompt costs no prefill: iterations are not comparable"
		}, fixed("vllm.enable_prefix_caching", "false")},
		{"memory-utilization", SeverityError, "vllm.gpu_memory_utilization", func(s *subject) string {
			if u := s.e.EngineNumber("gpu_memory_utilization", 0.9); u > 0 && u <= 1 {
				return ""
			}
			return "vllm.gpu_memory_utilization must lie above 0 and at most 1"
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
	var found []string
	for k := range s.e.VLLM {
		if taken[k] != "" {
			found = append(found, k)
		}
	}
	if len(found) == 0 {
		return ""
	}
	sort.Strings(found)
	return fmt.Sprintf("vllm.%s is set by %s", found[0], taken[found[0]])
}
