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
	Signs, Units []said
	signs        *strings.Replacer
	units        []*regexp.Regexp
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
	return s
})

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
	return strings.Map(func(r rune) rune {
		if r > '~' {
			return '?'
		}
		return r
	}, text)
}
