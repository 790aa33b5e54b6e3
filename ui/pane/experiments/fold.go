package experiments

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"shardeck/model"
	"shardeck/model/board"
	"shardeck/model/present"
	"shardeck/model/present/unit"
	"shardeck/model/scaling"
	"shardeck/model/sweep"
	"shardeck/ui/pane"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// row is a line of the board: an experiment, a sweep, or a point of one, whose config may not be written yet.
type row struct {
	board.Row
	sweep *scan         // that the row is; nil: it is an experiment
	of    *scan         // that the row is a point of; nil: of none
	point *sweep.Status // of that sweep
}

// scan is a sweep as it was last worked out; err is why it could not be.
type scan struct {
	sweep.Plan
	err  error
	ids  map[string]*sweep.Status // its points
	live bool                     // some of them wait or run

	fault                       string // err in a line
	total, time, front, decided string // worked out once: they look at every pair of points
}

// written are the points that are experiments: their configs are there.
func (s *scan) written() (ids []string) {
	for _, x := range s.Points {
		if x.File != "" {
			ids = append(ids, x.ID)
		}
	}
	return ids
}

// content is what the board shows, as read from files.
type content struct {
	rows  []board.Row
	scans []*scan
}

// inSight are the experiments that are not archived.
func (c content) inSight() []board.Row {
	return slices.DeleteFunc(slices.Clone(c.rows), func(r board.Row) bool { return r.Archived })
}

// read reads the board and works out the sweeps.
func (e env) read(ctx context.Context) (content, error) {
	rows, err := e.Board(ctx)
	if err != nil {
		return content{}, err
	}
	c := content{rows: rows}
	c.scans = append(c.scans, model.Each(e.SweepIDs(), func(id string) *scan { return e.scan(ctx, id) })...)
	return c, ctx.Err()
}

func (e env) scan(ctx context.Context, id string) *scan {
	s := &scan{ids: map[string]*sweep.Status{}}
	s.Plan, s.err = e.PlanSweep(ctx, id)
	if s.Sweep.ID = id; s.err != nil {
		s.fault = strings.TrimPrefix(present.Problems(s.File, s.err.Error())[0], s.File+": ")
	}
	for i := range s.Points {
		x := &s.Points[i]
		s.ids[x.ID], s.live = x, s.live || x.State == sweep.Submitted
	}
	s.total, s.time = present.SweepTotal(s.Plan), present.SweepTime(s.Plan)
	s.front, s.decided = frontierWords(s.Plan), present.Decision(s.Plan)
	return s
}

// key is what the list knows a sweep by: an experiment may have the same id.
func (s *scan) key() string { return sweepKey(s.Sweep.ID) }

func sweepKey(id string) string { return "sweep/" + id }

// folded is the lines of the board: every sweep among the experiments in the order of ids, its points below it.
func (c content) folded() []row {
	var all, heads []row
	under := map[string][]row{}
	heads = append(heads, model.Each(c.scans, func(s *scan) row { return row{sweep: s, Row: board.Row{File: s.File}} })...)
	for _, r := range c.rows {
		at := slices.IndexFunc(c.scans, func(s *scan) bool { return s.ids[r.Experiment.ID] != nil })
		if at < 0 {
			all = append(all, row{Row: r})
			continue
		}
		s := c.scans[at]
		under[s.Sweep.ID] = append(under[s.Sweep.ID], row{Row: r, of: s, point: s.ids[r.Experiment.ID]})
	}
	for _, head := range heads {
		id := head.sweep.Sweep.ID
		at := slices.IndexFunc(all, func(r row) bool { return model.CompareNatural(cmp.Or(r.id(), id), id) > 0 })
		if at < 0 {
			at = len(all)
		}
		all = slices.Insert(all, at, append([]row{head}, head.sweep.rows(under[id])...)...)
	}
	return all
}

// rows are a sweep's points in its order, those that are written as the board has them.
func (s *scan) rows(written []row) []row {
	at := map[string]row{}
	for _, r := range written {
		at[r.Experiment.ID] = r
	}
	var all []row
	for i := range s.Points {
		x := &s.Points[i]
		if r, ok := at[x.ID]; ok {
			all = append(all, r)
		} else if x.State != sweep.LeftOut {
			all = append(all, row{Row: x.Row(), of: s, point: x})
		}
	}
	return all
}

