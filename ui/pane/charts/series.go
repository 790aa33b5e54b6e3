package charts

import (
	"cmp"
	"slices"

	"shardeck/model/scaling"
)

// series are those of one axis and quantity, as they come, and which are shown.
type series struct {
	all    []scaling.Series
	only   string   // name of the one that is shown alone
	shown  []int    // of all
	common string   // what the names of all have in common
	short  []string // the rest of each name
}

// fewSeries is how many series one chart still shows clearly.
const fewSeries = 3

// at is the n-th that is shown.
func (s *series) at(n int) scaling.Series {
	if n >= len(s.shown) {
		return scaling.Series{}
	}
	return s.all[s.shown[n]]
}

// alone reports that one of several is shown, some that not all are.
func (s *series) alone() bool { return len(s.shown) == 1 && len(s.all) > 1 }
func (s *series) some() bool  { return len(s.shown) < len(s.all) }

// next is the name of the series after the one shown alone, of the first one where several
// are; empty after the last.
func (s *series) next() string {
	next := s.shown[0]
	if s.only != "" || len(s.shown) == 1 {
		next++
	}
	if next < len(s.all) {
		return s.all[next].Name
	}
	return ""
}

// choose finds the series that are shown: the one chosen while it is there; else all, or
// where these would be too many, the one in which the run looked at is compared with
// others, or the longest, beside those that differ from it in the layout alone.
func (s *series) choose(run string) {
	at := slices.IndexFunc(s.all, func(one scaling.Series) bool { return one.Name == s.only })
	switch {
	case at >= 0:
		s.shown = []int{at}
	case len(s.all) > fewSeries:
		at = max(slices.IndexFunc(s.all, func(one scaling.Series) bool { return len(one.Points) > 1 && holds(one, run) }), 0)
		s.shown = s.kin(at)
	default:
		s.shown = upTo(len(s.all))
	}
	s.factor()
}

// kin are a series and the lines of other layouts of the same work, a few.
func (s *series) kin(of int) []int {
	out := []int{of}
	for i, one := range s.all {
		if i != of && len(out) < fewSeries && len(one.Points) > 1 && one.Kin != "" && one.Kin == s.all[of].Kin {
			out = append(out, i)
		}
	}
	slices.Sort(out)
	return out
}

func holds(s scaling.Series, run string) bool {
	return slices.ContainsFunc(s.Points, func(p scaling.Point) bool { return p.Run == run })
}

// factor divides the names of the series shown into what they have in common and what is
// each one's own, so that a legend fits. One alone is set beside all the others.
func (s *series) factor() {
	s.common, s.short = "", nil
	beside := s.shown
	if len(beside) == 1 {
		beside = upTo(len(s.all))
	}
	if len(beside) == 0 {
		return
	}
	var names []string
	for _, i := range beside {
		names = append(names, s.all[i].Name)
	}
	s.common = scaling.CommonName(names)
	for _, one := range s.all {
		s.short = append(s.short, cmp.Or(scaling.OwnName(one.Name, s.common), "measured"))
	}
}

// upTo are the numbers from 0 to before n.
func upTo(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}
