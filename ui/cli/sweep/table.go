package sweep

import (
	"context"
	"encoding/csv"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"shardeck/backend/app"
	"shardeck/model"
	"shardeck/model/present"
	"shardeck/model/scaling"
	"shardeck/ui/cli/command"
)

// whose is what the commands here are of, in their help.
const whose = `
Of a sweep, by its ID; of runs, by their names; without any, of every run here. Several
runs of one config are one place: the median over them, n and spread of the runs.`

// entries are the points of a sweep, or runs.
func entries(ctx context.Context, a *app.App, words []string) ([]scaling.Entry, error) {
	if len(words) == 1 && slices.Contains(a.SweepIDs(), words[0]) {
		p, err := a.PlanSweep(ctx, words[0])
		return p.Entries(), err
	}
	all, err := a.Entries(ctx, words)
	if err == nil && len(all) == 0 {
		err = model.Failed("no run with a config of its own here yet", nil, "shardeck submit runs an experiment")
	}
	return all, err
}

// writeCSV writes records on standard output.
func writeCSV(e *command.Env, records [][]string) error {
	return csv.NewWriter(e.Out).WriteAll(records)
}

func table(e *command.Env) *cobra.Command {
	var name string
	var by []string
	var asCSV bool
	c := e.Command("table [ID|RUN…] --metric M --by FIELD,FIELD", "table one metric over two fields", `
Rows are the values of the first field, columns those of the second; where more fields
vary there is a table for each of their combinations. FIELD is one that varies, by its
path or the start of its last part, or gpus, dp, model. Without --by it is the first two that
vary. Places without a value say why: impossible, failed, waiting, left out; "–" is a
combination that no experiment has.`+whose, func(ctx context.Context, a *app.App, words []string) error {
		all, err := entries(ctx, a, words)
		if err != nil {
			return err
		}
		fields, err := fieldsOf(all, by)
		if err != nil {
			return err
		}
		g, err := scaling.GridOf(all, name, fields)
		if err != nil {
			return err
		}
		if asCSV {
			return writeCSV(e, present.GridRecords(g))
		}
		return e.Show(g, func() { printGrid(e, g) })
	})
	c.Example = "  shardeck sweep table scan --metric tpot --by tp,batch\n  shardeck sweep table --metric goodput --by gpus"
	c.Flags().StringVar(&name, "metric", scaling.ThroughputMetric, "a metric, or one statistic of it: `ttft_p99`")
	c.Flags().StringSliceVar(&by, "by", nil, "one or two `fields`: rows, columns")
	c.Flags().BoolVar(&asCSV, "csv", false, "print CSV, a line a place, in full precision")
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

func printGrid(e *command.Env, g scaling.Grid) {
	for i, t := range present.Grid(g) {
		if i > 0 {
			fmt.Fprintln(e.Out)
		}
		if t.Name != "" {
			e.Say("%s", e.Paint(present.Strong, t.Name))
		}
		e.Table(t)
	}
	fmt.Fprintln(e.Out)
	for _, note := range present.GridNotes(g) {
		e.SayWrapped(note, "   ")
	}
}

func frontier(e *command.Env) *cobra.Command {
	var asCSV bool
	c := e.Command("frontier [ID|RUN…]", "show what no other config beats in tokens a second of a GPU and of a user at once", `
Lists the configs of each work (model, prompt, output) by falling tokens a second of a
user, with what each serves at once. A config is beaten by one that is at least as good in
both and better in one; "~": by no more than the samples lie apart.`+whose, func(ctx context.Context, a *app.App, words []string) error {
		all, err := entries(ctx, a, words)
		if err != nil {
			return err
		}
		fronts := scaling.FrontiersOf(all)
		if asCSV {
			return writeCSV(e, present.FrontierRecords(fronts))
		}
		if len(fronts) == 0 {
			e.Warn("no point has both %s and %s yet", scaling.PerGPU, scaling.PerUser)
		}
		return e.Show(fronts, func() { printFrontiers(e, fronts) })
	})
	c.Flags().BoolVar(&asCSV, "csv", false, "print CSV, a line a point, in full precision")
	return c
}

func printFrontiers(e *command.Env, all []scaling.Frontier) {
	var readings []scaling.Reading
	for i, f := range all {
		if i > 0 {
			fmt.Fprintln(e.Out)
		}
		e.Say("%s", e.Paint(present.Strong, f.Of))
		e.Table(present.Frontier(f))
		readings = append(readings, present.Readings(f)...)
	}
	if len(all) > 0 {
		fmt.Fprintln(e.Out)
		e.SayWrapped(present.Sampled(readings), "   ")
	}
}
