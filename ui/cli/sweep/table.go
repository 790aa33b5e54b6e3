package sweep

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"shardeck/backend/app"
	"shardeck/model"
	"shardeck/model/present"
	"shardeck/model/scaling"
	"shardeck/ui/cli/command"
)

// ofEntries is a command of the points of a sweep, or of runs.
func ofEntries(e *command.Env, use, short, long string, run func(all []scaling.Entry) error) *cobra.Command {
	return e.Command(use, short, long+`
Of a sweep, by its ID; of runs, by their names; without any, of every run here. Several
runs of one config are one place: the median over them, n and spread of the runs.`, func(ctx context.Context, a *app.App, words []string) error {
		all, err := entries(ctx, a, words)
		if err != nil {
			return err
		}
		return run(all)
	})
}

// entries are the points of a sweep, or runs.
func entries(ctx context.Context, a *app.App, words []string) ([]scaling.Entry, error) {
	if len(words) == 1 && slices.Contains(a.SweepIDs(), words[0]) {
		p, err := a.PlanSweep(ctx, words[0])
		return p.Entries(), err
	}
	all, err := a.Entries(ctx, words)
	if own := model.First(words, func(w string) bool { return slices.Contains(a.SweepIDs(), w) }); err != nil && own != nil {
		return nil, command.Usage("%s is a sweep, and stands alone: a field of it goes behind --by", *own)
	}
	if err == nil && len(all) == 0 {
		err = model.Failed("no run with a config of its own here yet", nil, "shardeck submit runs an experiment")
	}
	return all, err
}

func table(e *command.Env) *cobra.Command {
	var name string
	var by []string
	c := ofEntries(e, "table [ID|RUN…] --metric M --by FIELD,FIELD", "table one metric over two fields", `
Rows are the values of the first field, columns those of the second; where more fields
vary there is a table for each of their combinations. FIELD is one that varies, by its
path or the start of its last part, or gpus, dp, model. Without --by it is the first two that
vary. Places without a value say why: impossible, failed, waiting, left out; "–" is a
combination that no experiment has.`, func(all []scaling.Entry) error {
		fields, err := fieldsOf(all, by)
		if err != nil {
			return err
		}
		g, err := scaling.GridOf(all, name, fields)
		if err != nil {
			return err
		}
		if e.Format == command.FormatCSV {
			return e.Records(present.GridRecords(g))
		}
		return e.Show(g, func() {
			printTables(e, present.Grid(g))
			fmt.Fprintln(e.Out)
			e.Wrapped("   ", present.GridNotes(g)...)
		})
	})
	c.Example = "  shardeck sweep table scan --metric tpot --by tp,batch\n  shardeck sweep table --metric goodput --by gpus"
	c.Flags().StringVar(&name, "metric", scaling.ThroughputMetric, "a metric, or one statistic of it: `ttft_p99`")
	c.Flags().StringSliceVar(&by, "by", nil, "one or two `fields`: rows, columns")
	e.CSVFlag(c, "a line a place")
	return c
}

// fieldsOf are the fields of rows and columns: those that words name, else the first two that vary.
func fieldsOf(all []scaling.Entry, words []string) ([]string, error) {
	if len(words) > 2 {
		return nil, command.Usage("--by takes one or two fields")
	}
	if varied := scaling.Varied(all); len(words) == 0 {
		words = varied[:min(2, len(varied))]
	}
	if len(words) == 0 {
		words = []string{"gpus"}
	}
	return model.Through(words, func(w string) (string, error) { return scaling.FieldOf(all, w) })
}

// printTables prints tables under their names.
func printTables(e *command.Env, all []present.Table) {
	for i, t := range all {
		if i > 0 {
			fmt.Fprintln(e.Out)
		}
		if t.Name != "" {
			e.Say("%s", e.Paint(present.Strong, t.Name))
		}
		e.Table(t)
	}
}

func frontier(e *command.Env) *cobra.Command {
	c := ofEntries(e, "frontier [ID|RUN…]", "show what no other config beats in tokens a second of a GPU and of a user at once", `
Lists the configs of each work (model, prompt, output) by falling tokens a second of a
user, with what each serves at once. A config is beaten by one that is at least as good in
both and better in one; "~": by no more than the samples lie apart.`, func(all []scaling.Entry) error {
		fronts := scaling.FrontiersOf(all)
		if e.Format == command.FormatCSV {
			return e.Records(present.FrontierRecords(fronts))
		}
		if len(fronts) == 0 {
			e.Warn("no point has both %s and %s yet", scaling.PerGPU, scaling.PerUser)
		}
		return e.Show(fronts, func() {
			printTables(e, model.Each(fronts, present.Frontier))
			if len(fronts) > 0 {
				fmt.Fprintln(e.Out)
				e.Wrapped("   ", present.Sampled(slices.Concat(model.Each(fronts, present.Readings)...)))
			}
		})
	})
	e.CSVFlag(c, "a line a point")
	return c
}

func scalings(e *command.Env) *cobra.Command {
	c := ofEntries(e, "scaling [ID|RUN…]", "speed-up, efficiency and serial part by phase, of strong and weak scaling", `
Strong scaling is one work on more GPUs, weak scaling a batch that grows with them. A row
is a phase of a config: all by throughput, prefill by ttft, decode by tpot. The speed of a
phase is its tokens a second; speed-up and efficiency are against the fewest GPUs. The
serial part is that of Karp and Flatt (strong), of Gustafson (weak).`, func(all []scaling.Entry) error {
		found := scaling.ScalingsOf(all)
		if len(found) == 0 {
			e.Warn("no two configs differ in their GPUs alone, or in these and the batch")
		}
		if e.Format == command.FormatCSV {
			return e.Records(present.ScalingRecords(found))
		}
		return e.Show(found, func() { printTables(e, model.Each(found, present.Scaling)) })
	})
	e.CSVFlag(c, "a line a phase of a config")
	return c
}

func pairs(e *command.Env) *cobra.Command {
	var name, by string
	c := ofEntries(e, "pairs [ID|RUN…] --by FIELD", "compare two values of a field by configs that differ in nothing else", `
NCCL against NVSHMEM, custom against NCCL all-reduce, and any other field: pairs of
configs that differ in it alone, the change of a metric in each, and whether the
signed-rank test over the pairs is sure of a direction; that takes at least six.`, func(all []scaling.Entry) error {
		field, err := scaling.FieldOf(all, by) // without one it names those that vary
		if err != nil {
			return err
		}
		found, err := scaling.PairsOf(all, name, field)
		if e.Format == command.FormatCSV && err == nil {
			return e.Records(present.PairRecords(found))
		}
		return e.Answer(err, found, func() {
			for _, p := range found {
				if len(p.Pairs) > 0 {
					e.Table(present.Pairs(p))
				}
				e.Wrapped("   ", p.Words(), present.Common(p.Common))
			}
		})
	})
	c.Example = "  shardeck sweep pairs scan --by all_reduce --metric tpot"
	c.Flags().StringVar(&name, "metric", scaling.ThroughputMetric, "a metric, or one statistic of it: `ttft_p99`")
	c.Flags().StringVar(&by, "by", "", "the `field` that differs")
	e.CSVFlag(c, "a line a pair")
	return c
}
