package model

import "strings"

// Quant is how the weights of a checkpoint are held: templates/quantisation.yaml says what each format of a config means.
type Quant struct {
	Method   string            `yaml:"method" json:"method"` // vLLM's word: fp8, awq, compressed-tensors
	Label    string            `yaml:"label" json:"label"`   // FP8 (blocks of 128)
	Bits     int               `yaml:"bits" json:"bits"`
	GroupIn  int               `yaml:"group_in" json:"group_in"`   // inputs that share a scale; 0: all
	GroupOut int               `yaml:"group_out" json:"group_out"` // outputs that share a scale; 0: all
	Scale    int               `yaml:"scale" json:"scale"`         // bytes of a scale
	ZeroBits int               `yaml:"zero_bits" json:"zero_bits"` // of a zero point, one a scale
	Index    int               `yaml:"index" json:"index"`         // bytes an input (GPTQ's order of groups)
	CutIn    int               `yaml:"cut_in" json:"cut_in"`       // what a rank's inputs must divide by; 0: nothing
	CutOut   int               `yaml:"cut_out" json:"cut_out"`     // its outputs
	Native   string            `yaml:"native" json:"native"`       // compute capability that computes in it; empty: any
	Lowest   string            `yaml:"lowest" json:"lowest"`       // the least that runs it
	Below    string            `yaml:"below" json:"below"`         // what is done between the two
	Online   bool              `yaml:"online" json:"online"`       // made of 16-bit weights while loading
	Cache    string            `yaml:"cache" json:"cache"`         // type of the KV cache that the checkpoint asks for
	Only     string            `yaml:"only" json:"only"`           // taken are tensors whose name has this; empty: all
	Left     map[string]string `yaml:"left" json:"left,omitempty"` // tensors left in 16 bits: 1 for each layer where, or * for all
	Assumed  string            `yaml:"assumed" json:"assumed,omitempty"`
}

// leaves reports whether a tensor of a layer stays as it is.
func (q *Quant) leaves(name string, layer int) bool {
	marks := q.Left[name]
	return marks == "*" || layer < len(marks) && marks[layer] == '1'
}

// alike reports whether the same tensors of two layers are taken.
func (q *Quant) alike(i, j int) bool {
	if q == nil {
		return true
	}
	for name := range q.Left {
		if q.leaves(name, i) != q.leaves(name, j) {
			return false
		}
	}
	return true
}

// takes reports whether a tensor of a layer is quantised: matrices are, but for routers.
func (q *Quant) takes(t tensor, layer int) bool {
	return q != nil && t.matrix() && t.name != "mlp.gate" && (q.Only == "" || strings.Contains(t.name, q.Only)) && !q.leaves(t.name, layer)
}

// bytes of a tensor with its scales and zero points.
func (q *Quant) bytes(t tensor) int64 {
	groups := func(n int64, size int) int64 {
		if size <= 0 {
			return 1
		}
		return CeilDiv(n, int64(size))
	}
	scales := groups(t.in, q.GroupIn) * groups(t.out, q.GroupOut)
	one := CeilDiv(t.in*t.out*int64(q.Bits), 8) + scales*int64(q.Scale) + CeilDiv(scales*int64(q.ZeroBits), 8) + t.in*int64(q.Index)
	return t.count * one
}

// Uneven is a tensor whose part on a rank the format cannot cut: its name, the length of the part, and what it must divide by.
type Uneven struct {
	Name      string
	Part, By  int64
	Expert    bool
	Width, Of int64 // the whole length, and the ranks it is cut over
}

// Uneven finds the first tensor of a rank that a format cannot cut so; nil: there is none.
func (r RankShape) Uneven(q *Quant) *Uneven {
	for _, k := range r.kinds {
		for _, t := range r.Shape.layer(k) {
			if !q.takes(t, k.layer) {
				continue
			}
			part := r.share(k, t)
			expert := t.cut == experts || t.cut == expertsIn
			for _, side := range []struct{ part, whole, by int64 }{{part.out, t.out, int64(q.CutOut)}, {part.in, t.in, int64(q.CutIn)}} {
				if side.by > 0 && side.part != side.whole && side.part%side.by != 0 {
					return &Uneven{t.name, side.part, side.by, expert, side.whole, CeilDiv(side.whole, side.part)}
				}
			}
		}
	}
	return nil
}

// Formats is what weights and caches may be held in. [templates/quantisation.yaml]
type Formats struct {
	Weights []Quant
	Caches  []CacheType
}

// CacheType is a type of the KV cache other than the model's own.
type CacheType struct {
	Type   string `yaml:"type"` // vLLM's word
	Bits   int    `yaml:"bits"`
	Lowest string `yaml:"lowest"` // compute capability
}

// Tensors names the matrices of a layer, as checkpoints do below layers.N.
func (s Shape) Tensors(layer int) []string {
	var names []string
	for _, t := range s.layer(s.kinds(layer, 1)[0]) {
		if t.name != "" {
			names = append(names, t.name)
		}
	}
	return names
}

// Online is the format that vLLM makes of 16-bit weights under a word; nil: none.
func (f Formats) Online(word string) *Quant {
	return First(f.Weights, func(q Quant) bool { return q.Online && q.Method == word })
}

// Cache is a type of the KV cache; nil: the model's own, or not known.
func (f Formats) Cache(word string) *CacheType {
	return First(f.Caches, func(c CacheType) bool { return c.Type == word })
}
