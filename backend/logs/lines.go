package logs

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"shardeck/backend/strictyaml"
	"shardeck/model"
)

// heard is a line of a log, understood: whose it is and what it says, without what others put before it.
type heard struct {
	who     string    // ranks, workers and tasks named before the text; empty: a bare line
	at      time.Time // without a year; zero: the line has none
	stamped bool      // it has
	rest    bool      // it goes on with the line before
	program string    // by speech.Programs: news is no evidence, engine is the rest
	text    string    // what is said
	flat    string    // the same as patterns want it, see flatten
}

// speech is how programs print their lines, as templates/loglines.yaml says.
type speech struct {
	Prefixes   []string            `yaml:"prefixes"`   // what may stand before a text, with the groups who, level and at
	Times      []string            `yaml:"times"`      // layouts of at
	Levels     map[string]string   `yaml:"levels"`     // the program of a line of that level
	Programs   []string            `yaml:"programs"`   // whose a text is, and by what, the first that fits
	Languages  map[string][]string `yaml:"languages"`  // what libc and shells say elsewhere, by the English
	Exceptions []string            `yaml:"exceptions"` // what ends a program, named by the first group
	Quoted     []string            `yaml:"quoted"`     // the same within a sentence of the runner
	Chained    []pattern           `yaml:"chained"`    // between two exceptions, of which the first brought the other
	Harmless   []pattern           `yaml:"harmless"`   // the next exception is of no consequence
	Survived   []pattern           `yaml:"survived"`   // the exception before is of no consequence
	Aftermath  []pattern           `yaml:"aftermath"`  // what is printed from here on is no cause
	Standing   []pattern           `yaml:"standing"`   // said while nothing moves
	Waiting    []pattern           `yaml:"waiting"`    // those of them that an engine says after each minute

	prefixes, programs, exceptions, quoted []*regexp.Regexp
	english                                *strings.Replacer
}

var told = strictyaml.Embedded("loglines.yaml", func(s *speech) {
	s.prefixes, s.exceptions = model.Each(s.Prefixes, regexp.MustCompile), model.Each(s.Exceptions, regexp.MustCompile)
	s.quoted = model.Each(s.Quoted, regexp.MustCompile)
	for i, text := range s.Programs {
		name, begins, _ := strings.Cut(text, " ")
		s.Programs[i], s.programs = name, append(s.programs, regexp.MustCompile(begins))
	}
	squeezeAll(s.Chained, s.Harmless, s.Survived, s.Aftermath, s.Standing, s.Waiting)
	var pairs []string
	for english, others := range s.Languages {
		for _, other := range others {
			pairs = append(pairs, squeeze(other), squeeze(english))
		}
	}
	s.english = strings.NewReplacer(pairs...)
})

// squeeze drops what a wrapped line, a terminal or a locale changes: case, blanks, quotes and frames.
func squeeze(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || strings.ContainsRune("'`\"‘’‚“”„«»│╭╮╰╯─", r) {
			return -1
		}
		return unicode.ToLower(r)
	}, text)
}

// flatten is a text as patterns want it: squeezed, and in English where libc or a shell speaks.
func flatten(text string) string { return told().english.Replace(squeeze(text)) }

var colour = regexp.MustCompile(`\x1b?\[[0-9;]*m`)

// uncoloured is a line without colours, though a terminal took their escapes; all end with a reset.
func uncoloured(line string) string {
	if strings.Contains(line, "[0m") || strings.Contains(line, ";0m") || strings.Contains(line, "[m") {
		return colour.ReplaceAllString(line, "")
	}
	return line
}

// listen understands the lines of a log, in their order.
func listen(lines []string) []heard {
	out := make([]heard, len(lines))
	lines = model.Each(lines, uncoloured)
	full := wrapWidth(lines)
	for i, line := range lines {
		out[i] = hear(line)
		if i > 0 && full > 0 && utf8.RuneCountInString(lines[i-1]) == full && out[i].program == engine && !strings.Contains(out[i].who, "=") {
			out[i].who, out[i].program, out[i].rest = out[i-1].who, out[i-1].program, true
		}
	}
	quieten(out)
	return out
}

// wrapWidth is the width at which a terminal cut the lines of a log: none is longer, and several are as long; 0: it is whole.
func wrapWidth(lines []string) int {
	widest, times := 0, 0
	for _, line := range lines {
		switch w := utf8.RuneCountInString(line); {
		case w > widest:
			widest, times = w, 1
		case w == widest:
			times++
		}
	}
	if times < 3 || 20*times < len(lines) || widest < 40 {
		return 0
	}
	return widest
}

