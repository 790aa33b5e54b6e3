package charts

import (
	"slices"
	"strings"

	"shardeck/model/scaling"
)

const nameSign = " · "

// factored divides the names of the series shown into what they have in common and what is
// each one's own, so that a legend fits. One alone is set beside all the others.
func factored(all []scaling.Series, shown []int) (common string, short []string) {
	beside := shown
	if len(shown) == 1 {
		beside = everyOne(len(all))
	}
	if len(beside) == 0 {
		return "", nil
	}
	shared := strings.Split(all[beside[0]].Name, nameSign)
	for _, i := range beside[1:] {
		parts := strings.Split(all[i].Name, nameSign)
		shared = slices.DeleteFunc(shared, func(part string) bool { return !slices.Contains(parts, part) })
	}
	for _, s := range all {
		own := slices.DeleteFunc(strings.Split(s.Name, nameSign), func(part string) bool { return slices.Contains(shared, part) })
		if len(own) == 0 {
			own = []string{"measured"}
		}
		short = append(short, strings.Join(own, nameSign))
	}
	return strings.Join(shared, nameSign), short
}

func everyOne(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}
