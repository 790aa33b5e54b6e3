package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	rooms "shardeck/backend/app"
	"shardeck/backend/pool"
	"shardeck/model"
	"shardeck/model/metric"
	"shardeck/model/present"
	"shardeck/model/present/unit"
)

func (a *app) metricCmd() *cobra.Command {
	total, explain := false, ""
	c := &cobra.Command{
		Use:   "metric NAME RUN",
		Short: "print one value of a run, bare",
		Long: `Prints the value alone on standard output, in the metric's own unit, as the original
scripts did. RUN is a name under trace_collection/, name@job for an older run, or a
path. Exit code 3: no value, the reason is on standard error; 4: a value from
damaged input, the loss is on standard error (4 beats 3).`,
		Example: "  shardeck metric throughput_tokens_sec llama-8b-tp2\n  shardeck metric --explain comm_overhead\n  shardeck metric --explain all",
		Args: func(c *cobra.Command, words []string) error {
			if explain != "" {
				return args(0, 0)(c, words)
			}
			return args(2, 2)(c, words)
		},
		RunE: func(c *cobra.Command, words []string) error {
			if explain != "" {
				return a.explain(explain)
			}
			return a.withLab(func(ctx context.Context, l *rooms.App, words []string) error {
				return a.metric(ctx, l, words[0], words[1], total)
			})(c, words)
		},
	}
	c.Flags().BoolVar(&total, "total", false, "coll_call_num: the calls of the whole file, not of one iteration")
	c.Flags().StringVar(&explain, "explain", "", "print the definition of `NAME`, or of all")
	return c
}

// explain prints what a metric means; it needs no workspace.
func (a *app) explain(name string) error {
	defs := metric.Definitions
	if name != "all" {
		d, err := metric.Find(name)
		if err != nil {
			return err
		}
		defs = []metric.Definition{d}
	}
	if a.json {
		return a.printJSON(explained(defs))
	}
	for i, d := range defs {
		if i > 0 {
			fmt.Fprintln(a.out)
		}
		fmt.Fprintf(a.out, "%s (%s)\n", a.paint(present.Strong, d.Name), strings.Join(append([]string{d.Unit, d.Family}, aka(d)...), ", "))
		fmt.Fprintln(a.out, a.plain(wrap(d.Text, 78, "  ")))
	}
	return nil
}

// definition is one element of metric --explain --json.
type definition struct {
	Name       string   `json:"name"`
	Aliases    []string `json:"aliases"`
	Unit       string   `json:"unit"`
	Family     string   `json:"family"`
	Definition string   `json:"definition"`
	Better     string   `json:"better"` // lower, higher, or neither
}

func explained(defs []metric.Definition) []definition {
	better := map[metric.Better]string{metric.Lower: "lower", metric.Higher: "higher", metric.NoBetter: "neither"}
	all := make([]definition, len(defs))
	for i, d := range defs {
		all[i] = definition{d.Name, append([]string{}, d.Aliases...), d.Unit, d.Family, d.Text, better[d.Better]}
	}
	return all
}

func aka(d metric.Definition) []string {
	if len(d.Aliases) == 0 {
		return nil
	}
	return []string{"also " + strings.Join(d.Aliases, ", ")}
}

// wrap breaks text at blanks so that no line passes width.
func wrap(text string, width int, indent string) string {
	var lines []string
	line := indent
	for _, word := range strings.Fields(text) {
		if len([]rune(line))+1+len([]rune(word)) > width && line != indent {
			lines, line = append(lines, line), indent
		}
		if line != indent {
			line += " "
		}
		line += word
	}
	return strings.Join(append(lines, line), "\n")
}

// metric prints one value. The reason for a unit.Missing one, and what damage cost, go to
// standard error, so that a script reads a number or nothing.
func (a *app) metric(ctx context.Context, l *rooms.App, name, run string, total bool) error {
	d, err := metric.Find(name)
	if err != nil {
		return err
	}
	if total {
		if d, err = metric.TotalOf(d); err != nil {
			return err
		}
	}
	found, err := analysed(ctx, l, run, nil)
	if found == nil {
		return err
	}
	m := found.Metric(d.Name)
	if m.Value == nil && err != nil {
		return err
	}
	a.warnings(found.Warnings)
	a.sayAbout(m, found)
	if a.json {
		return firstOf(a.printJSON(m), codeOf(m, found))
	}
	switch {
	case m.Value != nil:
		fmt.Fprintln(a.out, unit.Full(*m.Value))
	case isAnswer(m):
		fmt.Fprintln(a.out, m.Reason)
	}
	return codeOf(m, found)
}

// analysed reads a run. Of one that is too large to read here it gives what its timing
// files say, and the error.
func analysed(ctx context.Context, l *rooms.App, run string, progress pool.Progress) (*metric.Analysis, error) {
	found, err := l.Analyse(ctx, run, pool.Wanted, progress)
	if errors.Is(err, model.ErrBudget) {
		found, _ = l.Timings(ctx, run) // the error says already what is unit.Missing
	}
	return found, err
}

// isAnswer reports whether no value is itself the answer: there is no straggler.
func isAnswer(m metric.Metric) bool { return m.Value == nil && m.Reason == "none" }

// sayAbout notes what a reader of the bare number must know.
func (a *app) sayAbout(m metric.Metric, found *metric.Analysis) {
	if m.Value == nil && !isAnswer(m) {
		a.warn("%s of %s: no value: %s", m.Name, found.Run, m.Reason)
	}
	if m.Note != "" {
		a.warn("%s: %s", m.Name, m.Note)
	}
	if m.Estimate && m.Value != nil {
		a.warn("%s: an estimate", m.Name)
	}
	if found.Replay {
		a.warn("%s is a replay of a recording, not a measurement of this machine", found.Run)
	}
}

func codeOf(m metric.Metric, found *metric.Analysis) error {
	switch {
	case found.Damaged:
		return silent(exitDamaged)
	case m.Value == nil && !isAnswer(m):
		return silent(exitNoValue)
	}
	return nil
}
