package traces

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/model"
	"shardeck/model/metric"
	"shardeck/model/present/unit"
	tl "shardeck/model/timeline"
	"shardeck/ui/pane"
)

// seeker goes to places of a timeline.
type seeker struct{ *lanes }

// goTo shows a place of the rank chosen, on the clock of its side, and says what it is.
func (t seeker) goTo(s tl.Span, share float64, said string) tea.Cmd {
	side, _ := t.chosen()
	s = tl.Span{Start: s.Start - side.shift, End: s.End - side.shift}
	v := t.sight()
	inside := s.Start >= v.From+(v.To-v.From)/8 && s.End <= v.To-(v.To-v.From)/8
	t.mark, t.call, t.said = s, nil, said
	if !inside || share > 0 && float64(s.End-s.Start) < share/8*float64(v.To-v.From) {
		v = v.Around(s, max(share, 1e-9), t.window())
	}
	return t.look(v)
}

// from is where the next place is looked for: behind what was gone to while that is in sight, else at the middle of the sight.
func (t seeker) from() int64 {
	side, _ := t.chosen()
	v := t.sight()
	at := v.From + (v.To-v.From)/2
	switch {
	case t.mark != (tl.Span{}) && t.mark.Start >= v.From && t.mark.Start <= v.To:
		at = t.mark.Start
	case t.isWhole():
		at = -1
	}
	return at + side.shift
}

// seek goes to what is found on the rank chosen, once kernels are there, or says that there is none.
func (t seeker) seek(share float64, none string, find func(*side, *tl.Rank) (s tl.Span, what string, ok bool)) tea.Cmd {
	return t.need(func() tea.Cmd {
		side, r := t.chosen()
		if r == nil {
			return nil
		}
		s, what, ok := find(side, r)
		if !ok {
			return pane.Warn(fmt.Sprintf("rank %d %s", r.Number, none))
		}
		return t.goTo(s, share, fmt.Sprintf("rank %d %s %s, at %s", r.Number, what, unit.Duration(s.End-s.Start), unit.Duration(s.Start))+within(r, s.Start))
	})
}

// toWait goes to the next wait that is seen: that takes an eighth of a column.
func (t seeker) toWait(back bool) tea.Cmd {
	return t.seek(0, "has no "+word(back)+" wait that is seen at this zoom: + goes closer", func(_ *side, r *tl.Rank) (tl.Span, string, bool) {
		v := t.sight()
		s, ok := r.NextWait(t.from(), max((v.To-v.From)/1000, 1), back)
		return s, "waits", ok
	})
}

func word(back bool) string { return map[bool]string{true: "earlier", false: "later"}[back] }

// toGap goes to the longest time in sight in which the rank chosen did nothing.
func (t seeker) toGap() tea.Cmd {
	return t.seek(0.25, "is never idle here", func(of *side, r *tl.Rank) (tl.Span, string, bool) {
		v := t.sight()
		s, ok := r.LongestGap(v.From+of.shift, v.To+of.shift)
		return s, "has its longest gap in sight,", ok
	})
}

// find goes to the next kernel whose name holds what was asked for.
func (t seeker) find(back bool) tea.Cmd {
	if t.sought == "" {
		return t.askFind()
	}
	return t.seek(0.1, fmt.Sprintf("has no %s kernel with %q in its name", word(back), t.sought), func(of *side, _ *tl.Rank) (tl.Span, string, bool) {
		run := of.best()
		k, ok := run.Find(t.on.rank, t.sought, t.from(), back)
		if !ok {
			return tl.Span{}, "", false
		}
		return tl.Span{Start: k.Start, End: k.End}, "runs " + run.Names[k.Name].Short + " for", true
	})
}

// toCall goes to the next call of the rank chosen.
func (t seeker) toCall(back bool) tea.Cmd {
	return t.need(func() tea.Cmd {
		side, r := t.chosen()
		if r == nil {
			return nil
		}
		c := side.best().NextCall(t.on.rank, t.from(), back)
		if c == nil {
			return pane.Warn(fmt.Sprintf("rank %d has no %s call that was matched with another rank's", r.Number, word(back)))
		}
		return t.showCall(c, 0)
	})
}

func (t seeker) showCall(c *tl.Call, share float64) tea.Cmd {
	side, _ := t.chosen()
	p := c.On(t.on.rank)
	cmd := t.goTo(tl.Span{Start: p.Start, End: p.End}, share, callSaid(side.best(), c))
	t.call = c
	return cmd
}

// callSaid says what a call is, and who was last in it.
func callSaid(run *tl.Run, c *tl.Call) string {
	text := c.Type + " " + unit.Int(c.Number)
	if c.Bytes >= 0 {
		text += " of " + map[bool]string{true: "≈"}[c.Inferred] + unit.Memory(c.Bytes)
	}
	last := run.Ranks[c.Last].Number
	switch first := c.Parts[0]; {
	case c.SpreadNS == 0:
		text += ": all ranks came at once"
	case len(c.Parts) == 2:
		if first.Rank == c.Last {
			first = c.Parts[1]
		}
		text += fmt.Sprintf(": rank %d was last, %s after rank %d", last, unit.Duration(c.SpreadNS), run.Ranks[first.Rank].Number)
	default:
		text += fmt.Sprintf(": of %d ranks %d was last, %s after the first", len(c.Parts), last, unit.Duration(c.SpreadNS))
	}
	return text
}

