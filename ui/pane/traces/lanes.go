package traces

import (
	"slices"

	"shardeck/model"
	"shardeck/model/present/unit"
	tl "shardeck/model/timeline"
	"shardeck/ui/canvas"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// strip is a line of a picture.
type strip struct{ *canvas.Canvas }

func newStrip(th *theme.Theme, cols int) strip { return strip{canvas.New(th.Rung, cols, 1)} }

func (s strip) put(at int, text string, tone theme.Tone) { s.Text(at, 0, text, canvas.Ink{Tone: tone}) }

func (s strip) paint(th *theme.Theme) string { return widget.Fit(s.Row(th, 0), s.Cols) }

// look is how a kind is drawn where it fills a column.
type look struct {
	sign string
	tone theme.Tone
}

func looks(th *theme.Theme) [tl.Kinds]look {
	return [...]look{tl.Idle: {th.Idle, theme.Dim}, tl.Compute: {th.Full, theme.Plain}, tl.Transfer: {th.Transit, theme.Busy},
		tl.Wait: {th.Wait, theme.Warn}, tl.Unmatched: {th.Unknown, theme.Bad}, tl.Copy: {th.Empty, theme.Dim}}
}

// picture draws a timeline, so many columns wide without what stands before and behind.
type picture struct {
	*lanes
	cols int
}

// lane draws one line: what its ranks did most in each column, compute as high as its share; a kernel that is wide enough is a bar
// with its name and its duration in it. share is of compute in sight, %; empty: nothing was recorded there.
//
// Kinds of fewer than so many columns at a stretch are told by their signs alone: a colour there costs more than it shows.
func (t picture) lane(l lane, least int) (line strip, share string) {
	side := t.sides[l.side]
	run, v, th := side.best(), t.sight(), t.env.Theme
	from, to := v.From+side.shift, v.To+side.shift
	cells := make([]tl.Cell, t.cols)
	for _, r := range l.ranks {
		run.Ranks[r].States.Cells(from, to, cells)
	}
	line = t.cells(cells)
	var sum tl.Cell
	for i := range cells {
		sum.Add(&cells[i])
	}
	if len(l.ranks) == 1 {
		t.launches(line, run, &run.Ranks[l.rank], from, to)
	}
	line.Calm(0, least)
	if t.call != nil && t.on.side == l.side {
		for _, r := range l.ranks {
			if p := t.call.On(r); p != nil && (len(t.call.Parts) <= mostMarks || r == t.on.rank || r == t.call.Last) {
				line.put(tl.CellOf(from, to, p.Start, t.cols), th.Wall, theme.Accent)
			}
		}
	}
	if total := sum.Total(); total > 0 {
		share = unit.Percent(sum[tl.Compute], total) + " %"
	}
	return line, share
}

// mostMarks is the ranks of a call that are all marked; of more the rank chosen is, and the last to come: what the others waited stands
// behind their lanes.
const mostMarks = 8

// cells draw what was done most in each.
func (t picture) cells(cells []tl.Cell) strip {
	line, look, levels := newStrip(t.env.Theme, len(cells)), looks(t.env.Theme), t.env.Theme.Levels
	for i := range cells {
		c := &cells[i]
		total := c.Total()
		if total == 0 {
			continue
		}
		kind := c.Main()
		sign, tone := look[kind].sign, look[kind].tone
		if top := int64(len(levels) - 1); kind == tl.Compute {
			sign = levels[max((c[tl.Compute]*top+total/2)/total, 1)]
			if c[tl.Wait]*8 >= total {
				tone = theme.Warn
			}
		}
		line.put(i, sign, tone)
	}
	return line
}

// leastBar is the columns from which a kernel is a bar of its own.
const leastBar = 3

// launches draw the kernels that are wide enough: compute as blocks whose ends lie between columns, communication as it is drawn
// already, its wait before its transfer; with names where those fit.
func (t picture) launches(line strip, run *tl.Run, r *tl.Rank, from, to int64) {
	column := float64(to-from) / float64(t.cols)
	at := func(ns int64) float64 { return float64(ns-from) / column }
	for of := range r.Tracks {
		free := 0
		for k := range r.Tracks[of].Long(from, to, int64(leastBar*column)) {
			left, right := max(int(at(k.Start)+0.5), free, 0), min(at(k.End), float64(t.cols))
			end := int(right)
			if of == tl.Work {
				end = t.fill(line, left, right)
			}
			t.caption(line, left, int(right), run.Names[k.Name].Short, k.End-k.Start)
			free = end
		}
	}
}

// fill draws a block from a column to a place in another one, and says which column is free behind it.
func (t picture) fill(line strip, left int, right float64) int {
	th := t.env.Theme
	end := int(right)
	for i := left; i < end; i++ {
		line.put(i, th.Full, theme.Plain)
	}
	eighths := int((right - float64(end)) * 8)
	switch {
	case end >= line.Cols:
	case eighths == 0 && end > left:
		line.put(end-1, th.Eighths[7], theme.Plain) // two that touch are seen to be two
	case eighths > 0:
		line.put(end, th.Eighths[eighths], theme.Plain)
		end++
	}
	return end
}

// caption writes what fits into a bar: a name and a duration, the name cut in its middle, or one of them.
func (t picture) caption(line strip, left, right int, name string, ns int64) {
	room, took := right-left-3, unit.Duration(ns)
	for _, text := range []string{name + " " + took, widget.Middle(name, max(room-widget.Width(took)-1, 9)) + " " + took,
		widget.Middle(name, max(room, 8)), took} {
		if widget.Width(text) <= room {
			line.put(left+1, " "+text+" ", theme.Plain)
			return
		}
	}
}

// mostDetails is the lines of what a rank did beside compute.
const mostDetails = 3

// details are a line each for the kinds that took most of the ranks of a lane: how much of each column. Where there are several
// ranks they are always as many, so that nothing below them moves.
func (t picture) details(l lane) []string {
	side, th, v := t.sides[l.side], t.env.Theme, t.sight()
	cells, sum := make([]tl.Cell, t.cols), tl.Cell{}
	for _, r := range l.ranks {
		side.best().Ranks[r].States.Cells(v.From+side.shift, v.To+side.shift, cells)
	}
	for i := range cells {
		sum.Add(&cells[i])
	}
	kinds := []tl.Kind{tl.Transfer, tl.Wait, tl.Unmatched, tl.Copy, tl.Idle}
	least := slices.Sorted(slices.Values(model.Each(kinds, func(k tl.Kind) int64 { return sum[k] })))[len(kinds)-mostDetails]
	kinds = slices.DeleteFunc(kinds, func(k tl.Kind) bool { return sum[k] == 0 || sum[k] < least })
	lines := model.Each(kinds[:min(len(kinds), mostDetails)], func(k tl.Kind) string {
		shares := model.Each(cells, func(c tl.Cell) float64 { return float64(c[k]) / float64(max(c.Total(), 1)) })
		levels := th.Paint(looks(th)[k].tone, widget.Levels(th, shares))
		return th.Paint(theme.Dim, label(kindNames[k])) + levels + widget.Right(unit.Percent(sum[k], sum.Total())+" %", figureWidth)
	})
	if len(side.best().Ranks) == 1 {
		return lines
	}
	return widget.Filled(lines, mostDetails)
}

var kindNames = [tl.Kinds]string{tl.Transfer: "transfer", tl.Wait: "waiting", tl.Unmatched: "unmatched", tl.Copy: "copies", tl.Idle: "idle"}
