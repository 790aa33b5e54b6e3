package metric

import (
	"fmt"

	"shardeck/model"
)

// Find finds a metric by its name or by that of the original scripts; the error names
// the nearest.
func Find(name string) (Definition, error) {
	if d, ok := Define(name); ok {
		return d, nil
	}
	var names []string
	for _, d := range Definitions {
		names = append(append(names, d.Name), d.Aliases...)
	}
	fix := "shardeck metric --explain all lists them"
	if near := model.Nearest(name, names); near != "" {
		fix = fmt.Sprintf("did you mean %s? (%s)", near, fix)
	}
	return Definition{}, model.Unknown(fmt.Sprintf("there is no metric %.60q", name), fix)
}

// totals are the metrics that also count a whole file.
var totals = map[string]string{"coll_call_num": "coll_calls_total"}

// TotalOf is the metric that --total means for another.
func TotalOf(d Definition) (Definition, error) {
	whole, ok := Define(totals[d.Name])
	if !ok {
		return d, model.Invalid(fmt.Sprintf("--total says nothing of %s", d.Name), "it is for coll_call_num alone")
	}
	return whole, nil
}
