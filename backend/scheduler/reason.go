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
	Waiting string `yaml:"waiting"` // helps (or nothing), vain, perhaps, ended
	Help    string `yaml:"help"`

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
	r, known := reasons().find(word)
	if parts := strings.Split(word, ","); !known && len(parts) > 1 { // of the tasks of an array, each its own
		r, known = reasons().ofAll(parts)
	}
	// Some carry details: "ReqNodeNotAvail, something new", "RaisedSignal:53(Real-time_signal_19)".
	for head := word; !known && strings.ContainsAny(head, ",(:"); {
		head = head[:strings.LastIndexAny(head, ",(:")]
		r, known = reasons().find(head)
	}
	if !known {
		r = model.Reason{Words: model.Printable(word), Waiting: "whether waiting helps is not known"}
		if !strings.Contains(word, " ") { // a sentence says what it means
			r.Words += " (not known)"
		}
	}
	return r
}

func (t *reasonTable) find(word string) (model.Reason, bool) {
	if r := model.First(t.Reasons, func(r reason) bool { return r.Says == word }); r != nil {
		return r.meaning(), true
	}
	for _, p := range t.Patterns {
		if m := p.pattern.FindStringSubmatch(word); m != nil {
			p.Text, p.Help = t.fill(p.Text, p, m), t.fill(p.Help, p, m)
			return p.meaning(), true
		}
	}
	return model.Reason{}, false
}

// ofAll joins what different tasks wait for; what waits in vain is said of all only if every one does.
func (t *reasonTable) ofAll(words []string) (model.Reason, bool) {
	var all model.Reason
	for i, word := range words {
		r, known := t.find(strings.TrimSpace(word))
		if !known {
			return all, false
		}
		if i == 0 {
			all = r
			continue
		}
		all.Words += "; " + r.Words
		if all.Forever = all.Forever && r.Forever; !all.Forever {
			all.Waiting = waitingWords["helps"]
		}
	}
	return all, true
}

// waitingWords say whether waiting helps.
var waitingWords = map[string]string{"helps": "waiting helps", "vain": "waiting does not help", "perhaps": "whether waiting helps depends on the cause",
	"ended": ""}

func (r reason) meaning() model.Reason {
	return model.Reason{Words: r.Text, Forever: r.Waiting == "vain", Help: r.Help, Waiting: waitingWords[cmp.Or(r.Waiting, "helps")]}
}

// fill puts what a word was matched with into a text of its pattern.
func (t *reasonTable) fill(text string, p reason, match []string) string {
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
