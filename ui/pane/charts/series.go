package charts

import (
	"cmp"
	"slices"
	"strings"

	"shardeck/model"
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

// fewSeries is how many series one chart still shows clearly where they are of unlike work, and manyKin where of the same.
const fewSeries, manyKin = 3, 6

func (s *series) at(n int) scaling.Series {
	if n >= len(s.shown) {
		return scaling.Series{}
	}
	return s.all[s.shown[n]]
}

// alone reports that one of several is shown, some that not all are.
func (s *series) alone() bool { return len(s.shown) == 1 && len(s.all) > 1 }
func (s *series) some() bool  { return len(s.shown) < len(s.all) }

// next is the name of the series after the one shown alone, of the first one where several are; empty after the last.
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

// choose finds the series that are shown: the one chosen while it is there; else all, or where these would be too many, the one
// in which the run looked at is compared with others, or the longest, beside those that differ from it in the layout alone.
func (s *series) choose(run string) {
	at := slices.IndexFunc(s.all, func(one scaling.Series) bool { return one.Name == s.only })
	switch {
	case at >= 0:
		s.shown = []int{at}
	case len(s.all) > fewSeries:
		at = slices.IndexFunc(s.all, func(one scaling.Series) bool { return len(one.Points) > 1 && holds(one, run) })
		if at < 0 {
			at = s.richest()
		}
		s.shown = s.kin(at)
	default:
		s.shown = nil
		for i := range s.all {
			s.shown = append(s.shown, i)
		}
	}
	s.factor()
}

// richest is the series whose kin have most points with it.
func (s *series) richest() (best int) {
	most := 0
	for i := range s.all {
		points := 0
		for _, k := range s.kin(i) {
			points += len(s.all[k].Points)
		}
		if points > most {
			best, most = i, points
		}
	}
	return best
}

// kin are a series and the lines of other layouts of the same work, a few.
func (s *series) kin(of int) []int {
	out := []int{of}
	for i, one := range s.all {
		if i != of && len(out) < manyKin && len(one.Points) > 1 && one.Kin != "" && one.Kin == s.all[of].Kin {
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
// each one's own, so that a name fits. One alone is set beside all the others.
func (s *series) factor() {
	var names []string
	for i, one := range s.all {
		if len(s.shown) == 1 || slices.Contains(s.shown, i) {
			names = append(names, one.Name)
		}
	}
	s.common = scaling.CommonName(names)
	s.short = model.Each(s.all, func(one scaling.Series) string { return cmp.Or(scaling.OwnName(one.Name, s.common), "measured") })
}

// brief are the beginnings of names that tell them apart, for the ends of lines; one alone is itself.
func brief(names []string) []string {
	if len(names) < 2 {
		return names
	}
	return model.Each(names, func(name string) string {
		parts := strings.Split(name, scaling.NameSign)
		for n := range parts {
			begin := strings.Join(parts[:n+1], scaling.NameSign)
			alike := func(other string) bool {
				return other != name && strings.HasPrefix(other+scaling.NameSign, begin+scaling.NameSign)
			}
			if !slices.ContainsFunc(names, alike) {
				return begin
			}
		}
		return name
	})
}
