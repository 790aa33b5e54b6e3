package kernelname

import (
	"strings"
	"sync"

	"shardeck/backend/strictyaml"
)

// parts is templates/xray.yaml, which says what its parts mean.
type parts struct {
	Parts []Row `yaml:"parts"`

	names Names
}

var knownParts = strictyaml.Embedded("xray.yaml", func(p *parts) { p.names.words = wordsOf(p.Parts) })

// partOf is the part of each class of kernels that is one by itself.
var partOf = map[string]string{"gemm": "gemm", "attention": "attention", "norm": "norm", "activation": "activation", "moe": "dispatch",
	"sampling": "sampling", "softmax": "softmax", "embedding": "embedding", "quantise": "quantise", "memory": "memory",
	"convolution": "convolution"}

var partsSeen sync.Map // by full name

// Part is which part of an operator a kernel is that computes, as templates/xray.yaml has it; empty: its name does not tell.
func (n *Name) Part() string {
	if n.IsComm() {
		return ""
	}
	if part, ok := partsSeen.Load(n.Full); ok {
		return part.(string)
	}
	part := partOf[n.Class]
	if told := knownParts().names.Of(n.Full); told.Class != Other {
		part = told.Class
	}
	if n.Class == "gemm" && part != "gemm_part" && part != "experts" && part != "router" && !strings.Contains(part, "attention") {
		part = "gemm"
	}
	partsSeen.Store(n.Full, part)
	return part
}
