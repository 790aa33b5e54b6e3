package align

import (
	"cmp"
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

// vllmStep reads execute_context_<reqs>(<tokens>)_generation_<reqs>(<tokens>), and the form
// before it, execute_new_<reqs>_cached_<reqs>; suffixes may follow.
var vllmStep = regexp.MustCompile(`^execute_(?:context_\d+\((\d+)\)_generation_\d+\((\d+)\)|new_(\d+)_cached_(\d+))`)

// stepOf reads the name of an annotation; ok is false if it names no step.
func stepOf(name string) (s Step, ok bool) {
	if name == metric.Prefill || name == metric.Decode {
		return Step{Phase: name, Tokens: -1}, true
	}
	m := vllmStep.FindStringSubmatch(name)
	if m == nil {
		return Step{}, false
	}
	context, err1 := strconv.Atoi(m[1] + m[3])
	generation, err2 := strconv.Atoi(m[2] + m[4])
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
	if m[3] != "" && context > 0 {
		s.Tokens = -1 // it counts requests, and a prompt has many tokens
	}
	return s, true
}

// readSteps finds the steps on the device's time line, in order. The CPU's annotations,
// one a step, cover launches only, but count the steps best.
func (r *Rank) readSteps(marks []trace.Mark) {
	pieces, launched := make([]Step, 0, len(marks)), 0
	known := map[string]Step{} // the same few names come again and again
	for _, m := range marks {
		s, seen := known[m.Name]
		if !seen {
			s, _ = stepOf(m.Name)
			known[m.Name] = s
		}
		switch {
		case s.Phase == "":
		case m.GPU:
			s.Span = span.Span{Start: m.Start, End: m.Start + m.Dur}
			pieces = append(pieces, s)
		default:
			launched++
		}
	}
	if r.MarkedSteps = launched; launched == 0 {
		r.MarkedSteps = len(pieces)
	}
	slices.SortStableFunc(pieces, func(a, b Step) int { return cmp.Compare(a.Start, b.Start) })
	r.Steps = joinPieces(pieces, func(i int, before Step) bool { // those that show on several streams at once are one step
		return pieces[i].Start < before.End && pieces[i].sameWork(before)
	})
	r.joinReplays(launched)
}

// sameWork reports whether s may be a piece of the step that before is.
func (s Step) sameWork(before Step) bool { return s.Phase == before.Phase && s.Tokens == before.Tokens }

// joinPieces joins steps where one is the one before going on.
func joinPieces(steps []Step, goesOn func(i int, before Step) bool) []Step {
	var out []Step
	for i, s := range steps {
		if n := len(out); n > 0 && goesOn(i, out[n-1]) {
			out[n-1].End = max(out[n-1].End, s.End)
			continue
		}
		out = append(out, s)
	}
	return out
}

// joinReplays joins the pieces of steps: a launch of a CUDA graph gives an annotation for
// each stream, one behind the other. What is nearest belongs together, until there are no
// more steps than the CPU launched (0: not known).
func (r *Rank) joinReplays(launched int) {
	excess := len(r.Steps) - launched
	if launched == 0 || excess <= 0 {
		return
	}
	var joints []int // places where a step may be the one before going on, nearest first
	for i := 1; i < len(r.Steps); i++ {
		if r.Steps[i].sameWork(r.Steps[i-1]) {
			joints = append(joints, i)
		}
	}
	gap := func(i int) int64 { return r.Steps[i].Start - r.Steps[i-1].End }
	slices.SortStableFunc(joints, func(a, b int) int { return cmp.Compare(gap(a), gap(b)) })
	joints = joints[:min(excess, len(joints))]
	slices.Sort(joints)
	r.Steps = joinPieces(r.Steps, func(i int, _ Step) bool {
		_, joined := slices.BinarySearch(joints, i)
		return joined
	})
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
