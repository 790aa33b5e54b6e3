package cli

import (
	"context"
	"slices"
	"time"

	"shardeck/backend/app"
	"shardeck/model/board"
	"shardeck/model/present"
	"shardeck/ui/cli/command"
)

// openOrPrint is shardeck alone: the cockpit on a terminal, or linear mode; else, or where a format or a watch is asked for, the board.
func openOrPrint(ctx context.Context, e *command.Env) error {
	if e.Linear || e.Format == command.FormatTable && command.Terminal(e.In) && command.Terminal(e.Out) {
		return openCockpit(ctx, e)
	}
	a, err := e.Open()
	if err != nil {
		return err
	}
	return printBoard(ctx, e, a)
}

// printBoard lists the experiments that are not archived, with the state of their jobs and what they measured.
func printBoard(ctx context.Context, e *command.Env, a *app.App) error {
	if _, err := a.ListJobs(ctx, true); err != nil {
		e.Warn("the scheduler does not say what runs: %v", err)
	}
	rows, err := a.Board(ctx)
	rows = slices.DeleteFunc(rows, func(r board.Row) bool { return r.Archived })
	for i := range rows {
		rows[i].Experiment = rows[i].Experiment.Masked()
	}
	return e.Answer(err, append([]board.Row{}, rows...), func() {
		t := present.Table{Columns: present.ExperimentColumns()}
		for _, r := range rows {
			t.Rows = append(t.Rows, present.Experiment(r, "", time.Now()))
		}
		if e.Table(t); len(rows) == 0 {
			e.Warn("no experiment here yet\n     try: shardeck generate")
		}
	})
}
