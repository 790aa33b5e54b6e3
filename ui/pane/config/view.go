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

// View draws the form above the panel, or beside it where there is room.
func (p *Pane) View() string { return p.Frame(p.env.Theme, p.body) }

func (p *Pane) body() []string {
	switch {
	case p.id == "" && !p.open.Busy():
		return []string{"", "   No experiment is open: go to 1, and press e on one."}
	case p.err != nil && p.draft() == nil:
		return append([]string{""}, indent(widget.Wrap(p.err.Error(), max(p.Width-6, 1)))...)
	case p.draft() == nil:
		return []string{"", "   reading " + p.id + " …"}
	}
	panel := p.panel()
	room := p.Height - len(panel)
	if room < 6 {
		panel, room = nil, p.Height
	}
	p.formRows = min(room, len(fields))
	lines := p.form.View(p.env.Theme, p.Width, p.formRows)
	if panel != nil {
		panel[0] = p.more()
	}
	for len(lines) < room {
		lines = append(lines, "")
	}
	return append(lines, panel...)
}

func indent(lines []string) []string {
	for i := range lines {
		lines[i] = "   " + lines[i]
	}
	return lines
}

// panel is what the layout means: GPUs, memory, price, and what was found.
func (p *Pane) panel() []string {
	pl := p.verdict.Placement
	lines := []string{""}
	lines = append(lines, p.labelled("GPUs", p.gpuWords(pl)))
	for i, row := range gpuRows(p.experim.Layout, pl, p.Width-18, p.gpuRoom()) {
		label := ""
		if i == 0 {
			label = "Ranks"
		}
		lines = append(lines, p.labelled(label, row))
	}
	if f := p.verdict.Fit; f != nil {
		lines = append(lines, p.labelled("Memory", p.memory(f)), p.labelled("", p.env.Theme.Paint(theme.Dim, p.memoryWords(f))))
	}
	if price := present.Price(p.verdict.Price); price != "" {
		lines = append(lines, p.labelled("Price", price))
	}
	if n := len(p.verdict.Findings); n > 1 {
		lines = append(lines, p.labelled("", p.env.Theme.Paint(theme.Warn, unit.Plural(n, "finding")+": f lists them")))
	}
	return lines
}

// more says that the form goes on below; blank if it does not.
func (p *Pane) more() string {
	if left := len(fields) - p.form.First - p.formRows; left > 0 && p.formRows > 0 {
		return p.env.Theme.Paint(theme.Dim, "   ↓ "+unit.Plural(left, "more field"))
	}
	return ""
}

// gpuRoom is how many lines the drawing of the ranks may take.
func (p *Pane) gpuRoom() int {
	if p.Height < 24 {
		return 1
	}
	return 4
}

func (p *Pane) labelled(label, text string) string {
	return "   " + widget.Fit(label, 15) + "  " + text
}

func (p *Pane) gpuWords(pl check.Placement) string {
	text := present.Placement(pl)
	switch {
	case pl.TPSpans:
		text += " · tensor parallelism crosses nodes"
	case pl.PPSpans:
		text += " · the pipeline crosses nodes"
	}
	return widget.Sentence(text, p.Width-20)
}

// gpuRows draw the ranks: those in brackets share the heads of a layer (a TP group), → leads
// to the next pipeline stage, blanks part copies; a node to a line where there are several.
func gpuRows(l model.Layout, pl check.Placement, width, most int) []string {
	perNode := max(pl.GPUsPerNode, 1)
	if l.GPUs() < 1 || l.GPUs() > 1024 || l.TP < 1 || l.PP < 1 {
		return nil
	}
	if pl.Nodes <= 1 {
		return []string{widget.Clip(drawRanks(l, 0, l.GPUs()), width)}
	}
	if row := oneRow(l, pl.Nodes, perNode); most == 1 && widget.Width(row) <= width {
		return []string{row}
	}
	var rows []string
	for n := range pl.Nodes {
		if n == most-1 && pl.Nodes > most {
			return append(rows, fmt.Sprintf("… to node %d  %s", pl.Nodes, drawRanks(l, (pl.Nodes-1)*perNode, l.GPUs())))
		}
		rows = append(rows, widget.Clip(fmt.Sprintf("node %d  %s", n+1, drawRanks(l, n*perNode, min((n+1)*perNode, l.GPUs()))), width))
	}
	return rows
}

// oneRow is all nodes on one line, with a bar where one ends.
func oneRow(l model.Layout, nodes, perNode int) string {
	var parts []string
	for n := range min(nodes, 16) {
		parts = append(parts, drawRanks(l, n*perNode, min((n+1)*perNode, l.GPUs())))
	}
	if nodes > 16 {
		parts = append(parts, "…")
	}
	return strings.Join(parts, " | ")
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
		case c.TP == 0:
			if r > from {
				b.WriteString("  ")
			}
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

// memory is the bar of the fullest GPU.
func (p *Pane) memory(f *check.Fit) string {
	th := p.env.Theme
	tone := theme.Good
	if f.Headroom < 0 {
		tone = theme.Bad
	}
	parts := []widget.Part{
		{Value: float64(f.Weights), Glyph: th.Full, Tone: tone},
		{Value: float64(f.KVCache), Glyph: th.Transit, Tone: tone},
		{Value: float64(f.Activations + f.Overhead), Glyph: th.Wait, Tone: tone},
	}
	width := clamp((p.Width-20)/2, 8, 40)
	words := "  " + present.Memory(f) + " a GPU"
	if f.Headroom < 0 {
		words += " · does not fit"
	}
	return widget.Bar(th, width, float64(f.Total), parts, th.Empty) + th.Paint(toneOver(f), words)
}

func toneOver(f *check.Fit) theme.Tone {
	if f.Headroom < 0 {
		return theme.Bad
	}
	return theme.Plain
}

func (p *Pane) memoryWords(f *check.Fit) string {
	th := p.env.Theme
	return pane.Joined(p.Width-20, th.Full+" weights "+unit.GiB(f.Weights), th.Transit+" KV cache "+unit.GiB(f.KVCache),
		th.Wait+" other "+unit.GiB(f.Activations+f.Overhead), "free "+unit.GiB(f.Headroom))
}

func clamp(v, low, high int) int { return max(low, min(v, high)) }
