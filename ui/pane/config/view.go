package config

import (
	"shardeck/model/present/unit"
	"shardeck/ui/pane"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// View draws the form above the panel.
func (p *Pane) View() string { return p.Frame(p.env.Theme, p.body) }

func (p *Pane) body() []string {
	switch {
	case p.id == "" && !p.open.Busy():
		return pane.Notice("No experiment is open: go to 1, and press e on one.")
	case p.err != nil && p.file == nil:
		return pane.Notice(widget.Wrap(p.err.Error(), max(p.Width-6, 1))...)
	case p.file == nil:
		return pane.Notice("reading " + p.id + " …")
	}
	below := panel{p.env.Theme, p.Width, p.Height, p.file.judged}.lines()
	room := p.Height - len(below) - 1
	if room < 5 {
		below, room = nil, p.Height-1
	}
	p.formRows = min(room, len(fields))
	p.form.Fields = p.edits.shown(p.file)
	return append(pane.Filled(p.form.View(p.env.Theme, p.Width, p.formRows), room), append([]string{p.more()}, below...)...)
}

// more says that the form goes on below; blank if it does not.
func (p *Pane) more() string {
	if left := len(fields) - p.form.First - p.formRows; left > 0 && p.formRows > 0 {
		return p.env.Theme.Paint(theme.Dim, "   ↓ "+unit.Plural(left, "more field"))
	}
	return ""
}
