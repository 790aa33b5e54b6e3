package traces

import (
	"fmt"
	"math"
	"strings"

	"shardeck/model/present/unit"
	tl "shardeck/model/timeline"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// ruler is ticks at round times, in the unit that suits; what was gone to is marked on it.
func (t picture) ruler() string {
	v, th, cols := t.sight(), t.env.Theme, t.cols
	line := newStrip(th, cols)
	_, step := tl.Ticks(v.From, v.To, cols, 8)
	text := func(at int64) string { return tickText(at, step, v.To) }
	ticks, step := tl.Ticks(v.From, v.To, cols, widget.Width(text(v.To))+4)
	mark := -1
	if t.mark != (tl.Span{}) {
		mark = tl.CellOf(v.From, v.To, t.mark.Start, cols)
	}
	for _, tick := range ticks {
		line.put(tick.Cell, th.Wall, theme.Dim)
		if end := tick.Cell + widget.Width(text(tick.At)); end < cols && (mark <= tick.Cell || mark > end) {
			line.put(tick.Cell+1, text(tick.At), theme.Dim)
		}
	}
	line.put(mark, th.Best, theme.Accent)
	return line.paint(th)
}

// tickText is a time in the unit that suits a ruler, with as many decimals as tell ticks apart.
func tickText(at, step, to int64) string {
	size, name := 1e3, " µs"
	switch {
	case to >= 1e10:
		size, name = 1e9, " s"
	case to >= 1e6:
		size, name = 1e6, " ms"
	}
	return unit.Number(float64(at)/size, max(int(math.Ceil(math.Log10(size/float64(max(step, 1)))-1e-9)), 0)) + name
}

// named is a piece of time with a name, or with a shorter one.
type part struct {
	tl.Span
	names []string
}

// parts are a line of pieces of time: where each begins, and its name where there is room.
func (t picture) parts(parts []part, shift int64) string {
	v, th, cols := t.sight(), t.env.Theme, t.cols
	line := newStrip(th, cols)
	line.put(0, strings.Repeat(th.Rule, cols), theme.Dim)
	from, to := v.From+shift, v.To+shift
	for _, p := range parts {
		if p.End <= from || p.Start >= to {
			continue
		}
		left, right := max(tl.CellOf(from, to, p.Start, cols), 0), min(tl.CellOf(from, to, p.End, cols), cols)
		if p.Start > from {
			line.put(left, th.Axis.Under, theme.Dim)
			left++
		}
		for _, name := range p.names {
			if room := right - left; room >= widget.Width(name)+2 {
				line.put(left+(room-widget.Width(name))/2-1, " "+name+" ", theme.Dim)
				break
			}
		}
	}
	return line.paint(th)
}

// leastStep is the columns from which a step of several is drawn on its own, and leastLayer a layer.
const (
	leastStep  = 12
	leastLayer = 5
)

// steps are lines over the lanes of a side: the steps of the rank chosen, or of its first, and close enough their layers.
func (t picture) steps(of int) (lines []string) {
	side := t.sides[of]
	rank := 0
	if of == t.on.side {
		rank = min(t.on.rank, len(side.best().Ranks)-1)
	}
	r, v := &side.best().Ranks[rank], t.sight()
	column := (v.To - v.From) / int64(t.cols)
	steps, layers := []part{}, []part{}
	count, runs := map[string]int{}, 0 // steps of each phase; and those that the last part holds
	for _, s := range r.Steps {
		count[s.Phase]++
	}
	for i, s := range r.Steps {
		short := (s.End - s.Start) < leastStep*column
		n := len(steps) - 1
		if short && i > 0 && runs > 0 && r.Steps[i-1].Phase == s.Phase {
			runs++
			steps[n].End, steps[n].names = s.End, []string{fmt.Sprintf("%s × %s", s.Phase, unit.Int(runs)), s.Phase}
			continue
		}
		runs = 0
		if short {
			runs = 1
		}
		names := []string{s.Phase + " " + unit.Int(s.Number), s.Phase}
		if count[s.Phase] == 1 {
			names = names[1:]
		}
		steps = append(steps, part{tl.Span{Start: s.Start, End: s.End}, names})
		for k := 1; k <= s.Layers() && s.End > v.From+side.shift && s.Start < v.To+side.shift; k++ {
			if l, _ := s.Layer(k); l.End-l.Start >= leastLayer*column {
				layers = append(layers, part{l, []string{"layer " + unit.Int(k), unit.Int(k)}})
			}
		}
	}
	if len(steps) > 0 {
		lines = append(lines, label("steps")+t.parts(steps, side.shift))
	}
	if len(layers) > 0 {
		lines = append(lines, label("layers")+t.parts(layers, side.shift))
	}
	return lines
}

// last is who came last to the latest call of each column, where that is seen: by an eighth of a column at least.
func (t picture) last(of int) string {
	side, v, th, cols := t.sides[of], t.sight(), t.env.Theme, t.cols
	run := side.best()
	if len(run.Calls) == 0 {
		return ""
	}
	line, free := newStrip(th, cols), 0
	for i, c := range run.LatestIn(v.From+side.shift, v.To+side.shift, cols) {
		if c == nil || i < free || c.LateNS < (v.To-v.From)/int64(8*cols) {
			continue
		}
		name := fmt.Sprint(run.Ranks[c.Last].Number)
		line.put(i, name, theme.Warn)
		free = i + len(name)
		if len(name) > 1 {
			free++
		}
	}
	n := len(run.CallsIn(v.From+side.shift, v.To+side.shift))
	calls := unit.Plural(n, "call")
	if widget.Width(calls) >= figureWidth {
		calls = unit.Int(n)
	}
	return label("last in") + line.paint(th) + th.Paint(theme.Dim, widget.Right(calls, figureWidth))
}
