package metrics

import (
	"cmp"
	"context"
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/model"
	"shardeck/model/compare"
	"shardeck/model/metric"
	"shardeck/model/present"
	"shardeck/model/present/unit"
	"shardeck/model/scaling"
	"shardeck/ui/pane"
	"shardeck/ui/theme"
)

// differences are what is known of the metrics that are sampled, by run and metric:
// values beside the baseline's, and whether chance alone could do it.
type differences map[string]map[string]compare.Cell

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
		pane.Got(func(found differences) tea.Cmd {
			b.diffs = found
			return b.changed()
		}))
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
	if percent, ok := metric.Change(*was, *m.Value); !ok {
		return present.None()
	} else if cell.Change == nil { // of several runs it is that of their medians
		cell.Change = &percent
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
	of := func(c, other compare.Cell) string {
		return present.ToldApart(c, other, d) + " (n " + unit.Int(c.N) + map[bool]string{true: " runs"}[c.Runs > 1] + ", spread " + unit.Number(c.Spread, 1) + " %)"
	}
	text := d.Name + " " + of(now, was) + " against " + of(was, now) + " of " + b.name
	if now.Words != "" {
		return present.Doubt(now.TooFew) + " " + now.Words + " · " + text
	}
	if now.Within {
		text += ", within one run a side"
	}
	return text
}

// best is which of the runs that may be compared has the best value of each metric, and whether chance alone could make it so.
type best struct {
	env    env
	known  *known
	judged func() tea.Cmd

	marks    map[string]string      // sign before a value, by "run metric": the best, or a tie for it
	contests []compare.Contest      // for the best value, of the runs in sight
	asked    []compare.Contest      // those that were last given to be judged
	ties     map[string]compare.Tie // by contestKey
	task     pane.Task[map[string]compare.Tie]
}

func contestKey(c compare.Contest) string { return c.Metric + " " + strings.Join(c.Runs, " ") }

func (b *best) forget() { b.ties, b.asked = nil, nil }

// find finds the contests of runs and marks them as far as they are judged; without wanted
// there are none. What is of too few samples to judge has no mark.
func (b *best) find(runs []model.Run, defs []metric.Definition, wanted bool) {
	b.marks, b.contests = map[string]string{}, nil
	if !wanted {
		return
	}
	for _, group := range b.groups(runs) {
		for _, d := range defs {
			c := contestOf(group, d)
			if len(c.Runs) == 0 {
				continue
			}
			b.contests = append(b.contests, c)
			tie, judged := b.ties[contestKey(c)]
			for _, run := range tie.Runs {
				b.marks[run+" "+d.Name] = present.Tie
			}
			if judged && tie.Words == "" {
				b.marks[c.Runs[0]+" "+d.Name] = b.env.Theme.Best
			}
		}
	}
}

func (b *best) groups(runs []model.Run) [][]scaling.Measured {
	runs = slices.DeleteFunc(slices.Clone(runs), func(r model.Run) bool {
		return b.known.analyses[r.Name] == nil || r.Experiment == nil || r.Forecast != nil
	})
	return scaling.Alike(model.Each(runs, b.known.measured))
}

// judge asks whether chance alone could make the best of the contests that nobody has
// judged; for the same as before it does not ask again.
func (b *best) judge() tea.Cmd {
	open := slices.DeleteFunc(slices.Clone(b.contests), func(c compare.Contest) bool { _, judged := b.ties[contestKey(c)]; return judged })
	same := func(a, b compare.Contest) bool { return contestKey(a) == contestKey(b) }
	if len(open) == 0 || slices.EqualFunc(open, b.asked, same) {
		return nil
	}
	b.asked = open
	return b.task.Start(b.env.Ctx, func(ctx context.Context) (map[string]compare.Tie, error) {
		all, err := b.env.Ties(ctx, open)
		found := map[string]compare.Tie{}
		for i, t := range all {
			found[contestKey(open[i])] = t
		}
		return found, err
	}, pane.Got(b.got))
}

// got takes the judgements; without them nothing is marked as the best.
func (b *best) got(found map[string]compare.Tie) tea.Cmd {
	for _, c := range b.contests { // those still in sight stay
		if t, ok := b.ties[contestKey(c)]; ok {
			found[contestKey(c)] = t
		}
	}
	b.ties = found
	return b.judged()
}

// words say of a value that shares the first place with whom, and why; empty: it does not.
func (b *best) words(run string, d metric.Definition) string {
	for _, c := range b.contests {
		if c.Metric != d.Name || !slices.Contains(c.Runs, run) {
			continue
		}
		t := b.ties[contestKey(c)]
		if c.Runs[0] == run && len(t.Runs) == 0 && t.Words != "" {
			return "the best " + d.Name + " so far, but " + t.Words
		}
		if slices.Contains(t.Runs, run) {
			others := slices.DeleteFunc(slices.Clone(t.Runs), func(r string) bool { return r == run })
			return present.Tie + " shares the best " + d.Name + " with " + strings.Join(others, ", ") + ": " + t.Words
		}
	}
	return ""
}

// mostRivals bounds how many runs a contest is between: the best and those next to it.
const mostRivals = 6

// contestOf is the runs with the best values of a metric; none where that means nothing: a single run, or equal ones.
func contestOf(group []scaling.Measured, d metric.Definition) compare.Contest {
	type rival struct {
		run   string
		value float64
	}
	var rivals []rival
	for _, r := range group {
		if m := r.Analysis.Metric(d.Name); m.Value != nil {
			rivals = append(rivals, rival{r.Run.Name, *m.Value})
		}
	}
	c := compare.Contest{Metric: d.Name}
	if d.Better == metric.NoBetter || len(rivals) < 2 {
		return c
	}
	slices.SortStableFunc(rivals, func(a, b rival) int {
		if d.Better == metric.Higher {
			a, b = b, a
		}
		return cmp.Compare(a.value, b.value)
	})
	if rivals[0].value == rivals[1].value {
		return c
	}
	c.Runs = append(c.Runs, model.Each(rivals[:min(len(rivals), mostRivals)], func(r rival) string { return r.run })...)
	return c
}
