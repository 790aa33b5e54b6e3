package kineto

import (
	"shardeck/backend/trace"
	"shardeck/backend/trace/jsonscan"
)

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
	name := jsonscan.CleanText(text)
	if !trace.IsStep(name) {
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
