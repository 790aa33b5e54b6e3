package traces

import (
	"shardeck/model"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// part is one table of the pane, in the order of the key tab.
type part struct {
	name    string
	columns []widget.Column
	rows    func(*Pane, *model.TraceSummary) [][]widget.Cell
}

var parts = []part{
	{"kernels", []widget.Column{{Title: "kernel", Min: 36}, {Title: "class", Worth: 2, Min: 13}, {Title: "time", Unit: "ms", Right: true}, {Title: "n", Right: true, Worth: 1},
		{Title: "mean", Unit: "µs", Right: true, Worth: 4}, {Title: "min", Unit: "µs", Right: true, Worth: 5}, {Title: "max", Unit: "µs", Right: true, Worth: 5},
		{Title: "share", Unit: "%", Right: true}}, (*Pane).kernelRows},
	{"collectives", []widget.Column{{Title: "collective"}, {Title: "size", Right: true}, {Title: "n", Unit: "a rank", Right: true, Worth: 1},
		{Title: "transfer", Unit: "µs", Right: true}, {Title: "wait", Unit: "µs", Right: true, Worth: 2}, {Title: "bus", Unit: "GB/s", Right: true},
		{Title: "alg", Unit: "GB/s", Right: true, Worth: 4}, {Title: "total", Unit: "ms", Right: true, Worth: 3}}, (*Pane).collRows},
	{"ranks", []widget.Column{{Title: "rank", Right: true}, {Title: "compute", Unit: "%", Right: true}, {Title: "transfer", Unit: "%", Right: true}, {Title: "wait", Unit: "%", Right: true},
		{Title: "copy", Unit: "%", Right: true, Worth: 3}, {Title: "idle", Unit: "%", Right: true}, {Title: "hidden", Unit: "%", Right: true, Worth: 4},
		{Title: "start cut", Unit: "ms", Right: true, Worth: 1}, {Title: "window", Unit: "ms", Right: true, Worth: 2}, {Title: "kernels", Right: true, Worth: 5}, {Title: "device", Worth: 6, Min: 12}}, (*Pane).rankRows},
	{"classes", []widget.Column{{Title: "class"}, {Title: "time", Unit: "ms", Right: true}, {Title: "n", Right: true}, {Title: "share", Unit: "%", Right: true}}, (*Pane).classRows},
}

// fill puts the summary into the tables; the cursors stay where they are.
func (p *Pane) fill() {
	for i, part := range parts {
		var rows [][]widget.Cell
		if t := p.trace(); t != nil {
			rows = part.rows(p, t)
		}
		p.tables[i].SetRows(rows)
	}
}

func number(v float64, decimals int) widget.Cell {
	return widget.Cell{Text: widget.Number(v, decimals)}
}

// millis is nanoseconds in the unit of a column.
func millis(ns int64) widget.Cell { return number(float64(ns)/1e6, 1) }

// each is the mean of so many, in µs; "–" of none.
func (p *Pane) each(ns int64, n float64) widget.Cell {
	if n <= 0 {
		return widget.Cell{Text: p.env.Theme.Missing, Tone: theme.Dim}
	}
	return number(float64(ns)/n/1e3, 1)
}

func percent(part, whole int64) widget.Cell {
	if whole <= 0 {
		return widget.Cell{Text: "–", Tone: theme.Dim}
	}
	return number(100*float64(part)/float64(whole), 1)
}

// kernelRows are the kernels that pass the filter.
func (p *Pane) kernelRows(t *model.TraceSummary) [][]widget.Cell {
	var rows [][]widget.Cell
	p.kernel = p.kernel[:0]
	for i, k := range t.Kernels {
		if !p.filter.Match(map[string]string{"name": k.Name, "kernel": k.Short, "class": k.Class}) {
			continue
		}
		p.kernel = append(p.kernel, i)
		rows = append(rows, []widget.Cell{{Text: k.Short}, {Text: k.Class, Tone: theme.Dim}, millis(k.TotalNS), number(float64(k.Count), 0),
			p.each(k.TotalNS, float64(k.Count)), p.each(k.MinNS, 1), p.each(k.MaxNS, 1), number(k.Share, 1)})
	}
	return rows
}

func (p *Pane) collRows(t *model.TraceSummary) [][]widget.Cell {
	none := widget.Cell{Text: p.env.Theme.Missing, Tone: theme.Dim}
	var rows [][]widget.Cell
	for _, c := range t.Collectives {
		size, alg, bus := none, none, none
		if c.Bytes >= 0 {
			size = widget.Cell{Text: widget.Bytes(c.Bytes)}
			if c.Inferred {
				size.Lead = "≈"
			}
		}
		if c.AlgBW > 0 {
			alg, bus = number(c.AlgBW, 1), number(c.BusBW, 1)
		}
		rows = append(rows, []widget.Cell{{Text: c.Type}, size, number(float64(c.Count), 0), p.each(c.TransferNS, c.Matched), p.each(c.WaitNS, c.Matched),
			bus, alg, millis(c.TransferNS + c.WaitNS)})
	}
	return rows
}

func (p *Pane) rankRows(t *model.TraceSummary) [][]widget.Cell {
	var rows [][]widget.Cell
	for _, r := range t.Ranks {
		share := func(ns int64) widget.Cell { return percent(ns, r.WindowNS) }
		rows = append(rows, []widget.Cell{number(float64(r.Rank), 0), share(r.ComputeNS), share(r.TransferNS), share(r.WaitNS), share(r.CopyNS), share(r.IdleNS),
			share(r.HiddenCommNS), millis(r.SkewNS), millis(r.WindowNS), number(float64(r.Kernels), 0), {Text: r.Device, Tone: theme.Dim}})
	}
	return rows
}

func (p *Pane) classRows(t *model.TraceSummary) [][]widget.Cell {
	var rows [][]widget.Cell
	for _, c := range t.Classes {
		rows = append(rows, []widget.Cell{{Text: c.Name}, millis(c.TotalNS), number(float64(c.Count), 0), number(c.Share, 1)})
	}
	return rows
}

// emptyPart says why a part has no rows.
func (p *Pane) emptyPart(i int) string {
	switch {
	case parts[i].name == "kernels" && !p.filter.Empty():
		return "no kernel matches " + p.filter.Text + " · esc drops the filter"
	case parts[i].name == "collectives":
		if m := p.analysis.Metric("comm_overhead"); m.Value == nil && m.Reason != "" {
			return "no collectives: " + m.Reason
		}
	}
	return "no " + parts[i].name + " in these traces"
}

// under is the full name of the kernel under the cursor, which its row may cut.
func (p *Pane) under() string {
	t, table := p.trace(), p.tables[p.part]
	if t == nil || parts[p.part].name != "kernels" || table.Cursor < 0 || table.Cursor >= len(p.kernel) {
		return ""
	}
	return t.Kernels[p.kernel[table.Cursor]].Name
}
