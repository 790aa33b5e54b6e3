package present

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"shardeck/model/explain"
	"shardeck/model/metric"
	"shardeck/model/present/unit"
)

// Waterfall is a metric of two runs by part, in the order of a step, small ones summed up; the changes add up to the last line.
func Waterfall(m explain.Metric) Table {
	t := Table{Name: m.Name, Columns: Columns("part…20", ">before|"+m.Unit, ">after|"+m.Unit, ">change|"+m.Unit, ">by the split|"+m.Unit+"/2",
		">beyond it|"+m.Unit+"/3", "waterfall/1")}
	digits := digitsOf(m.Before)
	parts := Folded(m)
	at, low, high := m.Before, m.Before, m.Before
	for _, p := range parts {
		at += p.Change()
		low, high = min(low, at), max(high, at)
	}
	at = m.Before
	for _, p := range parts {
		cells := append([]Cell{strong(PartName(p))}, Texts(orMissing(p.Before, digits), orMissing(p.After, digits),
			unit.Signed(p.Change(), digits), unit.Missing, unit.Missing)...)
		if p.Expected != nil {
			cells[4], cells[5] = dim(unit.Signed(*p.Expected-p.Before, digits)), Cell{Text: unit.Signed(p.After-*p.Expected, digits)}
		}
		t.Add(append(cells, fall(at, at+p.Change(), low, high))...)
		at += p.Change()
	}
	last := Texts("measured", unit.Number(m.Before, digits), unit.Number(m.After, digits), unit.Signed(m.After-m.Before, digits), "", "", "")
	for i := range last {
		last[i].Role = Strong
	}
	t.Add(last...)
	return t
}

// orMissing is an amount, or the sign of none.
func orMissing(v float64, digits int) string {
	if v == 0 {
		return unit.Missing
	}
	return unit.Number(v, digits)
}

// digitsOf is how many decimals make four digits.
func digitsOf(v float64) int {
	if v <= 0 {
		return 3
	}
	return min(max(3-int(math.Floor(math.Log10(v))), 1), 4)
}

// Folded is the parts of a metric, with one for all that change it, or miss what their split gives, by less than four thousandths;
// where the whole changes little, by less than a twentieth of that.
func Folded(m explain.Metric) (parts []explain.Part) {
	least := min(0.004*m.Before, max(0.0005*m.Before, 0.05*math.Abs(m.After-m.Before)))
	small := func(p explain.Part) bool {
		return math.Abs(p.Change()) < least && (p.Expected == nil || math.Abs(p.After-*p.Expected) < least)
	}
	rest, n := explain.Part{Group: explain.Operator, Expected: new(0.0)}, 0
	for _, p := range m.Parts {
		if !small(p) {
			parts = append(parts, p)
			continue
		}
		n++
		rest.Add(p)
	}
	slices.SortStableFunc(parts, func(a, b explain.Part) int {
		if a.Group != b.Group || a.Group != explain.Operator {
			return 0
		}
		return cmp.Compare(math.Abs(b.Change()), math.Abs(a.Change()))
	})
	if rest.Name = fmt.Sprintf("%d more, little each", n); n > 0 {
		parts = append(parts, rest)
	}
	return parts
}

// PartName is a part as a table calls it.
func PartName(p explain.Part) string {
	switch p.Group {
	case explain.Transfer:
		return p.Name + ", transfer"
	case explain.Wait:
		return "wait for ranks"
	case explain.Gap:
		return "gap: " + cmp.Or(gapWords[p.Name], p.Name)
	case explain.Outside:
		return "outside the steps"
	}
	return p.Name
}

// fall is a step of a waterfall from one height to another, as a bar between the lowest and the highest of all.
func fall(from, to, low, high float64) Cell {
	const width = 24
	column := func(v float64) int { return int(math.Round(width * (v - low) / max(high-low, 1e-12))) }
	a, b := column(min(from, to)), column(max(from, to))
	block, role := "█", Good
	if to > from {
		block, role = "▓", Bad
	}
	return Cell{Text: strings.Repeat(" ", a) + strings.Repeat(block, b-a), Role: role}
}

