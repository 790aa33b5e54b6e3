package align

import (
	"cmp"
	"fmt"
	"slices"

	"shardeck/backend/analyze/kernelname"
	"shardeck/backend/analyze/span"
	"shardeck/backend/trace"
	"shardeck/backend/trace/stepname"
	"shardeck/model/metric"
)

// Step is one forward step on the device's time line.
type Step struct {
	span.Span
	Phase  string // metric.Prefill, Decode, Mixed or Step; empty: a pass without requests
	Tokens int    // put through the model in this step, -1: not said
	Said   stepname.Step
	Marked span.Span // its annotation; see claimTime

	emptyPasses bool // passes without requests follow it; see findEmptyPasses
}

// readSteps finds the steps on the device's time line. The CPU's annotations, one a step, cover launches only, but count the steps best.
func (r *Rank) readSteps(marks []trace.Mark) {
	pieces, launches := make([]Step, 0, len(marks)), []Step(nil)
	var names stepname.Names
	for _, m := range marks {
		n := names.Of(m.Name)
		s := Step{Span: span.Span{Start: m.Start, End: m.Start + m.Dur}, Phase: n.Phase, Tokens: n.Tokens, Said: n}
		switch {
		case n.Kind == stepname.NoStep:
		case n.Kind == stepname.Unknown:
			r.UnknownStep = cmp.Or(r.UnknownStep, `step annotation "`+m.Name+`" is not understood`)
		case m.GPU:
			pieces = append(pieces, s)
		default:
			launches = append(launches, s)
		}
	}
	launches = slices.DeleteFunc(joinNested(launches), Step.empty)
	r.takeEmptyPasses(joinNested(pieces))
	if r.MarkedSteps = len(launches); r.MarkedSteps == 0 {
		r.MarkedSteps = len(r.Steps)
	}
	r.joinReplays(len(launches))
}

// NoSteps is why the rank has no steps; empty: it has.
func (r *Rank) NoSteps() string {
	switch {
	case len(r.Steps) > 0:
		return ""
	case r.MarkedSteps > 0:
		return "step annotations are on the CPU's time line only: they cover launches, not kernels"
	case r.EmptyPasses > 0:
		return "all annotated forward passes are without requests"
	}
	return cmp.Or(r.UnknownStep, "no step annotations (prefill, decode, execute_context_…) in the trace")
}

// empty says that s is a pass without requests.
func (s Step) empty() bool { return s.Phase == "" }

// joinNested puts annotations in order. Those that show on several streams at once are one step, and one inside another
// is a part of it; of a profiler's steps, of no phase, those around an engine's are left out.
func joinNested(all []Step) []Step {
	var engines []span.Span
	for _, s := range all {
		if s.Phase != metric.Step {
			engines = append(engines, s.Span)
		}
	}
	slices.SortStableFunc(all, func(a, b Step) int { return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(b.End, a.End)) })
	inside := span.Cursor(span.Union(engines))
	all = slices.DeleteFunc(all, func(s Step) bool { return s.Phase == metric.Step && inside.Within(s.Span) > 0 })
	return joinPieces(all, func(i int, before Step) bool {
		return all[i].Start < before.End && (all[i].sameWork(before) || all[i].End <= before.End)
	})
}

// sameWork reports whether s may be a piece of the step that before is.
func (s Step) sameWork(before Step) bool { return s.Phase == before.Phase && s.Tokens == before.Tokens }

// joinPieces joins steps where one is the one before going on.
func joinPieces(steps []Step, goesOn func(i int, before Step) bool) (out []Step) {
	for i, s := range steps {
		if n := len(out); n > 0 && goesOn(i, out[n-1]) {
			out[n-1].End, out[n-1].emptyPasses = max(out[n-1].End, s.End), out[n-1].emptyPasses || s.emptyPasses
			continue
		}
		out = append(out, s)
	}
	return out
}

// joinReplays joins the pieces of steps: a launch of a CUDA graph gives an annotation for each stream, one behind the
// other. What is nearest belongs together, until there are no more steps than the CPU launched (0: not known).
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

