package traces

import (
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
func (t picture) lane(l lane) (line strip, share string) {
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
	if t.call != nil && t.on.side == l.side {
		for _, r := range l.ranks {
			if p := t.call.On(r); p != nil {
				line.put(tl.CellOf(from, to, p.Start, t.cols), th.Wall, theme.Accent)
			}
		}
	}
	if total := sum.Total(); total > 0 {
		share = unit.Percent(sum[tl.Compute], total) + " %"
	}
	return line, share
}

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
		line.put(i, th.Full, theme.Dim)
	}
	eighths := int((right - float64(end)) * 8)
	switch {
	case end >= line.Cols:
	case eighths == 0 && end > left:
		line.put(end-1, th.Eighths[7], theme.Dim) // two that touch are seen to be two
	case eighths > 0:
		line.put(end, th.Eighths[eighths], theme.Dim)
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

// details are a line a kind for the ranks of a lane: how much of each column it took.
func (t picture) details(l lane) (lines []string) {
	side, th, v := t.sides[l.side], t.env.Theme, t.sight()
	cells := make([]tl.Cell, t.cols)
	for _, r := range l.ranks {
		side.best().Ranks[r].States.Cells(v.From+side.shift, v.To+side.shift, cells)
	}
	for _, of := range []struct {
		name string
		kind tl.Kind
	}{{"transfer", tl.Transfer}, {"waiting", tl.Wait}, {"unmatched", tl.Unmatched}, {"copies", tl.Copy}, {"idle", tl.Idle}} {
		values, part, whole := make([]float64, t.cols), int64(0), int64(0)
		for i := range cells {
			total := cells[i].Total()
			part, whole = part+cells[i][of.kind], whole+total
			values[i] = float64(cells[i][of.kind]) / float64(max(total, 1))
		}
		if part > 0 {
			levels := th.Paint(looks(th)[of.kind].tone, widget.Levels(th, values))
			lines = append(lines, th.Paint(theme.Dim, label(of.name))+levels+widget.Right(unit.Percent(part, whole)+" %", figureWidth))
		}
	}
	return lines
}
