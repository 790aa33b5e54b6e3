package experiment

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"shardeck/backend/app"
	"shardeck/backend/experiments"
	"shardeck/model"
	"shardeck/model/board"
	"shardeck/ui/cli/command"
)

// shorthand are the flags of new that stand for a key of the config.
var shorthand = []struct{ flag, key, help string }{
	{"model", "model.name", "hub id, such as meta-llama/Llama-3.1-8B"},
	{"tp", "parallelism.tp", "tensor parallel"},
	{"pp", "parallelism.pp", "pipeline parallel"},
	{"dp", "parallelism.dp_replicate", "data parallel"},
	{"ep", "parallelism.ep", "expert parallel: 1, or TP × DP"},
	{"batch", "data.batch_size", "requests over all DP ranks"},
	{"seq-len", "data.seq_len", "prompt tokens of each request"},
	{"max-tokens", "data.max_tokens", "output tokens of each request"},
	{"engine", "engine", "vllm, torch or replay"},
	{"output-dir", "output_dir", "where the run goes; empty: trace_collection/ and the id"},
	{"description", "description", "one line for people"},
}

// New writes one new config.
func New(e *command.Env) *cobra.Command {
	o := experiments.NewOptions{}
	values := make([]string, len(shorthand))
	var keys []string
	c := &cobra.Command{
		Use:   "new ID",
		Short: "write one new config, from an experiment or the catalogue, and its script",
		Long: `Writes experiments/configs/<ID>.yaml and its job script. It starts from the experiment
or catalogue entry named with --from (else from the first of the catalogue), then
applies the flags; --key sets any other key of a config.`,
		Example: "  shardeck new E9.1 --from E1.2 --seq-len 16384 --key profiling.nsys=true",
		Args:    command.Args(1, 1),
		RunE: e.With(func(ctx context.Context, a *app.App, words []string) error {
			o.ID = words[0]
			edits, err := editsOf(values, keys)
			if err != nil {
				return err
			}
			o.Edits = edits
			row, wrote, err := a.New(ctx, o)
			if err != nil {
				return err
			}
			if e.JSON {
				return command.FirstOf(e.PrintJSON(row), verdictOf([]board.Row{row}))
			}
			err = printWrote(e, wrote)
			fmt.Fprintln(e.Out)
			printCheck(e, row)
			return command.FirstOf(err, verdictOf([]board.Row{row}))
		}),
	}
	for i, s := range shorthand {
		c.Flags().StringVar(&values[i], s.flag, "", s.help)
	}
	c.Flags().StringVar(&o.From, "from", "", "experiment or catalogue `ID` to start from")
	c.Flags().StringArrayVar(&keys, "key", nil, "any key of the config: `path=value` (may be repeated)")
	return c
}

// editsOf turns flags into edits of the config, in the order of the table.
func editsOf(values, keys []string) ([]model.Edit, error) {
	var edits []model.Edit
	for i, v := range values {
		if v != "" {
			edits = append(edits, model.Edit{Path: shorthand[i].key, Value: v})
		}
	}
	for _, k := range keys {
		path, value, ok := strings.Cut(k, "=")
		if !ok {
			return nil, command.Usage("--key %s: write it as path=value, as in parallelism.tp=4", k)
		}
		edits = append(edits, model.Edit{Path: path, Value: value})
	}
	return edits, nil
}
