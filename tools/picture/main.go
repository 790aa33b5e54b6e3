// Command picture draws a terminal screen as SVG. It reads what
// `tmux capture-pane -e -p` prints (text with colour sequences) on stdin and
// writes the drawing to stdout; tools/picture/make starts the real program, presses
// the keys and pipes the screen in here, so the README's pictures are never drawn by hand.
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"
)

func main() {
	title := "shardeck"
	if len(os.Args) > 1 {
		title = os.Args[1]
	}
	if err := run(title, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "picture:", err)
		os.Exit(1)
	}
}

// run reads a screen and writes its drawing.
func run(title string, in io.Reader, out io.Writer) error {
	text, err := io.ReadAll(in)
	if err != nil {
		return fmt.Errorf("cannot read the screen: %w", err)
	}
	lines := strings.Split(strings.TrimRight(string(text), "\n"), "\n")
	w := bufio.NewWriter(out)
	draw(w, title, parse(lines))
	return w.Flush()
}

// The geometry of the drawing, in SVG units: one cell of a 14-unit monospace font.
const (
	cellW, cellH = 8.4, 17.5
	baseline     = 13.0
	margin       = 14.0
	bar          = 26.0 // the window's title bar
)

// draw writes one rectangle per coloured background and one text per run of equal style.
func draw(w io.Writer, title string, screen [][]cell) {
	columns := 0
	for _, line := range screen {
		columns = max(columns, len(line))
	}
	width := float64(columns)*cellW + 2*margin
	height := float64(len(screen))*cellH + 2*margin + bar
	fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" width="%.0f" height="%.0f" role="img" xml:space="preserve" aria-label="%s">`+"\n",
		width, height, width, height, escape(title))
	fmt.Fprintf(w, `<style>text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;white-space:pre}</style>`+"\n")
	fmt.Fprintf(w, `<rect width="100%%" height="100%%" rx="8" fill="%s"/>`+"\n", defaultBG)
	fmt.Fprintf(w, `<text x="%.0f" y="20" text-anchor="middle" fill="#7d8590">%s</text>`+"\n", width/2, escape(title))
	for y, line := range screen {
		for x := 0; x < len(line); {
			n := x + 1
			for n < len(line) && line[n].style == line[x].style {
				n++
			}
			drawRun(w, float64(x), float64(y), line[x:n])
			x = n
		}
	}
	fmt.Fprintln(w, "</svg>")
}

// drawRun writes neighbouring cells of one style. textLength pins the run to its
// cells, whatever font the viewer has.
func drawRun(w io.Writer, x, y float64, cells []cell) {
	s := cells[0].style
	left, top := margin+x*cellW, margin+bar+y*cellH
	wide := float64(len(cells)) * cellW
	fg, bg := s.colours()
	if bg != defaultBG {
		fmt.Fprintf(w, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s"/>`+"\n", left, top, wide, cellH+0.2, bg)
	}
	var b strings.Builder
	for _, c := range cells {
		b.WriteRune(c.r)
	}
	if strings.TrimSpace(b.String()) == "" {
		return
	}
	fmt.Fprintf(w, `<text x="%.1f" y="%.1f" textLength="%.1f" lengthAdjust="spacingAndGlyphs" fill="%s"%s>%s</text>`+"\n",
		left, top+baseline, wide, fg, s.attributes(), escape(b.String()))
}

func escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;").Replace(s)
}
