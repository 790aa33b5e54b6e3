package check

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"shardeck/model"
)

// familyRules judge how what only some families have divides over the ranks, and how a quantised tensor does. [vllm/model_executor]
func familyRules() []rule {
	return []rule{
		{"tp-state", SeverityError, "parallelism.tp", shaped(stateFault), nearest("parallelism.tp")},
		{"tp-vocab", SeverityError, "parallelism.tp", shaped(func(e model.Experiment, m model.Shape) string {
			padded := model.CeilDiv(m.Vocab, vocabBlock) * vocabBlock
			words := strconv.Itoa(m.Vocab)
			if padded != m.Vocab {
				words += fmt.Sprintf(" (padded to %d)", padded)
			}
			return faultIf(padded%e.Layout.TP != 0, "TP=%d is not possible: the vocabulary of %s does not divide by it", e.Layout.TP, words)
		}), nearest("parallelism.tp")},
		{"tp-vision", SeverityError, "parallelism.tp", shaped(func(e model.Experiment, m model.Shape) string {
			return faultIf(m.Vision%e.Layout.TP != 0 && e.VLLM["mm_encoder_tp_mode"] != "data",
				"TP=%d is not possible: the %d heads of the vision tower do not divide by it", e.Layout.TP, m.Vision)
		}), fixed("vllm.mm_encoder_tp_mode", "data")},
		{"pp-family", SeverityError, "parallelism.pp", shaped(func(e model.Experiment, m model.Shape) string {
			return faultIf(e.Layout.PP > 1 && m.NoPP, "PP=%d is not possible: vLLM cannot cut %s models into stages", e.Layout.PP, m.Family)
		}), fixed("parallelism.pp", "1")},
		{"quant-cut", SeverityError, "parallelism.tp", func(s *subject) string {
			if u := s.uneven(); u != nil {
				return fmt.Sprintf("weights in %s cannot be cut so: %s of width %d over %d ranks is %d, which does not divide by %d",
					s.held.quant.Label, u.Name, u.Width, u.Of, u.Part, u.By)
			}
			return ""
		}, fixUneven},
	}
}

const vocabBlock = 64 // vLLM pads the vocabulary to a multiple

// stateFault is why layers that keep a state cannot be cut over so many ranks.
func stateFault(e model.Experiment, s model.Shape) string {
	tp, m, linear := e.Layout.TP, cmp.Or(s.SSM, &model.SSM{}), strings.ContainsAny(s.Mixers, "lk")
	repeats := m.Heads == 0 || m.Groups <= 1 && s.Quant == nil // one group is repeated, unless it is quantised
	for _, part := range []struct {
		is   bool
		n    int
		what string
	}{
		{linear, m.Groups, "key heads of linear attention"},
		{linear, m.Heads, "value heads of linear attention"},
		{!linear && m.Heads == 0, m.Inner, "inner channels of Mamba"},
		{!linear, m.Heads, "Mamba heads"},
		{!linear && !repeats, m.Groups, "Mamba groups"},
	} {
		if part.is && part.n%tp != 0 {
			return fmt.Sprintf("TP=%d is not possible: %d %s do not divide by %d", tp, part.n, part.what, tp)
		}
	}
	return ""
}

// uneven is the first tensor that the format of the weights cannot cut over the ranks; nil: there is none.
func (s *subject) uneven() *model.Uneven {
	if s.shape == nil || s.held.quant == nil || s.replay() {
		return nil
	}
	l := s.e.Layout
	l.PP = 1 // the stages hold layers of the same kinds
	return s.shape.OnRank(l, 0).Uneven(s.held.quant)
}

// fixUneven leaves experts whole where it is they that cannot be cut, else takes the nearest TP that cuts evenly.
func fixUneven(s *subject) (string, []model.Edit) {
	text, edits := nearest("parallelism.tp")(s)
	try := s.e
	try.Layout.EP = try.Layout.TP * try.Layout.DP()
	if u := s.uneven(); u == nil || !u.Expert || !newSubject(try, s.w).passes(layoutRules(), SeverityError) {
		return text, edits
	}
	ep := model.Edit{Path: "parallelism.ep", Value: strconv.Itoa(try.Layout.EP)}
	if len(edits) == 0 {
		return fmt.Sprintf("set parallelism.ep to %s: experts stay whole", ep.Value), []model.Edit{ep}
	}
	return fmt.Sprintf("set parallelism.ep to %s (experts stay whole), or %s", ep.Value, strings.TrimPrefix(text, "set ")), []model.Edit{ep}
}

