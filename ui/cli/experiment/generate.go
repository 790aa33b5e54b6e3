// Package experiment is the commands that make and judge experiments.
package experiment

import (
	"context"
	"errors"
	"fmt"
	"path"

	"github.com/spf13/cobra"

	"shardeck/backend/app"
	"shardeck/backend/experiments"
	"shardeck/model/present/unit"
	"shardeck/ui/cli/command"
)

// Generate writes configs, job scripts and the runner.
func Generate(e *command.Env) *cobra.Command {
	var o experiments.GenerateOptions
	c := &cobra.Command{
		Use:   "generate [ID…]",
		Short: "write configs, job scripts and the runner from the catalogue",
		Long: `Writes experiments/configs/<id>_<slug>.yaml, experiments/slurm_scripts/run_<id>.sh,
run_with_nsys.sh and the runner, experiments/vllm_profiler.py with the folder
experiments/shardeck_runner, for the catalogue's default entries, or for the ids
named. The catalogue, experiments/experiments.yaml, is written first if there is
none, and is then yours to edit.

What is already right is left alone; a file you edited is refused without --force.`,
		Args: command.Args(0, -1),
		RunE: e.With(func(ctx context.Context, a *app.App, ids []string) error {
			o.IDs = ids
			wrote, err := a.Generate(ctx, o)
			if err != nil && len(wrote) == 0 {
				return err
			}
			return command.FirstOf(printWrote(e, wrote), err)
		}),
	}
	c.Flags().BoolVar(&o.All, "all", false, "every entry of the catalogue")
	c.Flags().BoolVar(&o.Force, "force", false, "overwrite files that were edited")
	return c
}

// printWrote lists what became of each file; a refused one makes the command fail.
func printWrote(e *command.Env, wrote []experiments.Wrote) error {
	return command.FirstOf(e.Show(wrote, func() { printActions(e, wrote) }), refused(wrote))
}

func printActions(e *command.Env, wrote []experiments.Wrote) {
	last := ""
	for _, w := range wrote {
		if w.Action == experiments.Unchanged {
			continue
		}
		line := fmt.Sprintf("%-11s %s", w.Action, w.Path)
		if folder := path.Dir(w.Path); path.Base(folder) == "shardeck_runner" && w.Action != experiments.Refused {
			line = fmt.Sprintf("%-11s %s/", w.Action, folder) // once for all modules of the runner
		}
		if line != last {
			fmt.Fprintln(e.Out, line)
		}
		last = line
	}
	if last == "" {
		fmt.Fprintf(e.Out, "nothing to do: %s already right\n", unit.Plural(len(wrote), "file"))
	}
}

func refused(wrote []experiments.Wrote) error {
	n := map[experiments.Action]int{}
	for _, w := range wrote {
		n[w.Action]++
	}
	if n[experiments.Refused] == 0 {
		return nil
	}
	text := fmt.Sprintf("%s edited since shardeck wrote %s: not overwritten", unit.Plural(n[experiments.Refused], "file"),
		map[bool]string{true: "it", false: "them"}[n[experiments.Refused] == 1])
	if n[experiments.Kept] > 0 {
		text += fmt.Sprintf(", nor %s of the runner, which fit what was edited", unit.Plural(n[experiments.Kept], "other file"))
	}
	return errors.New(text + "\nto overwrite: shardeck generate --force")
}
