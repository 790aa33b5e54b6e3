package config

import (
	"bytes"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"shardeck/model"
	"shardeck/model/present/unit"
)

// Change is SetAll, after which description and comments say nothing that the changes made false: numbers that they name are those of
// now, and what cannot be put right so is dropped. What the user wrote in this session stays.
func (d *Document) Change(edits ...model.Edit) error {
	was, now := d.file.Load(), d.now.Load()
	wanted := now.experiment
	for _, e := range edits {
		if Apply(&wanted, e.Path, e.Value) != nil {
			return d.SetAll(edits...) // which says why not
		}
	}
	own := slices.ContainsFunc(edits, func(e model.Edit) bool { return e.Path == "description" })
	if text := Describe(was.experiment, wanted); !own && was.err == nil && now.experiment.Description == Describe(was.experiment, now.experiment) &&
		text != wanted.Description {
		edits = append(slices.Clone(edits), model.Edit{Path: "description", Value: text})
	}
	if err := d.SetAll(edits...); err != nil || now.err != nil {
		return err
	}
	d.change.Lock()
	defer d.change.Unlock()
	if next := d.now.Load(); next != now {
		d.now.Store(next.commented(d.Name, now, edits))
	}
	return nil
}

// commented is a state whose comments are true of it, as those of the one before were of that.
func (s *state) commented(name string, before *state, edits []model.Edit) *state {
	lines := bytes.Split(s.text, []byte("\n"))
	for _, e := range edits {
		if f, below, err := lookup(e.Path); err == nil {
			old, _ := Value(before.experiment, e.Path)
			if _, n := s.find(f, below); n != nil && n.Kind == yaml.ScalarNode && n.Line <= len(lines) && old != e.Value {
				lines[n.Line-1] = inComment(lines[n.Line-1], func(c string) string { return besideValue(c, old, e.Value) })
			}
		}
	}
	for i := range lines {
		lines[i] = inComment(lines[i], func(c string) string { return renewed(c, before.experiment, s.experiment) })
	}
	text := bytes.Join(lines, []byte("\n"))
	if bytes.Equal(text, s.text) {
		return s
	}
	doc, problems := parse(name, text)
	if problems != nil {
		return s
	}
	if next := newState(name, text, doc); reflect.DeepEqual(next.experiment, s.experiment) { // else it was no comment
		return next
	}
	return s
}

// comment is the end of a line from the sign on by which a comment begins: quoted text before it is none.
var comment = regexp.MustCompile(`^((?:[^"'#]|"(?:[^"\\]|\\.)*"|'[^']*'|\S#)*?(?:^|[ \t]+))(#.*)$`)

func inComment(line []byte, change func(string) string) []byte {
	m := comment.FindSubmatch(line)
	if m == nil {
		return line
	}
	text := change(string(m[2]))
	if text == "" {
		return bytes.TrimRight(m[1], " \t")
	}
	return append(bytes.Clone(m[1]), text...)
}

// counts are words that say how many there are, without a number.
var counts = regexp.MustCompile(`(?i)\b(both|single|one|two|three|four|eight|sixteen|half|twice|no)\b`)

// besideValue is the comment behind a value that changed: with the new one where it names the old; empty where it counts in words.
func besideValue(text, old, now string) string {
	word := regexp.MustCompile(`(^|[^\w.])` + regexp.QuoteMeta(old) + `($|[^\w.])`)
	switch {
	case old != "" && word.MatchString(text):
		return word.ReplaceAllString(text, "${1}"+strings.ReplaceAll(now, "$", "$$")+"${2}")
	case counts.MatchString(text):
		return ""
	}
	return text
}

// named are numbers of an experiment by the words that descriptions have for them.
var named = []struct {
	word string
	of   func(model.Experiment) int
}{
	{"TP", func(e model.Experiment) int { return e.Layout.TP }}, {"PP", func(e model.Experiment) int { return e.Layout.PP }},
	{"DP", func(e model.Experiment) int { return e.Layout.DP() }}, {"EP", func(e model.Experiment) int { return e.Layout.EP }},
	{"batch|batch_size", func(e model.Experiment) int { return e.Data.BatchSize }},
	{"seq_len|prompt", func(e model.Experiment) int { return e.Data.SeqLen }}, {"max_tokens|output", func(e model.Experiment) int { return e.Data.MaxTokens }},
}

// renewed is a text that was true of one experiment, with the numbers of another.
func renewed(text string, was, now model.Experiment) string {
	for _, n := range named {
		if old := n.of(was); old != n.of(now) {
			text = regexp.MustCompile(fmt.Sprintf(`(?i)\b(%s)([ =:]?)%d\b`, n.word, old)).ReplaceAllString(text, "${1}${2}"+strconv.Itoa(n.of(now)))
		}
	}
	if old := was.Layout.GPUs(); old != now.Layout.GPUs() {
		text = regexp.MustCompile(fmt.Sprintf(`(?i)\b%d GPUs?\b`, old)).ReplaceAllString(text, unit.Plural(now.Layout.GPUs(), "GPU"))
	}
	return text
}

// ways are the words for a layout, with whether it is one.
var ways = []struct {
	word string
	is   func(model.Experiment) bool
}{
	{"baseline", func(e model.Experiment) bool { return e.Layout.GPUs() == 1 }},
	{"tensor parallel", func(e model.Experiment) bool { return e.Layout.TP > 1 }},
	{"pipeline parallel", func(e model.Experiment) bool { return e.Layout.PP > 1 }},
	{"data parallel", func(e model.Experiment) bool { return e.Layout.DP() > 1 }},
	{"expert parallel", func(e model.Experiment) bool { return e.Layout.EP > 1 }},
}

// Describe is the description of one experiment made true of another: its numbers are renewed; one that names a layout or a model
// that this no longer is gives way to a plain one.
func Describe(was, now model.Experiment) string {
	text := was.Description
	untrue := was.Model.Name != now.Model.Name && text != ""
	for _, w := range ways {
		untrue = untrue || w.is(was) && !w.is(now) && strings.Contains(strings.ToLower(text), w.word)
	}
	if !untrue {
		return renewed(text, was, now)
	}
	words := []string{model.ShortModel(now.Model.Name)}
	for _, n := range named[:4] {
		if v := n.of(now); v > 1 || n.word == "TP" {
			words = append(words, fmt.Sprintf("%s=%d", n.word, v))
		}
	}
	return strings.Join(words, " ") + " on " + unit.Plural(now.Layout.GPUs(), "GPU")
}

// Renamed is the text of a file with another id where its comments name it.
func Renamed(text []byte, from, to string) []byte {
	word := regexp.MustCompile(`(^|[^\w.-])` + regexp.QuoteMeta(from) + `($|[^\w-])`)
	lines := bytes.Split(text, []byte("\n"))
	for i, line := range lines {
		lines[i] = inComment(line, func(c string) string { return word.ReplaceAllString(c, "${1}"+to+"${2}") })
	}
	return bytes.Join(lines, []byte("\n"))
}