// claimTime divides all time among a rank's steps, but for that of passes without requests. A step lasts until the next
// one starts, since sampling and the broadcast of the token follow the annotation; on a later stage of a pipeline it
// starts with the recv that feeds it.
func (r *Rank) claimTime() {
	c := 0
	for i := range r.Steps {
		r.Steps[i].Marked = r.Steps[i].Span
	}
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
		if !r.emptyFirst {
			r.Steps[0].Start = min(r.Steps[0].Start, r.extent.Start)
		}
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
	i, _ := slices.BinarySearchFunc(r.Steps, t, func(s Step, t int64) int { return cmp.Compare(s.End, t+1) })
	if i < len(r.Steps) && r.Steps[i].Start <= t {
		return &r.Steps[i]
	}
	return nil
}

// Replicas of one world step together: one that has nothing left to do runs forward passes with an empty batch until
// all are done, and vLLM asks for that every 32 steps only [DPEngineCoreProc.run_busy_loop, execute_dummy_batch]. Such
// a pass has no annotation in vLLM, one of no requests in SGLang, and its calls are no step's.

// takeEmptyPasses parts the steps on the device's time line from the passes without requests that are annotated there.
// On the CPU's alone it is none: vLLM announces a step of nothing when requests have ended, and launches nothing.
func (r *Rank) takeEmptyPasses(all []Step) {
	for _, s := range all {
		if !s.empty() {
			r.Steps = append(r.Steps, s)
			continue
		}
		r.EmptyPasses++
		if n := len(r.Steps); n > 0 {
			r.Steps[n-1].emptyPasses = true
		} else {
			r.emptyFirst = true
		}
		for _, c := range r.Calls {
			c.Empty = c.Empty || c.Start >= s.Start && c.Start < s.End
		}
	}
}

// findEmptyPasses tells the calls of such passes that no annotation covers: between two, at least as many as a step makes.
func (r *Rank) findEmptyPasses() {
	inside, after := r.callsBySteps()
	if r.MarkedSteps == 0 || inside < r.MarkedSteps {
		return
	}
	typical := inside / r.MarkedSteps
	for i, calls := range after {
		n := forwardCalls(calls)
		if n < typical {
			continue // what follows a step, such as sampling
		}
		r.Steps[i].emptyPasses = true
		r.EmptyPasses += (n + typical/2) / typical
		for _, c := range calls {
			c.Empty = true
		}
	}
}

// callsBySteps counts the calls inside the steps' annotations, and lists those that come after each.
func (r *Rank) callsBySteps() (inside int, after [][]*Call) {
	after = make([][]*Call, len(r.Steps))
	at := -1 // the last step that has begun
	for i, c := range r.Calls {
		for at+1 < len(r.Steps) && r.Steps[at+1].Start <= c.Start {
			at++
		}
		switch {
		case at < 0 || c.Empty: // before the first annotation, or of a pass that has one
		case c.Start <= r.Steps[at].End:
			inside += forwardCalls(r.Calls[i : i+1])
		default:
			after[at] = append(after[at], c)
		}
	}
	return inside, after
}

// forwardCalls counts calls of the layers: those between stages of a pipeline may lie on either side of an annotation.
func forwardCalls(calls []*Call) (n int) {
	for _, c := range calls {
		switch c.Type {
		case kernelname.Send, kernelname.Recv, kernelname.SendRecv, kernelname.Broadcast, kernelname.Control:
		default:
			n++
		}
	}
	return n
}

// warnEmptyPasses says what of the traces is no work of the experiment's.
func (b *builder) warnEmptyPasses() {
	n := 0 // the most that a rank ran
	for _, r := range b.Ranks {
		n = max(n, r.EmptyPasses)
	}
	if n > 0 {
		passes := "1 forward pass"
		if n > 1 {
			passes = fmt.Sprintf("%d forward passes", n)
		}
		b.warn("%s without requests in a trace: replicas of one world step together, with empty batches, until all are done; "+
			"shares of the window and coll_call_num count them, prefill, decode and coll_calls_per_step do not", passes)
	}
}
