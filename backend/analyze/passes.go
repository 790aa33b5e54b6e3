package analyze

import "fmt"

// Replicas of one world step together: one that has nothing left to do runs forward
// passes with an empty batch until all are done, and vLLM asks for that every 32 steps
// only [DPEngineCoreProc.run_busy_loop, execute_dummy_batch]. Such a pass has no
// annotation, and its calls are no step's.

// findIdle tells the calls of such passes: between two annotations there are as many
// as a step makes, or more. marked is how many steps the trace saw.
func (l *lane) findIdle(marked int) {
	inside, after := l.bySteps()
	if marked == 0 || inside < marked {
		return
	}
	typical := inside / marked
	for i, calls := range after {
		n := forwardCalls(calls)
		if n < typical {
			continue // what follows a step, such as sampling
		}
		l.steps[i].idle = true
		l.idlePasses += (n + typical/2) / typical
		for _, c := range calls {
			c.idle = true
		}
	}
}

// bySteps counts the calls inside the steps' annotations, and lists those that come
// after each.
func (l *lane) bySteps() (inside int, after [][]*call) {
	after = make([][]*call, len(l.steps))
	at := -1 // the last step that has begun
	for i, c := range l.calls {
		for at+1 < len(l.steps) && l.steps[at+1].start <= c.start {
			at++
		}
		switch {
		case at < 0: // before the first annotation
		case c.start <= l.steps[at].end:
			inside += forwardCalls(l.calls[i : i+1])
		default:
			after[at] = append(after[at], c)
		}
	}
	return inside, after
}

// forwardCalls counts calls of the layers: those between stages of a pipeline may lie
// on either side of an annotation.
func forwardCalls(calls []*call) (n int) {
	for _, c := range calls {
		switch c.typ {
		case send, recv, sendRecv, broadcast, control:
		default:
			n++
		}
	}
	return n
}

// stepCalls are the calls of a lane but for those of passes without requests.
func stepCalls(l *lane) []*call {
	if l.idlePasses == 0 {
		return l.calls
	}
	var out []*call
	for _, c := range l.calls {
		if !c.idle {
			out = append(out, c)
		}
	}
	return out
}

// idlePasses is the most passes without requests that a rank ran.
func (w *world) idlePasses() (most int) {
	for _, l := range w.lanes {
		most = max(most, l.idlePasses)
	}
	return most
}

// warnIdle says what of the traces is no work of the experiment's.
func (w *world) warnIdle() {
	if n := w.idlePasses(); n > 0 {
		w.warn("%s without requests in a trace: replicas of one world step together, with empty batches, until all are done; "+
			"shares of the window and coll_call_num count them, prefill, decode and coll_calls_per_step do not", passes(n))
	}
}

func passes(n int) string {
	if n == 1 {
		return "1 forward pass"
	}
	return fmt.Sprintf("%d forward passes", n)
}