// id is an experiment's or a sweep's.
func (r row) id() string {
	if r.sweep != nil {
		return r.sweep.Sweep.ID
	}
	return r.Experiment.ID
}

// pending is why nothing can be done with a point by itself; empty: it is an experiment like any other.
func (r row) pending() string {
	switch {
	case r.point == nil || r.File != "":
		return ""
	case r.point.State == sweep.Impossible:
		return r.Experiment.ID + " is impossible: " + r.point.Reason
	}
	return r.Experiment.ID + " gets its config when its sweep is submitted: s submits " + r.of.Sweep.ID
}

// sweepCells are the line of a sweep.
func (p *rows) sweepCells(s *scan) []widget.Cell {
	sign := p.env.Theme.Right
	if p.open[s.key()] {
		sign = p.env.Theme.Down
	}
	text, tone := present.Joined(present.SweepCounts(s.Plan), present.SweepAxes(s.Sweep)), theme.Plain
	if s.err != nil {
		text, tone = s.fault, theme.Bad
	}
	return []widget.Cell{{Text: sign + " " + s.Sweep.ID + "  " + text, Tone: tone, Wide: true}}
}

// pointCells are the line of a point: below its sweep's, struck out where it is impossible, and without its job's state where that passed it over.
func (p *rows) pointCells(r row) []widget.Cell {
	cells := pane.Cells(p.env.Theme, p.experiment(r))
	cells[0].Lead, cells[0].Text = "  ", strings.TrimPrefix(r.Experiment.ID, r.of.Sweep.ID+"-") // what tells it from the others
	if s := r.point.State; s == sweep.Impossible || s == sweep.PassedOver {
		cells[0].Lead, cells[stateColumn].Text = map[bool]string{true: "× ", false: "  "}[s == sweep.Impossible], string(s)
		for i := range cells {
			cells[i].Tone = theme.Dim
		}
	}
	return cells
}

// sweepDetails are the lines below the table for a sweep: what varies, how far it is, what it will take, what is best.
func (p *rows) sweepDetails(s *scan, width int, narrow bool) []string {
	th := p.env.Theme
	head := th.Paint(theme.Strong, s.Sweep.ID) + "  "
	if s.err != nil {
		return append([]string{head + s.File}, widget.Wrap(s.err.Error(), width)...)
	}
	lines := []string{head + widget.Sentence("of "+s.Sweep.Base+": "+present.SweepAxes(s.Sweep), max(width-widget.Width(head), 1))}
	for _, text := range []string{s.total, s.time, s.front} {
		lines = append(lines, p.dimmed(width, narrow, strings.Split(text, " · ")...)...)
	}
	return lines
}

// frontierWords name the ends of the frontier of the first work; empty: no point is on one.
func frontierWords(p sweep.Plan) string {
	fronts := scaling.FrontiersOf(p.Entries())
	if len(fronts) == 0 {
		return ""
	}
	front := slices.DeleteFunc(fronts[0].Points, func(x scaling.FrontPoint) bool { return !x.On })
	first, last := front[0], front[len(front)-1]
	text := "fastest for a user " + first.ID + ", most for a GPU " + last.ID
	if len(front) == 1 {
		text = "best for a user and for a GPU: " + first.ID
	}
	return text + " · v shows the frontier of " + unit.Plural(len(front), "point")
}

// sweepNote is the worst there is to say of a sweep, else what comes next.
func sweepNote(s *scan) pane.Note {
	failed, ready := s.Count(sweep.Failed), s.Count(sweep.Ready)
	switch {
	case s.err != nil:
		return pane.Note{Text: s.fault + " · e opens it", Brief: s.fault, Tone: theme.Bad}
	case s.decided != "":
		return pane.Note{Text: s.decided, Tone: theme.Good}
	case failed > 0 && !s.live:
		return pane.Note{Text: unit.Plural(failed, "point") + " failed: ↵ shows which · s tries again", Tone: theme.Bad}
	case ready > 0 && !s.live:
		return pane.Note{Text: "s submits " + unit.Plural(ready, "point") + " · ↵ shows them"}
	case s.live:
		return pane.Note{Text: present.SweepCounts(s.Plan) + " · v shows what is measured · x stops it", Tone: theme.Busy}
	}
	return pane.Note{}
}
