package jobs

import (
	"cmp"

	"shardeck/ui/list"
)

// Keep is what is found again at the next start.
func (p *Pane) Keep() map[string]string {
	return map[string]string{"job": cmp.Or(p.currentID(), p.want), "filter": p.filter.Text}
}

// Restore takes what was kept.
func (p *Pane) Restore(kept map[string]string) {
	p.want, p.filter = kept["job"], list.ParseFilter(kept["filter"])
}
