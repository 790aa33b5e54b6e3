package check

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"shardeck/model"
)

// rule is one thing that can be wrong with an experiment. Its fault says what, or nothing; then its fix is asked.
type rule struct {
	code     string
	severity Severity
	field    string
	fault    func(*subject) string
	fix      func(*subject) (words string, edits []model.Edit) // nil: the fault says it all
}

// subject is the experiment under judgement with what follows from it, worked out once. Of the rules, those on
// form see only e and w; the others run when the numbers are sound and have the rest.
type subject struct {
	e     model.Experiment
	w     *World
	shape *model.Shape  // with the experiment's depth; nil: not known
	place Placement     //
	limit time.Duration // 0: cannot be read
	queue *model.Queue  // nil: the site has none of that name
	gpu   *model.GPU    // nil: not known
	held  held          // how weights and cache are; of a shape not known nothing
	fit   *Fit          // of memory(), once it was asked for
}

func newSubject(e model.Experiment, w *World) *subject {
	here := *w
	here.Site = w.Site.For(e.Slurm)
	s := &subject{e: e, w: &here, place: Place(e, here.Site)}
	s.limit, _ = model.ParseTimeLimit(e.Slurm.Time)
	s.queue = w.Site.Queue(s.place.QOS)
	if g, ok := w.GPUs[s.place.GPU]; ok {
		s.gpu = &g
	}
	if known := w.Shape(e.Model.Name); known != nil {
		shape := known.WithLayers(e.Model.Layers)
		s.shape, s.held = &shape, heldBy(e, shape, w.Formats)
	}
	return s
}

// memory is the fit on the planned GPU; nil where it or the shape is not known, or a stage would be empty.
func (s *subject) memory() *Fit {
	if s.fit == nil && s.shape != nil && s.gpu != nil && s.e.Layout.PP <= s.shape.Layers {
		fit := MemoryFit(s.e, *s.shape, *s.gpu, s.w.Formats)
		s.fit = &fit
	}
	return s.fit
}

// replay reports whether nothing will be computed: no GPU, no weights, no memory.
func (s *subject) replay() bool { return s.e.Engine == model.EngineReplay }

func (s *subject) apply(rules []rule) []Finding {
	var out []Finding
	for _, r := range rules {
		fault := r.fault(s)
		if fault == "" {
			continue
		}
		f := Finding{Code: r.code, Severity: r.severity, Field: r.field, Fault: fault, Edits: []model.Edit{}}
		if r.fix != nil {
			words, edits := r.fix(s)
			f.Fix, f.Edits = words, append(f.Edits, edits...)
		}
		out = append(out, f)
	}
	return out
}

// passes reports whether no rule of these severities finds fault.
func (s *subject) passes(rules []rule, severities ...Severity) bool {
	for _, r := range rules {
		if slices.Contains(severities, r.severity) && r.fault(s) != "" {
			return false
		}
	}
	return true
}

func byWeight(fs []Finding) {
	slices.SortStableFunc(fs, func(a, b Finding) int { return a.Severity.Compare(b.Severity) })
}

// faultIf is a fault where one is, in words as of fmt.Sprintf.
func faultIf(faulty bool, format string, args ...any) string {
	if !faulty {
		return ""
	}
	return fmt.Sprintf(format, args...)
}

func set(path, value string) (string, []model.Edit) {
	return fmt.Sprintf("set %s to %s", path, value), []model.Edit{{Path: path, Value: value}}
}

// fixed is a fix that does not depend on the experiment.
func fixed(path, value string) func(*subject) (string, []model.Edit) {
	return func(*subject) (string, []model.Edit) { return set(path, value) }
}

// words is a fix that takes a person.
func words(text string) func(*subject) (string, []model.Edit) {
	return func(*subject) (string, []model.Edit) { return text, nil }
}

