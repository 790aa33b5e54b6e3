package widget

import (
	"math"

	"github.com/charmbracelet/x/ansi"
)

// slot is a column in a line, after what that has room for.
type slot struct {
	*measured
	at    int // of the table's columns
	gap   int // blanks before it
	width int
}

func (t *Table) slot(c, others int) slot {
	s := slot{measured: &t.measured[c], at: c, gap: gap}
	if s.width = s.natural; s.Min > 0 {
		s.width = min(s.Min, s.natural)
	}
	switch {
	case others == 0:
		s.gap = 0
	case s.Tight:
		s.gap = 1
	}
	return s
}

// placed is a text in the slot, with the gap before it.
func (s slot) placed(text string) string {
	switch {
	case s.Right:
		return blank(s.gap) + Right(text, s.width)
	case s.Middle:
		text = s.named(text)
	}
	return blank(s.gap) + Fit(text, s.width)
}

// named is a name cut where it does not differ from the others: out of what all begin with, else in its middle.
func (s slot) named(text string) string {
	over := Width(text) - s.width + 1
	if over <= 1 || over > s.same {
		return Middle(text, s.width)
	}
	return ansi.Truncate(text, s.same-over, "") + "…" + ansi.TruncateLeft(text, s.same, "")
}

// layout chooses the columns that so much room holds; what they leave goes to those that were to be cut, from the left.
func (t *Table) layout(room int) []slot {
	t.room = room
	if len(t.measured) != len(t.Columns) {
		t.SetRows(t.rows)
	}
	choose := t.worthy
	if t.Column >= 0 {
		choose = t.scrolled
	}
	slots := choose(room)
	for _, s := range slots {
		room -= s.gap + s.width
	}
	for i := range slots {
		more := min(max(room, 0), slots[i].natural-slots[i].width)
		slots[i].width += more
		room -= more
	}
	return slots
}

// worthy leaves out columns, the highest worth first and those of one worth together, until the others fit.
func (t *Table) worthy(room int) []slot {
	for most := math.MaxInt; ; {
		var slots []slot
		need, worth := 0, 0
		for c, column := range t.Columns {
			if column.Worth < most {
				s := t.slot(c, len(slots))
				slots, need, worth = append(slots, s), need+s.gap+s.width, max(worth, column.Worth)
			}
		}
		if need <= room || worth == 0 {
			return slots
		}
		most = worth
	}
}

// scrolled keeps the frozen columns and as many others as fit, the cursor's among them.
func (t *Table) scrolled(room int) []slot {
	t.Column = clamp(t.Column, 0, len(t.Columns)-1)
	t.firstCol = clamp(t.firstCol, t.Freeze, max(t.Column, t.Freeze))
	for ; ; t.firstCol++ {
		slots := t.from(t.firstCol, room)
		if len(slots) == 0 || t.Column < t.Freeze || slots[len(slots)-1].at >= t.Column || t.firstCol >= t.Column {
			return slots
		}
	}
}

func (t *Table) from(first, room int) []slot {
	var slots []slot
	for c := range t.Columns {
		if c >= t.Freeze && c < first {
			continue
		}
		s := t.slot(c, len(slots))
		if room -= s.gap + s.width; room < 0 && len(slots) > t.Freeze {
			break
		}
		slots = append(slots, s)
	}
	return slots
}

// Shown are the columns that a line of this width holds.
func (t *Table) Shown(width int) []int {
	var shown []int
	for _, s := range t.layout(width - margin) {
		shown = append(shown, s.at)
	}
	return shown
}
