package config

import (
	"fmt"
	"strings"

	"shardeck/model"
	"shardeck/model/check"
	"shardeck/model/present"
	"shardeck/model/present/unit"
	"shardeck/ui/pane"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// View draws the form above the panel.
func (p *Pane) View() string { return p.Frame(p.env.Theme, p.body) }

func (p *Pane) body() []string {
	switch {
	case p.id == "" && !p.open.Busy():
		return pane.Notice("No experiment is open: go to 1, and press e on one.")
	case p.err != nil && p.file == nil:
		return pane.Notice(widget.Wrap(p.err.Error(), max(p.Width-6, 1))...)
	case p.file == nil:
		return pane.Notice("reading " + p.id + " …")
	}
	below := panel{p.env.Theme, p.Width, p.Height, p.file.judged}.lines()
	room := p.Height - len(below) - 1
	if room < 5 {
		below, room = nil, p.Height-1
	}
	p.formRows = min(room, len(fields))
	p.form.Fields = p.edits.shown(p.file)
	return append(widget.Filled(p.form.View(p.env.Theme, p.Width, p.formRows), room), append([]string{p.more()}, below...)...)
}

// more says that the form goes on below; blank if it does not.
func (p *Pane) more() string {
	if left := len(fields) - p.form.First - p.formRows; left > 0 && p.formRows > 0 {
		return p.env.Theme.Paint(theme.Dim, "   ↓ "+unit.Plural(left, "more field"))
	}
	return ""
}

// panel is what the layout means: GPUs, memory, price, and what was found.
type panel struct {
	theme         *theme.Theme
	width, height int // of the pane
	*judged
}

func (p panel) lines() []string {
	switch {
	case len(p.faults) > 0:
		return p.bad("Not read", p.faults)
	case len(p.varying) > 0:
		return p.sweepLines()
	}
	pl, gpuRoom := p.verdict.Placement, 4
	if p.height < 24 {
		gpuRoom = 1
	}
	lines := []string{labelled("GPUs", p.gpus(pl))}
	label := "Ranks"
	for _, row := range gpuRows(p.experiment.Layout, pl, p.width-18, gpuRoom) {
		lines, label = append(lines, labelled(label, row)), ""
	}
	if f := p.verdict.Fit; f != nil {
		lines = append(lines, labelled("Memory", p.memory(f)), labelled("", p.theme.Paint(theme.Dim, p.memoryWords(f))))
	}
	if price := present.Price(p.verdict.Price); price != "" {
		lines = append(lines, labelled("Price", price))
	}
	if plays, ok := strings.CutPrefix(present.Plays(p.verdict), "plays "); ok {
		lines = append(lines, labelled("Plays", widget.Sentence(plays, p.width-20)))
	}
	if words := present.Foretold(p.forecast); len(words) > 0 {
		lines = append(lines, labelled("Forecast", pane.Joined(p.width-20, words...)))
	} else if why := p.forecast.Refused; why != "" && p.height > 30 {
		lines = append(lines, labelled("Forecast", p.theme.Paint(theme.Dim, widget.Sentence("not known: "+why, p.width-20))))
	}
	if n := len(p.verdict.Findings); n > 1 {
		lines = append(lines, labelled("", p.theme.Paint(theme.Warn, unit.Plural(n, "finding")+": f lists them")))
	}
	return lines
}

// bad are faults that leave nothing to say: no GPUs, memory or price follow from a part of a file.
func (p panel) bad(label string, faults []string) (lines []string) {
	for _, fault := range faults[:min(len(faults), 6)] {
		lines = append(lines, labelled(label, p.theme.Paint(theme.Bad, widget.Sentence(fault, p.width-20))))
		label = ""
	}
	return lines
}

func labelled(label, text string) string { return "   " + widget.Fit(label, 15) + "  " + text }

func (p panel) gpus(pl check.Placement) string {
	text := present.Placement(pl)
	if pl.TPSpans {
		text += " · tensor parallelism crosses nodes"
	} else if pl.PPSpans {
		text += " · the pipeline crosses nodes"
	}
	return widget.Sentence(text, p.width-20)
}

// memory is the bar of what is usable of the fullest GPU.
func (p panel) memory(f *check.Fit) string {
	th, bar, tone, words := p.theme, theme.Good, theme.Plain, "  "+present.UsableMemory(f)
	if f.Headroom < 0 {
		bar, tone = theme.Bad, theme.Bad
		words += " · does not fit"
	}
	parts := []widget.Part{
		{Value: float64(f.Weights), Glyph: th.Full, Tone: bar},
		{Value: float64(f.KVCache), Glyph: th.Transit, Tone: bar},
		{Value: float64(f.Activations + f.Overhead), Glyph: th.Wait, Tone: bar},
	}
	width := max(8, min(p.width-21-widget.Width(words), 40))
	return widget.Bar(th, width, float64(f.Usable), parts, th.Empty) + th.Paint(tone, words)
}

func (p panel) memoryWords(f *check.Fit) string {
	th := p.theme
	return pane.Joined(p.width-20, th.Full+" weights "+unit.GiB(f.Weights), th.Transit+" KV cache "+unit.GiB(f.KVCache),
		th.Wait+" other "+unit.GiB(f.Activations+f.Overhead), "free "+unit.GiB(f.Headroom))
}

// gpuRows draw the ranks: those in brackets share the heads of a layer (a TP group), → leads
// to the next pipeline stage, blanks part copies; a node to a line where there are several.
func gpuRows(l model.Layout, pl check.Placement, width, most int) []string {
	perNode := max(pl.GPUsPerNode, 1)
	if l.GPUs() < 1 || l.GPUs() > 1024 || l.TP < 1 || l.PP < 1 {
		return nil
	}
	draw := func(node int) string { return drawRanks(l, node*perNode, min((node+1)*perNode, l.GPUs())) }
	if pl.Nodes <= 1 {
		return []string{widget.Clip(drawRanks(l, 0, l.GPUs()), width)}
	}
	var rows, row []string
	for n := range pl.Nodes {
		row = append(row, draw(n))
		rows = append(rows, widget.Clip(fmt.Sprintf("node %d  %s", n+1, draw(n)), width))
	}
	if len(row) > 16 {
		row = append(row[:16], "…")
	}
	if line := strings.Join(row, " | "); most == 1 && widget.Width(line) <= width {
		return []string{line}
	}
	if pl.Nodes > most {
		rows = append(rows[:most-1], fmt.Sprintf("… to node %d  %s", pl.Nodes, draw(pl.Nodes-1)))
	}
	return rows
}

func drawRanks(l model.Layout, from, to int) string {
	var b strings.Builder
	for r := from; r < to; r++ {
		c := l.Coord(r)
		switch {
		case c.TP > 0 && r > from:
			b.WriteString(" ")
		case c.TP == 0 && c.PP > 0:
			b.WriteString("→[")
		case c.TP == 0 && r > from:
			b.WriteString("  [")
		case c.TP == 0:
			b.WriteString("[")
		default:
			b.WriteString("…")
		}
		fmt.Fprintf(&b, "%d", r)
		if c.TP == l.TP-1 {
			b.WriteString("]")
		}
	}
	return b.String()
}
