package cli

import (
	"context"

	rooms "shardeck/backend/app"
	"shardeck/model/present"
)

// checkEnvironment is `check --env`: one line for each thing that jobs need, and exit
// code 1 if any of them cannot work.
func (a *app) checkEnvironment(ctx context.Context, l *rooms.App, ids []string) error {
	lines, err := l.Environment(ctx, ids)
	if err != nil {
		return err
	}
	var failed error
	for _, line := range lines {
		if present.Level(string(line.Level)) == present.Bad {
			failed = silent(exitFailed)
		}
	}
	return firstOf(a.show(lines, func() {
		for _, line := range lines {
			a.finding(string(line.Level), line.What+"  "+line.Text, line.Fix, 4)
		}
	}), failed)
}
