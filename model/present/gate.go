package present

import (
	"encoding/xml"
	"fmt"
	"strings"

	"shardeck/model/compare"
)

// GateLine says what a gate says of one run by one rule.
func GateLine(j compare.Judgement) Cell {
	word := map[bool]string{true: "fail", false: "pass"}[j.Failed]
	return Cell{Text: strings.Join([]string{word, j.Run, j.Rule, j.Words}, "  "), Role: levels[word]}
}

// suite is a JUnit file, as CI systems read it.
type suite struct {
	XMLName  xml.Name   `xml:"testsuite"`
	Name     string     `xml:"name,attr"`
	Tests    int        `xml:"tests,attr"`
	Failures int        `xml:"failures,attr"`
	Cases    []testCase `xml:"testcase"`
}

type testCase struct {
	Class   string   `xml:"classname,attr"`
	Name    string   `xml:"name,attr"`
	Failure *failure `xml:"failure"`
	Out     string   `xml:"system-out,omitempty"`
}

type failure struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
}

// JUnit is what a gate says as a JUnit file: a test for each run and rule.
func JUnit(c compare.Comparison) ([]byte, error) {
	s := suite{Name: "shardeck compare " + strings.Join(c.Runs, " "), Tests: len(c.Gate)}
	for _, j := range c.Gate {
		t := testCase{Class: j.Run, Name: j.Rule, Out: j.Words}
		if j.Failed {
			s.Failures++
			t.Failure = &failure{j.Words, map[bool]string{true: "unjudged", false: "beyond"}[j.Unjudged]}
		}
		s.Cases = append(s.Cases, t)
	}
	text, err := xml.MarshalIndent(s, "", "  ")
	return append([]byte(xml.Header), append(text, '\n')...), err
}

// Markdown is a comparison as a comment of a merge request: what the gate says, then the metrics.
func Markdown(c compare.Comparison) []byte {
	var b strings.Builder
	line := func(cells ...string) { b.WriteString(markdownLine(cells)) }
	fmt.Fprintf(&b, "### %s against %s\n\n", strings.Join(c.Runs[1:], ", "), c.Runs[0])
	if len(c.Gate) > 0 {
		line("", "run", "rule", "")
		line("---", "---", "---", "---")
	}
	for _, j := range c.Gate {
		line(map[bool]string{true: "**fail**", false: "pass"}[j.Failed], j.Run, "`"+j.Rule+"`", j.Words)
	}
	b.WriteString("\n" + MarkdownTable(Comparison(c)) + "\n")
	for _, note := range append(c.Notes, c.Warnings...) {
		fmt.Fprintf(&b, "- %s\n", note)
	}
	return []byte(b.String())
}
