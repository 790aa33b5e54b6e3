package canvas

import (
	"math"
	"strings"

	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// Bar is a step of a waterfall.
type Bar struct {
	Name     string
	From, To float64
	Text     string // what it adds
	Whole    bool   // a total: From is 0
}

// Waterfall draws bars below each other, each from where the one before it ended: what is gained is hatched, what is lost is full. The
// axis begins at 0; where all ends lie within a tenth it is cut, and the totals are. Bars without room are left out, but not the last.
func Waterfall(th *theme.Theme, bars []Bar, width, height int) (lines []string) {
	if n := len(bars); n > height && height > 1 {
		bars = append(append([]Bar{}, bars[:height-2]...), bars[n-1])
		bars = append(bars[:height-2], Bar{Name: th.More, From: bars[height-2].To, To: bars[height-2].To}, bars[len(bars)-1])
	}
	name, text, low, high := 0, 0, math.Inf(1), 0.0
	for _, b := range bars {
		name, text = max(name, widget.Width(b.Name)), max(text, widget.Width(b.Text))
		low, high = min(low, b.To), max(high, b.From, b.To)
	}
	cut := low > 0.9*high
	if low -= (high - low) / 4; !cut {
		low = 0
	}
	name = min(name, width/3)
	room := max(width-name-text-8, 4)
	place := func(v float64) float64 { return float64(room) * (max(v, low) - low) / max(high-low, 1e-300) }
	for _, b := range bars {
		tone, full := theme.Bad, th.Full
		switch {
		case b.Whole:
			tone = theme.Plain
		case b.To <= b.From:
			tone, full = theme.Good, th.Transit
		}
		from, to := place(min(b.From, b.To)), place(max(b.From, b.To))
		if b.Whole {
			from = 0
		}
		blank, bar := blocks(th, from, to, full)
		if b.Whole && cut {
			blank, bar = 0, th.More+bar[min(len(full), len(bar)):]
		}
		line := "   " + widget.Fit(b.Name, name) + "  " + widget.Right(b.Text, text) + "  " + strings.Repeat(" ", blank) + th.Paint(tone, bar)
		lines = append(lines, widget.Clip(line, width))
	}
	return lines
}

// eighths fill a cell from its left.
var eighths = []string{"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"}

// blocks is a bar from one place to another: the blank cells before it, and its cells, the last an eighth of one at best. A bar that is
// hatched ends with a whole cell, and what is more than nothing is seen.
func blocks(th *theme.Theme, from, to float64, full string) (blank int, bar string) {
	blank = int(math.Round(from))
	length := to - float64(blank)
	cells := int(length)
	bar = strings.Repeat(full, max(cells, 0))
	part := int(8 * (length - math.Floor(length)))
	switch {
	case length <= 0:
	case (full != "█" || th.Rung == theme.ASCII) && length-float64(cells) >= 0.5:
		bar += full
	case full == "█" && th.Rung != theme.ASCII:
		bar += eighths[part]
	}
	if bar == "" && to > from {
		bar = th.Wall
	}
	return blank, bar
}
