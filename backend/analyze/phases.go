package analyze

import (
	"cmp"
	"iter"
	"regexp"
	"slices"
	"strconv"

	"shardeck/backend/trace"
)

// phase of inference that a step belongs to.
type phase string

// Phases. A mixed step holds prompts and decoding requests at once (chunked prefill).
const (
	prefill phase = "prefill"
	decode  phase = "decode"
	mixed   phase = "mixed"
)

var phaseNames = []phase{prefill, decode, mixed}

// step is one forward step on the device's time line.
type step struct {
	span
	phase  phase
	tokens int  // put through the model in this step, -1: not said
	idle   bool // passes without requests follow it; see findIdle
}

// vllmStep reads execute_context_<reqs>(<tokens>)_generation_<reqs>(<tokens>), and
// vllmOldStep the form before it, execute_new_<n>_cached_<m>; suffixes may follow.
var (
	vllmStep    = regexp.MustCompile(`^execute_context_\d+\((\d+)\)_generation_\d+\((\d+)\)`)
	vllmOldStep = regexp.MustCompile(`^execute_new_(\d+)_cached_(\d+)`)
)

// stepOf reads the name of an annotation; ok is false if it names no step.
func stepOf(name string) (s step, ok bool) {
	if name == string(prefill) || name == string(decode) {
		return step{phase: phase(name), tokens: -1}, true
	}
	m, old := vllmStep.FindStringSubmatch(name), false
	if m == nil {
		m, old = vllmOldStep.FindStringSubmatch(name), true
	}
	if m == nil {
		return step{}, false
	}
	context, err1 := strconv.Atoi(m[1])
	generation, err2 := strconv.Atoi(m[2])
	if err1 != nil || err2 != nil || context+generation <= 0 {
		return step{}, false
	}
	s = step{phase: mixed, tokens: context + generation}
	switch {
	case context == 0:
		s.phase = decode
	case generation == 0:
		s.phase = prefill
	}
	if old && context > 0 {
		s.tokens = -1 // it counts requests, and a prompt has many tokens
	}
	return s, true
}

// stepsOf are the annotations that name a step. The same few names come again and
// again, so each is read once.
func stepsOf(marks []trace.Mark) iter.Seq2[trace.Mark, step] {
	return func(yield func(trace.Mark, step) bool) {
		known := map[string]step{}
		for _, m := range marks {
			s, ok := known[m.Name]
			if !ok {
				s, _ = stepOf(m.Name)
				known[m.Name] = s
			}
			if s.phase != "" && !yield(m, s) {
				return
			}
		}
	}
}

// steps are the steps on the device's time line, in order. CPU annotations cover
// launches only and are left out. A step that shows on several streams is one.
func steps(marks []trace.Mark) []step {
	out := make([]step, 0, len(marks))
	for m, s := range stepsOf(marks) {
		if m.GPU {
			s.span = span{m.Start, m.Start + m.Dur}
			out = append(out, s)
		}
	}
	slices.SortStableFunc(out, func(a, b step) int { return int(min(1, max(-1, a.start-b.start))) })
	var merged []step
	for _, s := range out {
		if n := len(merged); n > 0 && s.start < merged[n-1].end && s.phase == merged[n-1].phase && s.tokens == merged[n-1].tokens {
			merged[n-1].end = max(merged[n-1].end, s.end)
			continue
		}
		merged = append(merged, s)
	}
	return mend(merged, cpuSteps(marks))
}

// mend joins the pieces of steps: a launch of a CUDA graph gives an annotation for each
// stream, one behind the other. What is nearest belongs together, until there are no
// more steps than the CPU launched (0: not known).
func mend(steps []step, launched int) []step {
	var joints []int // places where a step may be the one before going on, nearest first
	for i := 1; i < len(steps); i++ {
		if steps[i].phase == steps[i-1].phase && steps[i].tokens == steps[i-1].tokens {
			joints = append(joints, i)
		}
	}
	excess := len(steps) - launched
	if launched == 0 || excess <= 0 {
		return steps
	}
	gap := func(i int) int64 { return steps[i].start - steps[i-1].end }
	slices.SortStableFunc(joints, func(a, b int) int { return cmp.Compare(gap(a), gap(b)) })
	goesOn := map[int]bool{}
	for _, i := range joints[:min(excess, len(joints))] {
		goesOn[i] = true
	}
	var out []step
	for i, s := range steps {
		if goesOn[i] {
			out[len(out)-1].end = max(out[len(out)-1].end, s.end)
			continue
		}
		out = append(out, s)
	}
	return out
}

// cpuSteps is how many steps have an annotation on the CPU's time line.
func cpuSteps(marks []trace.Mark) (n int) {
	for m := range stepsOf(marks) {
		if !m.GPU {
			n++
		}
	}
	return n
}

// countSteps is how many forward steps a trace saw: by the CPU's annotations, one
// a step, else by the device's. 0: it has none.
func countSteps(marks []trace.Mark) int {
	if cpu := cpuSteps(marks); cpu > 0 {
		return cpu
	}
	gpu := 0
	for range stepsOf(marks) {
		gpu++
	}
	return gpu
}

// territory divides all time among a lane's steps, but for that of passes without
// requests. A step lasts until the next one starts, since sampling and the broadcast of the token follow the annotation; on
// a later stage of a pipeline it starts with the recv that feeds it.
func (l *lane) territory() []step {
	out := slices.Clone(l.steps)
	c := 0
	for i := 1; i < len(out); i++ {
		for ; c < len(l.calls) && l.calls[c].start < out[i].start; c++ {
			if l.calls[c].typ == recv && l.calls[c].start >= l.steps[i-1].end {
				out[i].start = l.calls[c].start
				break
			}
		}
		out[i-1].reach(out[i].start)
	}
	if n := len(out); n > 0 {
		out[0].start = min(out[0].start, l.extent.start)
		out[n-1].reach(max(out[n-1].end, l.extent.end))
	}
	return out
}

// reach makes a step last until then, but not through passes without requests.
func (s *step) reach(end int64) {
	if !s.idle {
		s.end = end
	}
}

// phases is the part of the window that each phase has; empty without annotations.
func (l *lane) phases() map[phase][]span {
	parts := map[phase][]span{}
	for _, s := range l.territory() {
		if c := s.span.clip(l.window); c.length() > 0 {
			parts[s.phase] = append(parts[s.phase], c)
		}
	}
	for p := range parts {
		parts[p] = union(parts[p])
	}
	return parts
}

// stepAt is the step that owns a moment; nil without annotations.
func stepAt(territory []step, t int64) *step {
	i, _ := slices.BinarySearchFunc(territory, t, func(s step, t int64) int {
		if s.end <= t {
			return -1
		}
		return 1
	})
	if i < len(territory) && territory[i].start <= t {
		return &territory[i]
	}
	return nil
}
