package widget

import (
	"strings"

	"shardeck/ui/theme"
)

// Hint is one key as footers and help show it.
type Hint struct {
	Label string // ↵
	Verb  string // open
	Help  string // one line, for the help screen
}

// Footer writes as many hints as a line holds, in order; those in last always stay.
func Footer(th *theme.Theme, width int, hints, last []Hint) string {
	return Clip(" "+joinHints(th, fitting(th, width, hints, last)), width)
}

// fitting are the hints that a footer has room for, with those that always stay.
func fitting(th *theme.Theme, width int, hints, last []Hint) []Hint {
	room := width - 1 - Width(joinHints(th, last))
	at := 1
	for i, h := range hints {
		if at += Width(joinHints(th, []Hint{h})) + hintGap; at > room+1 {
			return append(hints[:i:i], last...)
		}
	}
	return append(hints[:len(hints):len(hints)], last...)
}

// HintAt is the hint at a column of a footer, and which sign of its label stands there (the first for its words); false: none does.
func HintAt(th *theme.Theme, width int, hints, last []Hint, column int) (h Hint, sign int, ok bool) {
	at := 1
	for _, h := range fitting(th, width, hints, last) {
		text := Width(joinHints(th, []Hint{h}))
		if column >= at && column < min(at+text, width) {
			if column-at < Width(h.Label) {
				return h, column - at, true
			}
			return h, 0, true
		}
		at += text + hintGap
	}
	return Hint{}, 0, false
}

// hintGap is the blanks between two hints.
const hintGap = 2

func joinHints(th *theme.Theme, hints []Hint) string {
	words := make([]string, len(hints))
	for i, h := range hints {
		words[i] = th.Paint(theme.Strong, th.Spell(h.Label)) + " " + th.Paint(theme.Dim, h.Verb)
	}
	return strings.Join(words, strings.Repeat(" ", hintGap))
}

// Group is a titled list of hints.
type Group struct {
	Title string
	Hints []Hint
}

// ruleIndent is what stands before the title of a rule.
const ruleIndent = 4

// Rule is a line across, with a title near its left end.
func Rule(th *theme.Theme, width int, title string) string {
	if title == "" {
		return th.Paint(theme.Dim, " "+strings.Repeat(th.Rule, max(width-2, 0)))
	}
	title = Sentence(title, max(width-6, 0)) // after ruleIndent columns
	rest := strings.Repeat(th.Rule, max(width-5-Width(title), 0))
	return th.Paint(theme.Dim, " "+th.Rule+th.Rule+" ") + title + th.Paint(theme.Dim, " "+rest)
}

// RuleWith is a Rule with a remark at its end, where the title leaves room for it.
func RuleWith(th *theme.Theme, width int, title, remark string) string {
	if remark == "" || Width(title)+Width(remark)+8 > width {
		return Rule(th, width, title)
	}
	return Rule(th, width-Width(remark)-2, title) + " " + th.Paint(theme.Dim, remark)
}

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
