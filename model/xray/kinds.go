package xray

import (
	"cmp"
	"slices"

	"shardeck/model/metric"
)

// Kind is steps of a rank that did the same: their phase, tokens and requests are equal.
type Kind struct {
	Phase    string
	Tokens   int
	Requests int
	Steps    int
	Median   *Step // the one of median time, of those that are not cut
}

// Kinds are the kinds of steps of a rank: decode first, then the usual one: of most tokens, and often.
func (r *Rank) Kinds() []Kind {
	type key struct {
		phase            string
		tokens, requests int
	}
	by, order := map[key][]*Step{}, []key(nil)
	for i := range r.Steps {
		s := &r.Steps[i]
		k := key{s.Phase, s.Tokens, s.Requests}
		if by[k] == nil {
			order = append(order, k)
		}
		by[k] = append(by[k], s)
	}
	out := make([]Kind, len(order))
	for i, k := range order {
		steps := by[k]
		n := len(steps)
		if whole := slices.DeleteFunc(slices.Clone(steps), func(s *Step) bool { return s.Cut }); len(whole) > 0 {
			steps = whole
		}
		slices.SortStableFunc(steps, func(a, b *Step) int { return cmp.Compare(a.WallNS, b.WallNS) })
		out[i] = Kind{k.phase, k.tokens, k.requests, n, steps[(len(steps)-1)/2]}
	}
	decode := func(k Kind) int { return map[bool]int{true: 0, false: 1}[k.Phase == metric.Decode] }
	slices.SortStableFunc(out, func(a, b Kind) int {
		return cmp.Or(decode(a)-decode(b), cmp.Compare(b.Steps*b.Tokens*b.Tokens, a.Steps*a.Tokens*a.Tokens))
	})
	return out
}

// ByTime are the operators of a step, those that take most time first.
func (s *Step) ByTime() []Operator {
	out := slices.Clone(s.Operators)
	slices.SortStableFunc(out, func(a, b Operator) int { return cmp.Compare(b.NS, a.NS) })
	return out
}
