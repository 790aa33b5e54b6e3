package traces

import (
	"context"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/model/metric"
)

// timelines are those of all ranks: the fine ones, once they are there.
func (p *Pane) timelines() []metric.RankDensity {
	t := p.trace()
	if t == nil || len(p.fine) == len(t.Timeline) {
		return p.fine
	}
	return t.Timeline
}

// needFine asks for the fine timelines, once a run: they are for who looks closer.
func (p *Pane) needFine() tea.Cmd {
	run := p.run
	if p.fine != nil || p.finer.Busy() {
		return nil
	}
	return p.finer.Start(p.env.Ctx, func(ctx context.Context) ([]metric.RankDensity, error) { return p.env.Lab.Timeline(ctx, run) }, p.gotFine)
}

// gotFine takes them: what is in sight stays in sight. Without them the picture is coarse.
func (p *Pane) gotFine(fine []metric.RankDensity, err error) tea.Cmd {
	old := p.density()
	if err != nil || p.trace() == nil || len(fine) != len(p.trace().Timeline) || old == nil {
		p.fine = []metric.RankDensity{} // not to be asked for again
		return nil
	}
	low, high := p.view.in(len(old.Compute))
	p.fine = fine
	d := p.density()
	by := max(old.BinNS/max(d.BinNS, 1), 1)
	if p.view != whole {
		p.view = span{low * int(by), high * int(by)}.within(len(d.Compute))
	}
	if p.sought != nil {
		p.toCall(p.sought)
	}
	return nil
}
