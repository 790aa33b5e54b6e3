// Package stepname tells from the name of an annotation which forward step of inference it is of. The forms of engines
// and profilers are a table, templates/steps.yaml.
package stepname

import (
	"cmp"
	"regexp"
	"strconv"

	"shardeck/backend/strictyaml"
	"shardeck/model/metric"
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

	Prompts, Generating int // requests whose prompt is put through, and that generate; -1: not said
	PromptTokens        int // of Tokens, -1: not said
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

var known = strictyaml.Embedded("steps.yaml", func(t *table) {
	t.looks = regexp.MustCompile(t.Looks)
	for _, f := range t.Steps {
		f.pattern = regexp.MustCompile("^(?:" + f.Name + ")$")
	}
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

// Names are the names read before: the same few come again and again.
type Names map[string]Step

// Of is Of, read once.
func (n *Names) Of(name string) Step {
	if *n == nil {
		*n = Names{}
	}
	s, seen := (*n)[name]
	if !seen {
		s = Of(name)
		(*n)[name] = s
	}
	return s
}

// read makes a step of a name's match.
func (f *form) read(match []string) Step {
	number := func(group string) int { // -1: not said
		if i := f.pattern.SubexpIndex(group); i >= 0 && match[i] != "" {
			n, _ := strconv.Atoi(match[i])
			return n
		}
		return -1
	}
	prompts, generating, requests := number("prefill_requests"), number("decode_requests"), number("requests")
	s := Step{Kind: OfStep, Phase: cmp.Or(f.Phase, phaseOf(prompts, generating)), Tokens: number("tokens"),
		Prompts: prompts, Generating: generating, PromptTokens: number("prefill_tokens")}
	switch all := prompts < 0 && generating < 0 && requests > 0; { // all of one sort
	case all && s.Phase == metric.Prefill:
		s.Prompts, s.Generating, s.PromptTokens = requests, 0, s.Tokens
	case all && s.Phase == metric.Decode:
		s.Prompts, s.Generating = 0, requests
	}
	switch {
	case s.Phase == "none":
		return Step{}
	case s.Phase == "" || requests == 0:
		return Step{Kind: Empty}
	case s.Tokens >= 0:
	case s.Phase == metric.Decode && requests > 0:
		s.Tokens = requests
	default:
		s.Tokens = tokens(prompts, number("prefill_tokens"), generating, number("decode_tokens"))
	}
	return s
}

// phaseOf is the phase of a step of so many prompts and requests that generate; empty: of neither.
func phaseOf(prompts, generating int) string {
	switch {
	case prompts > 0 && generating > 0:
		return metric.Mixed
	case prompts > 0:
		return metric.Prefill
	case generating > 0:
		return metric.Decode
	}
	return ""
}

// tokens adds what is put through the model for prompts and for generation: one of each request where that is not said.
func tokens(prompts, ofPrompts, generating, generated int) int {
	if prompts == 0 {
		ofPrompts = 0
	}
	if generated < 0 {
		generated = generating
	}
	if ofPrompts < 0 || generated < 0 {
		return -1
	}
	return ofPrompts + generated
}