// formatRules judge formats of weights and cache against the GPU and the engine's arguments.
var formatRules = []rule{
	{"model-without", SeverityWarning, "model.name", shaped(func(e model.Experiment, m model.Shape) string {
		return faultIf(len(m.Without) > 0, "the config of %s holds what is not understood; counted without: %s",
			m.Short, strings.Join(m.Without, ", "))
	}), words("take memory and layout as a first guess, or write its shape into models.yaml")},
	{"quant-assumed", SeverityNote, "model.name", shaped(func(e model.Experiment, m model.Shape) string {
		if m.Quant == nil {
			return ""
		}
		return m.Quant.Assumed
	}), func(s *subject) (string, []model.Edit) { return configHint(s.e.Model.Name), nil }},
	{"quant-gpu-lowest", SeverityError, "model.name", quantised(func(s *subject, q model.Quant) string {
		return faultIf(below(s.gpu, q.Lowest), "weights in %s do not run on %s: they take compute capability %s",
			q.Label, s.gpu.Title, q.Lowest)
	}), newerGPU},
	{"quant-gpu", SeverityWarning, "model.name", quantised(func(s *subject, q model.Quant) string {
		return faultIf(s.e.Model.Precision != "fp8" && below(s.gpu, q.Native) && !below(s.gpu, q.Lowest),
			"%s does not compute in %s: %s", s.gpu.Title, q.Label, q.Below)
	}), newerGPU},
	{"quant-argument", SeverityError, "vllm.quantization", shaped(func(e model.Experiment, m model.Shape) string {
		word, q := quantisation(e), m.Quant
		if q == nil || word == "" || strings.HasPrefix(word, q.Method) || strings.HasPrefix(q.Method, word) {
			return ""
		}
		return fmt.Sprintf("quantization=%s does not go with a checkpoint whose weights are in %s (%s): vLLM refuses",
			word, q.Label, q.Method)
	}), func(s *subject) (string, []model.Edit) {
		if s.e.Model.Precision == "fp8" {
			return set("model.precision", "bfloat16")
		}
		return "remove vllm.quantization: vLLM reads it from the checkpoint", nil
	}},
	{"quant-missing", SeverityError, "vllm.quantization", func(s *subject) string {
		word := quantisation(s.e)
		known := model.First(s.w.Formats.Weights, func(q model.Quant) bool { return strings.TrimSuffix(word, "_marlin") == q.Method })
		return faultIf(s.shape != nil && s.shape.Quant == nil && word != "" && known != nil && s.held.quant == nil,
			"quantization=%s takes a checkpoint in that format, and the weights of %s have 16 bits", word, s.e.Model.Name)
	}, words("remove vllm.quantization, or make such a checkpoint")},
	{"quant-load", SeverityWarning, "vllm.quantization", fitted(func(s *subject, f Fit) string {
		before := 2 * f.Params
		return faultIf(s.shape.Quant == nil && s.held.quant != nil && f.Weights < f.Usable && before+contextBytes > f.Usable,
			"releases before 0.15 hold the 16-bit weights (%s) before they quantise them: that does not fit %s",
			gibWords(before), s.gpu.Title)
	}), words("use vLLM 0.15 or newer, which quantises while it loads (vllm#31914)")},
	{"kv-cache-checkpoint", SeverityWarning, "vllm.kv_cache_dtype", quantised(func(s *subject, q model.Quant) string {
		c := s.w.Formats.Cache(q.Cache)
		return faultIf(s.e.VLLM["kv_cache_dtype"] == nil && c != nil && below(s.gpu, c.Lowest),
			"the checkpoint asks for a KV cache of %s, which does not run on %s", q.Cache, s.gpu.Title)
	}), func(s *subject) (string, []model.Edit) {
		return set("vllm.kv_cache_dtype", cmp.Or(map[string]string{"fp8": "bfloat16"}[s.e.Model.Precision], s.e.Model.Precision))
	}},
	{"torch-family", SeverityError, "engine", shaped(func(e model.Experiment, m model.Shape) string {
		plain := m.Mixers == "" && m.FFNs == "" && m.SSM == nil && !m.Plain && m.Norms == 0 && m.Quant == nil && !m.Gate
		return faultIf(e.Engine == model.EngineTorch && !plain,
			"engine torch has no layers of the family %s, or none of its format", cmp.Or(m.Family, m.Short))
	}), fixed("engine", "vllm")},
}

// quantised makes a rule of one that needs weights in a format, on a GPU that is known.
func quantised(fault func(*subject, model.Quant) string) func(*subject) string {
	return func(s *subject) string {
		if s.held.quant == nil || s.gpu == nil || s.replay() {
			return ""
		}
		return fault(s, *s.held.quant)
	}
}

// below reports whether a GPU has not a compute capability, such as 8.9; none asked for, all have it.
func below(g *model.GPU, capability string) bool {
	var major, minor int
	n, _ := fmt.Sscanf(capability, "%d.%d", &major, &minor)
	return n == 2 && !g.AtLeast(major, minor)
}

// newerGPU asks for a card of the site that computes in the format, if there is one.
func newerGPU(s *subject) (string, []model.Edit) {
	need := cmp.Or(s.held.quant.Native, s.held.quant.Lowest)
	for _, k := range s.w.Site.Partitions {
		if g, ok := s.w.GPUs[k.GPU]; ok && !below(&g, need) {
			return set("slurm.constraint", k.Constraint)
		}
	}
	return "use GPUs of compute capability " + need + " or newer; this site has none", nil
}

// Facts is a model's shape, and what follows from it.
type Facts struct {
	model.Shape
	Params int64 `json:"params"`
	Active int64 `json:"active_params"` // that a token passes through
	Bytes  int64 `json:"weight_bytes"`  // in the checkpoint's format, else in 16 bits
	TPs    []int `json:"tp"`            // that divide it, to 64
}

// FactsOf works out what follows from a shape.
func FactsOf(s model.Shape, known model.Formats) Facts {
	e := model.Defaults()
	e.Model.Name = s.Name
	return Facts{s, s.Params(), s.ActiveParams(), s.Bytes(2), Legal(e, "parallelism.tp", World{Shapes: []model.Shape{s}, Formats: known})}
}
