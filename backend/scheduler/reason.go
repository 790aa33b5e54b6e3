package scheduler

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strings"

	"shardeck/backend/strictyaml"
	"shardeck/model"
)

// reason is an entry of templates/slurm_reasons.yaml.
type reason struct {
	Says    string `yaml:"says"` // Slurm's word, or
	Like    string `yaml:"like"` // what the whole of it matches
	Text    string `yaml:"text"`
	Forever bool   `yaml:"forever"`

	pattern *regexp.Regexp // of Like
}

type reasonTable struct {
	Reasons  []reason          `yaml:"reasons"`
	Patterns []reason          `yaml:"patterns"`
	Who      map[string]string `yaml:"who"`
	Thing    map[string]string `yaml:"thing"`
}

var reasons = strictyaml.Embedded("slurm_reasons.yaml", func(t *reasonTable) {
	oneOf := func(name string, words map[string]string) string {
		return "(?P<" + name + ">" + strings.Join(slices.Sorted(maps.Keys(words)), "|") + ")"
	}
	names := strings.NewReplacer("WHO", oneOf("who", t.Who), "THING", oneOf("thing", t.Thing))
	for i, p := range t.Patterns {
		t.Patterns[i].pattern = regexp.MustCompile("^(?:" + names.Replace(p.Like) + ")$")
	}
})

// ReasonOf words a reason. A word that is not in the table is shown as it is; none at all gives no words.
func ReasonOf(word string) model.Reason {
	word = strings.TrimSpace(word)
	if word == "" || word == "(null)" {
		return model.Reason{}
	}
	// Some carry details: "ReqNodeNotAvail, UnavailableNodes:nid001", "RaisedSignal:53(Real-time_signal_19)".
	head := word
	if i := strings.IndexAny(word, ",("); i > 0 {
		head = word[:i]
	}
	t := reasons()
	for _, says := range []string{word, head} {
		if r := model.First(t.Reasons, func(r reason) bool { return r.Says == says }); r != nil {
			return model.Reason{Words: r.Text, Forever: r.Forever}
		}
	}
	for _, p := range t.Patterns {
		if m := p.pattern.FindStringSubmatch(word); m != nil {
			return model.Reason{Words: t.fill(p, m), Forever: p.Forever}
		}
	}
	return model.Reason{Words: model.Printable(word)}
}

// fill puts what a word was matched with into the text of its pattern.
func (t *reasonTable) fill(p reason, match []string) string {
	text := p.Text
	for i, name := range p.pattern.SubexpNames() {
		if name == "" {
			continue
		}
		means := model.Printable(match[i])
		for _, words := range []map[string]string{t.Who, t.Thing} {
			means = cmp.Or(words[match[i]], means)
		}
		text = strings.ReplaceAll(text, "$"+name, means)
	}
	return text
}
