package traces

import (
	"cmp"
	"slices"

	"shardeck/model/present"
)

// Keep is what is found again at the next start.
func (p *Pane) Keep() map[string]string {
	return map[string]string{"run": cmp.Or(p.run, p.kept), "followed": p.followed, "part": p.sheet.name()}
}

// Restore takes what was kept; the run is shown as soon as the board lists it.
func (p *Pane) Restore(kept map[string]string) {
	p.kept, p.followed = kept["run"], kept["followed"]
	p.sheet.at = max(slices.IndexFunc(p.sheet.parts, func(t present.Table) bool { return t.Name == kept["part"] }), 0)
	p.SetFocus(p.focused)
}
