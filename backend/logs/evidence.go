package logs

import (
	"cmp"
	"regexp"
	"slices"
	"sort"
	"strings"
	"time"
)

// evidence is a line of a log that tells why the program ended.
type evidence struct {
	heard
	line   int    // index of the line
	says   *cause // the kind of failure; nil: an exception that no kind knows
	name   string // of that exception
	tier   int    // whose word it is, by tiers
	weight int    // see weigh; 0: none
}

// tiers is the order in which programs are believed; others are the engine's.
var tiers = []string{engine, runner, "slurm", "container", "kernel"}

// decides reports whether the evidence is no mere echo of another rank's end.
func (e evidence) decides() bool { return e.says == nil || !e.says.Echo }

// fatal reports whether the program ended by it.
func (e evidence) fatal() bool { return e.weight == 4 }

// gather finds all evidence of a log, in the order of its lines: known kinds and unknown exceptions before the aftermath.
func gather(log []heard) []evidence {
	end := slices.IndexFunc(log, func(h heard) bool { return slices.ContainsFunc(told().Aftermath, h.shows) })
	if end < 0 {
		end = len(log)
	}
	var found []evidence
	taken := map[int]bool{}
	for _, s := range streamsOf(log[:end]) {
		for i := range known().Failures {
			for _, line := range s.search(log, &known().Failures[i]) {
				found, taken[line] = append(found, evidence{line: line, says: &known().Failures[i]}), true
			}
		}
	}
	raised := map[string]bool{} // speakers in whose tracebacks the exception is still to come, whatever it is called
	for i, h := range log[:end] {
		name := ""
		switch h.program {
		case engine:
			if name = exceptionIn(h.text, told().exceptions); name == "" && raised[h.who] && ended.MatchString(h.text) {
				name = h.text
			}
			raised[h.who] = raised[h.who] && name == "" || strings.HasPrefix(h.text, traceback)
		case runner:
			name = exceptionIn(h.text, told().quoted)
		}
		if name != "" && !taken[i] {
			found = append(found, evidence{line: i, name: name})
		}
	}
	weigh(log, found)
	slices.SortStableFunc(found, func(a, b evidence) int { return cmp.Compare(a.line, b.line) })
	return found
}

// ended is the line with which Python ends a traceback.
var ended = regexp.MustCompile(`^[A-Za-z_]\w*(?:\.\w+)*(?:: .*)?$`)

// otherReplica: the runner tells the iterations of the first replica alone.
var otherReplica = regexp.MustCompile(`DP[1-9]`)

// weigh says what each piece of evidence counts: most what nobody survived and is no echo; nothing what iterations or two
// stages came after.
func weigh(log []heard, found []evidence) {
	far := make([]int, len(log)+1) // how far the run was when the line was written: stages in hundreds, and iterations
	begun := -1
	for i, h := range log {
		p, own := runnerStage(h.text)
		if !own {
			p, _ = engineStage(h.text)
			p.Done = 0
		}
		if far[i+1] = far[i]; p.Stage != "" {
			far[i+1] = max(far[i], 100*stageOrder(p.Stage)+min(p.Done, 99))
			if begun < 0 {
				begun = far[i+1]
			}
		}
	}
	raised := false
	for i := range found {
		e := &found[i]
		e.heard, e.tier = log[e.line], max(slices.Index(tiers, log[e.line].program), 0)
		after := far[len(log)] - max(far[e.line+1], begun)
		switch survived := after > 0; {
		case (after > 100 || after%100 > 0) && !otherReplica.MatchString(e.who):
		case !survived && e.decides():
			e.weight = 4
		case !survived:
			e.weight = 2
		case e.says != nil && e.decides():
			e.weight = 3
		default:
			e.weight = 1
		}
		raised = raised || e.fatal() && e.program == engine && exceptionIn(e.text, told().exceptions) != ""
	}
	for i := range found { // what shells, Slurm and containers complain of ends no engine that came so far as to raise
		if e := &found[i]; raised && e.says != nil && !e.says.Kills && slices.Contains(bystanders, e.program) {
			e.weight = min(e.weight, 2)
		}
	}
}

var bystanders = []string{"shell", "slurm", "container"}

// stream is what some speakers said, without what stood between, so that a pattern is found across lines.
type stream struct {
	text         strings.Builder
	lines, begin []int // of the log, and where each begins in text
}

// streamsOf are the whole log, and each speaker's part, whose lines others may have cut apart.
func streamsOf(log []heard) (all []*stream) {
	by := map[string]*stream{}
	for i, h := range log {
		for _, who := range []string{"all", "by " + h.who} {
			if h.program == news {
				break
			}
			s := by[who]
			if s == nil {
				s = &stream{}
				by[who], all = s, append(all, s)
			}
			s.lines, s.begin = append(s.lines, i), append(s.begin, s.text.Len())
			s.text.WriteString(h.flat)
		}
	}
	return all
}

