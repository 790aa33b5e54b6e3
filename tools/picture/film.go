package main

import (
	"fmt"
	"slices"
	"strings"
)

// group is what is drawn in the frames from first to last and in no others next to them.
type group struct {
	first, last int
	drawn       strings.Builder
}

func (g *group) name() string { return fmt.Sprintf("f%d-%d", g.first, g.last) }

// always says that it never goes away.
func (g *group) always(frames []frame) bool { return g.first == 0 && g.last == len(frames)-1 }

// film puts each line of the screens into the group of the frames in which it stays as it is: what does not
// change is written once. Groups are in the order of their frames.
func film(frames []frame, rows int, width float64) []*group {
	spans := map[[2]int]*group{}
	at := func(first, last int) *group {
		if spans[[2]int{first, last}] == nil {
			spans[[2]int{first, last}] = &group{first: first, last: last}
		}
		return spans[[2]int{first, last}]
	}
	stays(frames, func(a, b frame) bool { return a.title == b.title }, func(first, last int) {
		fmt.Fprintf(&at(first, last).drawn, `<text x="%.0f" y="20" text-anchor="middle" style="fill:#7d8590">%s</text>`+"\n",
			width/2, escape(frames[first].title))
	})
	for y := range rows {
		same := func(a, b frame) bool { return slices.Equal(a.line(y), b.line(y)) }
		stays(frames, same, func(first, last int) { drawLine(&at(first, last).drawn, y, frames[first].line(y)) })
	}
	var groups []*group
	for first := range frames {
		for last := first; last < len(frames); last++ {
			if g := spans[[2]int{first, last}]; g != nil && g.drawn.Len() > 0 {
				groups = append(groups, g)
			}
		}
	}
	return groups
}

// stays calls found for each span of frames that are the same.
func stays(frames []frame, same func(a, b frame) bool, found func(first, last int)) {
	for first := 0; first < len(frames); {
		last := first
		for last+1 < len(frames) && same(frames[first], frames[last+1]) {
			last++
		}
		found(first, last)
		first = last + 1
	}
}

// line is a line of the screen, empty below it.
func (f frame) line(y int) []cell {
	if y < len(f.screen) {
		return f.screen[y]
	}
	return nil
}

// motion is the style that shows each group in its time. Where nothing moves, since the viewer wants it so or
// cannot, the last frame stands.
func motion(groups []*group, frames []frame) string {
	starts := []int{0} // in ms, and the end of all
	for _, f := range frames {
		starts = append(starts, starts[len(starts)-1]+f.ms)
	}
	total := starts[len(frames)]
	percent := func(frame int) string { return number(100*float64(starts[frame])/float64(total)) + "%" }
	var b strings.Builder
	for _, g := range groups {
		if g.always(frames) {
			continue
		}
		if g.last < len(frames)-1 {
			fmt.Fprintf(&b, ".%s{visibility:hidden}", g.name())
		}
		fmt.Fprintf(&b, "@media (prefers-reduced-motion:no-preference){.%s{animation:%s %dms step-end infinite}}", g.name(), g.name(), total)
		fmt.Fprintf(&b, "@keyframes %s{", g.name())
		if g.first > 0 {
			b.WriteString("0%{visibility:hidden}")
		}
		fmt.Fprintf(&b, "%s{visibility:visible}", percent(g.first))
		if g.last < len(frames)-1 {
			fmt.Fprintf(&b, "%s{visibility:hidden}", percent(g.last+1))
		}
		b.WriteString("}\n")
	}
	return b.String()
}
