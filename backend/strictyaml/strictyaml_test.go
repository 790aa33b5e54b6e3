package strictyaml

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"shardeck/model"
)

type inner struct {
	Size int    `yaml:"size"`
	Word string `yaml:"word"`
}

type file struct {
	Name   string             `yaml:"name"`
	Wait   time.Duration      `yaml:"wait"`
	Share  float64            `yaml:"share"`
	On     bool               `yaml:"on"`
	Steps  model.AutoInt      `yaml:"steps"`
	Group  inner              `yaml:"group"`
	Other  *inner             `yaml:"other"`
	List   []inner            `yaml:"list"`
	Words  []string           `yaml:"words"`
	Env    map[string]string  `yaml:"env"`
	Peaks  map[string]float64 `yaml:"peaks"`
	Engine map[string]any     `yaml:"engine"`
}

var testRules = Rules{
	Choices: func(path string) []string {
		if path == "group.word" {
			return []string{"red", "green"}
		}
		return nil
	},
	Bounds: func(path string) (lo, hi int, ok bool) { return 1, 100, path == "group.size" },
}

func decoded(t *testing.T, text string) (file, Problems) {
	t.Helper()
	doc, problems := Parse("f.yaml", []byte(text))
	if problems != nil {
		return file{}, problems
	}
	var f file
	_, problems = Decode("f.yaml", doc.Content[0], &f, testRules)
	return f, problems
}

func TestDecode(t *testing.T) {
	got, problems := decoded(t, `name: 7 o'clock
wait: 90
share: 0.5
on: True
steps: auto
group: {size: 0x10, word: red}
other: {size: 1_000}
list: [{size: 1}, {word: two}]
words: [a, 'b']
env: {A: 1, B: "x\ny"}
peaks: {bf16: 312}
engine: {level: 3, day: 2026-01-01, list: [1, a]}
`)
	if problems != nil {
		t.Fatal(problems)
	}
	want := file{Name: "7 o'clock", Wait: 90 * time.Second, Share: 0.5, On: true, Steps: model.Auto, Group: inner{16, "red"},
		Other: &inner{Size: 1000},
		List:  []inner{{Size: 1}, {Word: "two"}}, Words: []string{"a", "b"}, Env: map[string]string{"A": "1", "B": "x\ny"},
		Peaks: map[string]float64{"bf16": 312}, Engine: map[string]any{"level": 3, "day": "2026-01-01", "list": []any{1, "a"}}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// TestProblems: each names its place and what to do, and hides nothing beside it.
func TestProblems(t *testing.T) {
	for text, want := range map[string]string{
		"nane: x":                         `f.yaml:1:1: unknown key "nane"; did you mean name?`,
		"list: [{sise: 1}]":               `f.yaml:1:9: unknown key "sise" under list; did you mean size?`,
		"size: 1":                         `f.yaml:1:1: unknown key "size"; it belongs under group`,
		"other: {zzzzzz: 1}":              `unknown key "zzzzzz" under other; known are size, word`,
		"name: a\nname: b":                "f.yaml:2:1: name is given twice, first in line 1: keep one",
		"wait: -1":                        `wait: "-1" is not a whole number of at least 0`,
		"wait: 1.5":                       "is not a whole number",
		"wait:":                           "wait has no value: it takes a whole number of at least 0",
		"wait: '1'":                       "text because of its quotes",
		"share: .inf":                     "is not a number",
		"on: yes":                         `"yes" is not true or false`,
		"steps: 0":                        `"0" is not auto or a whole number of at least 1`,
		"group: {size: 101}":              `group.size: "101" is not a whole number from 1 to 100`,
		"group: {word: rad}":              `group.word: "rad" is not one of red, green; did you mean red?`,
		"group: 3":                        "group must be keys with values",
		"list: {}":                        "list must be a list: [a, b]",
		"name: [a]":                       "name must be text, not a list or further keys",
		"env: {A: [b]}":                   "env.A must be text",
		"env: {A: 1, A: 2}":               "env.A is given twice",
		"peaks: {a: b}":                   "peaks.a",
		"other: &x {size: 1}\nlist: [*x]": "f.yaml:2:8: list: references (*x) are not read here",
		"engine: {a: .nan}":               "infinities",
		"engine: {1: a}":                  "odd keys",
		"? [a]\n: b":                      "a key must be a plain word",
		"- a":                             "f.yaml:1:1: must hold keys with values",
		"a: [":                            "is not YAML",
		"a: 1\n---\nb: 2":                 "f.yaml:2:1: a second document begins",
		"\xff":                            "is not text",
		strings.Repeat("#", MaxBytes+1):   "larger than 1 MB",
	} {
		if _, problems := decoded(t, text); problems == nil || !strings.Contains(problems.Error(), want) {
			t.Errorf("%.60q: %v, want %s", text, problems, want)
		}
	}
	if f, problems := decoded(t, "wait: x\nname: good\n"); len(problems) != 1 || f.Name != "good" {
		t.Errorf("what is right beside a fault is lost: %+v, %v", f, problems)
	}
	for _, empty := range []string{"", "# nothing\n", "~", "---\n"} {
		if doc, problems := Parse("f.yaml", []byte(empty)); doc != nil || problems != nil {
			t.Errorf("%q: %v, %v", empty, doc, problems)
		}
	}
}

// TestDecodeLeavesTheTree: an edit compares it with the tree of the text after.
func TestDecodeLeavesTheTree(t *testing.T) {
	doc, _ := Parse("f.yaml", []byte("engine: {day: 2026-01-01}\n"))
	var f file
	Decode("f.yaml", doc.Content[0], &f, testRules)
	if _, day := Find(doc.Content[0], "engine", "day"); f.Engine["day"] != "2026-01-01" || day.Tag != "!!timestamp" {
		t.Errorf("%v, and the tree has %s", f.Engine, day.Tag)
	}
}

func TestManyProblemsAreCut(t *testing.T) {
	var text strings.Builder
	for i := range 40 {
		text.WriteString("nonsense" + strings.Repeat("x", i) + ": 1\n")
	}
	_, problems := decoded(t, text.String())
	if lines := strings.Count(problems.Error(), "\n"); lines != maxShown || !strings.Contains(problems.Error(), "and 30 more") {
		t.Errorf("%d line breaks in:\n%v", lines, problems)
	}
}

func TestTextOfFields(t *testing.T) {
	f := file{}
	for _, field := range Fields[file]() {
		text, single := map[string]string{"name": "a b", "wait": "30", "share": "0.25", "on": "true", "steps": "4", "group.size": "2",
			"group.word": "green"}[field.Path]
		if single != field.Single() {
			t.Errorf("%s takes one value: %t", field.Path, field.Single())
		}
		if !single {
			continue
		}
		if err := testRules.SetText(field.Path, field.Of(&f), text); err != nil || Text(field.Of(&f)) != text {
			t.Errorf("%s: %s, %v, want %s", field.Path, Text(field.Of(&f)), err, text)
		}
	}
}

// A list that is written empty is one: in JSON it is [], not null.
func TestEmptyListIsAList(t *testing.T) {
	if f, _ := decoded(t, "words: []\n"); f.Words == nil || len(f.Words) != 0 || f.List != nil {
		t.Errorf("%#v and %#v", f.Words, f.List)
	}
}
