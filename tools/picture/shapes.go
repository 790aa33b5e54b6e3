package main

import (
	"fmt"
	"io"
	"strings"
)

// shapes are the signs of a run that are drawn, since fonts have them in other widths, with gaps, or not at all:
// dots of braille, lines of boxes, blocks and shades.
type shapes struct {
	dots, lines strings.Builder
	fills       [4]strings.Builder // by quarters of the ink: ░ ▒ ▓ █
}

// add takes a sign in the cell whose upper left corner is given; false if it is a letter.
func (s *shapes) add(r rune, x, y float64) bool {
	switch {
	case r > 0x2800 && r < 0x2900:
		s.braille(byte(r-0x2800), x, y)
	case box[r] != "":
		s.box(box[r], x, y)
	case r >= '▁' && r <= '█':
		h := cellH * float64(r-'▁'+1) / 8
		s.fill(3, x, y+cellH-h, cellW, h)
	case r >= '▉' && r <= '▏':
		s.fill(3, x, y, cellW*float64('▏'-r+1)/8, cellH)
	case r >= '░' && r <= '▓':
		s.fill(int(r-'░'), x, y, cellW, cellH)
	case r == '▐':
		s.fill(3, x+cellW/2, y, cellW/2, cellH)
	case r == '▀':
		s.fill(3, x, y, cellW, cellH/2)
	default:
		return false
	}
	return true
}

// braille draws the dots of a pattern: bits 0 to 2 down the left column, 3 to 5 down the right, 6 and 7 below.
func (s *shapes) braille(dots byte, x, y float64) {
	for bit := range 8 {
		if dots&(1<<bit) == 0 {
			continue
		}
		column, row := bit/3, bit%3
		if bit >= 6 {
			column, row = bit-6, 3
		}
		fmt.Fprintf(&s.dots, "M%s %sh0", number(x+cellW*(0.25+0.5*float64(column))), number(y+cellH*(0.125+0.25*float64(row))))
	}
}

// box are the signs of lines, as the sides of the cell that they join.
var box = map[rune]string{
	'─': "lr", '│': "ud", '┌': "rd", '┐': "ld", '└': "ur", '┘': "ul", '├': "udr", '┤': "udl", '┬': "lrd", '┴': "lru", '┼': "lrud",
}

// box draws a line from the middle of the cell to each side.
func (s *shapes) box(sides string, x, y float64) {
	switch sides {
	case "lr":
		fmt.Fprintf(&s.lines, "M%s %sh%s", number(x), number(y+cellH/2), number(cellW))
		return
	case "ud":
		fmt.Fprintf(&s.lines, "M%s %sv%s", number(x+cellW/2), number(y), number(cellH))
		return
	}
	middle := fmt.Sprintf("M%s %s", number(x+cellW/2), number(y+cellH/2))
	for _, side := range sides {
		s.lines.WriteString(middle)
		switch side {
		case 'l':
			fmt.Fprintf(&s.lines, "H%s", number(x))
		case 'r':
			fmt.Fprintf(&s.lines, "H%s", number(x+cellW))
		case 'u':
			fmt.Fprintf(&s.lines, "V%s", number(y))
		case 'd':
			fmt.Fprintf(&s.lines, "V%s", number(y+cellH))
		}
	}
}

func (s *shapes) fill(quarters int, x, y, w, h float64) {
	fmt.Fprintf(&s.fills[quarters], "M%s %sh%sv%sh-%sz", number(x), number(y), number(w), number(h), number(w))
}

// draw writes what was added, in one ink.
func (s *shapes) draw(w io.Writer, ink, attributes string) {
	for i := range s.fills {
		if d := s.fills[i].String(); d != "" {
			fmt.Fprintf(w, `<path d="%s" style="fill:%s" fill-opacity="%.2f"%s/>`+"\n", d, ink, 0.25*float64(i+1), attributes)
		}
	}
	if d := s.lines.String(); d != "" {
		fmt.Fprintf(w, `<path d="%s" stroke="%s"%s/>`+"\n", d, ink, attributes)
	}
	if d := s.dots.String(); d != "" {
		fmt.Fprintf(w, `<path d="%s" stroke="%s" stroke-width="2.6"%s/>`+"\n", d, ink, attributes)
	}
}
