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

// stepNames are the names of annotations seen before, so that one that comes again
// costs one look-up and no allocation.
type stepNames map[string]string

// Bounds of what is remembered, for a trace where every annotation has its own name.
const (
	maxStepNames = 1024
	maxStepName  = 256 // bytes
)

// of is the clean name of a step, from its JSON text; "" if it is none.
func (n *stepNames) of(text []byte) string {
	if name, ok := (*n)[string(text)]; ok {
		return name
	}
	name := cleanJSON(text)
	if !isStep(name) {
		name = ""
	}
	if *n == nil {
		*n = stepNames{}
	}
	if len(*n) < maxStepNames && len(text) <= maxStepName {
		(*n)[string(text)] = name
	}
	return name
}
