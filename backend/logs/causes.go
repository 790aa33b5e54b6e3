package logs

import (
	"regexp"
	"sync"

	"shardeck/backend/strictyaml"
	"shardeck/model"
	"shardeck/templates"
)

// cause is a way to fail: signs of it, and the way out. In fixes, {model} stands for what
// the pattern of that name finds, or for the word MODEL.
type cause struct {
	Title  string           `yaml:"title"`
	States []model.JobState `yaml:"states"` // the job's state alone proves it
	Holds  []string         `yaml:"holds"`  // any of these in a line proves it
	Exit   int              `yaml:"exit"`   // code of the runner
	Name   string           `yaml:"name"`   // what its fixes have in braces, by a pattern of causes.Names
	Fixes  []string         `yaml:"fixes"`
}

// causes are all there are, by how they are recognised.
type causes struct {
	Names     map[string]string `yaml:"names"`
	Outside   []cause           `yaml:"outside"`
	Failures  []cause           `yaml:"failures"`
	Exits     []cause           `yaml:"exits"`
	Slowdowns []cause           `yaml:"slowdowns"`

	patterns map[string]*regexp.Regexp // of Names
}

// known are the causes of templates/failures.yaml, read once.
var known = sync.OnceValue(func() causes {
	all := causes{patterns: map[string]*regexp.Regexp{}}
	strictyaml.MustDecode(templates.FS, "failures.yaml", &all)
	for name, text := range all.Names {
		all.patterns[name] = regexp.MustCompile(text)
	}
	return all
})
