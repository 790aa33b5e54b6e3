package traces

import (
	"cmp"
	"fmt"

	"shardeck/model/present/unit"
	"shardeck/ui/pane"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// draw is the sides one over the other under one ruler, at most so many lines; nothing where there is no room for a line a side.
func (t *lanes) draw(width, height int) (out []string) {
	cols := width - labelWidth - figureWidth - 1
	if cols < 8 {
		return nil
	}
	if t.away && t.drawn.width == width && t.drawn.height == height {
		return t.drawn.lines
	}
	defer func() { t.drawn = drawn{width, height, out} }()
	p := picture{t, cols}
	heads, feet := make([][]string, len(t.sides)), make([]string, len(t.sides))
	room := height - 1 // the ruler's
	for i, s := range t.sides {
		if len(t.sides) > 1 {
			heads[i] = append(heads[i], label([]string{"base", "other"}[i])+t.env.Theme.Paint(theme.Strong, widget.Clip(s.run, cols)))
		}
		if s.best() == nil || len(s.best().Ranks) == 0 {
			continue
		}
		heads[i] = append(heads[i], p.steps(i)...)
		if feet[i] = p.last(i); feet[i] != "" {
			room--
		}
		room -= len(heads[i])
	}
	if room < len(t.sides) {
		return nil
	}
	for i := range t.sides {
		own := p.side(i, room/(len(t.sides)-i))
		room -= len(own)
		out = append(append(out, heads[i]...), own...)
		if feet[i] != "" {
			out = append(out, feet[i])
		}
	}
	return append(out, label("")+p.ruler())
}

// drawn is a picture that stays while the pane is left, though its kernels are gone.
type drawn struct {
	width, height int
	lines         []string
}

// side draws the lanes of one; where not all have room those in sight stay until the rank chosen leaves them, since all that moves is
// sent anew. Below them, where there is room, stands what its picture does not show of the rank chosen.
func (t picture) side(of, room int) (out []string) {
	all, s := t.linesOf(of), t.sides[of]
	at := 0
	for i, l := range all {
		if of == t.on.side && l.rank <= t.on.rank {
			at = i
		}
	}
	chosen := of == t.on.side && len(all) > 0
	if s.first = max(min(s.first, len(all)-room), 0); chosen && (at < s.first || at >= s.first+room) {
		s.first = max(min(at-room/2, len(all)-room), 0)
	}
	in := all[s.first:min(s.first+room, len(all))]
	if of == t.on.side {
		t.hidden = ""
		if len(all) > room {
			t.hidden = fmt.Sprintf("lines %d–%d of %d", s.first+1, s.first+room, len(all))
		}
	}
	for i, l := range in {
		line, share := t.lane(l, min(1+len(in)/8, 3))
		out = append(out, t.head(l, chosen && s.first+i == at)+line.paint(t.env.Theme)+t.right(l, share))
	}
	if chosen && len(out)+mostDetails <= room {
		out = append(out, t.details(all[at])...)
	}
	return out
}

// head is the name of a lane.
func (t picture) head(l lane, chosen bool) string {
	th, run := t.env.Theme, t.sides[l.side].best()
	name, tone := "rank "+unit.Int(run.Ranks[l.rank].Number), theme.Plain
	if len(l.ranks) > 1 {
		name = fmt.Sprintf("node %d", run.Ranks[l.rank].Node)
	}
	if late := t.straggler(); late >= 0 && l.side == 0 {
		for _, r := range l.ranks {
			if run.Ranks[r].Number == late {
				name, tone = name+" !", theme.Warn
			}
		}
	}
	text := "   " + th.Paint(tone, widget.Fit(name, labelWidth-3))
	if chosen && len(run.Ranks)+len(t.sides) > 2 {
		text = " " + th.Paint(theme.Accent, th.Right) + text[2:]
	}
	return text
}

// straggler is the rank that the analysis of the first side names; -1: none.
func (t *lanes) straggler() int {
	if t.analysis != nil {
		if v := t.analysis.Metric("straggler").Value; v != nil {
			return int(*v)
		}
	}
	return -1
}

// right is what stands behind a lane: how much of it is compute, or how long it waited for the last rank of the call gone to.
func (t picture) right(l lane, share string) string {
	th := t.env.Theme
	if t.call == nil || t.on.side != l.side {
		return widget.Right(share, figureWidth)
	}
	var early int64
	known := false
	for _, r := range l.ranks {
		if p := t.call.On(r); p != nil {
			known, early = true, max(early, t.call.At-p.Start)
		}
	}
	switch {
	case !known:
		return ""
	case t.call.SpreadNS == 0:
		return widget.Right("at once", figureWidth)
	case early == 0:
		return th.Paint(theme.Warn, widget.Right("last", figureWidth))
	}
	return widget.Right("−"+unit.Duration(early), figureWidth)
}

// reading says which run is being read, and how far that is.
func (s *side) reading() pane.Note {
	return pane.Note{Text: s.reads.Words("reading the kernels of "+s.run) + " · esc stops it", Tone: theme.Busy}
}

// over is the timeline over the parts, as far as each leaves room for the other. With the cursor on it, it may take all, with the
// names of the parts above; else half. A line of it costs a terminal three times what one of a table does.
func (t *lanes) over(f frame, parts *sheet) []string {
	room := f.height / 2
	switch {
	case parts.ahead && f.tall:
		room = f.height * 3 / 5
	case parts.ahead:
		room = f.height
	}
	right := cmp.Or(map[bool]string{true: "before the last came"}[t.call != nil], t.hidden, "compute")
	unmatched := t.trace() != nil && t.trace().HasUnmatched()
	lines := t.draw(f.width, room-2)
	if len(lines) > 0 {
		lines = append(lines, legend(f.th, right, unmatched, t.straggler() >= 0, f.width-labelWidth-9))
	}
	rest := f.height - len(lines)
	if parts.ahead {
		names := parts.choice(f)
		if rest--; rest >= leastPart {
			names.Names = names.Names[:1]
		}
		named := names.String(f.th)
		lines = append([]string{widget.RuleWith(f.th, f.width, named, t.part(f.width-widget.Width(named)))}, lines...)
	}
	if f.height = rest; parts.ahead && rest < leastPart {
		parts.drawn = frame{}
		return lines
	}
	return append(lines, parts.view(f)...)
}

// part says how much of the window is in sight, more briefly where there is little room.
func (t *lanes) part(room int) string {
	v := t.sight()
	if t.isWhole() {
		return "the whole window, " + unit.Duration(t.window())
	}
	took, share := unit.Duration(v.To-v.From), unit.Significant(100*float64(v.To-v.From)/float64(t.window()))+" %"
	if long := took + ", " + share + " of the window"; widget.Width(long)+8 <= room {
		return long
	}
	return took + " · " + share
}
