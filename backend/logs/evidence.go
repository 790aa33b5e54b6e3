package logs

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"time"

	"shardeck/model"
)

// evidence is a line of a log that tells why the program ended.
type evidence struct {
	line int    // index of the line
	says *cause // the kind of failure; nil: an exception that no kind knows
	name string // of that exception
	tier int    // whose word it is: engine, runner, Slurm, container, kernel
	gone int    // stages that were reached after it: so many survived it
}

// tiers is the order in which programs are believed.
var tiers = []string{engine, "nccl", runner, "slurm", "container", "kernel"}

// decides reports whether the evidence is no mere echo of another rank's end.
func (e evidence) decides() bool { return e.says == nil || !e.says.Echo }

// gather finds all evidence of a log, in the order of its lines: known kinds and unknown exceptions before the aftermath.
func gather(log []heard) []evidence {
	end := slices.IndexFunc(log, func(h heard) bool { return slices.ContainsFunc(told().Aftermath, h.shows) })
	if end < 0 {
		end = len(log)
	}
	var found []evidence
	for _, s := range streamsOf(log[:end]) {
		for i := range known().Failures {
			found = append(found, s.search(log, &known().Failures[i])...)
		}
	}
	taken := map[int]bool{}
	for _, e := range found {
		taken[e.line] = true
	}
	for i, h := range log[:end] {
		by := told().exceptions
		if h.program == runner {
			by = told().quoted
		}
		if name := exceptionIn(h.text, by); name != "" && !taken[i] && (h.program == engine || h.program == runner) {
			found = append(found, evidence{line: i, name: name})
		}
	}
	markSurvived(log, found)
	slices.SortStableFunc(found, func(a, b evidence) int { return cmp.Compare(a.line, b.line) })
	return found
}

// markSurvived counts the stages, and the iterations twice, that came after each piece of evidence.
func markSurvived(log []heard, found []evidence) {
	at := make([]int, len(log)+1) // how far the run was when the line was written
	begun := -1
	for i, h := range log {
		at[i+1] = at[i]
		p, own := runnerStage(h.text)
		if !own {
			p, _ = engineStage(h.text)
			p.Done = 0
		}
		if p.Stage == "" {
			continue
		}
		at[i+1] = max(at[i], 100*stageOrder(p.Stage)+min(p.Done, 99))
		if begun < 0 {
			begun = at[i+1]
		}
	}
	for i := range found {
		e := &found[i]
		after := at[len(log)] - max(at[e.line+1], begun)
		e.gone = (after + 99) / 100
		if after > 0 && after%100 > 0 { // iterations: all ranks took part
			e.gone++
		}
		e.tier = max(slices.Index(tiers, log[e.line].program), 0)
	}
}

// stream is what some speakers said, without what stood between, so that a pattern is found across lines.
type stream struct {
	text  string
	lines []int // of the log
	begin []int // where each begins in text
}

// streamsOf are the whole log, and each speaker's part, whose lines others may have cut apart.
func streamsOf(log []heard) []stream {
	var order []string
	lines := map[string][]int{}
	for i, h := range log {
		if h.program == news {
			continue
		}
		for _, who := range []string{"all", "by " + h.who} {
			if len(lines[who]) == 0 {
				order = append(order, who)
			}
			lines[who] = append(lines[who], i)
		}
	}
	return model.Each(order, func(who string) stream {
		var s stream
		var text strings.Builder
		for _, i := range lines[who] {
			s.lines, s.begin = append(s.lines, i), append(s.begin, text.Len())
			text.WriteString(log[i].flat)
		}
		s.text = text.String()
		return s
	})
}

// search finds where the stream shows a kind, once a line at most, and not over more than four lines.
func (s stream) search(log []heard, c *cause) (out []evidence) {
	for _, p := range c.Holds {
		for from := 0; ; {
			start, end := p.in(s.text, from)
			if start < 0 {
				break
			}
			from = start + 1
			first, last := s.at(start), s.at(end-1)
			if last-first < 4 && c.fits(log, s.lines[first], s.lines[last]) {
				out = append(out, evidence{line: s.lines[first], says: c})
			}
		}
	}
	return out
}

func (s stream) at(offset int) int {
	i, exact := slices.BinarySearch(s.begin, offset)
	for exact && i+1 < len(s.begin) && s.begin[i+1] == offset { // empty lines
		i++
	}
	if !exact {
		i--
	}
	return i
}

// around is how many lines before and behind belong to a line.
const around = 40

