package main

import (
	"fmt"
	"strconv"
	"strings"
)

// cell is one character of the screen and how it looks.
type cell struct {
	r rune
	style
}

// style is what the colour sequences before a cell said; colours are palette
// numbers, -1 the default.
type style struct {
	fg, bg                                  int
	bold, faint, italic, underline, swapped bool
}

var plain = style{fg: -1, bg: -1}

// parse turns lines of text with SGR sequences into cells. Other sequences are dropped.
func parse(lines []string) [][]cell {
	s := plain
	screen := make([][]cell, len(lines))
	for y, line := range lines {
		for len(line) > 0 {
			if line[0] == 0x1b {
				line = s.sequence(line)
				continue
			}
			r := []rune(line)[0]
			screen[y] = append(screen[y], cell{r, s})
			line = line[len(string(r)):]
		}
	}
	return screen
}

// sequence takes one escape sequence off the front of line and obeys it if it is SGR.
func (s *style) sequence(line string) string {
	if strings.HasPrefix(line, "\x1b]") { // a link or a title: up to BEL or ESC \
		_, rest, _ := strings.Cut(strings.ReplaceAll(line, "\x1b\\", "\a"), "\a")
		return rest
	}
	end := strings.IndexFunc(line[1:], func(r rune) bool { return r >= '@' && r != '[' })
	if end < 0 {
		return ""
	}
	if strings.HasPrefix(line, "\x1b[") && line[1+end] == 'm' {
		s.apply(strings.FieldsFunc(line[2:1+end], func(r rune) bool { return r == ';' || r == ':' }))
	}
	return line[end+2:]
}

// apply obeys the numbers of one SGR sequence.
func (s *style) apply(codes []string) {
	if len(codes) == 0 {
		*s = plain
	}
	for i := 0; i < len(codes); i++ {
		n, _ := strconv.Atoi(codes[i])
		if (n == 38 || n == 48) && i+2 < len(codes) && codes[i+1] == "5" {
			colour, _ := strconv.Atoi(codes[i+2])
			s.set(n, colour)
			i += 2
			continue
		}
		s.attribute(n)
	}
}

func (s *style) set(code, colour int) {
	if code == 38 {
		s.fg = colour
	} else {
		s.bg = colour
	}
}

// attribute obeys one number that stands alone.
func (s *style) attribute(n int) {
	switch {
	case n == 0:
		*s = plain
	case n == 1:
		s.bold = true
	case n == 2:
		s.faint = true
	case n == 3:
		s.italic = true
	case n == 4:
		s.underline = true
	case n == 7:
		s.swapped = true
	case n == 22:
		s.bold, s.faint = false, false
	case n == 23, n == 24, n == 27:
		s.italic, s.underline, s.swapped = s.italic && n != 23, s.underline && n != 24, s.swapped && n != 27
	case n >= 30 && n <= 37:
		s.fg = n - 30
	case n >= 90 && n <= 97:
		s.fg = n - 82
	case n >= 40 && n <= 47:
		s.bg = n - 40
	case n >= 100 && n <= 107:
		s.bg = n - 92
	case n == 39:
		s.fg = -1
	case n == 49:
		s.bg = -1
	}
}

// The default colours: those of a dark terminal.
const defaultFG, defaultBG = "#d0d7de", "#0d1117"

// The 16 ANSI colours as common dark themes show them.
var ansi16 = [16]string{
	"#484f58", "#ff7b72", "#3fb950", "#d29922", "#58a6ff", "#bc8cff", "#39c5cf", "#b1bac4",
	"#6e7681", "#ffa198", "#56d364", "#e3b341", "#79c0ff", "#d2a8ff", "#56d4dd", "#f0f6fc",
}

// rgb is a colour of the xterm palette: 16 named, a 6×6×6 cube, 24 greys.
func rgb(n int) string {
	switch {
	case n < 16:
		return ansi16[n]
	case n < 232:
		level := func(v int) int {
			if v == 0 {
				return 0
			}
			return 55 + 40*v
		}
		n -= 16
		return fmt.Sprintf("#%02x%02x%02x", level(n/36), level(n/6%6), level(n%6))
	default:
		grey := 8 + 10*(n-232)
		return fmt.Sprintf("#%02x%02x%02x", grey, grey, grey)
	}
}

// colours are the two that are drawn.
func (s style) colours() (fg, bg string) {
	fg, bg = defaultFG, defaultBG
	if s.fg >= 0 {
		fg = rgb(s.fg)
	}
	if s.bg >= 0 {
		bg = rgb(s.bg)
	}
	if s.swapped {
		fg, bg = bg, fg
	}
	return fg, bg
}

// attributes are the SVG attributes of everything but colour.
func (s style) attributes() string {
	var b strings.Builder
	for _, a := range []struct {
		on   bool
		text string
	}{
		{s.bold, ` font-weight="bold"`}, {s.faint, ` opacity="0.6"`},
		{s.italic, ` font-style="italic"`}, {s.underline, ` text-decoration="underline"`},
	} {
		if a.on {
			b.WriteString(a.text)
		}
	}
	return b.String()
}
