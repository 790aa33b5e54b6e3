package traces

import (
	"shardeck/model/metric"
	"shardeck/model/present/unit"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// parts of one run. Kernels and classes are sums over all ranks.
var parts = []part{
	{"kernels", "kernel", []widget.Column{{Title: "kernel", Min: 36}, {Title: "class", Worth: 2, Min: 13}, {Title: "time", Unit: "ms", Right: true}, {Title: "n", Right: true, Worth: 1},
		{Title: "mean", Unit: "µs", Right: true, Worth: 4}, {Title: "min", Unit: "µs", Right: true, Worth: 5}, {Title: "max", Unit: "µs", Right: true, Worth: 5},
		{Title: "share", Unit: "%", Right: true}}},
	{"collectives", "collective", []widget.Column{{Title: "collective"}, {Title: "size", Right: true}, {Title: "n", Unit: "a rank", Right: true, Worth: 1},
		{Title: "transfer", Unit: "µs", Right: true}, {Title: "wait", Unit: "µs", Right: true, Worth: 2}, {Title: "bus", Unit: "GB/s", Right: true},
		{Title: "alg", Unit: "GB/s", Right: true, Worth: 4}, {Title: "total", Unit: "ms", Right: true, Worth: 3}}},
	{"skew", "call", []widget.Column{{Title: "call"}, {Title: "size", Right: true, Worth: 5}, {Title: "in", Worth: 3}, {Title: "at", Unit: "ms", Right: true},
		{Title: "last", Unit: "rank", Right: true}, {Title: "late", Unit: "µs", Right: true}, {Title: "computing", Unit: "µs", Right: true, Worth: 2},
		{Title: "after first", Unit: "µs", Right: true, Worth: 4}, {Title: "group", Worth: 6, Min: 10}}},
	{"ranks", "", []widget.Column{{Title: "rank", Right: true}, {Title: "compute", Unit: "%", Right: true}, {Title: "transfer", Unit: "%", Right: true}, {Title: "wait", Unit: "%", Right: true},
		{Title: "copy", Unit: "%", Right: true, Worth: 3}, {Title: "idle", Unit: "%", Right: true}, {Title: "hidden", Unit: "%", Right: true, Worth: 4},
		{Title: "last in", Unit: "calls", Right: true, Worth: 1}, {Title: "late", Unit: "ms", Right: true, Worth: 1},
		{Title: "start cut", Unit: "ms", Right: true, Worth: 2}, {Title: "window", Unit: "ms", Right: true, Worth: 5}, {Title: "kernels", Right: true, Worth: 6}, {Title: "device", Worth: 7, Min: 12}}},
	{"classes", "class", []widget.Column{{Title: "class"}, {Title: "time", Unit: "ms", Right: true}, {Title: "n", Right: true}, {Title: "share", Unit: "%", Right: true}}},
}

// fill puts the summary into the tables; the cursors stay where they are.
func (p *Pane) fill() {
	all := make([][]row, len(parts))
	if t := p.trace(); t != nil {
		all = [][]row{p.kernelRows(t), p.collRows(t), p.skewRows(t), p.rankRows(t), p.classRows(t)}
	}
	p.sheet.set(all)
}

func number(v float64, decimals int) widget.Cell {
	return widget.Cell{Text: unit.Number(v, decimals)}
}

// millis is nanoseconds in the unit of a column.
func millis(ns int64) widget.Cell { return number(float64(ns)/1e6, 1) }

func (p *Pane) none() widget.Cell { return widget.Cell{Text: p.env.Theme.Missing, Tone: theme.Dim} }

// each is the mean of so many, in µs; "–" of none.
func (p *Pane) each(ns int64, n float64) widget.Cell {
	if n <= 0 {
		return p.none()
	}
	return number(float64(ns)/n/1e3, 1)
}

func (p *Pane) percent(part, whole int64) widget.Cell {
	if whole <= 0 {
		return p.none()
	}
	return number(100*float64(part)/float64(whole), 1)
}

// size is that of a call's buffer.
func (p *Pane) size(bytes int64, inferred bool) widget.Cell {
	if bytes < 0 {
		return p.none()
	}
	cell := widget.Cell{Text: unit.Memory(bytes), By: float64(bytes)}
	if inferred {
		cell.Lead = p.env.Theme.About
	}
	return cell
}

func (p *Pane) kernelRows(t *metric.TraceSummary) []row {
	var rows []row
	for _, k := range t.Kernels {
		rows = append(rows, row{cells: []widget.Cell{{Text: k.Short}, {Text: k.Class, Tone: theme.Dim}, millis(k.TotalNS), number(float64(k.Count), 0),
			p.each(k.TotalNS, float64(k.Count)), p.each(k.MinNS, 1), p.each(k.MaxNS, 1), number(k.Share, 1)},
			fields: map[string]string{"name": k.Name, "kernel": k.Short, "class": k.Class}, full: k.Name, kernel: &k})
	}
	return rows
}

func (p *Pane) collRows(t *metric.TraceSummary) []row {
	var rows []row
	for _, c := range t.Collectives {
		alg, bus := p.none(), p.none()
		if c.AlgBW > 0 {
			alg, bus = bandwidth(c.AlgBW), bandwidth(c.BusBW)
		}
		total := p.none()
		if c.Matched > 0 {
			total = millis(c.TransferNS + c.WaitNS)
		}
		size := p.size(c.Bytes, c.Inferred)
		rows = append(rows, row{cells: []widget.Cell{{Text: c.Type}, size, number(float64(c.Count), 0), p.each(c.TransferNS, c.Matched), p.each(c.WaitNS, c.Matched),
			bus, alg, total}, fields: map[string]string{"type": c.Type, "size": size.Text}})
	}
	return rows
}

// bandwidth is that in GB/s; of a tiny buffer it is small, but never nothing.
func bandwidth(v float64) widget.Cell {
	if v < 0.05 {
		return widget.Cell{Text: "<0.1"}
	}
	return number(v, 1)
}

func (p *Pane) rankRows(t *metric.TraceSummary) []row {
	late := map[int]metric.RankLate{}
	if t.Lateness != nil {
		for _, r := range t.Lateness.Ranks {
			late[r.Rank] = r
		}
	}
	var rows []row
	for _, r := range t.Ranks {
		share := func(ns int64) widget.Cell { return p.percent(ns, r.WindowNS) }
		calls, lost := p.none(), p.none()
		if l, ok := late[r.Rank]; ok {
			calls, lost = number(float64(l.Calls), 0), millis(l.LateNS)
		}
		name := number(float64(r.Rank), 0)
		if p.isStraggler(r.Rank) {
			name.Lead = "!"
		}
		rows = append(rows, row{cells: []widget.Cell{name, share(r.ComputeNS), share(r.TransferNS), share(r.WaitNS), share(r.CopyNS), share(r.IdleNS),
			share(r.HiddenCommNS), calls, lost, millis(r.SkewNS), millis(r.WindowNS), number(float64(r.Kernels), 0), {Text: r.Device, Tone: theme.Dim}}})
	}
	return rows
}

func (p *Pane) classRows(t *metric.TraceSummary) []row {
	var rows []row
	for _, c := range t.Classes {
		rows = append(rows, row{cells: []widget.Cell{{Text: c.Name}, millis(c.TotalNS), number(float64(c.Count), 0), number(c.Share, 1)}, fields: map[string]string{"class": c.Name}})
	}
	return rows
}

// emptyPart says why a part has no rows.
func (p *Pane) emptyPart(i int) string {
	m := p.analysis.Metric("comm_overhead")
	switch name := parts[i].name; {
	case name == "collectives" && m.Value == nil && m.Reason != "":
		return "no collectives: " + m.Reason
	case name == "skew" && m.Value == nil && m.Reason != "":
		return "nobody is late: " + m.Reason
	case name == "skew" && p.trace().Lateness == nil:
		return "no call was matched between ranks after the first: nobody can be named"
	case name == "skew":
		return "all ranks started every call at the same time"
	default:
		return "no " + name + " in these traces"
	}
}

// partRemark says what the numbers of a part are sums of, where one may wonder.
func (p *Pane) partRemark(name string) string {
	n := len(p.trace().Ranks)
	switch {
	case (name == "kernels" || name == "classes") && n > 1:
		return "sums over " + unit.Plural(n, "rank")
	case name == "collectives" && n > 1:
		return "means over ranks"
	case name == "skew" && p.trace().Lateness != nil:
		return "the latest of " + unit.Plural(p.trace().Lateness.Calls, "call")
	}
	return ""
}
