package metrics

import (
	"context"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/model"
	"shardeck/model/metric"
	"shardeck/model/present"
	"shardeck/model/present/unit"
	"shardeck/model/scaling"
	"shardeck/ui/pane"
)

// differences are what the lab says of the metrics that are sampled, by run and metric:
// medians beside the baseline's, and whether chance alone could do it.
type differences map[string]map[string]scaling.CompareCell

// test asks the lab for the differences of the runs from the baseline; those known stay
// until the answer comes.
func (p *Pane) test() tea.Cmd {
	if p.baseline == "" {
		p.tests.Stop()
		return nil
	}
	var names []string
	for _, r := range p.runs {
		if r.Name != p.baseline {
			names = append(names, r.Name)
		}
	}
	base := p.baseline
	return p.tests.Start(p.env.Ctx, func(ctx context.Context) (differences, error) { return p.env.Lab.Differences(ctx, base, names) }, then(p, p.tested))
}

// sameRun reports whether a run's files are as they were.
func sameRun(a, b model.Run) bool { return a.Name == b.Name && a.Time.Equal(b.Time) }

// tested takes the answer; without one the differences of the values themselves stay.
func (p *Pane) tested(diffs differences, err error) tea.Cmd {
	if err != nil {
		return pane.Fail(err)
	}
	p.diffs = diffs
	p.fill()
	return nil
}

// sampledWords are both medians of a metric, how many samples they are of, and why the
// difference may be chance.
func (p *Pane) sampledWords(run string, d metric.Definition) (string, bool) {
	now, ok := p.diffs[run][d.Name]
	was := p.diffs[p.baseline][d.Name]
	if !ok || now.Value == nil || was.Value == nil {
		return "", false
	}
	of := func(c, other scaling.CompareCell) string {
		return present.Sampled(c, other, d) + " (n " + unit.Int(c.N) + ")"
	}
	text := d.Name + " " + of(now, was) + " against " + of(was, now) + " of " + p.baseline
	if now.Same {
		text = "~ " + now.Words + " · " + text
	}
	return text, true
}
