package model

import (
	"fmt"
	"strconv"
)

// tight is how much headroom the estimate of a fit may err by.
const tight = 2 * gib

// knownRules say what cannot be judged, and what the model itself asks for.
func knownRules() []rule {
	return []rule{
		{"model-unknown", SeverityWarning, "model.name", func(s *subject) string {
			if s.shape != nil {
				return ""
			}
			return fmt.Sprintf("the shape of %.60s is not known: layout and memory cannot be checked", s.e.Model.Name)
		}, func(s *subject) (string, []Edit) {
			if near := Nearest(s.e.Model.Name, s.w.modelNames()); near != "" {
				return set("model.name", near)
			}
			return "add its shape to models.yaml in the workspace", nil
		}},
		{"gpu-unknown", SeverityWarning, "slurm.constraint", func(s *subject) string {
			if s.gpu != nil || s.replay() {
				return ""
			}
			return fmt.Sprintf("the GPUs of %s are not known: memory cannot be checked", s.w.Site.Title)
		}, words("describe the nodes in sites/<name>.yaml and name that site in shardeck.yaml")},
		{"gated", SeverityNote, "model.name", func(s *subject) string {
			if s.shape == nil || !s.shape.Gated || s.e.Model.Weights == "dummy" || s.replay() {
				return ""
			}
			return s.shape.Short + " is gated: the hub gives it only to those who accept its licence"
		}, words("accept it there and set HF_TOKEN, or keep the files in hf_home")},
		{"dummy", SeverityNote, "model.weights", func(s *subject) string {
			if s.e.Model.Weights != "dummy" {
				return ""
			}
			if s.shape != nil && s.shape.MoE != nil {
				return "weights are random: times are right, but the load of the experts is not"
			}
			return "weights are random: times are right, the text is noise"
		}, nil},
		{"fp8-gpu", SeverityWarning, "model.precision", func(s *subject) string {
			if s.e.Model.Precision != "fp8" || s.gpu == nil || s.gpu.Capability >= "8.9" || s.replay() {
				return ""
			}
			return s.gpu.Title + " has no fp8 arithmetic: weights are held in fp8, and computed in 16 bits"
		}, fixed("model.precision", "bfloat16")},
		{"length", SeverityError, "data.seq_len", shaped(func(e Experiment, m Shape) string {
			n := e.Data.SeqLen + e.Data.MaxTokens
			if n <= m.MaxLen || m.MaxLen == 0 || e.Engine == EngineReplay {
				return ""
			}
			return fmt.Sprintf("seq_len + max_tokens = %d is more than the %d positions of %s", n, m.MaxLen, m.Short)
		}), func(s *subject) (string, []Edit) {
			if room := s.shape.MaxLen - s.e.Data.MaxTokens; room > 0 {
				return set("data.seq_len", strconv.Itoa(room))
			}
			return "lower data.max_tokens", nil
		}},
		{"max-model-len", SeverityError, "vllm.max_model_len", func(s *subject) string {
			n := s.e.Data.SeqLen + s.e.Data.MaxTokens
			if s.e.ModelLen() >= n {
				return ""
			}
			return fmt.Sprintf("vllm.max_model_len=%d leaves no room for seq_len + max_tokens = %d", s.e.ModelLen(), n)
		}, func(s *subject) (string, []Edit) {
			return set("vllm.max_model_len", strconv.Itoa(s.e.Data.SeqLen+s.e.Data.MaxTokens))
		}},
	}
}

// memoryRules judge the fit. They run on legal layouts only.
func memoryRules() []rule {
	return []rule{
		{"fit-weights", SeverityError, "parallelism.tp", fitted(func(s *subject, f Fit) string {
			if f.budget() > 0 {
				return ""
			}
			return fmt.Sprintf("the weights do not fit: %s and %s (engine) of %s usable on %s",
				gibWords(f.Weights), gibWords(f.Activations+f.Overhead), gibWords(f.Usable), s.gpu.Title)
		}), remedy},
		{"fit-cache", SeverityError, "vllm.max_model_len", fitted(func(s *subject, f Fit) string {
			if f.budget() <= 0 || s.cacheHolds(f, s.e.ModelLen()) >= 1 {
				return ""
			}
			return fmt.Sprintf("the cache holds %d tokens on %s, less than one sequence of %d", f.KVTokens, s.gpu.Title, s.e.ModelLen())
		}), remedy},
		{"fit-batch", SeverityWarning, "data.batch_size", fitted(func(s *subject, f Fit) string {
			if f.Headroom >= 0 || s.cacheHolds(f, s.e.ModelLen()) < 1 {
				return ""
			}
			n := s.cacheHolds(f, s.e.Data.SeqLen+s.e.Data.MaxTokens)
			return fmt.Sprintf("the cache holds %d of the %d requests of a replica: the others wait", n, s.e.requestsPerReplica())
		}), remedy},
		{"fit-tight", SeverityWarning, "parallelism.tp", fitted(func(s *subject, f Fit) string {
			if f.Headroom < 0 || f.Headroom >= tight {
				return ""
			}
			return fmt.Sprintf("memory is tight: %s to spare on %s, give or take %s", gibWords(f.Headroom), s.gpu.Title, gibWords(tight))
		}), remedy},
	}
}

