package widget

import (
	"strings"

	"shardeck/ui/theme"
)

// Choice is several names on a rule, of which one is chosen.
type Choice struct {
	Names   []string
	At      int
	Focused bool // keys go to what is below
}

// nameGap stands between two names.
const nameGap = "  "

// String is the names as one text.
func (c Choice) String(th *theme.Theme) string {
	names := make([]string, len(c.Names))
	for i, name := range c.Names {
		tone, sign := theme.Dim, ""
		switch {
		case i == c.At && c.Focused:
			tone, sign = theme.Accent, th.Cursor
		case i == c.At:
			tone = theme.Strong
		}
		names[i] = th.Paint(tone, sign+name)
	}
	return strings.Join(names, nameGap)
}

// Pointed is the name at a place of a rule that has the choice as its title; false: none.
func (c Choice) Pointed(x int) (int, bool) {
	at := ruleIndent
	for i, name := range c.Names {
		end := at + Width(name)
		if i == c.At && c.Focused {
			end++ // the cursor
		}
		if x >= at && x < end {
			return i, true
		}
		at = end + len(nameGap)
	}
	return 0, false
}
