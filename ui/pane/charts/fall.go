package charts

import (
	"context"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/backend/pool"
	"shardeck/model/explain"
	"shardeck/model/present"
	"shardeck/model/scaling"
	"shardeck/ui/canvas"
	"shardeck/ui/pane"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// fall is where the time of a run went, against the first of its line.
type fall struct {
	explain.Waterfall
	at int // of its metrics
}

// explained takes the steps of both runs apart, which reads their traces once.
func (p *Pane) explained() tea.Cmd {
	r, _ := p.list.Current()
	base := p.series.at(r.line).Points[0].Run
	p.fallOf = r.point.Run
	return p.explain.Start(p.env.Env, func(ctx context.Context, progress pool.Progress) (explain.Waterfall, error) {
		return p.env.Explain(ctx, base, r.point.Run, progress)
	}, pane.Got(func(w explain.Waterfall) tea.Cmd {
		if len(w.Metrics) == 0 {
			return pane.Warn(strings.Join(append([]string{"nothing of " + r.point.Run + " can be explained"}, w.Notes...), ": "))
		}
		p.fall = &fall{Waterfall: w}
		return nil
	}))
}

func fallKeys() pane.Table[*Pane] {
	return pane.Table[*Pane]{
		{Key: pane.Foot("y", "y", "metric", "another metric of the waterfall"), Do: func(p *Pane) tea.Cmd {
			p.fall.at = (p.fall.at + 1) % len(p.fall.Metrics)
			return nil
		}},
		{Key: pane.Foot("n", "n", "notes", "what a reader must know of it, in full"), Do: func(p *Pane) tea.Cmd {
			return p.Dialog.Ask(pane.InFull("Notes", p.Width, append(present.ExplainWords(p.fall.metric()), p.fall.Notes...)...))
		}},
		{Key: pane.Foot("w", "w", "traces", "compare the traces of both"), Do: func(p *Pane) tea.Cmd {
			return pane.Send(pane.OpenMsg{To: pane.Traces, Run: p.fall.After.Run, Base: p.fall.Before.Run})
		}},
		{Key: pane.Foot("esc e", "esc", "back", "to the chart"), Do: func(p *Pane) tea.Cmd {
			p.fall = nil
			return nil
		}},
	}
}

func (f *fall) metric() explain.Metric { return f.Metrics[f.at] }

func (f *fall) title() string {
	return "Charts · " + strings.Join([]string{f.Before.Run + " → " + f.After.Run, present.ExplainHead(f.metric())}, scaling.NameSign)
}

func (f *fall) message() pane.Note {
	return pane.Note{Text: strings.Join(append(present.ExplainWords(f.metric()), f.Notes...), scaling.NameSign)}
}

// lines draw the waterfall, and below it what it says in words, as far as there is room.
func (f *fall) lines(th *theme.Theme, width, height int) []string {
	m := f.metric()
	lines := append([]string{""}, canvas.Waterfall(th, barsOf(m), width, height-1)...)
	for i, text := range append(present.ExplainWords(m), f.Notes...) {
		if i == 0 {
			lines = append(lines, "")
		}
		part := widget.Paragraph(th, theme.Dim, text, 3, width-6)
		if len(lines)+len(part) > height && len(lines) > 0 {
			return append(lines[:min(len(lines), height-1)], "   "+th.Paint(theme.Dim, th.More+" n says the rest"))
		}
		lines = append(lines, part...)
	}
	return lines
}

// barsOf are the parts of a metric from what it was before to what it is after, in the words of the table.
func barsOf(m explain.Metric) []canvas.Bar {
	rows := present.Waterfall(m).Rows
	last := rows[len(rows)-1].Cells
	bars, at := []canvas.Bar{{Name: "before", To: m.Before, Text: last[1].Text + " " + m.Unit, Whole: true}}, m.Before
	for i, p := range present.Folded(m) {
		bars = append(bars, canvas.Bar{Name: rows[i].Cells[0].Text, From: at, To: at + p.Change(), Text: rows[i].Cells[3].Text})
		at += p.Change()
	}
	return append(bars, canvas.Bar{Name: "after", To: m.After, Text: last[2].Text + " " + m.Unit, Whole: true})
}
