package result

import (
	"shardeck/model/present"
	"shardeck/model/scaling"
	"shardeck/ui/cli/command"
)

// printTraceDiff shows two runs' traces side by side: what time is of, the window's parts,
// then what differs most.
func printTraceDiff(e *command.Env, c scaling.TraceComparison, top int) {
	e.Say("%s", e.Paint(present.Strong, c.Runs[0].Run+" → "+c.Runs[1].Run))
	for _, n := range c.Notes {
		e.SayWrapped(n, "  ")
	}
	if c.Loss != nil {
		e.SayWrapped(c.Loss.Words(), "  ")
	}
	for _, t := range present.TraceDiff(c.TraceDiff) {
		switch t.Name {
		case "kernels":
			t = t.Top(top)
		case "collectives":
			n := len(t.Columns)
			e.Rows(t.Only(0, 1, 2, 3, 4, 5, 6, 7))
			t = t.Only(0, 1, n-4, n-3, n-2, n-1)
		}
		e.Rows(t)
	}
	e.Warnings(c.Warnings)
}
