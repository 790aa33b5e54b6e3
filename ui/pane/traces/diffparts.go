package traces

import (
	"math"
	"strings"

	"shardeck/model/present/unit"
	"shardeck/model/scaling"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// diffColumns are those of every part of a comparison, after the columns that name a row.
func diffColumns(first ...widget.Column) []widget.Column {
	return append(first, widget.Column{Title: "base", Unit: "ms", Right: true}, widget.Column{Title: "", Unit: "%", Right: true, Worth: 2},
		widget.Column{Title: "other", Unit: "ms", Right: true}, widget.Column{Title: "", Unit: "%", Right: true, Worth: 2},
		widget.Column{Title: "change", Unit: "ms", Right: true}, widget.Column{Title: "", Unit: "%", Right: true, Worth: 1})
}

// diffParts are the parts of a comparison.
var diffParts = []part{
	{"window", "", diffColumns(widget.Column{Title: "part of the window"})},
	{"classes", "class", diffColumns(widget.Column{Title: "class"})},
	{"kernels", "kernel", diffColumns(widget.Column{Title: "kernel", Min: 24}, widget.Column{Title: "class", Worth: 4, Min: 13})},
	{"collectives", "collective", append(diffColumns(widget.Column{Title: "collective"}, widget.Column{Title: "size", Right: true}),
		widget.Column{Title: "transfer", Unit: "µs", Right: true, Worth: 3}, widget.Column{Title: "was", Unit: "µs", Right: true, Worth: 3},
		widget.Column{Title: "wait", Unit: "µs", Right: true, Worth: 3}, widget.Column{Title: "was", Unit: "µs", Right: true, Worth: 3})},
}

// diffRows are the rows of every part.
func (p *Pane) diffRows(d scaling.TraceDiff) [][]row {
	window := 0.0
	if len(d.Parts) > 0 {
		window = d.Parts[0].Sides[0].NS
	}
	rows := func(list []scaling.DiffRow, first func(scaling.DiffRow) []widget.Cell, last func(scaling.DiffRow) []widget.Cell) []row {
		var out []row
		for _, r := range list {
			cells := append(first(r), p.diffCells(d, r, window)...)
			out = append(out, row{cells: append(cells, last(r)...), fields: map[string]string{"name": r.Name, "class": r.Class, "change": changeKind(d, r)}, full: onlyWords(r)})
		}
		return out
	}
	nothing := func(scaling.DiffRow) []widget.Cell { return nil }
	name := func(r scaling.DiffRow) []widget.Cell { return []widget.Cell{{Text: r.Name}} }
	return [][]row{
		rows(d.Parts, name, nothing), rows(d.Classes, name, nothing),
		rows(d.Kernels, func(r scaling.DiffRow) []widget.Cell {
			return append(name(r), widget.Cell{Text: r.Class, Tone: theme.Dim})
		}, nothing),
		rows(d.Collectives, func(r scaling.DiffRow) []widget.Cell { return append(name(r), p.size(r.Bytes, false)) }, p.callCells),
	}
}

// diffCells are the times of a row in both runs, with their shares, and the difference.
func (p *Pane) diffCells(d scaling.TraceDiff, r scaling.DiffRow, window float64) []widget.Cell {
	var cells []widget.Cell
	for _, s := range r.Sides {
		if s.Count == 0 {
			cells = append(cells, p.none(), widget.Cell{})
			continue
		}
		share := number(s.Share, 1)
		share.Tone = theme.Dim
		cells = append(cells, number(s.NS/1e6, 2), share)
	}
	tone := theme.Plain
	if weighty := math.Abs(r.ChangeNS) >= window/100; weighty && r.ChangeNS > 0 {
		tone = theme.Bad
	} else if weighty {
		tone = theme.Good
	}
	return append(cells, widget.Cell{Text: unit.Signed(r.ChangeNS/1e6, 2), Tone: tone, By: r.ChangeNS}, widget.Cell{Text: changeWord(d, r), Tone: tone})
}

// callCells are the mean transfer and wait of a call, now and in the base.
func (p *Pane) callCells(r scaling.DiffRow) []widget.Cell {
	mean := func(side int, of func(scaling.DiffCell) float64) widget.Cell {
		s := r.Sides[side]
		return p.each(int64(of(s)), s.Matched)
	}
	transfer := func(c scaling.DiffCell) float64 { return c.TransferNS }
	wait := func(c scaling.DiffCell) float64 { return c.WaitNS }
	return []widget.Cell{mean(1, transfer), mean(0, transfer), mean(1, wait), mean(0, wait)}
}

// changeKind is new, gone, more or less.
func changeKind(d scaling.TraceDiff, r scaling.DiffRow) string {
	switch {
	case r.OnlyIn != "" && r.Sides[0].Count == 0:
		return "new"
	case r.OnlyIn != "":
		return "gone"
	case r.ChangeNS > 0:
		return "more"
	}
	return "less"
}

// changeWord is the difference in % of the base, or that only one of the runs has it.
func changeWord(d scaling.TraceDiff, r scaling.DiffRow) string {
	switch {
	case r.OnlyIn != "":
		return changeKind(d, r)
	case r.ChangePct == nil:
		return ""
	}
	return unit.Signed(*r.ChangePct, 1)
}

// onlyWords say of what only one run has, which.
func onlyWords(r scaling.DiffRow) string {
	if r.OnlyIn == "" {
		return ""
	}
	return strings.TrimSpace(r.Name+" ") + ": only " + r.OnlyIn + " has it"
}
