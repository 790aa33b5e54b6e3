package align

import (
	"cmp"
	"iter"
	"regexp"
	"slices"
	"strconv"

	"shardeck/backend/analyze/kernelname"
	"shardeck/backend/analyze/span"
	"shardeck/backend/trace"
	"shardeck/model/metric"
)

// Step is one forward step on the device's time line.
type Step struct {
	span.Span
	Phase  string // metric.Prefill, Decode or Mixed
	Tokens int    // put through the model in this step, -1: not said

	emptyPasses bool // passes without requests follow it; see findEmptyPasses
}

// vllmStep reads execute_context_<reqs>(<tokens>)_generation_<reqs>(<tokens>), and
// vllmOldStep the form before it, execute_new_<n>_cached_<m>; suffixes may follow.
var (
	vllmStep    = regexp.MustCompile(`^execute_context_\d+\((\d+)\)_generation_\d+\((\d+)\)`)
	vllmOldStep = regexp.MustCompile(`^execute_new_(\d+)_cached_(\d+)`)
)

// stepOf reads the name of an annotation; ok is false if it names no step.
func stepOf(name string) (s Step, ok bool) {
	if name == metric.Prefill || name == metric.Decode {
		return Step{Phase: name, Tokens: -1}, true
	}
	m, old := vllmStep.FindStringSubmatch(name), false
	if m == nil {
		m, old = vllmOldStep.FindStringSubmatch(name), true
	}
	if m == nil {
		return Step{}, false
	}
	context, err1 := strconv.Atoi(m[1])
	generation, err2 := strconv.Atoi(m[2])
	if err1 != nil || err2 != nil || context+generation <= 0 {
		return Step{}, false
	}
	s = Step{Phase: metric.Mixed, Tokens: context + generation}
	switch {
	case context == 0:
		s.Phase = metric.Decode
	case generation == 0:
		s.Phase = metric.Prefill
	}
	if old && context > 0 {
		s.Tokens = -1 // it counts requests, and a prompt has many tokens
	}
	return s, true
}

// stepMarks are the annotations that name a step. The same few names come again and
// again, so each is read once.
func stepMarks(marks []trace.Mark) iter.Seq2[trace.Mark, Step] {
	return func(yield func(trace.Mark, Step) bool) {
		known := map[string]Step{}
		for _, m := range marks {
			s, ok := known[m.Name]
			if !ok {
				s, _ = stepOf(m.Name)
				known[m.Name] = s
			}
			if s.Phase != "" && !yield(m, s) {
				return
			}
		}
	}
}

// readSteps finds the steps on the device's time line, in order. The CPU's annotations,
// one a step, cover launches only, but count the steps best.
func (r *Rank) readSteps(marks []trace.Mark) {
	pieces, launched := make([]Step, 0, len(marks)), 0
	for m, s := range stepMarks(marks) {
		if !m.GPU {
			launched++
			continue
		}
		s.Span = span.Span{Start: m.Start, End: m.Start + m.Dur}
		pieces = append(pieces, s)
	}
	if r.MarkedSteps = launched; launched == 0 {
		r.MarkedSteps = len(pieces)
	}
	slices.SortStableFunc(pieces, func(a, b Step) int { return cmp.Compare(a.Start, b.Start) })
	r.Steps = joinPieces(joinStreams(pieces), launched)
}

// goesOn reports whether s may be a piece of the step that before is.
func (s Step) goesOn(before Step) bool { return s.Phase == before.Phase && s.Tokens == before.Tokens }

// joinStreams makes one step of those that show on several streams at once.
func joinStreams(pieces []Step) []Step {
	var out []Step
	for _, s := range pieces {
		if n := len(out); n > 0 && s.Start < out[n-1].End && s.goesOn(out[n-1]) {
			out[n-1].End = max(out[n-1].End, s.End)
			continue
		}
		out = append(out, s)
	}
	return out
}

// joinPieces joins the pieces of steps: a launch of a CUDA graph gives an annotation for
// each stream, one behind the other. What is nearest belongs together, until there are no
// more steps than the CPU launched (0: not known).
func joinPieces(steps []Step, launched int) []Step {
	var joints []int // places where a step may be the one before going on, nearest first
	for i := 1; i < len(steps); i++ {
		if steps[i].goesOn(steps[i-1]) {
			joints = append(joints, i)
		}
	}
	excess := len(steps) - launched
	if launched == 0 || excess <= 0 {
		return steps
	}
	gap := func(i int) int64 { return steps[i].Start - steps[i-1].End }
	slices.SortStableFunc(joints, func(a, b int) int { return cmp.Compare(gap(a), gap(b)) })
	joints = joints[:min(excess, len(joints))]
	slices.Sort(joints)
	var out []Step
	for i, s := range steps {
		if _, joined := slices.BinarySearch(joints, i); joined {
			out[len(out)-1].End = max(out[len(out)-1].End, s.End)
			continue
		}
		out = append(out, s)
	}
	return out
}

// claimTime divides all time among a rank's steps, but for that of passes without
// requests. A step lasts until the next one starts, since sampling and the broadcast of
// the token follow the annotation; on a later stage of a pipeline it starts with the recv
// that feeds it.
func (r *Rank) claimTime() {
	c := 0
	for i := 1; i < len(r.Steps); i++ {
		before, step := &r.Steps[i-1], &r.Steps[i]
		for ; c < len(r.Calls) && r.Calls[c].Start < step.Start; c++ {
			if r.Calls[c].Type == kernelname.Recv && r.Calls[c].Start >= before.End {
				step.Start = r.Calls[c].Start
				break
			}
		}
		before.claimUntil(step.Start)
	}
	if n := len(r.Steps); n > 0 {
		r.Steps[0].Start = min(r.Steps[0].Start, r.extent.Start)
		r.Steps[n-1].claimUntil(max(r.Steps[n-1].End, r.extent.End))
	}
}

// claimUntil makes a step last until then, but not through passes without requests.
func (s *Step) claimUntil(end int64) {
	if !s.emptyPasses {
		s.End = end
	}
}

// StepAt is the step that claims a moment; nil without annotations.
func (r *Rank) StepAt(t int64) *Step {
	i, _ := slices.BinarySearchFunc(r.Steps, t, func(s Step, t int64) int {
		if s.End <= t {
			return -1
		}
		return 1
	})
	if i < len(r.Steps) && r.Steps[i].Start <= t {
		return &r.Steps[i]
	}
	return nil
}
