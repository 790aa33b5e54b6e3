package charts

import (
	tea "github.com/charmbracelet/bubbletea"

	"shardeck/model/scaling"
	"shardeck/ui/pane"
)

// keys is everything the pane answers to, but for moving.
func keys() pane.Table[*Pane] {
	return pane.Table[*Pane]{
		{Key: pane.Key{Keys: []string{"x", "X"}, Label: "x", Verb: "axis", Help: "the next axis: GPUs, TP, PP, EP, batch, prompt (X: the one before)", Foot: true}},
		{Key: pane.Key{Keys: []string{"y", "Y"}, Label: "y", Verb: "quantity", Help: "the next quantity: throughput, iteration time, TTFT … (Y: the one before)", Foot: true}},
		{Key: pane.Key{Keys: []string{"g"}, Label: "g", Verb: "series", Help: "show one series alone, the next one, then those of the run again with its kin", Foot: true}, Do: (*Pane).nextSeries, Why: needSeries},
		{Key: pane.Key{Keys: []string{"l"}, Label: "l", Verb: "log", Help: "both axes logarithmic, and back", Foot: true}, Do: (*Pane).toggleLog},
		{Key: pane.Key{Keys: []string{"i"}, Label: "i", Verb: "ideal", Help: "show or hide the ideal line"}, Do: (*Pane).toggleIdeal, Why: needIdeal},
		{Key: pane.Key{Keys: []string{"w"}, Label: "w", Verb: "why", Help: "why it scales so: compare the traces of this run with those of the first of its line", Foot: true}, Do: (*Pane).why, Why: needBase},
		{Key: pane.Key{Keys: []string{"enter"}, Label: "↵", Verb: "metrics", Help: "open the run of this point in Metrics", Foot: true}, Do: (*Pane).open, Why: needPoint},
		{Key: pane.Key{Keys: []string{"t"}, Label: "t", Verb: "traces", Help: "show where the time of this run went"}, Do: (*Pane).traces, Why: needPoint},
		{Key: pane.Key{Keys: []string{"P"}, Label: "P", Verb: "PNG", Help: "write this chart as a picture beside the experiments (:export writes the summary of all runs)", Foot: true}, Do: (*Pane).exportPNG, Why: mayWrite},
		{Key: pane.Key{Keys: []string{"C"}, Label: "C", Verb: "CSV", Help: "write the very points of this chart as a table", Foot: true}, Do: (*Pane).exportCSV, Why: mayWrite},
		{Key: pane.Key{Keys: []string{"left"}, Label: "←→", Verb: "crosshair", Help: "move the crosshair along its line: the values there stand in the message line"}, Do: (*Pane).crossLeft, Why: needPoint},
		{Key: pane.Key{Keys: []string{"right"}, Label: "→", Verb: "later", Help: "move the crosshair along its line"}, Do: (*Pane).crossRight, Why: needPoint},
		{Key: pane.Key{Keys: []string{"r"}, Label: "r", Verb: "refresh", Help: "read the runs again"}, Do: (*Pane).load},
		{Key: pane.Key{Keys: []string{"esc"}, Label: "esc", Verb: "back", Help: "show all series again, or of many those of the run and its kin"}, Do: (*Pane).back},
	}
}

// Keys lists what the pane answers to now.
func (p *Pane) Keys() []pane.Key {
	all := keys().Keys()
	if p.loaded && len(p.rows) == 0 {
		pane.OnlyFoot(all, "x", "y", "r")
	}
	return append(all, moveKeys()...)
}

// moveKeys are those of every list but g, which chooses the series here.
func moveKeys() []pane.Key {
	return []pane.Key{
		{Keys: []string{"up", "k", "down", "j"}, Label: "↑↓ k j", Verb: "move", Help: "go to another point"},
		{Keys: []string{"pgup", "pgdown", "ctrl+u", "ctrl+d"}, Label: "PgUp PgDn ^u ^d", Verb: "page", Help: "move by a screen, or half of one"},
		{Keys: []string{"home", "end", "G"}, Label: "home end", Verb: "ends", Help: "go to the first or the last point"},
	}
}

