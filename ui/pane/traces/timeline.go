package traces

import (
	"context"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/backend/pool"
	"shardeck/model/metric"
	tl "shardeck/model/timeline"
	"shardeck/model/xray"
	"shardeck/ui/pane"
	"shardeck/ui/widget"
)

// side is one run of a timeline.
type side struct {
	run    string
	coarse *tl.Run // as its summary gives it; nil: not read
	lanes  *tl.Run // kernel by kernel; nil: nobody looked closer yet
	reads  pane.Work[*tl.Run]
	first  int   // of its lanes in sight
	shift  int64 // how much later than in the first side the same is, ns
	failed bool  // to read lanes, which was said
}

// best is the run as closely as it is known; nil: it is not.
func (s *side) best() *tl.Run {
	if s.lanes != nil {
		return s.lanes
	}
	return s.coarse
}

func (s *side) ranks() int {
	if r := s.best(); r != nil {
		return len(r.Ranks)
	}
	return 0
}

// lanes is the ranks of a run, or of two, under one ruler.
type lanes struct {
	env      env
	dialog   *pane.Dialog
	sides    []*side
	analysis *metric.Analysis // of the first; nil: not read

	on       place          // the rank chosen
	view     tl.View        // in sight; zero: the whole window
	mark     tl.Span        // what was gone to; zero: nothing
	call     *tl.Call       // which is this call of the side of on; nil: no call
	said     string         // of what was gone to
	typed    widget.History // what was looked for
	sought   string         // in names of kernels; empty: nothing yet
	unfolded bool           // all ranks of many are listed
	pending  func() tea.Cmd // what follows when kernels are there; nil: nothing
	away     bool           // the pane was left
	drawn    drawn
	hidden   string // which lines are drawn, where not all are
	xray     pane.Work[xray.Report]
}

// place is a rank of a side.
type place struct{ side, rank int }

// show takes another run, or another analysis of the same.
func (t *lanes) show(run string, a *metric.Analysis) {
	if len(t.sides) == 1 && t.sides[0].run == run && t.analysis == a {
		return
	}
	same := len(t.sides) == 1 && t.sides[0].run == run
	t.release()
	t.sides, t.analysis = []*side{{run: run}}, a
	if s := t.trace(); s != nil {
		t.sides[0].coarse = tl.OfSummary(s)
	}
	if !same {
		t.on = place{}
		t.whole()
	}
	t.call = nil
}

// trace is the picture of the run; nil: there is none.
func (t *lanes) trace() *metric.TraceSummary {
	if t.analysis == nil || t.analysis.Trace == nil || len(t.analysis.Trace.Ranks) == 0 {
		return nil // execution traces alone have no time
	}
	return t.analysis.Trace
}

// release lets kernels go, and stops their reading.
func (t *lanes) release() {
	for _, s := range t.sides {
		s.reads.Stop()
		s.lanes, s.failed = nil, false
	}
	t.call, t.pending, t.away = nil, nil, false
}

func (t *lanes) busy() *side {
	for _, s := range t.sides {
		if s.reads.Busy() {
			return s
		}
	}
	return nil
}

// window is the longest of the sides.
func (t *lanes) window() (ns int64) {
	for _, s := range t.sides {
		if r := s.best(); r != nil {
			ns = max(ns, r.WindowNS)
		}
	}
	return max(ns, 1)
}

// sight is the part in sight, on the clock of the first side.
func (t *lanes) sight() tl.View {
	if t.view == (tl.View{}) {
		return tl.View{To: t.window()}
	}
	return t.view
}

func (t *lanes) isWhole() bool { return t.sight() == tl.View{To: t.window()} }

// whole shows the whole window, and nothing in particular.
func (t *lanes) whole() {
	t.view, t.mark, t.call, t.said = tl.View{}, tl.Span{}, nil, ""
	for _, s := range t.sides {
		s.shift = 0
	}
}

// chosen is the side and the rank that keys are of; nil: there are none.
func (t *lanes) chosen() (*side, *tl.Rank) {
	if t.on.side >= len(t.sides) {
		return nil, nil
	}
	s := t.sides[t.on.side]
	if r := s.best(); r != nil && len(r.Ranks) > 0 {
		return s, &r.Ranks[min(t.on.rank, len(r.Ranks)-1)]
	}
	return s, nil
}

// zoom shows a part so many times as long, about what was gone to where that is in sight, and has kernels brought.
func (t *lanes) zoom(times float64) tea.Cmd {
	v := t.sight()
	at := v.From + (v.To-v.From)/2
	if m := max(t.mark.Start, 0); t.mark != (tl.Span{}) && m >= v.From && m <= v.To {
		at = m
	}
	return t.look(v.Zoom(times, at, t.window()))
}

// pan goes along by shares of what is in sight.
func (t *lanes) pan(share float64) tea.Cmd {
	v := t.sight()
	by := int64(share * float64(v.To-v.From))
	return t.look(tl.View{From: v.From + by, To: v.To + by}.Within(t.window()))
}

