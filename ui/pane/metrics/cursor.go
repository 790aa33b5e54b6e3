package metrics

import (
	"slices"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/backend/pool"
	"shardeck/model"
	"shardeck/ui/pane"
)

// open goes to a run, and reads it if the pane is where it was to be opened.
func (p *Pane) open(msg pane.OpenMsg) tea.Cmd {
	if msg.Run == "" {
		return nil
	}
	p.filter, p.typing, p.popup, p.chooser = pane.Filter{}, nil, nil, nil
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