// nearest is a fix that takes the nearest legal value of a layout key, of those that fit the memory where one does; of two equally
// near the larger. Where no TP fits, stages of the pipeline take the GPUs that a smaller one leaves.
func nearest(path string) func(*subject) (string, []model.Edit) {
	return func(s *subject) (string, []model.Edit) {
		legal := Legal(s.e, path, *s.w)
		if len(legal) == 0 {
			return "change the other parts of the layout: with these no value is possible", nil
		}
		room := slices.DeleteFunc(slices.Clone(legal), func(v int) bool { return !s.at(path, v).fits() })
		if len(room) > 0 {
			legal = room
		}
		now, best := *layoutAt(&s.e.Layout, path), legal[0]
		for _, v := range legal {
			if abs(v-now) <= abs(best-now) {
				best = v
			}
		}
		text, edits := set(path, strconv.Itoa(best))
		edits = append(edits, s.followEP(path, best)...)
		for n := s.e.Layout.PP * max(now/best, 1); path == "parallelism.tp" && len(room) == 0 && n > s.e.Layout.PP; n /= 2 {
			t := s.at(path, best).at("parallelism.pp", n)
			if t.fits() && !t.place.PPSpans && t.passes(layoutRules(), SeverityError) {
				return fmt.Sprintf("%s and parallelism.pp to %d", text, n), append(edits, model.Edit{Path: "parallelism.pp", Value: strconv.Itoa(n)})
			}
		}
		return text, edits
	}
}

// at is the experiment with another value of a layout key.
func (s *subject) at(path string, v int) *subject {
	e := s.e
	e.Layout = withKey(e.Layout, path, v)
	return newSubject(e, s.w)
}

// fits reports whether the memory is enough, or not known.
func (s *subject) fits() bool {
	f := s.memory()
	return f == nil || f.Headroom >= 0
}

// followEP is the edit that keeps EP at TP × DP when another part of the layout changes.
func (s *subject) followEP(path string, v int) []model.Edit {
	changed := withKey(s.e.Layout, path, v)
	if changed.EP == s.e.Layout.EP || path == "parallelism.ep" {
		return nil
	}
	return []model.Edit{{Path: "parallelism.ep", Value: strconv.Itoa(changed.EP)}}
}

func abs(n int) int { return max(n, -n) }

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
		if !t.comfortable() || !t.passes(layoutRules(), SeverityError) || !t.passes(siteRules, SeverityError) {
			continue
		}
		change := c.edits[0].Path + " to " + c.edits[0].Value
		if first != nil {
			return text + ", or " + change, first
		}
		text, first = "set "+change, c.edits
	}
	if first == nil {
		return "use a larger GPU, or fewer layers (model.layers)", nil
	}
	return text, first
}

// comfortable reports whether everything fits with room for the estimate's error.
func (s *subject) comfortable() bool {
	f := s.memory()
	return f != nil && f.Headroom >= tight && f.holds(s.e.ModelLen()) >= 1
}

// candidates lists what to try, the cheapest first: a shorter limit, TP on the same nodes, a larger card, TP, PP.
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

func (s *subject) wider(path string) []candidate {
	var out []candidate
	for _, v := range Legal(s.e, path, *s.w) {
		if v <= *layoutAt(&s.e.Layout, path) {
			continue
		}
		edits := append([]model.Edit{{Path: path, Value: strconv.Itoa(v)}}, s.followEP(path, v)...)
		out = append(out, candidate{s.at(path, v).e, edits})
	}
	return out
}

func (s *subject) larger() []candidate {
	var out []candidate
	for _, k := range s.w.Site.Partitions {
		if k.Queue != "" && k.Queue != s.place.QOS || s.w.GPUs[k.GPU].Bytes <= s.gpu.Bytes {
			continue
		}
		e := s.e
		e.Slurm.Constraint = k.Constraint
		out = append(out, candidate{e, []model.Edit{{Path: "slurm.constraint", Value: k.Constraint}}})
	}
	return out
}
