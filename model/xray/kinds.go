package xray

import (
	"cmp"
	"slices"

	"shardeck/model"
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
	steps := make([]*Step, len(r.Steps))
	for i := range r.Steps {
		steps[i] = &r.Steps[i]
	}
	out := []Kind{}
	for _, g := range model.Grouped(steps, func(s *Step) Kind { return Kind{Phase: s.Phase, Tokens: s.Tokens, Requests: s.Requests} }) {
		k, whole := g.Key, slices.DeleteFunc(slices.Clone(g.All), func(s *Step) bool { return s.Cut })
		if len(whole) == 0 {
			whole = g.All
		}
		slices.SortStableFunc(whole, func(a, b *Step) int { return cmp.Compare(a.WallNS, b.WallNS) })
		k.Steps, k.Median = len(g.All), whole[(len(whole)-1)/2]
		out = append(out, k)
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
