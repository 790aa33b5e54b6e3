package metrics

import (
	"context"
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/model/metric"
	"shardeck/model/scaling"
	"shardeck/ui/pane"
)

// ties are what the lab says of contests, by contestKey.
type ties map[string]scaling.Tie

func contestKey(c scaling.Contest) string { return c.Metric + " " + strings.Join(c.Runs, " ") }

// judge asks the lab whether chance alone could make the best of the contests in sight
// that nobody has judged; of those that it was asked before it is not asked again.
func (p *Pane) judge() tea.Cmd {
	open := p.unjudged
	p.unjudged = nil
	same := func(a, b scaling.Contest) bool { return contestKey(a) == contestKey(b) }
	if len(open) == 0 || slices.EqualFunc(open, p.asked, same) {
		return nil
	}
	p.asked = open
	return p.judging.Start(p.env.Ctx, func(ctx context.Context) (ties, error) {
		all, err := p.env.Lab.Ties(ctx, open)
		found := ties{}
		for i, t := range all {
			found[contestKey(open[i])] = t
		}
		return found, err
	}, then(p, p.judged))
}

// judged takes the answer; without one nothing is marked as the best.
func (p *Pane) judged(found ties, err error) tea.Cmd {
	if err != nil {
		return pane.Fail(err)
	}
	for _, c := range p.contests { // those still in sight stay
		key := contestKey(c)
		if t, ok := p.ties[key]; ok {
			found[key] = t
		}
	}
	p.ties = found
	p.fill()
	return nil
}

// tieWords say of a value that shares the first place with whom, and why; empty: it does
// not, or the differences from a baseline are on the screen.
func (p *Pane) tieWords(run string, d metric.Definition) string {
	if p.baseline != "" {
		return ""
	}
	for _, c := range p.contests {
		if c.Metric != d.Name || !slices.Contains(c.Runs, run) {
			continue
		}
		t := p.ties[contestKey(c)]
		if c.Runs[0] == run && len(t.Runs) == 0 && t.Words != "" {
			return "the best " + d.Name + " so far, but " + t.Words
		}
		if slices.Contains(t.Runs, run) {
			others := slices.DeleteFunc(slices.Clone(t.Runs), func(r string) bool { return r == run })
			return "~ shares the best " + d.Name + " with " + strings.Join(others, ", ") + ": " + t.Words
		}
	}
	return ""
}