// fits reports whether what must be near the lines is there, what must not is not, and their program is one of the kind's.
func (c *cause) fits(log []heard, first, last int) bool {
	says := func(list []pattern, from, to int) bool {
		text := ""
		for _, h := range log[max(from, 0):min(to, len(log))] {
			text += h.flat
		}
		return slices.ContainsFunc(list, func(p pattern) bool { i, _ := p.in(text, 0); return i >= 0 })
	}
	switch {
	case len(c.In) > 0 && !slices.Contains(c.In, log[first].program):
		return false
	case len(c.With) > 0 && !says(c.With, first, last+2):
		return false
	case len(c.Near) > 0 && !says(c.Near, first-around, last+around):
		return false
	}
	return len(c.Unless) == 0 || !says(c.Unless, first-around, last+around)
}

// otherReplica: the runner tells the iterations of the first replica alone.
var otherReplica = regexp.MustCompile(`DP[1-9]`)

// first is the evidence that counts: of the ranks that fell first. What nobody survived comes before what the run went on
// after, deeds before echoes, the engine before the others; a process that the system killed could not say why.
func first(log []heard, found []evidence) (evidence, bool) {
	weight := func(e evidence) int {
		switch {
		case e.gone > 1 && !otherReplica.MatchString(log[e.line].who):
			return -1
		case e.gone == 0 && e.decides():
			return 5
		case e.gone == 0:
			return 2
		case e.says != nil && e.decides():
			return 3
		}
		return 1
	}
	best, heaviest := evidence{}, 0
	for _, e := range found {
		w := weight(e)
		if w > heaviest || w == heaviest && w > 0 && e.before(best, log) {
			best, heaviest = e, w
		}
	}
	if heaviest == 0 {
		return best, false
	}
	return best.better(log, found), true
}

// before reports whether e is the earlier of two of one weight. Clocks of programs that differ by hours are not compared.
func (e evidence) before(f evidence, log []heard) bool {
	if kills := func(e evidence) bool { return e.says != nil && e.says.Kills }; kills(e) != kills(f) && (e.says == nil || f.says == nil) {
		return kills(e)
	}
	if e.tier > 1 || f.tier > 1 {
		if c := cmp.Compare(max(e.tier, 1), max(f.tier, 1)); c != 0 {
			return c < 0
		}
	}
	if d, ok := between(log[e.line], log[f.line]); ok && d != 0 && d.Abs() < time.Hour {
		return d < 0
	}
	return e.line < f.line
}

// between is the time from b to a; false: one of them has none of its own.
func between(a, b heard) (time.Duration, bool) { return a.at.Sub(b.at), a.stamped && b.stamped }

// better is the known kind in the incident of e, where that is not known, or one that is said to come before it.
func (e evidence) better(log []heard, found []evidence) evidence {
	for again := true; again; {
		again = false
		for _, f := range found {
			if f.says == nil || f.says == e.says || e.decides() != f.decides() || e.decides() && !sameIncident(log, e.line, f.line) {
				continue // echoes come whenever they like
			}
			if e.says == nil || slices.Contains(f.says.Before, e.says.Kind) {
				e, again = f, true
				break
			}
		}
	}
	return e
}

// sameIncident: one speaker, or bare lines that may be anybody's, close to each other and within seconds.
func sameIncident(log []heard, a, b int) bool {
	d, timed := between(log[a], log[b])
	near := max(a, b)-min(a, b) <= 2*around && !(timed && d.Abs() > 5*time.Second)
	return near && (log[a].who == log[b].who || log[a].who == "" || log[b].who == "")
}

// chained is the exception that the one of e brought about, empty where none is said to be.
func (e evidence) chained(log []heard, found []evidence) string {
	for _, f := range found {
		if f.line <= e.line || f.name == "" || !sameIncident(log, e.line, f.line) {
			continue
		}
		for _, h := range log[e.line:f.line] {
			if h.who == log[e.line].who && slices.ContainsFunc(told().Chained, h.shows) {
				return f.name
			}
		}
	}
	return ""
}

var rankIn = regexp.MustCompile(`(?:[Rr]ank[ =]?|default)(\d+)|\b(Worker_\w+|\w*Worker\w*|EngineCore\w*|raylet)`)

// speaker is who spoke a line, in words: " on rank 4", " in Worker_TP1"; empty: the line does not tell.
func speaker(who string) string {
	all := rankIn.FindAllStringSubmatch(who, -1)
	switch {
	case len(all) == 0 && who != "" && strings.Trim(who, "0123456789") == "":
		return " in task " + who
	case len(all) == 0:
		return ""
	}
	last := all[len(all)-1]
	if last[1] != "" {
		return " on rank " + last[1]
	}
	return " in " + last[2]
}
