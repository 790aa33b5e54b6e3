// Package experiment is the commands that make and judge experiments.
package experiment

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"shardeck/backend/app"
	"shardeck/backend/experiments"
	sweeps "shardeck/backend/sweep"
	"shardeck/model"
	"shardeck/model/board"
	"shardeck/model/check"
	"shardeck/model/present"
	"shardeck/model/present/unit"
	"shardeck/model/sweep"
	"shardeck/ui/cli/command"
)

// Check says whether experiments may be submitted, or what their jobs lack.
func Check(e *command.Env) *cobra.Command {
	var env bool
	c := e.Command("check [ID…]", "say whether layouts are legal, fit the GPUs and what they cost", `
Checks every experiment, or those named, before anything is paid for: keys and
values, the layout against the model, memory on each GPU, the site's limits, the
price. Exit code 2 if any has an error; warnings leave it 0.

With --env it looks at what their jobs need instead: the account and QOS, Python,
vLLM and PyTorch of the configured environment, the models in the hub cache, modules,
quota, disk, output directories. Exit code 1 if any of these fails.`, func(ctx context.Context, a *app.App, ids []string) error {
		if env {
			return checkEnvironment(ctx, e, a, ids)
		}
		rows, err := a.Rows(ctx, ids)
		if err != nil {
			return err
		}
		return cmp.Or(e.Tell(ChecksOf(rows), func() { printChecks(e, a, rows) }, func() []present.Table {
			return []present.Table{present.Checks(rows)}
		}), verdictOf(rows))
	})
	c.Flags().BoolVar(&env, "env", false, "look at software, models, quota and disk instead")
	return c
}

// Checked is one experiment in check --json.
type Checked struct {
	ID      string        `json:"id"`
	File    string        `json:"file"`
	OK      bool          `json:"ok"`
	Problem string        `json:"problem"`
	Verdict check.Verdict `json:"verdict"`
	Run     string        `json:"run,omitempty"`     // that its number would come from
	Changed model.Changes `json:"changed,omitempty"` // in the config since that run
	Marks   []model.Mark  `json:"marks,omitempty"`   // why its numbers are not those of the config
}

// ChecksOf is check --json of experiments.
func ChecksOf(rows []board.Row) []Checked {
	all := make([]Checked, len(rows))
	for i, r := range rows {
		all[i] = Checked{ID: r.Experiment.ID, File: r.File, OK: r.OK(), Problem: r.Problem, Verdict: r.Verdict, Marks: r.Marks()}
		if r.Run != nil {
			all[i].Run, all[i].Changed = r.Run.Name, r.Run.Changed
		}
	}
	return all
}

// verdictOf is exit code 2 when any experiment has an error.
func verdictOf(rows []board.Row) error {
	if slices.ContainsFunc(rows, func(r board.Row) bool { return !r.OK() }) {
		return command.Exit(command.WrongUsage)
	}
	return nil
}

func printChecks(e *command.Env, a *app.App, rows []board.Row) {
	var all []check.Finding
	for _, row := range rows {
		all = append(all, row.Verdict.Findings...)
	}
	common := model.Grouped(all, sentence)
	common = slices.DeleteFunc(common, func(g model.Group[string, check.Finding]) bool {
		return len(g.All) <= often || g.All[0].Severity == check.SeverityError
	})
	often := func(f check.Finding) bool {
		return slices.ContainsFunc(common, func(g model.Group[string, check.Finding]) bool { return g.Key == sentence(f) })
	}
	for i, row := range rows {
		if i > 0 {
			fmt.Fprintln(e.Out)
		}
		printCheck(e, row, often)
	}
	slices.SortStableFunc(common, func(a, b model.Group[string, check.Finding]) int { return a.All[0].Severity.Compare(b.All[0].Severity) })
	for i, g := range common {
		if i == 0 {
			fmt.Fprintln(e.Out)
		}
		f := g.All[0]
		e.Finding(string(f.Severity), unit.Plural(len(g.All), "experiment")+": "+f.Fault, f.Fix, 7)
	}
	for _, f := range a.MixedCards(rows) {
		e.Warn("%s: %s\n     fix: %s", f.Severity, f.Fault, f.Fix)
	}
	if len(rows) == 0 {
		e.Warn("no experiment here yet\n     try: shardeck generate")
	}
}

