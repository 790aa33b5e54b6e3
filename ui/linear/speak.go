package linear

import (
	"regexp"
	"slices"
	"strings"
	"sync"

	"gopkg.in/yaml.v3"

	"shardeck/model"
	"shardeck/templates"
)

// said is a sign and the words for it.
type said struct{ Sign, Say string }

// speech is templates/speech.yaml, made ready.
var speech = sync.OnceValue(func() (s struct {
	Signs, Units, Words []said
	signs               *strings.Replacer
	units, words        []*regexp.Regexp
}) {
	text, err := templates.FS.ReadFile("speech.yaml")
	if err == nil {
		err = yaml.Unmarshal(text, &s)
	}
	if err != nil {
		panic(err) // it is built in, and a test reads it
	}
	s.signs = strings.NewReplacer(slices.Concat(model.Each(s.Signs, func(x said) []string { return []string{x.Sign, x.Say} })...)...)
	s.units = model.Each(s.Units, func(x said) *regexp.Regexp {
		return regexp.MustCompile(`(\d) ?` + regexp.QuoteMeta(x.Sign) + `([ ,.;:)]|$)`)
	})
	s.words = model.Each(s.Words, func(x said) *regexp.Regexp { return regexp.MustCompile(`(^|[ (])(?:` + x.Sign + `)([ ,;:)]|\.?$|\. )`) })
	return s
})

// one is a unit of which there is one, clock how long something took or may take: 30:00, 2-03:00:00; with hours without a word too.
var (
	one   = regexp.MustCompile(`(^|[^\d.])1 (hour|minute|second|millisecond)s\b`)
	clock = regexp.MustCompile(`\b(?:(elapsed |limit |limit, |limit is |for |after ))?(?:(\d+)-)?(?:(\d+):)?(\d+):(\d\d)\b`)
)

// lasting is a match of clock in words.
func lasting(text string) string {
	m := clock.FindStringSubmatch(text)
	if m[1] == "" && m[3] == "" {
		return text // the time of a day
	}
	var words []string
	for i, u := range []string{" days", " hours", " minutes", " seconds"} {
		if n := strings.TrimLeft(m[i+2], "0"); n != "" {
			words = append(words, n+u)
		}
	}
	if words == nil {
		words = []string{"0 seconds"}
	}
	return m[1] + strings.Join(words, " ")
}

var thousands = regexp.MustCompile(`(\d)[ \x{202f}\x{a0}](\d{3})\b`)

// spoken is a text as it is to be heard: one line of ASCII, signs and units as words.
func spoken(text string) string {
	text = strings.Join(strings.Fields(speech().signs.Replace(model.Printable(text))), " ")
	for strings.IndexFunc(text, func(r rune) bool { return r == 0x202f || r == 0xa0 }) >= 0 || thousands.MatchString(text) {
		next := thousands.ReplaceAllString(text, "$1$2")
		if next == text {
			break
		}
		text = next
	}
	for i, u := range speech().units {
		text = u.ReplaceAllString(text, "$1 "+speech().Units[i].Say+"$2")
	}
	for i, w := range speech().words {
		if !strings.HasPrefix(text, "Try: ") {
			text = w.ReplaceAllString(text, "${1}"+speech().Words[i].Say+"${2}")
		}
	}
	text = one.ReplaceAllString(clock.ReplaceAllStringFunc(text, lasting), "${1}1 $2")
	return strings.Map(func(r rune) rune {
		if r > '~' {
			return '?'
		}
		return r
	}, text)
}