// turns are the keys that go round among axes and quantities: which, and by how many.
var turns = map[string]struct {
	of func(*Pane) *int
	n  int
	by int
}{
	"x": {func(p *Pane) *int { return &p.nextX }, len(axes), 1}, "X": {func(p *Pane) *int { return &p.nextX }, len(axes), -1},
	"y": {func(p *Pane) *int { return &p.nextY }, len(quantities), 1}, "Y": {func(p *Pane) *int { return &p.nextY }, len(quantities), -1},
}

func (p *Pane) key(k string) tea.Cmd {
	if t, ok := turns[k]; ok {
		at := t.of(p)
		*at = (*at + t.by + t.n) % t.n
		return p.load()
	}
	if cmd, ok := keys().Dispatch(p, k); ok {
		return cmd
	}
	p.table.MoveKey(k, len(p.rows), max(p.tableRows(), 1))
	return p.moved()
}

// moved starts the wait after which the crosshair follows.
func (p *Pane) moved() tea.Cmd {
	if p.table.Cursor == p.settled {
		return nil
	}
	return p.rest.Start(p.env, restTime, func() tea.Cmd {
		p.settled = p.table.Cursor
		return nil
	})
}

func needSeries(p *Pane) string {
	if len(p.all) < 2 {
		return "there is one series at most: nothing to choose from"
	}
	return ""
}

func needIdeal(p *Pane) string {
	if quantities[p.y].ideal == nil {
		return "nothing is ideal for " + quantities[p.y].title
	}
	return ""
}

func needPoint(p *Pane) string {
	if _, ok := p.current(); !ok {
		return "there is no point under the cursor"
	}
	return ""
}

func mayWrite(p *Pane) string {
	if len(p.rows) == 0 {
		return "nothing is drawn: there is nothing to write"
	}
	if p.env.Lab.ReadOnly() {
		return pane.Locked("write files")
	}
	return ""
}

// nextSeries goes to the first series shown, then from one to the next, after the last to
// those shown first.
func (p *Pane) nextSeries() tea.Cmd {
	next := p.shown[0]
	if p.only != "" || len(p.shown) == 1 {
		next++
	}
	p.only = ""
	if next < len(p.all) {
		p.only = p.all[next].Name
	}
	p.fill()
	return nil
}

func (p *Pane) toggleLog() tea.Cmd {
	p.log = !p.log
	return nil
}

func (p *Pane) toggleIdeal() tea.Cmd {
	p.hideLine = !p.hideLine
	return nil
}

func (p *Pane) open() tea.Cmd { return p.sendTo(pane.Metrics) }

func (p *Pane) traces() tea.Cmd { return p.sendTo(pane.Traces) }

func (p *Pane) why() tea.Cmd {
	r, _ := p.current()
	return pane.Send(pane.OpenMsg{To: pane.Traces, Run: r.point.Run, Base: p.base(r).Run})
}

// base is the first point of a line: speed-up and efficiency are over it.
func (p *Pane) base(r row) scaling.Point { return p.all[r.series].Points[0] }

func needBase(p *Pane) string {
	r, ok := p.current()
	switch {
	case !ok:
		return needPoint(p)
	case len(p.all[r.series].Points) < 2:
		return r.point.Run + " is alone in its series: there is nothing to compare it with"
	case p.base(r).Run == r.point.Run:
		return r.point.Run + " is what the others of its line are compared with: go to another point"
	}
	return ""
}

func (p *Pane) sendTo(to pane.Name) tea.Cmd {
	r, _ := p.current()
	return pane.Send(pane.OpenMsg{To: to, Run: r.point.Run})
}

func (p *Pane) back() tea.Cmd {
	p.only = ""
	p.fill()
	return nil
}
