package check

import (
	"fmt"
	"regexp"
	"strconv"

	"shardeck/model"
)

// wordRules judge what a person wrote about an experiment: a description that was true
// of the layout before this one misleads in every table and chart.
func wordRules() []rule {
	return []rule{
		{"description-layout", SeverityWarning, "description", func(s *subject) string {
			now := described(s.e)
			if now == s.e.Description {
				return ""
			}
			return fmt.Sprintf("the description still speaks of another layout: %q", s.e.Description)
		}, func(s *subject) (string, []model.Edit) { return set("description", described(s.e)) }},
	}
}

// What a description may say of the layout; what it names twice compares, and is left alone.
var layoutWords = []struct {
	words *regexp.Regexp
	now   func(model.Layout) string
}{
	{regexp.MustCompile(`\b(?:TP|tp)=?(\d+)\b`), func(l model.Layout) string { return strconv.Itoa(l.TP) }},
	{regexp.MustCompile(`\b(?:PP|pp)=?(\d+)\b`), func(l model.Layout) string { return strconv.Itoa(l.PP) }},
	{regexp.MustCompile(`\b(?:EP|ep)=?(\d+)\b`), func(l model.Layout) string { return strconv.Itoa(l.EP) }},
	{regexp.MustCompile(`\bon (\d+ GPUs?)\b`), func(l model.Layout) string { return gpus(l.GPUs()) }},
}

// described is the description with the factors and the number of GPUs that it names as
// they are.
func described(e model.Experiment) string {
	text := e.Description
	for _, s := range layoutWords {
		if at := s.words.FindAllStringSubmatchIndex(text, 2); len(at) == 1 {
			text = text[:at[0][2]] + s.now(e.Layout) + text[at[0][3]:]
		}
	}
	return text
}

func gpus(n int) string {
	if n == 1 {
		return "1 GPU"
	}
	return strconv.Itoa(n) + " GPUs"
}
