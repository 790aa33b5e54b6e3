// Package canvas draws pictures in a terminal: a field of cells that each show 2 × 4 dots, as fine as the terminal can, or a sign. On it
// are the chart, the heat map and the waterfall. It knows no experiment; what it draws costs a terminal few bytes to change.
package canvas

import (
	"math"
	"strings"

	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// Ink is how a sign is painted: in a tone, or in the colour of a series (from 1 on).
type Ink struct {
	Tone   theme.Tone
	Series int
}

func (k Ink) paint(th *theme.Theme, text string) string {
	if k.Series > 0 {
		return th.Series(k.Series-1, text)
	}
	return th.Paint(k.Tone, text)
}

// cell is what was drawn there: a sign over dots over what lies under all.
type cell struct {
	dots        byte
	sign, under string
	ink, ground Ink // of sign or dots, and of what is under them
}

// Canvas is so many columns and rows of cells.
type Canvas struct {
	Cols, Rows int
	rung       theme.Rung
	cells      []cell
}

// New is an empty canvas.
func New(rung theme.Rung, cols, rows int) *Canvas {
	cols, rows = max(cols, 0), max(rows, 0)
	return &Canvas{cols, rows, rung, make([]cell, cols*rows)}
}

func (c *Canvas) at(col, row int) *cell {
	if col < 0 || col >= c.Cols || row < 0 || row >= c.Rows {
		return nil
	}
	return &c.cells[row*c.Cols+col]
}

// Dot sets a dot: two to a column, four to a row.
func (c *Canvas) Dot(x, y int, ink Ink) {
	if x < 0 || y < 0 {
		return
	}
	if at := c.at(x/2, y/4); at != nil && at.sign == "" {
		at.dots |= 1 << (2*(y%4) + x%2)
		at.ink = ink
	}
}

// Pattern says which dots of a line are set: On of every Of.
type Pattern struct{ On, Of int }

// The patterns of lines.
var (
	Solid  = Pattern{1, 1}
	Dashed = Pattern{4, 7}
)

// Line joins two places in dots, from the first on.
func (c *Canvas) Line(x0, y0, x1, y1 float64, p Pattern, ink Ink) {
	steps := int(math.Ceil(max(math.Abs(x1-x0), math.Abs(y1-y0), 1)))
	if steps > 8*(c.Cols+c.Rows)+8 {
		return
	}
	for i := range steps + 1 {
		if share := float64(i) / float64(steps); i%p.Of < p.On {
			c.Dot(int(math.Round(x0+share*(x1-x0))), int(math.Round(y0+share*(y1-y0))), ink)
		}
	}
}

// Sign puts a sign over the dots of a cell.
func (c *Canvas) Sign(col, row int, sign string, ink Ink) {
	if at := c.at(col, row); at != nil {
		at.sign, at.ink = sign, ink
	}
}

// Under puts a sign where nothing else is drawn.
func (c *Canvas) Under(col, row int, sign string, ink Ink) {
	if at := c.at(col, row); at != nil {
		at.under, at.ground = sign, ink
	}
}

// Text writes from a cell on.
func (c *Canvas) Text(col, row int, text string, ink Ink) {
	for _, r := range text {
		c.Sign(col, row, string(r), ink)
		col++
	}
}

// Calm takes the colour of the signs of a row that are fewer than so many of one ink at a stretch.
func (c *Canvas) Calm(row, least int) {
	line := c.cells[row*c.Cols : (row+1)*c.Cols]
	for from, to := 0, 0; from < len(line); from = to {
		for to = from; to < len(line) && line[to].ink == line[from].ink; to++ {
		}
		for i := from; i < to && to-from < least; i++ {
			line[i].ink = Ink{}
		}
	}
}

// Write is Text where that much room is free, with a blank on both sides; false: it is not.
func (c *Canvas) Write(col, row int, text string, ink Ink) bool {
	width := widget.Width(text)
	if row < 0 || row >= c.Rows || col < 0 || col+width > c.Cols {
		return false
	}
	for i := col - 1; i <= col+width; i++ {
		if at := c.at(i, row); at != nil && (at.sign != "" || at.dots != 0) {
			return false
		}
	}
	c.Text(col, row, text, ink)
	return true
}

// Row paints signs of one ink together, blanks between them too: colours cost bytes.
func (c *Canvas) Row(th *theme.Theme, row int) string {
	var b strings.Builder
	text, blanks, now := "", 0, Ink{}
	for _, cell := range c.cells[row*c.Cols : (row+1)*c.Cols] {
		sign, ink := cell.sign, cell.ink
		if sign == "" {
			sign = c.rung.Sign(cell.dots)
		}
		if sign == "" {
			sign, ink = cell.under, cell.ground
		}
		switch {
		case sign == "":
			blanks++
			continue
		case text != "" && ink == now:
			text += strings.Repeat(" ", blanks) + sign
		default:
			b.WriteString(now.paint(th, text) + strings.Repeat(" ", blanks))
			text, now = sign, ink
		}
		blanks = 0
	}
	return b.String() + now.paint(th, text)
}
