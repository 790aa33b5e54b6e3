package metric

import (
	"regexp"
	"strings"
)

// argument is a piece of a kernel's name between its brackets and commas.
var argument = regexp.MustCompile(`[^<>(){},\s]+`)

// Telling shortens the names of distinct kernels: to the function alone, and where several are left with the same, to what
// tells them apart in their template arguments: device_kernel<…GemmUniversal>.
func Telling(kernels []KernelStat) []string {
	names := make([]string, len(kernels))
	for i, k := range kernels {
		names[i] = k.Distinct
	}
	return telling(names)
}

func telling(names []string) []string {
	out, like := make([]string, len(names)), map[string][]int{}
	for i, name := range names {
		head, _, _ := strings.Cut(name, "<")
		out[i] = head[strings.LastIndex(head, "::")+1:]
		out[i] = strings.TrimPrefix(out[i], ":")
		like[out[i]] = append(like[out[i]], i)
	}
	for short, places := range like {
		if len(places) < 2 {
			continue
		}
		arguments := make([][]string, len(places))
		for k, i := range places {
			arguments[k] = argument.FindAllString(names[i], -1)
		}
		seen := map[string]bool{}
		for k, i := range places {
			if own := ownArguments(arguments, k); own != "" {
				out[i] = short + "<" + own + ">"
			}
			if seen[out[i]] {
				out[i] = names[i]
			}
			seen[out[i]] = true
		}
	}
	return out
}

// ownArguments are those of the k-th list that not all have in the same place, from the front or from the back; … stands
// for the others.
func ownArguments(all [][]string, k int) string {
	var text strings.Builder
	gap := false
	for i, a := range all[k] {
		if shared(all, a, func([]string) int { return i }) || shared(all, a, func(l []string) int { return len(l) - len(all[k]) + i }) {
			gap = gap || i > 0
			continue
		}
		switch {
		case gap:
			text.WriteString("…")
		case text.Len() > 0:
			text.WriteString(", ")
		}
		gap = false
		text.WriteString(a)
	}
	return text.String()
}

// shared reports whether all lists have the argument in a place.
func shared(all [][]string, a string, place func([]string) int) bool {
	for _, l := range all {
		if i := place(l); i < 0 || i >= len(l) || l[i] != a {
			return false
		}
	}
	return true
}
