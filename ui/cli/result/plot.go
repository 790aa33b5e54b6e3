package result

import (
	"context"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"shardeck/backend/app"
	"shardeck/backend/publish"
	"shardeck/ui/cli/command"
)

// Plot writes one figure for a paper.
func Plot(e *command.Env) *cobra.Command {
	o, output, width := publish.FigureOrder{}, "", 3.3
	c := e.Command("plot KIND [SWEEP|RUN…]", "write one figure for a paper, with its caption and its numbers beside it", `
Writes a figure as wide as a column of a two-column paper (3.3 inches, or 7 for both), its
fonts in it, told apart by marks, dashes and lightness as well as by colour: as PDF, SVG
or PNG, by the end of the file's name. Beside it stand the caption, with n and spread, as
.txt and the numbers as .csv. What its KIND may be:

  scaling    throughput and efficiency over GPUs: ideal line, node boundary, error bars;
             --forecast ID,ID adds experiments that were not run, hollow, with intervals
  frontier   tokens a second of a GPU against those of a user, with layout and batch
  latency    TTFT and TPOT against the batch
  waterfall  from one run to another, part by part (two runs; --metric tpot, ttft …)
  ranks      the time of each rank of a run, divided
  layers     one layer of a run's step, by operator and its floor
  heatmap    a metric over two fields (--metric, --by tp,batch)

SWEEP|RUN… say of what: a sweep, runs, or without them every run here.`, func(ctx context.Context, a *app.App, words []string) error {
		if o.Kind, o.Of = words[0], words[1:]; output == "" {
			output = o.Kind + ".pdf"
		}
		if width < 2 || width > 12 {
			return command.Usage("--width %g: a figure is 2 to 12 inches wide; columns are 3.3 and 7", width)
		}
		format := strings.TrimPrefix(filepath.Ext(output), ".")
		f, err := a.Publish.Figure(ctx, o, e.Progress())
		if err != nil {
			return err
		}
		files, err := a.Publish.Written(f, width, format)
		if err != nil {
			return err
		}
		base := strings.TrimSuffix(output, "."+format)
		ends := []string{"." + format, ".txt", ".csv"}
		for _, end := range ends {
			if err := a.WriteOutput(base+end, files[end]); err != nil {
				return err
			}
		}
		return e.Show(f, func() {
			e.Wrapped("", strings.TrimSpace(string(files[".txt"])))
			e.Say("wrote %s", base+strings.Join(ends, ", "+base))
		})
	})
	c.Example = "  shardeck plot scaling -o scaling.pdf\n  shardeck plot waterfall llama-8b-tp1 llama-8b-tp2 --width 7 -o tp2.svg"
	c.Flags().StringVarP(&output, "output", "o", "", "the `FILE` to write: .pdf, .svg or .png (default KIND.pdf)")
	c.Flags().Float64Var(&width, "width", width, "in inches: 3.3 for a column, 7 for both")
	c.Flags().StringVar(&o.Metric, "metric", "", "of a waterfall or heat map: `NAME`")
	c.Flags().StringSliceVar(&o.By, "by", nil, "`fields` of a heat map: rows, columns")
	c.Flags().StringSliceVar(&o.Forecasts, "forecast", nil, "`experiments` that stand in a scaling as they are forecast")
	return c
}
