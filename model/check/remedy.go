package check

import (
	"maps"
	"strconv"

	"shardeck/model"
)

// candidate is one change that may make an experiment fit.
type candidate struct {
	e     model.Experiment
	edits []model.Edit
}

// remedy names the first change that fits comfortably, and the next of another kind.
func remedy(s *subject) (string, []model.Edit) {
	var text string
	var first []model.Edit
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
	return f != nil && f.Headroom >= tight && f.holds(s.e.ModelLen()) >= 1
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
	e.VLLM = maps.Clone(s.e.VLLM) // not nil: it has a limit
	e.VLLM["max_model_len"] = need
	return []candidate{{e, []model.Edit{{Path: "vllm.max_model_len", Value: strconv.Itoa(need)}}}}
}

// wider takes each larger legal value of a layout key.
func (s *subject) wider(path string) []candidate {
	var out []candidate
	for _, v := range Legal(s.e, path, *s.w) {
		if v <= *layoutAt(&s.e.Layout, path) {
			continue
		}
		e := s.e
		e.Layout = withKey(e.Layout, path, v)
		edits := append([]model.Edit{{Path: path, Value: strconv.Itoa(v)}}, s.followEP(path, v)...)
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
		out = append(out, candidate{e, []model.Edit{{Path: "slurm.constraint", Value: k.Constraint}}})
	}
	return out
}
