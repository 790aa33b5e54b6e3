package present

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"shardeck/model"
	"shardeck/model/forecast"
	"shardeck/model/present/unit"
	"shardeck/model/suggest"
)

// goals are the title and the unit of the column of a goal, its unit in a sentence, and what is asked for.
var goals = map[suggest.Goal]struct{ title, unit, words, asks string }{
	suggest.Latency:    {"request", "ms", " ms a request", "the shortest request"},
	suggest.Throughput: {"tokens", "/s", " tokens/s", "most tokens a second"},
	suggest.NodeHours:  {"tokens", "M/node-h", " million tokens a node hour", "most tokens a node hour"},
}

// goalValue is a value of a goal, as a table has it.
func goalValue(q suggest.Question, v float64) string {
	if q.Goal == suggest.NodeHours {
		v /= 1e6
	}
	return unit.Significant(v)
}

// interval is where the value of a candidate lies, where that is not known to a point.
func interval(q suggest.Question, c *suggest.Candidate) string {
	if c.Low == c.High {
		return unit.Missing
	}
	return goalValue(q, c.Low) + "–" + goalValue(q, c.High)
}

// Suggestions are the candidates of which something is known: measured, then forecast.
func Suggestions(a suggest.Answer) Table {
	goal := goals[a.Question.Goal]
	t := Table{Name: "suggestions", One: "layout", Columns: Columns("layout…10", ">GPUs/4", ">"+goal.title+"|"+goal.unit,
		">interval|"+goal.unit, ">TTFT|ms", ">TPOT|ms", ">price|node-h/2", "known by-12")}
	for _, c := range a.Candidates {
		if c.Refused != "" {
			continue
		}
		lead, known := Estimate, dim("forecast")
		if c.Forecast.Prior {
			known = dim("public constants")
		}
		if c.Measured() {
			lead, known = "", Cell{Text: named(c.Runs)}
		}
		if c.Misses != suggest.Keeps {
			known = Cell{Text: string(c.Misses) + " the limit, " + known.Text, Role: Warn}
		}
		name := strong(c.Layout.Short())
		if a.Best != nil && a.Best.Layout == c.Layout {
			name.Text, name.Role = name.Text+", best", Good
		}
		number := func(v float64) Cell {
			if v == 0 {
				return None()
			}
			return Cell{Text: unit.Significant(v), Lead: lead}
		}
		t.Add(name, dim(unit.Int(c.Layout.GPUs())), Cell{Text: goalValue(a.Question, c.Value), Lead: lead},
			OrNone(interval(a.Question, &c)), number(c.TTFT), number(c.TPOT), dim(cmp.Or(unit.Known(c.Price, 2), unit.Missing)), known)
	}
	return t
}

// named is the first of some runs, and how many more there are.
func named(runs []string) string {
	if len(runs) == 1 {
		return runs[0]
	}
	return fmt.Sprintf("%s, %d more", runs[0], len(runs)-1)
}

// SuggestHead says what was asked.
func SuggestHead(a suggest.Answer, what string, engine model.Engine) string {
	q := a.Question
	words := []string{what, string(engine), fmt.Sprintf("%s of %s in, %s out", unit.Plural(q.Data.BatchSize, "request"),
		unit.Int(q.Data.SeqLen), unit.Int(q.Data.MaxTokens)), goals[q.Goal].asks, "at most " + unit.Plural(q.GPUs, "GPU")}
	if q.TTFT > 0 {
		words = append(words, "ttft ≤ "+unit.Significant(q.TTFT)+" ms")
	}
	return Joined(words...)
}

// SuggestWords are the answer, its reasons, and what is open, a sentence each; settle is how the runs that settle it are made a sweep.
func SuggestWords(a suggest.Answer, settle string) (out []string) {
	if a.Best == nil {
		out = append(out, "no answer: "+map[bool]string{true: "no layout is known to keep the limit",
			false: "nothing is known of any layout"}[a.Question.TTFT > 0])
		return append(out, unknown(a)...)
	}
	best := a.Best
	text := "best: " + best.Layout.Short() + ", " + goalValue(a.Question, best.Value) + goals[a.Question.Goal].words
	if best.Measured() {
		text += ", measured by " + named(best.Runs)
	} else {
		text += fmt.Sprintf(", a forecast (%s)", interval(a.Question, best))
	}
	out = append(out, text)
	if why := reason(a); why != "" {
		out = append(out, "why: "+why)
	}
	what := "a run would confirm it: "
	switch {
	case len(a.Rivals) == 0 && len(a.Candidates) > 1:
		out = append(out, "no other can be better, by its interval")
	case len(a.Rivals) > 0:
		out = append(out, "cannot be told from it: "+layoutsOf(a.Rivals))
		what = unit.Plural(len(a.Runs), "run") + " would tell: "
	}
	if len(a.Runs) > 0 {
		text := what + layoutsOf(a.Runs)
		if a.Price != nil {
			text += ", about " + NodeHours(*a.Price)
		}
		if a.Left > 0 {
			text += fmt.Sprintf("; %s would be left", unit.Plural(a.Left, "layout"))
		}
		out = append(out, text, settle)
	} else if a.Left > 0 {
		out = append(out, "no run that would tell costs so little")
	}
	return append(out, unknown(a)...)
}

func layoutsOf(all []suggest.Candidate) string {
	return strings.Join(model.Each(all, func(c suggest.Candidate) string { return c.Layout.Short() }), ", ")
}

// reason says what the laws make of the best beside the next one: the parts of an iteration that differ most.
func reason(a suggest.Answer) string {
	parts := func(c suggest.Candidate) map[string]float64 { return c.Forecast.Metric("iteration_wall_clock").Parts } // in seconds
	other := model.First(a.Candidates, func(c suggest.Candidate) bool { return c.Layout != a.Best.Layout && len(parts(c)) > 0 })
	own := parts(*a.Best)
	if other == nil || len(own) == 0 {
		return ""
	}
	theirs := parts(*other)
	names := slices.Clone(forecast.PartNames[:])
	slices.SortStableFunc(names, func(x, y string) int {
		return cmp.Compare(math.Abs(own[y]-theirs[y]), math.Abs(own[x]-theirs[x]))
	})
	var words []string
	for _, name := range names[:3] {
		if d := 1e3 * (own[name] - theirs[name]); math.Abs(d) >= 0.1 {
			words = append(words, fmt.Sprintf("%s %s ms %s", strings.ReplaceAll(name, "_", " "), unit.Significant(math.Abs(d)),
				map[bool]string{true: "less", false: "more"}[d < 0]))
		}
	}
	if len(words) == 0 {
		return ""
	}
	return fmt.Sprintf("beside %s an iteration has %s (by the laws)", other.Layout.Short(), strings.Join(words, ", "))
}

// unknown says of which layouts nothing is known, those of one reason together.
func unknown(a suggest.Answer) (out []string) {
	refused := slices.DeleteFunc(slices.Clone(a.Candidates), func(c suggest.Candidate) bool { return c.Refused == "" })
	for _, g := range model.Grouped(refused, func(c suggest.Candidate) string { return c.Refused }) {
		out = append(out, "not known: "+layoutsOf(g.All)+": "+g.Key)
	}
	return out
}
