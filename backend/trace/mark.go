package trace

import "strings"

// markPrefixes are the beginnings of the annotations that name a step. All others
// (nccl:…, ## process_group:init ##, a user's own) say nothing that a metric asks.
var markPrefixes = []string{
	"prefill",
	"decode",
	"execute_",      // vLLM: execute_context_1(2048)_generation_3(3), execute_model
	"ProfilerStep#", // torch.profiler with a schedule
}

// isStep says whether an annotation of this name is kept.
func isStep(name string) bool {
	for _, p := range markPrefixes {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	return false
}