// often is how many experiments are told a sentence each; of more a warning is said once, with their number.
const often = 3

// sentence is what a finding says to a reader.
func sentence(f check.Finding) string { return string(f.Severity) + f.Fault + f.Fix }

// printCheck writes the verdict on one experiment; what is elsewhere said is not said here.
func printCheck(e *command.Env, r board.Row, elsewhere func(check.Finding) bool) {
	x := r.Experiment
	if r.Problem != "" {
		e.Say("%s  %s", e.Paint(present.Strong, cmp.Or(x.ID, unit.Missing)), r.File)
		for _, line := range strings.Split(r.Problem, "\n") {
			e.Finding("error", line, "", 7)
		}
		return
	}
	e.Say("%s  %s  %s\n  %s", e.Paint(present.Strong, x.ID), x.Layout.Short(), x.Model.Name, present.Plan(r.Verdict))
	if plays := present.Plays(r.Verdict); plays != "" {
		e.Say("  %s", plays)
	}
	for _, f := range r.Verdict.Findings {
		if !elsewhere(f) {
			e.Finding(string(f.Severity), f.Fault, f.Fix, 7)
		}
	}
	for _, m := range r.Marks() {
		e.Finding("note", "run "+r.Run.Name+": "+m.Text, "", 7)
	}
	if len(r.Verdict.Findings) == 0 {
		e.Say("  %s", e.Paint(present.Good, "ok"))
	}
}

// checkEnvironment is `check --env`: one line for each thing that jobs need, and exit code 1 if any of them cannot work.
func checkEnvironment(ctx context.Context, e *command.Env, a *app.App, ids []string) error {
	lines, err := a.Environment(ctx, ids)
	if err != nil {
		return err
	}
	var failed error
	for _, line := range lines {
		if present.Level(string(line.Level)) == present.Bad {
			failed = command.Exit(command.Failed)
		}
	}
	return cmp.Or(e.Tell(lines, func() {
		for _, line := range lines {
			e.Finding(string(line.Level), line.What+"  "+line.Text, line.Fix, 4)
		}
	}, func() []present.Table {
		t := present.Table{Columns: present.Columns("level", "of", "found", "fix")}
		for _, line := range lines {
			t.Add(present.Texts(string(line.Level), line.What, line.Text, line.Fix)...)
		}
		return []present.Table{t}
	}), failed)
}

// Generate writes configs, job scripts and the runner.
func Generate(e *command.Env) *cobra.Command {
	var o experiments.GenerateOptions
	c := e.Command("generate [ID…]", "write configs, job scripts and the runner from the catalogue", `
Writes experiments/configs/<id>_<slug>.yaml, experiments/slurm_scripts/run_<id>.sh,
run_with_nsys.sh and the runner, experiments/vllm_profiler.py with the folder
experiments/shardeck_runner, for the catalogue's default entries, or for the ids
named. The catalogue, experiments/experiments.yaml, is written first if there is
none, and is then yours to edit.

What is already right is left alone; a file you edited is refused without --force.
`, func(ctx context.Context, a *app.App, ids []string) error {
		o.IDs = ids
		wrote, err := a.Generate(ctx, o)
		if err != nil && len(wrote) == 0 {
			return err
		}
		return cmp.Or(printWrote(e, wrote), err)
	})
	c.Flags().BoolVar(&o.All, "all", false, "every entry of the catalogue")
	c.Flags().BoolVar(&o.Force, "force", false, "overwrite files that were edited")
	return c
}

// printWrote lists what became of each file; a refused one makes the command fail.
func printWrote(e *command.Env, wrote []experiments.Wrote) error {
	return cmp.Or(e.Show(wrote, func() { printActions(e, wrote) }), refused(wrote))
}

