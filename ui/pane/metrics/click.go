package metrics

import (
	tea "github.com/charmbracelet/bubbletea"

	"shardeck/ui/pane"
)

// clicked goes to what is pointed at; the title of a metric orders by it.
func (p *Pane) clicked(msg pane.ClickMsg) tea.Cmd {
	switch {
	case p.chooser != nil:
		if spot, ok := p.chooser.table.At(msg.X, msg.Line); ok && spot.Row >= 0 {
			p.chooser.table.Cursor = spot.Row
		}
		return nil
	case p.detail != nil:
		return p.clickedDetail(msg.X, msg.Line-1)
	}
	spot, ok := p.table.At(msg.X, msg.Line)
	if !ok {
		return nil
	}
	if spot.Column > 0 {
		p.table.Column = spot.Column
	}
	if spot.Row >= 0 {
		p.table.Cursor = spot.Row
		return p.moved()
	}
	if spot.Column > 0 {
		return p.order()
	}
	return nil
}

// clickedDetail is clicked in one run, below the names of its views.
func (p *Pane) clickedDetail(x, line int) tea.Cmd {
	d := p.detail
	if to, ok := p.viewNames().Pointed(x); ok && line < 0 {
		p.turn(to - d.view)
		return nil
	}
	spot, ok := d.table.At(x, line)
	if !ok {
		return nil
	}
	if d.table.Column > 0 && spot.Column > 0 {
		d.table.Column = spot.Column
	}
	switch {
	case spot.Row >= 0:
		d.table.Cursor = spot.Row
	case d.byColumn() && spot.Column > 0:
		return p.orderSplit()
	}
	return nil
}
