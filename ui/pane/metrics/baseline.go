package metrics

import (
	"context"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/model"
	"shardeck/model/metric"
	"shardeck/model/present"
	"shardeck/model/present/unit"
	"shardeck/model/scaling"
	"shardeck/ui/pane"
	"shardeck/ui/theme"
)

// differences are what is known of the metrics that are sampled, by run and metric:
// values beside the baseline's, and whether chance alone could do it.
type differences map[string]map[string]scaling.CompareCell

// baseline is the run that the others are shown as differences from.
type baseline struct {
	env     env
	known   *known
	run     func(name string) (model.Run, bool)
	changed func() tea.Cmd

	name  string      // empty: there is none
	diffs differences // nil: not asked, or not there yet
	task  pane.Task[differences]
}

// set takes another baseline, or none.
func (b *baseline) set(name string, runs []model.Run) tea.Cmd {
	b.name, b.diffs = name, nil
	return tea.Batch(b.test(runs), b.changed())
}

// test asks for the differences of the runs; those known stay until the answer comes, and
// without one the differences of the values themselves.
func (b *baseline) test(runs []model.Run) tea.Cmd {
	if b.name == "" {
		b.task.Stop()
		return nil
	}
	var names []string
	for _, r := range runs {
		if r.Name != b.name {
			names = append(names, r.Name)
		}
	}
	base := b.name
	return b.task.Start(b.env.Ctx, func(ctx context.Context) (differences, error) { return b.env.Differences(ctx, base, names) },
		func(found differences, err error) tea.Cmd {
			if err != nil {
				return pane.Fail(err)
			}
			b.diffs = found
			return b.changed()
		})
}

// change is a value's difference from the baseline in % of it, and what a test says of it.
func (b *baseline) change(run string, m metric.Metric, d metric.Definition) present.Cell {
	base := b.known.analyses[b.name]
	if base == nil {
		return present.None()
	}
	was := base.Metric(m.Name).Value
	if was == nil {
		return present.None()
	}
	cell := b.diffs[run][d.Name]
	percent, ok := metric.Change(*was, *m.Value)
	if cell.Change = &percent; !ok {
		return present.None()
	}
	return present.Change(cell, d.Better)
}

// unlike names what differs, besides the layout, between a run and the baseline; empty: nothing, or there is no baseline.
func (b *baseline) unlike(r model.Run) string {
	base, ok := b.run(b.name)
	if b.name == "" || b.name == r.Name || !ok {
		return ""
	}
	return b.known.measured(r).Unlike(b.known.measured(base))
}

// note gives a value and that of the baseline, and says when they should not be compared.
func (b *baseline) note(r model.Run, m metric.Metric, d metric.Definition) pane.Note {
	base := b.known.analyses[b.name]
	if base == nil {
		return pane.Note{Text: b.name + " was not read: ↵ on it reads it", Tone: theme.Warn}
	}
	was := base.Metric(d.Name)
	if was.Value != nil {
		d.Decimals = unit.Apart(*m.Value, *was.Value, d.Decimals)
	}
	text := d.Name + " " + present.MetricValue(m, d)
	if was.Value == nil {
		return pane.Note{Text: text + "; " + b.name + " has none: " + present.NoValue(was)}
	}
	text += " against " + present.MetricValue(was, d) + " of " + b.name
	if words := b.sampled(r.Name, d); words != "" {
		text = words
	}
	if why := b.unlike(r); why != "" {
		what, values, _ := strings.Cut(why, ": ")
		return pane.Note{Text: "not like with like, " + what + ": " + present.Joined(text, values), Tone: theme.Warn}
	}
	return pane.Note{Text: text}
}

// sampled is both values of a metric, how many samples they stand for, and why the difference may be chance; empty: it was
// not sampled in both.
func (b *baseline) sampled(run string, d metric.Definition) string {
	now, was := b.diffs[run][d.Name], b.diffs[b.name][d.Name]
	if now.Value == nil || was.Value == nil {
		return ""
	}
	of := func(c, other scaling.CompareCell) string {
		return present.ToldApart(c, other, d) + " (n " + unit.Int(c.N) + ", spread " + unit.Number(c.Spread, 1) + " %)"
	}
	text := d.Name + " " + of(now, was) + " against " + of(was, now) + " of " + b.name
	if now.Words != "" {
		return present.Doubt(now.TooFew) + " " + now.Words + " · " + text
	}
	return text + ", within one run a side"
}
