package lab

import (
	"fmt"

	"shardeck/model"
)

// Definitions lists every metric, in the order of screens and files.
func Definitions() []model.Definition { return model.Definitions }

// Definitions lists every metric, in the order of the pane.
func (l *Lab) Definitions() []model.Definition { return model.Definitions }

// Define finds a metric by its name or by that of the original scripts; the error
// names the nearest.
func Define(name string) (model.Definition, error) {
	if d, ok := model.Define(name); ok {
		return d, nil
	}
	var names []string
	for _, d := range model.Definitions {
		names = append(append(names, d.Name), d.Aliases...)
	}
	fix := "shardeck metric --explain all lists them"
	if near := model.Nearest(name, names); near != "" {
		fix = fmt.Sprintf("did you mean %s? (%s)", near, fix)
	}
	return model.Definition{}, unknown(fmt.Sprintf("there is no metric %.60q", name), fix)
}

// totals are the metrics that also count a whole file.
var totals = map[string]string{"coll_call_num": "coll_calls_total"}

// TotalOf is the metric that --total means for another.
func TotalOf(d model.Definition) (model.Definition, error) {
	whole, ok := model.Define(totals[d.Name])
	if !ok {
		return d, invalid(fmt.Sprintf("--total says nothing of %s", d.Name), "it is for coll_call_num alone")
	}
	return whole, nil
}