func printActions(e *command.Env, wrote []experiments.Wrote) {
	last := ""
	for _, w := range wrote {
		if w.Action == experiments.Unchanged {
			continue
		}
		line := fmt.Sprintf("%-11s %s", w.Action, e.Link(w.Path))
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
	var keys, vary []string
	c := e.Command("new ID", "write one new config, from an experiment or the catalogue, and its script", `
Writes experiments/configs/<ID>.yaml and its job script. It starts from the experiment
or catalogue entry named with --from (else from the first of the catalogue), then
applies the flags; --key sets any other key of a config. With --vary it writes a sweep
instead, the short way of sweep new.`, func(ctx context.Context, a *app.App, words []string) error {
		o.ID = words[0]
		edits, err := editsOf(values, keys)
		if err != nil {
			return err
		}
		if o.Edits = edits; len(vary) > 0 {
			return newSweep(ctx, e, a, o, vary)
		}
		row, wrote, err := a.New(ctx, o)
		if err != nil {
			return err
		}
		if e.JSON {
			return cmp.Or(e.PrintJSON(row), verdictOf([]board.Row{row}))
		}
		err = printWrote(e, wrote)
		fmt.Fprintln(e.Out)
		printCheck(e, row, func(check.Finding) bool { return false })
		return cmp.Or(err, verdictOf([]board.Row{row}))
	})
	c.Example = "  shardeck new E9.1 --from E1.2 --seq-len 16384 --key profiling.nsys=true\n  shardeck new scan --from E1.1 --vary tp=1,2,4"
	for i, s := range shorthand {
		c.Flags().StringVar(&values[i], s.flag, "", s.help)
	}
	c.Flags().StringVar(&o.From, "from", "", "experiment or catalogue `ID` to start from")
	c.Flags().StringArrayVar(&vary, "vary", nil, "a sweep over a field: `field=1,2,4` (may be repeated)")
	c.Flags().StringArrayVar(&keys, "key", nil, "any key of the config: `path=value` (may be repeated)")
	return c
}

// newSweep is new --vary: a sweep over the experiment named, as it stands.
func newSweep(ctx context.Context, e *command.Env, a *app.App, o experiments.NewOptions, vary []string) error {
	if o.From == "" || len(o.Edits) > 0 {
		return command.Usage("--vary takes the experiment of --from as it stands: make one with the other flags first, then vary that")
	}
	axes, err := sweeps.AxesOf(vary)
	if err != nil {
		return err
	}
	p, err := a.CreateSweep(ctx, sweep.Sweep{ID: o.ID, Base: o.From, Axes: axes})
	return e.Answer(err, p.Points, func() {
		e.Say("created     %s\n%s", p.File, present.SweepTotal(p))
		e.Warn("shardeck sweep check %s shows its points; shardeck sweep submit %s submits them", o.ID, o.ID)
	})
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

// Card writes the workload card of a run.
func Card(e *command.Env) *cobra.Command {
	config, dir := "", ""
	c := e.Command("card [RUN] [--config C] [--output-dir D]", "write workload_card.yaml into a run's folder", `
Writes the workload card of a run, named or by its folder: what was run comes from
the config that the run recorded, and where it recorded none from --config; GPU, NCCL
and CUDA versions and the list of traces come from the files in the folder, and stay
empty where those do not tell. Where --config differs from what was recorded, a
warning names the keys: the card describes the run.`, func(ctx context.Context, a *app.App, runs []string) error {
		if (len(runs) == 0) == (dir == "") {
			return command.Usage("card needs one run: its name, or --output-dir\n" +
				"as in: shardeck card --config experiments/configs/E1.2_llama8b_tp2.yaml --output-dir trace_collection/llama-8b-tp2")
		}
		card, err := a.Card(ctx, config, cmp.Or(append(runs, dir)...))
		if err != nil {
			return err
		}
		e.Warnings(card.Warnings)
		return e.Show(card, func() { fmt.Fprintln(e.Out, e.Link(card.Path)) })
	})
	c.Example = "  shardeck card llama-8b-tp2\n  shardeck card --config E1.2 --output-dir trace_collection/llama-8b-tp2"
	c.Flags().StringVar(&config, "config", "", "the experiment's `YAML`, or its id")
	c.Flags().StringVar(&dir, "output-dir", "", "the run's `folder`")
	return c
}
