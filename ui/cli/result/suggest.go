package result

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"shardeck/backend/app"
	"shardeck/model"
	"shardeck/model/present"
	"shardeck/model/suggest"
	"shardeck/ui/cli/command"
)

// Suggest says which layouts are best.
func Suggest(e *command.Env) *cobra.Command {
	goal, save, q := "latency", "", suggest.Question{Keep: true}
	c := e.Command("suggest ID", "say which layout is best for an experiment's model and workload", `
Says which layout is best for the model, engine and workload of an experiment: those that
runs here have measured first, then those that the laws fitted to these runs can tell of,
with their interval and price, then those of which nothing is known, and why. It says how
the best differs from the next, which others cannot be told from it, and the few runs
that would settle that; --sweep makes a sweep of them, which shardeck sweep submit runs.

Goals: latency (milliseconds of a request: its first token and all others), throughput
(tokens a second of the whole layout), node-hours (tokens for a node hour; part of a node
counts as that part).

--json prints question, candidates (layout, runs, ttft, tpot, value, low, high,
price_node_hours, refused, misses_limit), best, rivals, settle, settle_node_hours, left.`,
		func(ctx context.Context, a *app.App, ids []string) error {
			var err error
			if q.Goal, err = suggest.ParseGoal(goal); err != nil {
				return err
			}
			found, err := a.Suggest(ctx, ids[0], q)
			if err != nil {
				return err
			}
			settle := fmt.Sprintf("as a sweep: shardeck suggest %s --goal %s --sweep NAME", ids[0], goal)
			if save != "" {
				s, err := a.SettlingSweep(save, ids[0], found)
				if err != nil {
					return err
				}
				p, err := a.CreateSweep(ctx, s)
				if err != nil {
					return err
				}
				settle = fmt.Sprintf("created %s: shardeck sweep submit %s", p.File, save)
			}
			row, err := a.Row(ids[0])
			return e.Answer(err, found, func() {
				e.Wrapped("  ", present.SuggestHead(found, model.ShortModel(row.Experiment.Model.Name), found.Engine))
				fmt.Fprintln(e.Out)
				e.Wrapped("  ", present.SuggestWords(found, settle)...)
				e.Rows(present.Suggestions(found))
			})
		})
	c.Example = "  shardeck suggest E1.1 --goal latency\n  shardeck suggest E1.1 --goal node-hours --ttft 200 --gpus 8 --sweep settle"
	c.Flags().StringVar(&goal, "goal", goal, "what is to be best: latency, throughput or node-hours")
	c.Flags().Float64Var(&q.TTFT, "ttft", 0, "the first token takes at most so many `ms`")
	c.Flags().IntVar(&q.GPUs, "gpus", 0, "at most so many GPUs; those of a node if not given")
	c.Flags().Float64Var(&q.NodeHours, "node-hours", 0, "the runs that settle it take at most so many node hours")
	c.Flags().BoolVar(&q.Prior, "prior", false, "ask public constants where forecasts are refused; wide, and marked")
	c.Flags().StringVar(&save, "sweep", "", "make the runs that settle it a sweep of this `name`")
	return c
}
