package sweep

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"shardeck/model"
)

// mostValues bounds one field: a range that was meant otherwise must not fill the memory.
const mostValues = 1000

// Values reads several values of a field as people type them: "1,2,4", and ranges of whole numbers in steps of 1, of
// another size, or by a factor: "1..8", "512..2048+512", "1..64*2". A single value is a list of one.
func Values(text string) ([]string, error) {
	var all []string
	for _, part := range strings.Split(text, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			return nil, fmt.Errorf("%.60q: a value is missing between the commas", text)
		}
		values, err := span(part)
		if err != nil {
			return nil, err
		}
		if all = append(all, values...); len(all) > mostValues {
			return nil, fmt.Errorf("%.60q: more than %d values", text, mostValues)
		}
	}
	return all, nil
}

// Several says whether a value that people type for a field is several: "1,2,4", "1..8". A text may hold commas of its own.
func Several(path, text string) bool {
	ours := slices.Contains([]string{"experiment_id", "description", "output_dir", "slurm.account"}, path)
	return !ours && (strings.Contains(text, ",") || strings.Contains(text, ".."))
}

// AxisOf is a field with its values as people type them.
func AxisOf(path, text string) (Axis, error) {
	values, err := Values(text)
	return Axis{Paths: []string{path}, Values: model.Each(values, func(v string) []string { return []string{v} })}, err
}

// span is the values of a range, or the one value that is none.
func span(part string) ([]string, error) {
	from, rest, is := strings.Cut(part, "..")
	first, err := strconv.Atoi(from)
	if !is || err != nil {
		return []string{part}, nil
	}
	end, step, next := rest, 1, func(v, step int) int { return v + step }
	if i := strings.IndexAny(rest, "+*"); i >= 0 {
		if end = rest[:i]; rest[i] == '*' {
			next = func(v, step int) int { return v * step }
		}
		step, err = strconv.Atoi(rest[i+1:])
	}
	last, err2 := strconv.Atoi(end)
	if err != nil || err2 != nil || last < first || next(first, step) <= first {
		return nil, fmt.Errorf("%.40q is no range: write 1..8, 512..2048+512 or 1..64*2", part)
	}
	var all []string
	for v := first; v <= last && v >= first && len(all) <= mostValues; v = next(v, step) {
		all = append(all, strconv.Itoa(v))
	}
	return all, nil
}
