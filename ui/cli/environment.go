package cli

import (
	"context"
	"fmt"

	"shardeck/backend/lab"
)

// checkEnvironment is `check --env`: one line for each thing that jobs need, and exit
// code 1 if any of them cannot work.
func (a *app) checkEnvironment(ctx context.Context, l *lab.Lab, ids []string) error {
	lines, err := l.Environment(ctx, ids)
	if err != nil {
		return err
	}
	var failed error
	for _, line := range lines {
		if levels[string(line.Level)] == red {
			failed = silent(exitFailed)
		}
	}
	if a.json {
		return firstOf(a.printJSON(lines), failed)
	}
	for _, line := range lines {
		fmt.Fprintf(a.out, "  %s  %s  %s\n", a.paint(levels[string(line.Level)], fmt.Sprintf("%-4s", line.Level)), line.What, a.plain(line.Text))
		if line.Fix != "" {
			fmt.Fprintf(a.out, "        fix: %s\n", a.plain(line.Fix))
		}
	}
	return failed
}
