package metrics

import (
	"cmp"
	"strings"

	"shardeck/ui/list"
)

// Keep is what is found again at the next start.
func (p *Pane) Keep() map[string]string {
	return map[string]string{"run": cmp.Or(p.currentName(), p.kept), "followed": p.followed, "metric": p.metricName(), "baseline": p.baseline, "filter": p.filter.Text, "columns": p.columnsText(), "sort": p.sort.Text()}
}

// Restore takes what was kept; the cursor goes to its run when the runs are listed.
func (p *Pane) Restore(kept map[string]string) {
	p.setColumns(strings.Fields(kept["columns"]))
	p.kept, p.followed, p.baseline = kept["run"], kept["followed"], kept["baseline"]
	p.filter, p.sort = list.ParseFilter(kept["filter"]), list.ParseSort(kept["sort"], len(p.defs)+1)
	if at := p.columnOf(kept["metric"]); at > 0 {
		p.table.Column = at
	}
}