// ExplainHead says what a metric was before and after.
func ExplainHead(m explain.Metric) string {
	digits := digitsOf(m.Before)
	text := fmt.Sprintf("%s %s → %s %s", m.Name, unit.Number(m.Before, digits), unit.Number(m.After, digits), m.Unit)
	if percent, ok := metric.Change(m.Before, m.After); ok {
		text += fmt.Sprintf(", %s %%", unit.Signed(percent, 1))
	}
	return text
}

// ExplainWords say what gained and what cost most, and what fell shortest of its split.
func ExplainWords(m explain.Metric) (out []string) {
	digits := digitsOf(m.Before)
	by := func(what string, value func(explain.Part) (float64, bool), tail func(explain.Part) string) {
		best, most := explain.Part{}, 0.0
		for _, p := range m.Parts {
			if v, ok := value(p); ok && v > most {
				best, most = p, v
			}
		}
		if most > 0.004*m.Before {
			out = append(out, fmt.Sprintf("%s: %s, %s %s%s", what, PartName(best), unit.Signed(best.Change(), digits), m.Unit, tail(best)))
		}
	}
	none := func(explain.Part) string { return "" }
	by("gained most", func(p explain.Part) (float64, bool) { return -p.Change(), true }, none)
	by("cost most", func(p explain.Part) (float64, bool) { return p.Change(), true }, none)
	by("fell shortest of its split", func(p explain.Part) (float64, bool) {
		if p.Expected == nil || *p.Expected >= p.Before {
			return 0, false
		}
		return p.After - *p.Expected, true
	}, func(p explain.Part) string {
		return fmt.Sprintf(" where its share of the work makes %s", unit.Signed(*p.Expected-p.Before, digits))
	})
	for _, p := range m.Parts {
		if most := max(math.Abs(p.Before)/m.Before, math.Abs(p.After)/m.After); p.Group == explain.Outside && most > 0.1 {
			out = append(out, "outside the steps is much: what was timed is not what was traced (a profiler slows the host, clocks and the order of requests vary)")
		}
	}
	return out
}

var whatIfTitles = map[string]string{"no_straggler": "no straggler", "fast_link": "link twice as fast", "overlap": "perfect overlap",
	"no_gaps": "no gaps", "floor": "at the floor"}

// WhatIfs are the bounds of a run, a column for each metric; Remark is not theirs, the assumptions stand apart.
func WhatIfs(all []explain.WhatIf) Table {
	t := Table{Name: "what-if", Columns: Columns("at best, with")}
	var named []explain.Bound
	for _, w := range all {
		if len(w.Bounds) > len(named) {
			named = w.Bounds
		}
	}
	now := Texts("as measured")
	for _, b := range named {
		t.Columns = append(t.Columns, Columns(">"+b.Name+"|"+b.Unit, ">gain|%")...)
		now = append(now, Texts(unit.Number(b.Now, digitsOf(b.Now)), "")...)
	}
	t.Add(now...)
	for _, w := range all {
		cells := []Cell{strong(whatIfTitles[w.Name])}
		for i := range named {
			if w.Unknown != "" {
				cells = append(cells, None(), None())
				continue
			}
			b := w.Bounds[i]
			gain, _ := metric.Change(b.Now, b.Best)
			cells = append(cells, Texts("≥ "+unit.Number(b.Best, digitsOf(b.Now)), unit.Number(-gain, 1))...)
		}
		t.Add(cells...)
	}
	return t
}

// WhatIfWords are the assumptions, and what is not known and why.
func WhatIfWords(all []explain.WhatIf) (out []string) {
	for _, w := range all {
		out = append(out, whatIfTitles[w.Name]+": "+w.Assumes)
		if w.Unknown != "" {
			out[len(out)-1] = whatIfTitles[w.Name] + ": not known: " + w.Unknown
		}
	}
	return out
}