// hear takes the prefixes of a line off, whatever their order and number: the outermost time counts, as all lines have it.
func hear(line string) heard {
	h := heard{text: line}
	var who []string
	level := ""
	for range 8 {
		m, names := prefixOf(h.text)
		for i, name := range names {
			switch {
			case m[i] == "":
			case name == "who":
				who = append(who, m[i])
			case name == "level":
				level = m[i]
			case name == "at" && !h.stamped:
				h.at, h.stamped = clock(m[i])
			}
		}
		if m == nil {
			break
		}
		h.text = h.text[len(m[0]):]
	}
	if m := ownTime.FindStringSubmatch(h.text); m != nil && !h.stamped {
		h.at, h.stamped = clock(m[1] + m[2])
	}
	h.who, h.flat = strings.Join(who, " · "), flatten(h.text)
	h.program = programOf(h.text, told().Levels[level])
	return h
}

func prefixOf(text string) (m, names []string) {
	for _, p := range told().prefixes {
		if m := p.FindStringSubmatch(text); m != nil && m[0] != "" {
			return m, p.SubexpNames()
		}
	}
	return nil, nil
}

func clock(text string) (time.Time, bool) {
	for _, layout := range told().Times {
		if t, err := time.Parse(layout, text); err == nil {
			return time.Date(2000, t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, time.UTC), true
		}
	}
	return time.Time{}, false
}

// news is the program of what is no evidence: reports, warnings, and what our script says of itself.
const news, engine, runner = "news", "engine", "runner"

func programOf(text, byLevel string) string {
	i := slices.IndexFunc(told().programs, func(p *regexp.Regexp) bool { return byLevel == "" && p.MatchString(text) })
	if i < 0 {
		return cmp.Or(byLevel, engine)
	}
	return told().Programs[i]
}

// quieten makes news of an exception that was said to be of no consequence, before it or after.
func quieten(log []heard) {
	for i, h := range log {
		if exceptionIn(h.text, told().exceptions) != "" {
			continue
		}
		if slices.ContainsFunc(told().Harmless, h.shows) {
			silence(log, i, 1)
		}
		if slices.ContainsFunc(told().Survived, h.shows) {
			silence(log, i, -1)
		}
	}
}

// silence makes news of a line, of few of its speaker's next ones (step 1) or last ones (-1), and of the traceback that they are of.
func silence(log []heard, at, step int) {
	said, traced := 0, false
	for i := at; i >= 0 && i < len(log) && said < 60; i += step {
		h := &log[i]
		if h.who != log[at].who {
			continue
		}
		begins, ends := strings.HasPrefix(h.text, traceback), exceptionIn(h.text, told().exceptions) != ""
		if said >= 4 && !traced || step < 0 && (said >= 2 && !traced || h.program == runner || traced && !ends && !begins && h.text[:1] != " ") {
			return
		}
		traced = traced || begins || step < 0 && ends
		h.program = news
		if said++; step > 0 && traced && ends || step < 0 && begins {
			return
		}
	}
}

const traceback = "Traceback (most recent call last):"

func (h heard) shows(p pattern) bool {
	start, _ := p.in(h.flat, 0)
	return start >= 0
}

// exceptionIn is the name and text of an exception, empty where there is none.
func exceptionIn(text string, by []*regexp.Regexp) string {
	for _, p := range by {
		if m := p.FindStringSubmatch(text); m != nil {
			return strings.TrimSpace(m[1])
		}
	}
	return ""
}

// pattern is words in their order, with at most gap bytes of others where … is written. A table holds it squeezed.
type pattern string

const gap = 240

func squeezeAll(lists ...[]pattern) {
	for _, list := range lists {
		for i, p := range list {
			list[i] = pattern(squeeze(string(p)))
		}
	}
}

// in is where the pattern stands in a flattened text, at or behind from; -1: nowhere.
func (p pattern) in(text string, from int) (start, end int) {
	first, rest, more := strings.Cut(string(p), "…")
	for {
		i := strings.Index(text[from:], first)
		if i < 0 {
			return -1, -1
		}
		start = from + i
		end = start + len(first)
		for part, left, on := first, rest, more; ; {
			if !on {
				return start, end
			}
			part, left, on = strings.Cut(left, "…")
			j := strings.Index(text[end:min(end+gap+len(part), len(text))], part)
			if j < 0 {
				break
			}
			end += j + len(part)
		}
		from = start + 1
	}
}
