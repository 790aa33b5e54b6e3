package canvas

import (
	"strings"

	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// Heat is a table of values on grounds of their height, the higher the brighter.
type Heat struct {
	Title, Corner string
	Rows, Columns []string
	Cells         [][]HeatCell // by row, then column
	Row           int          // that the cursor is in; -1: none
}

// HeatCell is a place of a heat map. Level is from 0 to 1; one without a value has none, and its Text says why.
type HeatCell struct {
	Text  string
	Level float64
	Known bool
	Tone  theme.Tone // of what has no value
}

// View draws the map into at most so many lines, its cells as large as there is room for; nil: there is too little.
func (h *Heat) View(th *theme.Theme, width, height int) []string {
	label, wide := widget.Width(h.Corner), 6
	for _, r := range h.Rows {
		label = max(label, widget.Width(r))
	}
	for k, c := range h.Columns {
		wide = max(wide, widget.Width(c)+2)
		for _, row := range h.Cells {
			wide = max(wide, widget.Width(row[k].Text)+4)
		}
	}
	room := width - label - 4
	if len(h.Rows) == 0 || height < len(h.Rows)+2 || room < wide*len(h.Columns) {
		return nil
	}
	wide = min(max(wide, room/len(h.Columns)), wide+8)
	high := min(max((height-2)/len(h.Rows), 1), 3)
	lines := []string{"   " + th.Paint(theme.Dim, widget.Clip(h.Title, width-3))}
	head := "   " + th.Paint(theme.Dim, widget.Right(h.Corner, label)+" ")
	for _, c := range h.Columns {
		head += th.Paint(theme.Dim, middle(c, wide))
	}
	lines = append(lines, head)
	for i, row := range h.Cells {
		for part := range high {
			at, tone := part == (high-1)/2, theme.Plain
			if i == h.Row {
				tone = theme.Accent
			}
			line := strings.Repeat(" ", label+4)
			if at {
				line = "   " + th.Paint(tone, widget.Right(h.Rows[i], label)) + " "
			}
			for _, c := range row {
				line += c.paint(th, wide, at)
			}
			lines = append(lines, line)
		}
	}
	return lines
}

func (c HeatCell) paint(th *theme.Theme, wide int, at bool) string {
	text := ""
	if at {
		text = c.Text
	}
	if !c.Known {
		return th.Paint(c.Tone, middle(text, wide))
	}
	return th.Heat(c.Level, middle(text, wide-1)) + " "
}

func middle(text string, wide int) string {
	text = widget.Clip(text, wide)
	return widget.Fit(strings.Repeat(" ", (wide-widget.Width(text))/2)+text, wide)
}

// Tile lays n pictures out in rows and columns, each in the same room, as many as there is room for.
func Tile(n, width, height, leastWidth, leastHeight int, draw func(i, width, height int) []string) (lines []string) {
	columns := max(min(width/leastWidth, n, 3), 1)
	rows := min(max(height/leastHeight, 1), (n+columns-1)/columns)
	for row := range rows {
		high := height / rows
		var side []string
		for i := row * columns; i < min((row+1)*columns, n); i++ {
			one := widget.Filled(draw(i, width/columns, high-min(rows-1, 1)), high)
			if side == nil {
				side = one
				continue
			}
			for k := range side {
				side[k] = widget.Fit(side[k], (i%columns)*(width/columns)) + one[k]
			}
		}
		lines = append(lines, side...)
	}
	return lines
}
