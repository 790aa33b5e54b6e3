package traces

import (
	"shardeck/model/present"
	"shardeck/ui/widget"
)

// tallFrom is the height at which the other parts stand below the one with the cursor.
const tallFrom = 30

// View draws the split of the ranks, the timeline, and the parts.
func (p *Pane) View() string {
	if p.width <= 0 || p.height <= 0 {
		return ""
	}
	lines := p.body()
	lines = p.typing.Below(p.env.Theme, lines, p.width, p.height)
	if p.popup != nil {
		lines = p.popup.Popup.Over(p.env.Theme, lines, p.width, p.height)
	}
	return widget.Block(lines, p.width, p.height)
}

func (p *Pane) body() []string {
	switch {
	case p.pick != nil:
		return p.pickView()
	case p.diff != nil:
		return p.diff.view(p)
	case p.trace() == nil:
		return p.empty()
	}
	p.sheet.measure(p.width)
	lines := p.picture()
	return append(lines, p.sheet.view(p.frame(p.height-len(lines)))...)
}

// picture is what stands over the parts: bars and timeline, as far as there is room.
func (p *Pane) picture() []string {
	t := p.trace()
	lines := p.bars(t)
	if timeline := p.timeline(p.width); len(lines)+len(timeline)+5 <= p.height {
		lines = append(lines, timeline...)
	}
	if len(lines)+4 > p.height {
		return nil
	}
	return lines
}

// partRows is the room of the part with the cursor, without its header.
func (p *Pane) partRows() int {
	switch {
	case p.pick != nil:
		return p.pick.sheet.rows(p.pickFrame())
	case p.diff != nil:
		return p.diff.rows(p)
	case p.trace() == nil:
		return 0
	}
	return p.sheet.rows(p.frame(p.height - len(p.picture())))
}

// frame is how the parts are drawn in so many lines.
func (p *Pane) frame(height int) frame {
	return frame{th: p.env.Theme, width: p.width, height: height, tall: p.height >= tallFrom, focused: p.focused,
		above: func(i int) []string {
			if i == present.LateCalls {
				return p.skewLines(p.width)
			}
			return nil
		}}
}