// search finds the lines at which the stream shows a kind, over four lines at most.
func (s *stream) search(log []heard, c *cause) (out []int) {
	text := s.text.String()
	at := func(offset int) int { return sort.SearchInts(s.begin, offset+1) - 1 }
	for _, p := range c.Holds {
		for start, end := p.in(text, 0); start >= 0; start, end = p.in(text, start+1) {
			first, last := at(start), at(end-1)
			if last-first < 4 && c.fits(log, s.lines[first]) {
				out = append(out, s.lines[first])
			}
		}
	}
	return out
}

// around is how many lines before and behind belong to a line.
const around = 40

// fits reports whether what must be near a line is there, what must not is not, and its program is one of the kind's.
func (c *cause) fits(log []heard, line int) bool {
	says := func(list []pattern, from, to int) bool {
		var text strings.Builder
		for _, h := range log[max(from, 0):min(to, len(log))] {
			text.WriteString(h.flat)
		}
		return slices.ContainsFunc(list, heard{flat: text.String()}.shows)
	}
	begin := line
	for begin > 0 && log[begin].rest {
		begin--
	}
	return (len(c.In) == 0 || slices.Contains(c.In, log[line].program)) &&
		(len(c.With) == 0 || says(c.With, begin, line+3)) &&
		(len(c.Near) == 0 || says(c.Near, line-around, line+around)) &&
		(len(c.Unless) == 0 || !says(c.Unless, line-around, line+around))
}

// first is the evidence that counts: the heaviest, of the ranks that fell first; false: there is none.
func first(found []evidence) (evidence, bool) {
	var best evidence
	for _, e := range found {
		if e.weight > best.weight || e.weight == best.weight && e.weight > 0 && e.before(best) {
			best = e
		}
	}
	for i := 0; i < len(found); i++ { // known where that is not, or said to come before it; echoes come whenever they like
		f := found[i]
		if f.says == nil || f.says == best.says || f.weight < min(best.weight, 3) || best.decides() != f.decides() || best.decides() && !best.near(f) {
			continue
		}
		if best.says == nil || slices.Contains(f.says.Before, best.says.Kind) {
			best, i = f, -1
		}
	}
	return best, best.weight > 0
}

// before reports whether e is the earlier of two of one weight. A process that the system killed could not say why; the
// engine comes before the others; clocks of programs that differ by hours are not compared.
func (e evidence) before(f evidence) bool {
	kills := func(e evidence) bool { return e.says != nil && e.says.Kills }
	apart := e.at.Sub(f.at)
	switch {
	case kills(e) != kills(f) && (e.says == nil || f.says == nil):
		return kills(e)
	case e.tier != f.tier:
		return e.tier < f.tier
	case e.stamped && f.stamped && apart != 0 && apart.Abs() < time.Hour:
		return apart < 0
	}
	return e.line < f.line
}

// near reports one incident: one speaker, or bare lines that may be anybody's, close to each other and within seconds.
func (e evidence) near(f evidence) bool {
	apart := max(e.line, f.line)-min(e.line, f.line) > 2*around || e.stamped && f.stamped && e.at.Sub(f.at).Abs() > 5*time.Second
	before := f.line < e.line || e.says != nil || f.says == nil || f.says.Kills // what a bare line says afterwards is of another
	return !apart && (e.who == f.who || e.who == "" || f.who == "" && before)
}

// became is the exception that the one of e brought about, empty where none is said to be.
func (e evidence) became(log []heard, found []evidence) string {
	for _, f := range found {
		chained := func(h heard) bool { return h.who == e.who && slices.ContainsFunc(told().Chained, h.shows) }
		if f.line > e.line && f.name != "" && e.near(f) && slices.ContainsFunc(log[e.line:f.line], chained) {
			return f.name
		}
	}
	return ""
}

var rankIn = regexp.MustCompile(`(?:[Rr]ank[ =]?|default)(\d+)|\b(Worker_\w+|\w*Worker\w*|EngineCore\w*|raylet)|^(\d+)$`)

// speaker is who spoke a line, in words: " on rank 4", " in Worker_TP1"; empty: the line does not tell.
func speaker(who string) string {
	all := rankIn.FindAllStringSubmatch(who, -1)
	for i, words := range []string{" on rank ", " in ", " in task "} {
		if len(all) > 0 && all[len(all)-1][i+1] != "" {
			return words + all[len(all)-1][i+1]
		}
	}
	return ""
}
