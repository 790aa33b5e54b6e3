package widget

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"shardeck/ui/theme"
)

// Part of a stacked bar.
type Part struct {
	Value float64
	Glyph string
	Tone  theme.Tone
}

// Bar draws parts of a total in width columns, the rest as empty. A small part still gets a column if there is one to spare.
func Bar(th *theme.Theme, width int, total float64, parts []Part, empty string) string {
	if width <= 0 {
		return ""
	}
	cells := shares(width, total, parts)
	var b strings.Builder
	used := 0
	for i, p := range parts {
		b.WriteString(th.Paint(p.Tone, strings.Repeat(p.Glyph, cells[i])))
		used += cells[i]
	}
	b.WriteString(th.Paint(theme.Dim, strings.Repeat(empty, width-used)))
	return b.String()
}

// shares divides width by largest remainder; parts over the total share what there is.
func shares(width int, total float64, parts []Part) []int {
	sum := 0.0
	for _, p := range parts {
		sum += math.Max(p.Value, 0)
	}
	total = math.Max(total, sum)
	cells, rest, order := make([]int, len(parts)), make([]float64, len(parts)), make([]int, len(parts))
	if total <= 0 {
		return cells
	}
	used := 0
	for i, p := range parts {
		exact := math.Max(p.Value, 0) / total * float64(width)
		cells[i] = int(exact)
		rest[i] = exact - math.Floor(exact)
		if cells[i] == 0 && exact > 0 {
			rest[i]++
		}
		used += cells[i]
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(rest[b], rest[a]) })
	spare := int(math.Round(sum/total*float64(width))) - used
	for _, i := range order[:clamp(spare, 0, len(order))] {
		cells[i]++
	}
	return cells
}

// Gauge is a bar of one part: how much of a whole is done.
func Gauge(th *theme.Theme, width int, done, total float64) string {
	return Bar(th, width, total, []Part{{done, th.Full, theme.Busy}}, th.Wait)
}

// Levels draws values in [0,1] as columns of rising height, one a value: a sparkline.
func Levels(th *theme.Theme, values []float64) string {
	var b strings.Builder
	top := len(th.Levels) - 1
	for _, v := range values {
		if math.IsNaN(v) {
			b.WriteString(" ")
			continue
		}
		level := int(math.Ceil(v * float64(top)))
		b.WriteString(th.Levels[clamp(level, 0, top)])
	}
	return b.String()
}

// Sparkline is Levels for values of any size: the largest is the highest.
func Sparkline(th *theme.Theme, values []float64) string {
	shares, top := slices.Clone(values), slices.Max(append([]float64{0}, values...))
	for i := range shares {
		shares[i] /= cmp.Or(top, 1)
	}
	return Levels(th, shares)
}
