package report

import (
	"image/color"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"shardeck/model/figure"
	"shardeck/model/scaling"
)

// labels are the names of a panel's points, each beside its mark, where it hides no other and as little of the lines as may be. A name that
// has no such place is left out.
type labels struct{ figure.Panel }

// Plot writes the names.
func (l labels) Plot(c draw.Canvas, p *plot.Plot) {
	toX, toY := p.Transforms(&c)
	style := textStyle(9, ink, draw.XLeft, draw.YBottom)
	var placed, lines []vg.Rectangle
	for _, s := range l.Series {
		for i, x := range s.Points {
			at := vg.Point{X: toX(x.X), Y: toY(x.Value)}
			placed = append(placed, around(at, vg.Points(5))) // no name hides a mark
			for k := 1; i > 0 && !s.Loose && k < 24; k++ {    // the line from the point before
				before := s.Points[i-1]
				part := float64(k) / 24
				on := vg.Point{X: toX(before.X + part*(x.X-before.X)), Y: toY(before.Value + part*(x.Value-before.Value))}
				lines = append(lines, around(on, 0))
			}
		}
	}
	for _, s := range l.Series {
		for _, x := range s.Points {
			if box, ok := place(style, x.Label, vg.Point{X: toX(x.X), Y: toY(x.Value)}, c.Rectangle, lines, placed); ok && x.Label != "" {
				placed = append(placed, box)
				c.FillPolygon(color.White, boxOf(box.Min.X, box.Min.Y+vg.Points(1), box.Max.X, box.Max.Y-vg.Points(1))) // lines pass behind it
				c.FillText(style, vg.Point{X: box.Min.X, Y: box.Min.Y + vg.Points(1)}, x.Label)
			}
		}
	}
}

func around(at vg.Point, by vg.Length) vg.Rectangle {
	return vg.Rectangle{Min: vg.Point{X: at.X - by, Y: at.Y - by}, Max: vg.Point{X: at.X + by, Y: at.Y + by}}
}

// place is where a name beside a point hides least: right of it, left, above or below; false: each place is over another name.
func place(style text.Style, name string, at vg.Point, page vg.Rectangle, lines, placed []vg.Rectangle) (best vg.Rectangle, ok bool) {
	wide, high, least := style.Width(name), vg.Points(11), 1<<30
	right, left, middle := at.X+vg.Points(7), at.X-vg.Points(7)-wide, at.X-wide/2
	for _, corner := range []vg.Point{{X: right, Y: at.Y + vg.Points(2)}, {X: right, Y: at.Y - high/2}, {X: right, Y: at.Y - high - vg.Points(2)},
		{X: middle, Y: at.Y + vg.Points(7)}, {X: left, Y: at.Y + vg.Points(2)}, {X: left, Y: at.Y - high/2},
		{X: left, Y: at.Y - high - vg.Points(2)}, {X: middle, Y: at.Y - high - vg.Points(7)}} {
		box := vg.Rectangle{Min: corner, Max: vg.Point{X: corner.X + wide, Y: corner.Y + high}}
		if hidden(box, placed) > 0 || box.Min.X < page.Min.X || box.Max.X > page.Max.X || box.Min.Y < page.Min.Y || box.Max.Y > page.Max.Y {
			continue
		}
		if n := hidden(box, lines); n < least {
			best, least, ok = box, n, true
		}
	}
	return best, ok
}

// hidden is how many of some boxes another lies over.
func hidden(box vg.Rectangle, all []vg.Rectangle) (n int) {
	for _, b := range all {
		if box.Min.X <= b.Max.X && b.Min.X <= box.Max.X && box.Min.Y <= b.Max.Y && b.Min.Y <= box.Max.Y {
			n++
		}
	}
	return n
}

// fitted is a text that is no wider than its room, cut in the middle: names differ at their ends.
func fitted(style text.Style, name string, room vg.Length) string {
	all := []rune(name)
	for n := len(all) - 1; n > 2 && style.Width(name) > room; n-- {
		name = string(all[:n/2]) + "…" + string(all[len(all)-n/2:])
	}
	return name
}

// folded is a text in lines that are no wider than their room, as far as it has places to fold at.
func folded(style text.Style, words string, room vg.Length) string {
	lines := ""
	for i, part := range strings.Split(words, scaling.NameSign) {
		switch last := lines[strings.LastIndexByte(lines, '\n')+1:]; {
		case i == 0:
			lines = part
		case style.Width(last+scaling.NameSign+part) > room:
			lines += "\n" + part
		default:
			lines += scaling.NameSign + part
		}
	}
	return lines
}
