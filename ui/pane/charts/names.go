package charts

import (
	"slices"
	"strings"

	"shardeck/backend/lab"
)

const nameSign = " · "

// factored divides the names of series into what all have in common and what is each
// one's own, so that a legend fits.
func factored(all []lab.Series) (common string, short []string) {
	if len(all) == 0 {
		return "", nil
	}
	shared := strings.Split(all[0].Name, nameSign)
	for _, s := range all[1:] {
		parts := strings.Split(s.Name, nameSign)
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
