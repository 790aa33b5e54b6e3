package metrics

import (
	"slices"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/backend/pool"
	"shardeck/model"
	"shardeck/ui/list"
	"shardeck/ui/pane"
)

// open goes to a run, and reads it if the pane is where it was to be opened.
func (p *Pane) open(msg pane.OpenMsg) tea.Cmd {
	if msg.Run == "" {
		return nil
	}
	p.filter, p.typing, p.popup, p.chooser = list.Filter{}, nil, nil, nil
	if msg.To == pane.Metrics {
		p.detail = nil
		p.want = msg.Run
	}
	p.fill()
	p.goTo(msg.Run)
	return p.readWanted()
}

// readWanted reads the run that was asked for, once it is listed.
func (p *Pane) readWanted() tea.Cmd {
	if p.want == "" || !p.goTo(p.want) {
		return nil
	}
	p.want = ""
	return p.readCurrent(pool.Wanted)
}

// follow keeps the cursor on the experiment that another pane is at.
// Coming back to the pane leaves its own cursor alone while the experiment is the same.
func (p *Pane) follow(msg pane.SelectMsg) tea.Cmd {
	if !msg.Reaches(pane.Metrics, p.focused) || p.detail != nil {
		return nil
	}
	if run := msg.Run(); run != "" && run != p.followed {
		p.followed = run
		if !p.goTo(run) && p.focused {
			p.want = run
		}
	}
	return p.moved()
}

// goTo moves the cursor to a run; false if it is not listed.
func (p *Pane) goTo(run string) bool {
	i := slices.IndexFunc(p.shown, func(i int) bool { return p.runs[i].Name == run })
	if i >= 0 {
		p.table.Cursor = i
	}
	return i >= 0
}

// beneath is the run that what stands below the table is of: it follows when the cursor
// rests, so that moving through a list costs a slow line little.
func (p *Pane) beneath() (model.Run, bool) {
	if i := slices.IndexFunc(p.shown, func(i int) bool { return p.runs[i].Name == p.settled }); i >= 0 {
		return p.runs[p.shown[i]], true
	}
	return p.current()
}

// settles reports whether what stands below the table follows a message at once: all but
// going from row to row, after which it waits for the cursor to rest.
func (p *Pane) settles(msg tea.Msg) bool {
	switch msg := msg.(type) {
	case tea.KeyMsg:
		return !slices.ContainsFunc(pane.MoveKeys(), func(k pane.Key) bool { return slices.Contains(k.Keys, msg.String()) })
	case pane.OpenMsg:
		return true
	}
	return false
}

// current is the run under the cursor.
func (p *Pane) current() (model.Run, bool) {
	if p.table.Cursor < 0 || p.table.Cursor >= len(p.shown) {
		return model.Run{}, false
	}
	return p.runs[p.shown[p.table.Cursor]], true
}

func (p *Pane) currentName() string {
	r, _ := p.current()
	return r.Name
}
