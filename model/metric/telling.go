package metric

import (
	"regexp"
	"slices"
	"strings"
)

// Pieces of a kernel's name between its brackets and commas, and … for those that are not its own.
var (
	argument = regexp.MustCompile(`[^<>(){},\s]+`)
	gaps     = regexp.MustCompile(`(?:(?:, )?…(?:, )?)+`)
)

// Telling shortens the names of distinct kernels (KernelStat.Distinct): to the function alone, and where several are left
// with the same, to what tells them apart in their template arguments: device_kernel<…GemmUniversal…>.
func Telling(names []string) []string {
	out, like := make([]string, len(names)), map[string][]int{}
	for i, name := range names {
		head, _, _ := strings.Cut(name, "<")
		parts := strings.Split(head, "::")
		out[i] = parts[len(parts)-1]
		like[out[i]] = append(like[out[i]], i)
	}
	for short, places := range like {
		var arguments [][]string
		for _, i := range places {
			arguments = append(arguments, argument.FindAllString(names[i], -1))
		}
		seen := map[string]bool{}
		for k, i := range places {
			if own := ownArguments(arguments, k); own != "" && own != "…" {
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

// ownArguments are those of the k-th list that not all have in the same place, from the front or from the back.
func ownArguments(all [][]string, k int) string {
	var own []string
	for i, a := range all[k] {
		front := func(l []string) bool { return i >= len(l) || l[i] != a }
		back := func(l []string) bool { at := len(l) - len(all[k]) + i; return at < 0 || l[at] != a }
		switch shared := !slices.ContainsFunc(all, front) || !slices.ContainsFunc(all, back); {
		case !shared:
			own = append(own, a)
		case i > 0: // the first is the function
			own = append(own, "…")
		}
	}
	return gaps.ReplaceAllString(strings.Join(own, ", "), "…")
}
