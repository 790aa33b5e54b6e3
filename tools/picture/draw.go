package main

import (
	"fmt"
	"io"
	"strings"
)

// The geometry of the drawing, in SVG units: one cell of a 14-unit monospace font.
const (
	cellW, cellH = 8.4, 17.5
	baseline     = 13.0
	margin       = 14.0
	bar          = 26.0 // the window's title bar
)

// draw writes the window, and each line of a screen in the group of the frames that have it.
func draw(w io.Writer, title string, frames []frame) {
	columns, rows := 0, 0
	for _, f := range frames {
		rows = max(rows, len(f.screen))
		for _, line := range f.screen {
			columns = max(columns, len(line))
		}
	}
	width, height := float64(columns)*cellW+2*margin, float64(rows)*cellH+2*margin+bar
	fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" width="%.0f" height="%.0f" role="img" aria-label="%s">`+"\n",
		width, height, width, height, escape(title))
	groups := film(frames, rows, width)
	fmt.Fprintf(w, "<style>text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,\"DejaVu Sans Mono\",monospace;white-space:pre;fill:%s}"+
		"path{stroke-linecap:round;stroke-linejoin:round;fill:none}%s</style>\n", defaultFG, motion(groups, frames))
	fmt.Fprintf(w, `<rect width="100%%" height="100%%" rx="8" fill="%s"/>`+"\n", defaultBG)
	for _, g := range groups {
		if g.always(frames) {
			fmt.Fprintf(w, "<g>\n%s</g>\n", g.drawn.String())
		} else {
			fmt.Fprintf(w, "<g class=\"%s\">\n%s</g>\n", g.name(), g.drawn.String())
		}
	}
	fmt.Fprintln(w, "</svg>")
}

// drawLine writes one line of cells: a rectangle per coloured ground, a text per run of
// equal style, and signs that fonts draw differently as shapes.
func drawLine(w io.Writer, y int, line []cell) {
	for x := 0; x < len(line); {
		n := x + 1
		for n < len(line) && line[n].style == line[x].style {
			n++
		}
		left, top := margin+float64(x)*cellW, margin+bar+float64(y)*cellH
		if _, bg := line[x].colours(); bg != defaultBG {
			fmt.Fprintf(w, `<rect x="%s" y="%s" width="%s" height="%s" fill="%s"/>`+"\n",
				number(left), number(top), number(float64(n-x)*cellW), number(cellH+0.2), bg)
		}
		drawRun(w, left, top, line[x:n])
		x = n
	}
}

// drawRun writes neighbouring cells of one style: words as texts, pinned to their cells by
// textLength whatever font the viewer has; a sign that many fonts lack alone; shapes as one path each kind.
func drawRun(w io.Writer, left, top float64, cells []cell) {
	fg, _ := cells[0].colours()
	attributes := cells[0].attributes()
	var shapes shapes
	for x := 0; x < len(cells); {
		at := left + float64(x)*cellW
		if cells[x].r == ' ' || shapes.add(cells[x].r, at, top) {
			x++
			continue
		}
		n := x + 1
		for n < len(cells) && alike(cells[x].r) && alike(cells[n].r) && !blank(cells[n:]) {
			n++
		}
		var b strings.Builder
		for _, c := range cells[x:n] {
			b.WriteRune(c.r)
		}
		ink, pin := "", ""
		if fg != defaultFG {
			ink = fmt.Sprintf(` style="fill:%s"`, fg)
		}
		if n > x+1 {
			pin = fmt.Sprintf(` textLength="%s"`, number(float64(n-x)*cellW))
		}
		fmt.Fprintf(w, `<text x="%s" y="%s"%s%s%s>%s</text>`+"\n", number(at), number(top+baseline), pin, ink, attributes, escape(b.String()))
		x = n
	}
	shapes.draw(w, fg, attributes)
}

// alike says that every monospace font has the sign, as wide as a letter.
func alike(r rune) bool { return r < 0x2190 }

// blank says that a gap begins, or a space before a sign: a text ends there.
func blank(cells []cell) bool {
	return cells[0].r == ' ' && (len(cells) == 1 || cells[1].r == ' ' || !alike(cells[1].r))
}

// number prints a length without the digits that nobody sees.
func number(v float64) string {
	return strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.2f", v), "0"), ".")
}

func escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;").Replace(s)
}
