package cli

import (
	"shardeck/model/present"
	"shardeck/model/scaling"
)

// printTraceDiff shows two runs' traces side by side: what time is of, the window's parts,
// then what differs most.
func (a *app) printTraceDiff(c scaling.TraceComparison, top int) {
	a.say("%s", a.paint(present.Strong, c.Runs[0].Run+" → "+c.Runs[1].Run))
	for _, n := range c.Notes {
		a.sayWrapped(n, "  ")
	}
	if c.Loss != nil {
		a.sayWrapped(c.Loss.Words(), "  ")
	}
	for _, t := range present.TraceDiff(c.TraceDiff) {
		switch t.Name {
		case "kernels":
			t = t.Top(top)
		case "collectives":
			n := len(t.Columns)
			a.rows(t.Only(0, 1, 2, 3, 4, 5, 6, 7))
			t = t.Only(0, 1, n-4, n-3, n-2, n-1)
		}
		a.rows(t)
	}
	a.warnings(c.Warnings)
}
