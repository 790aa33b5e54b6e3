package timeline

import (
	"slices"
	"strings"
)

// Span is a place in a timeline.
type Span struct{ Start, End int64 }

// NextWait is the next wait of a rank that begins after a moment and lasts at least so long, or with back the one before it.
func (r *Rank) NextWait(at, least int64, back bool) (found Span, ok bool) {
	from := at
	if back {
		from = 0
	}
	r.States.each(from, func(p Piece) bool {
		if p.Kind != Wait || p.End-p.Start < least || !back && p.Start <= at {
			return true
		}
		if back && p.Start >= at {
			return false
		}
		found, ok = Span{p.Start, p.End}, true
		return back
	})
	return found, ok
}

// LongestGap is the longest time in a piece of the timeline of a rank in which its device did nothing.
func (r *Rank) LongestGap(from, to int64) (found Span, ok bool) {
	r.States.each(from, func(p Piece) bool {
		s := Span{max(p.Start, from), min(p.End, to)}
		if p.Kind == Idle && s.End-s.Start > found.End-found.Start {
			found, ok = s, true
		}
		return p.Start < to
	})
	return found, ok
}

// NextCall is the call of a rank whose part begins next after a moment, or with back the one before it; nil: there is none.
func (r *Run) NextCall(rank int, at int64, back bool) (best *Call) {
	start := func(c *Call) int64 { return c.On(rank).Start }
	for i := range r.Calls {
		c := &r.Calls[i]
		if p := c.On(rank); p == nil || !back && p.Start <= at || back && p.Start >= at {
			continue
		}
		if best == nil || back != (start(c) < start(best)) {
			best = c
		}
	}
	return best
}

// Call is the k-th call of a rank, from 1; nil: it has fewer.
func (r *Run) Call(rank, k int) *Call {
	var own []*Call
	for i := range r.Calls {
		if r.Calls[i].On(rank) != nil {
			own = append(own, &r.Calls[i])
		}
	}
	if k < 1 || k > len(own) {
		return nil
	}
	slices.SortStableFunc(own, func(a, b *Call) int { return int(a.On(rank).Start - b.On(rank).Start) })
	return own[k-1]
}

// Step is a step of a rank by its phase and number; an empty phase counts all steps. nil: there is none.
func (r *Rank) Step(phase string, number int) *Step {
	for i := range r.Steps {
		if s := &r.Steps[i]; phase == "" && i+1 == number || s.Phase == phase && s.Number == number {
			return s
		}
	}
	return nil
}

// StepAt is the step that a moment lies in; nil: none.
func (r *Rank) StepAt(at int64) *Step {
	for i := range r.Steps {
		if s := &r.Steps[i]; s.Start <= at && at < s.End {
			return s
		}
	}
	return nil
}

// Layers is how many layers of a step are known.
func (s *Step) Layers() int { return max(len(s.Bounds)-1, 0) }

// Layer is the k-th layer of a step, from 1.
func (s *Step) Layer(k int) (Span, bool) {
	if k < 1 || k > s.Layers() {
		return Span{}, false
	}
	return Span{s.Bounds[k-1], s.Bounds[k]}, true
}

// Find is the next kernel of a rank whose name holds the text, in any case, after a moment, or with back before it.
func (r *Run) Find(rank int, text string, at int64, back bool) (found Kernel, ok bool) {
	text = strings.ToLower(text)
	wanted := make([]bool, len(r.Names))
	for i, n := range r.Names {
		wanted[i] = text != "" && strings.Contains(strings.ToLower(n.Full), text)
	}
	for i := range r.Ranks[rank].Tracks {
		t := &r.Ranks[rank].Tracks[i]
		k, step, end := t.after(at), 1, t.Len()
		if back {
			for k--; k >= 0 && t.start[k] >= at; k-- {
			}
			step, end = -1, -1
		}
		for ; k != end && !wanted[t.name[k]]; k += step {
		}
		if k != end && (!ok || back != (t.start[k] < found.Start)) {
			found, ok = t.Kernel(k), true
		}
	}
	return found, ok
}

// KernelAt is the kernel of a rank that runs at a moment, of several the one that began last.
func (r *Rank) KernelAt(at int64) (found Kernel, ok bool) {
	for i := range r.Tracks {
		for k := range r.Tracks[i].Long(at, at+1, 0) {
			if !ok || k.Start >= found.Start {
				found, ok = k, true
			}
		}
	}
	return found, ok
}