// toLate shows a late call on the rank that was last.
func (t seeker) toLate(c *metric.LateCall) tea.Cmd {
	if run := t.sides[0].best(); run != nil {
		t.on = place{0, max(run.At(c.Rank), 0)}
	}
	read := t.goTo(tl.Span{Start: c.AtNS - c.SpreadNS, End: c.AtNS + c.SpreadNS/2}, 0.3, "")
	return tea.Batch(read, t.need(func() tea.Cmd {
		run := t.sides[0].lanes
		if run == nil {
			return nil
		}
		for _, found := range run.CallsIn(c.AtNS-1, c.AtNS+2) {
			if found.On(t.on.rank) != nil && found.Type == c.Type && found.Number == c.Number {
				t.call, t.said = &found, callSaid(run, &found)
			}
		}
		return nil
	}))
}

// within is the step and the layer that a moment of a rank lies in; empty: none is known.
func within(r *tl.Rank, at int64) string {
	s := r.StepAt(at)
	if s == nil {
		return ""
	}
	text := ", in " + s.Phase + " " + unit.Int(s.Number)
	for k := range s.Layers() {
		if l, _ := s.Layer(k + 1); at >= l.Start && at < l.End {
			text += ", layer " + unit.Int(k+1)
		}
	}
	return text
}

// askFind asks for a part of the name of a kernel, and goes to the next one.
func (t seeker) askFind() tea.Cmd {
	return t.dialog.Type(pane.Field{Prompt: "find kernel: ", History: &t.typed, Take: func(text string) tea.Cmd {
		t.sought = text
		return t.find(false)
	}})
}

// askPlace asks where to go: a call, a step, a layer, a time.
func (t seeker) askPlace() tea.Cmd {
	return t.dialog.Type(pane.Field{Prompt: "go to: ", Take: func(text string) tea.Cmd {
		return t.need(func() tea.Cmd { return t.toPlace(text) })
	}, Keys: []pane.Key{pane.Hint("call 57", ""), pane.Hint("decode 14 layer 3", ""), pane.Hint("12.5 ms", "")}})
}

// named is a word and the number behind it.
var named = regexp.MustCompile(`([a-zµ]+)\s*(\d+)`)

// units of times that people type, ns.
var units = map[string]float64{"ns": 1, "us": 1e3, "µs": 1e3, "ms": 1e6, "s": 1e9}

// toPlace goes to what a text names, in all sides: the same call or step stands under its like.
func (t seeker) toPlace(text string) tea.Cmd {
	if value, u, ok := strings.Cut(strings.TrimSpace(text), " "); ok && units[u] > 0 {
		if at, err := strconv.ParseFloat(value, 64); err == nil {
			ns := int64(at * units[u])
			return t.goTo(tl.Span{Start: ns, End: ns}, 0, unit.Duration(ns))
		}
	}
	words := model.Each(named.FindAllStringSubmatch(text, -1), func(m []string) string { return m[1] + " " + m[2] })
	side, r := t.chosen()
	if r == nil || len(words) == 0 {
		return pane.Warn(fmt.Sprintf("%q names no place: call 57, decode 14, decode 14 layer 3 and 12.5 ms do", text))
	}
	here, err := t.placeOf(side, t.on.rank, words)
	if err != nil {
		return pane.Fail(err)
	}
	for _, other := range t.sides {
		if other.ranks() == 0 {
			continue
		}
		if there, err := t.placeOf(other, min(t.on.rank, len(other.best().Ranks)-1), words); err == nil {
			other.shift = there.Start - here.Start
		}
	}
	if first := t.sides[0].shift; first != 0 { // the first side is what the ruler is of
		for _, s := range t.sides {
			s.shift -= first
		}
	}
	if c := strings.Fields(words[0]); c[0] == "call" && side.lanes != nil {
		k, _ := strconv.Atoi(c[1])
		return t.showCall(side.lanes.Call(t.on.rank, k), 0.25)
	}
	return t.goTo(here, 0.8, strings.Join(words, ", ")+fmt.Sprintf(" of rank %d takes %s", r.Number, unit.Duration(here.End-here.Start)))
}

// placeOf is where what words name is on a rank of a side.
func (t seeker) placeOf(s *side, rank int, words []string) (tl.Span, error) {
	run := s.best()
	r := &run.Ranks[rank]
	step := r.StepAt(t.from())
	var at tl.Span
	for _, w := range words {
		name, number, _ := strings.Cut(w, " ")
		k, _ := strconv.Atoi(number)
		missing := fmt.Errorf("rank %d of %s has no %s", r.Number, s.run, w)
		switch name {
		case "call":
			c := run.Call(rank, k)
			if c == nil {
				return at, missing
			}
			p := c.On(rank)
			at = tl.Span{Start: p.Start, End: p.End}
		case "layer":
			if step == nil {
				return at, fmt.Errorf("layer %d of which step? decode 14 layer %d says so", k, k)
			}
			l, ok := step.Layer(k)
			if !ok {
				return at, fmt.Errorf("%s %d of rank %d has %s that the x-ray tells", step.Phase, step.Number, r.Number, unit.Plural(step.Layers(), "layer"))
			}
			at = l
		default:
			phase := name
			if name == "step" {
				phase = ""
			}
			if step = r.Step(phase, k); step == nil {
				return at, missing
			}
			at = tl.Span{Start: step.Start, End: step.End}
		}
	}
	return at, nil
}
