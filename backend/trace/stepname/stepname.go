// Package stepname tells from the name of an annotation which forward step of inference it is of. The forms of engines
// and profilers are a table, templates/steps.yaml.
package stepname

import (
	"cmp"
	"regexp"
	"strconv"
	"sync"

	"shardeck/backend/strictyaml"
	"shardeck/model/metric"
	"shardeck/templates"
)

// Kind is what an annotation is of.
type Kind uint8

// Kinds of annotations.
const (
	NoStep  Kind = iota
	OfStep       // a forward step
	Empty        // a forward pass without requests
	Unknown      // it looks like a step's, in a form that the table does not have
)

// Step is what the name of an annotation says.
type Step struct {
	Kind   Kind
	Phase  string // of OfStep: metric.Prefill, Decode, Mixed, or Step where it is not said
	Tokens int    // put through the model, -1: not said
}

// form is a row of the table.
type form struct {
	Name   string `yaml:"name"`
	Phase  string `yaml:"phase"`
	Source string `yaml:"source"`

	pattern *regexp.Regexp // of Name, anchored
}

// table is templates/steps.yaml, which says what its parts mean.
type table struct {
	Looks string  `yaml:"looks"`
	Steps []*form `yaml:"steps"`

	looks *regexp.Regexp
}

var known = sync.OnceValue(func() (t table) {
	strictyaml.MustDecode(templates.FS, "steps.yaml", &t)
	t.looks = regexp.MustCompile(t.Looks)
	for _, f := range t.Steps {
		f.pattern = regexp.MustCompile("^(?:" + f.Name + ")$")
	}
	return t
})

// Of reads the name of an annotation. Any text gives some answer.
func Of(name string) Step {
	if !known().looks.MatchString(name) { // spares most names the rows
		return Step{}
	}
	for _, f := range known().Steps {
		if m := f.pattern.FindStringSubmatch(name); m != nil {
			return f.read(m)
		}
	}
	return Step{Kind: Unknown}
}

// Named says that the annotation is of a step, or looks like it.
func Named(name string) bool { return Of(name).Kind != NoStep }

// notSaid is a number that a name lacks.
const notSaid = -1

// counts are the numbers of a name by their groups.
type counts map[string]int

func (c counts) of(group string) int {
	if n, ok := c[group]; ok {
		return n
	}
	return notSaid
}

// read makes a step of a name's match.
func (f *form) read(match []string) Step {
	c := counts{}
	for i, group := range f.pattern.SubexpNames() {
		if group == "" || match[i] == "" {
			continue
		}
		n, err := strconv.Atoi(match[i])
		if err != nil { // too large for any step
			return Step{Kind: Unknown}
		}
		c[group] = n
	}
	phase := cmp.Or(f.Phase, c.phase())
	switch {
	case phase == "none":
		return Step{}
	case phase == "" || c.of("requests") == 0:
		return Step{Kind: Empty}
	}
	return Step{Kind: OfStep, Phase: phase, Tokens: c.tokens(phase)}
}

// phase is that of a step by its requests; empty: it has none.
func (c counts) phase() string {
	switch prompts, generating := c.of("prefill_requests") > 0, c.of("decode_requests") > 0; {
	case prompts && generating:
		return metric.Mixed
	case prompts:
		return metric.Prefill
	case generating:
		return metric.Decode
	}
	return ""
}

// tokens is how many tokens a step of a phase puts through the model: what is not said of a request that generates is one.
func (c counts) tokens(phase string) int {
	prompts, generated := c.of("prefill_tokens"), c.of("decode_tokens")
	if c.of("prefill_requests") == 0 {
		prompts = 0
	}
	if generated == notSaid {
		generated = c.of("decode_requests")
	}
	switch {
	case c.of("tokens") >= 0:
		return c.of("tokens")
	case phase == metric.Decode && c.of("requests") >= 0:
		return c.of("requests")
	case prompts >= 0 && generated >= 0:
		return prompts + generated
	}
	return notSaid
}
