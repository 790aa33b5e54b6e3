package lab

import (
	"fmt"

	"shardeck/model"
	"shardeck/model/metric"
)

// Definitions lists every metric, in the order of screens and files.
func Definitions() []metric.Definition { return metric.Definitions }

// Definitions lists every metric, in the order of the pane.
func (l *Lab) Definitions() []metric.Definition { return metric.Definitions }

// Define finds a metric by its name or by that of the original scripts; the error
// names the nearest.
func Define(name string) (metric.Definition, error) {
	if d, ok := metric.Define(name); ok {
		return d, nil
	}
	var names []string
	for _, d := range metric.Definitions {
		names = append(append(names, d.Name), d.Aliases...)
	}
	fix := "shardeck metric --explain all lists them"
	if near := model.Nearest(name, names); near != "" {
		fix = fmt.Sprintf("did you mean %s? (%s)", near, fix)
	}
	return metric.Definition{}, unknown(fmt.Sprintf("there is no metric %.60q", name), fix)
}

// totals are the metrics that also count a whole file.
var totals = map[string]string{"coll_call_num": "coll_calls_total"}

// TotalOf is the metric that --total means for another.
func TotalOf(d metric.Definition) (metric.Definition, error) {
	whole, ok := metric.Define(totals[d.Name])
	if !ok {
		return d, invalid(fmt.Sprintf("--total says nothing of %s", d.Name), "it is for coll_call_num alone")
	}
	return whole, nil
}