func (t *lanes) look(v tl.View) tea.Cmd {
	t.view = v
	return t.need(nil)
}

// need has the kernels of all sides read, unless they are there for what is in sight; then follows when they are. Those that could
// not be read are tried again for what cannot do without.
func (t *lanes) need(then func() tea.Cmd) tea.Cmd {
	var cmds []tea.Cmd
	t.away = false
	for _, s := range t.sides {
		switch v := t.sight(); {
		case s.reads.Busy(), s.failed && then == nil:
		case s.lanes == nil, !t.isWhole() && (v.To-v.From)*8 < s.lanes.WindowNS && !s.covers(v):
			cmds = append(cmds, t.read(s))
		}
	}
	switch {
	case then == nil:
	case t.busy() == nil:
		cmds = append(cmds, then())
	default:
		t.pending = then
	}
	return tea.Batch(cmds...)
}

// covers reports whether the kernels of a part are there.
func (s *side) covers(v tl.View) bool {
	k := s.lanes.Kernels
	return k.From <= max(v.From+s.shift, 0) && min(v.To+s.shift, s.lanes.WindowNS) <= k.To
}

func (t *lanes) read(s *side) tea.Cmd {
	v, run := t.sight(), s.run
	length := v.To - v.From // of a run with too many kernels those before and after come too
	part := tl.View{From: v.From + s.shift - length, To: v.To + s.shift + length}
	return s.reads.Start(t.env.Env, func(ctx context.Context, progress pool.Progress) (*tl.Run, error) {
		return t.env.Lanes(ctx, run, part, progress)
	}, func(lanes *tl.Run, err error) tea.Cmd {
		if err != nil {
			s.failed, t.pending = true, nil
			return pane.Fail(err)
		}
		s.lanes, t.call = lanes, nil
		if t.pending == nil || t.busy() != nil {
			return nil
		}
		then := t.pending
		t.pending = nil
		return then()
	})
}

// lane is a line of the timeline: a rank, or ranks of one node.
type lane struct {
	place
	ranks []int // places in the run
}

// manyRanks is from how many ranks on those of a node share a line, where there are several.
const manyRanks = 9

// linesOf are the lines of a side; of many ranks one a node, but those of the node chosen where they were unfolded.
func (t *lanes) linesOf(of int) (out []lane) {
	run := t.sides[of].best()
	if run == nil {
		return nil
	}
	fold := !t.unfolded && len(run.Ranks) >= manyRanks
	for i := range run.Ranks {
		n := len(out)
		if fold && n > 0 && run.Ranks[out[n-1].rank].Node == run.Ranks[i].Node {
			out[n-1].ranks = append(out[n-1].ranks, i)
			continue
		}
		out = append(out, lane{place{of, i}, []int{i}})
	}
	return out
}

// folds reports whether lines may stand for several ranks.
func (t *lanes) folds() bool {
	for i := range t.sides {
		for _, l := range t.linesOf(i) {
			if len(l.ranks) > 1 {
				return true
			}
		}
	}
	return t.unfolded
}

// all are the lines of all sides, and which of them holds the rank chosen.
func (t *lanes) all() (out []lane, at int) {
	for i := range t.sides {
		for _, l := range t.linesOf(i) {
			if l.side < t.on.side || l.side == t.on.side && l.rank <= t.on.rank {
				at = len(out)
			}
			out = append(out, l)
		}
	}
	return out, at
}

// choose makes keys be of a rank. A call that was gone to stays, if the rank is in it.
func (t *lanes) choose(p place) {
	if p.side != t.on.side || t.call != nil && t.call.On(p.rank) == nil {
		t.call = nil
	}
	t.on = p
}

// step goes so many lines on.
func (t *lanes) step(by int) tea.Cmd {
	if all, at := t.all(); len(all) > 0 {
		t.choose(all[max(min(at+by, len(all)-1), 0)].place)
	}
	return nil
}

// turn goes to the next rank of all sides, or to the one before, going round.
func (t *lanes) turn(by int) tea.Cmd {
	var all []place
	at := 0
	for i, s := range t.sides {
		for r := range s.ranks() {
			if t.on == (place{i, r}) {
				at = len(all)
			}
			all = append(all, place{i, r})
		}
	}
	if n := len(all); n > 0 {
		t.choose(all[(at+by+n)%n])
	}
	return nil
}

// move is step for the keys that move in a list.
func (t *lanes) move(key string) (tea.Cmd, bool) {
	by, ok := map[string]int{"up": -1, "k": -1, "down": 1, "j": 1, "pgup": -8, "pgdown": 8, "ctrl+u": -8, "ctrl+d": 8,
		"home": -1 << 20, "g": -1 << 20, "end": 1 << 20, "G": 1 << 20}[key]
	return t.step(by), ok
}
