package align

import (
	"fmt"

	"shardeck/backend/analyze/kernelname"
)

// Replicas of one world step together: one that has nothing left to do runs forward
// passes with an empty batch until all are done, and vLLM asks for that every 32 steps
// only [DPEngineCoreProc.run_busy_loop, execute_dummy_batch]. Such a pass has no
// annotation, and its calls are no step's.

// findEmptyPasses tells the calls of such passes: between two annotations there are as
// many as a step makes, or more.
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

// callsBySteps counts the calls inside the steps' annotations, and lists those that come
// after each.
func (r *Rank) callsBySteps() (inside int, after [][]*Call) {
	after = make([][]*Call, len(r.Steps))
	at := -1 // the last step that has begun
	for i, c := range r.Calls {
		for at+1 < len(r.Steps) && r.Steps[at+1].Start <= c.Start {
			at++
		}
		switch {
		case at < 0: // before the first annotation
		case c.Start <= r.Steps[at].End:
			inside += forwardCalls(r.Calls[i : i+1])
		default:
			after[at] = append(after[at], c)
		}
	}
	return inside, after
}

// forwardCalls counts calls of the layers: those between stages of a pipeline may lie
// on either side of an annotation.
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