// fitted makes a rule of one that needs the fit of a run that computes.
func fitted(fault func(*subject, Fit) string) func(*subject) string {
	return func(s *subject) string {
		f := s.memory()
		if f == nil || s.replay() {
			return ""
		}
		return fault(s, *f)
	}
}

// budget is what is left for the cache.
func (f Fit) budget() int64 { return f.Headroom + f.KVCache }

// cacheHolds is how many sequences of a length the cache has room for.
func (s *subject) cacheHolds(f Fit, tokens int) int64 { return f.KVTokens / blocks(tokens) }

// gibWords is a size as people say it.
func gibWords(n int64) string { return fmt.Sprintf("%.1f GiB", float64(n)/gib) }

// candidate is one change that may make an experiment fit.
type candidate struct {
	e     Experiment
	edits []Edit
}

// remedy names the first change that fits comfortably, and the next of another kind.
func remedy(s *subject) (string, []Edit) {
	var text string
	var first []Edit
	for _, c := range s.candidates() {
		if first != nil && c.edits[0].Path == first[0].Path {
			continue
		}
		t := newSubject(c.e, s.w)
		if !t.comfortable() || !t.passes(layoutRules(), SeverityError) || !t.passes(siteRules(), SeverityError) {
			continue
		}
		change := c.edits[0].Path + " to " + c.edits[0].Value
		if first != nil {
			return text + ", or " + change, first
		}
		text, first = "set "+change, c.edits
	}
	if first == nil {
		return "use a smaller model, fewer layers (model.layers) or a larger GPU", nil
	}
	return text, first
}

// comfortable reports whether everything fits with room for the estimate's error.
func (s *subject) comfortable() bool {
	f := s.memory()
	return f != nil && f.Headroom >= tight && s.cacheHolds(*f, s.e.ModelLen()) >= 1
}

// candidates lists what to try, the cheapest first: a shorter limit, more TP
// on the same nodes, a larger card, more TP, more PP.
func (s *subject) candidates() []candidate {
	var near, far []candidate
	for _, path := range []string{"parallelism.tp", "parallelism.pp"} {
		for _, c := range s.wider(path) {
			if path == "parallelism.tp" && newSubject(c.e, s.w).place.Nodes == s.place.Nodes {
				near = append(near, c)
			} else {
				far = append(far, c)
			}
		}
	}
	return append(append(append(s.shorter(), near...), s.larger()...), far...)
}

// shorter drops a sequence limit above what the workload needs.
func (s *subject) shorter() []candidate {
	need := s.e.Data.SeqLen + s.e.Data.MaxTokens
	if s.e.ModelLen() <= need {
		return nil
	}
	e := s.e
	e.VLLM = map[string]any{}
	for k, v := range s.e.VLLM {
		e.VLLM[k] = v
	}
	e.VLLM["max_model_len"] = need
	return []candidate{{e, []Edit{{"vllm.max_model_len", strconv.Itoa(need)}}}}
}

// wider takes each larger legal value of a layout key.
func (s *subject) wider(path string) []candidate {
	var out []candidate
	for _, v := range Legal(s.e, path, s.w) {
		if v <= layoutKeys[path].get(s.e.Layout) {
			continue
		}
		e := s.e
		e.Layout = layoutKeys[path].with(e.Layout, v)
		edits := append([]Edit{{path, strconv.Itoa(v)}}, s.followEP(path, v)...)
		out = append(out, candidate{e, edits})
	}
	return out
}

// larger asks for nodes with more memory.
func (s *subject) larger() []candidate {
	var out []candidate
	for _, k := range s.w.Site.Partitions {
		if s.w.GPUs[k.GPU].Bytes <= s.gpu.Bytes {
			continue
		}
		e := s.e
		e.Slurm.Constraint = k.Constraint
		out = append(out, candidate{e, []Edit{{"slurm.constraint", k.Constraint}}})
	}
	return out
}
