package traces

import "shardeck/ui/pane"

// clicked goes to what is pointed at in the sheet on the screen.
func (p *Pane) clicked(msg pane.ClickMsg) {
	s := p.onSheet()
	if top := p.height - s.drawn.height; msg.Line >= top {
		s.click(msg.X, msg.Line-top)
		p.SetFocus(p.focused)
	}
}

// click goes to a part by its rule or its name in it, to a row, or orders by the title of
// a column of numbers.
func (s *sheet) click(x, line int) {
	for i, height := range s.rooms(s.drawn) {
		if line < height {
			s.clickPart(i, x, line)
			return
		}
		line -= height
	}
}

func (s *sheet) clickPart(i, x, line int) {
	if line == 0 {
		s.at = s.named(i, x)
		return
	}
	s.at = i
	spot, ok := s.tables[i].At(x, line-1-len(s.drawn.above(i)))
	switch {
	case ok && spot.Row >= 0:
		s.tables[i].Cursor = spot.Row
	case ok && spot.Column > 0 && s.parts[i].Columns[spot.Column].Right:
		s.sorts[i] = s.sorts[i].Next(spot.Column, true)
		s.fill(i)
	}
}

// named is the part whose name stands at a place of the rule over part i; else i itself.
func (s *sheet) named(i, x int) int {
	if n, ok := s.choice(s.drawn).Pointed(x); ok && !s.drawn.tall {
		return n
	}
	return i
}
