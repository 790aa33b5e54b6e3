package present

import (
	"encoding/xml"
	"strings"
	"testing"

	"shardeck/model/compare"
)

var judged = compare.Comparison{Runs: []string{"a", "b"}, Notes: []string{"a note"},
	Rows: []compare.Row{{Name: "tpot", Cells: []compare.Cell{{Value: new(8.5), N: 3, Spread: 0.24},
		{Value: new(9.0), Change: new(5.9)}}}},
	Gate: []compare.Judgement{{Rule: "tpot>+3%", Run: "b", Failed: true, Words: "surely | above <3>"},
		{Rule: "ttft>9", Run: "b", Failed: true, Unjudged: true, Words: "n too small"},
		{Rule: "tpot>9", Run: "b", Words: "fine"}}}

// A CI system reads the file: each rule of each run is a test.
func TestJUnit(t *testing.T) {
	text, err := JUnit(judged)
	var read suite
	if err != nil || xml.Unmarshal(text, &read) != nil || !strings.HasPrefix(string(text), "<?xml") {
		t.Fatalf("%s, %v", text, err)
	}
	if read.Tests != 3 || read.Failures != 2 || read.Cases[0].Failure.Message != "surely | above <3>" ||
		read.Cases[1].Failure.Type != "unjudged" || read.Cases[2].Failure != nil {
		t.Errorf("%+v", read)
	}
}

func TestMarkdown(t *testing.T) {
	want := "### b against a\n\n|  | run | rule |  |\n| --- | --- | --- | --- |\n| **fail** | b | `tpot>+3%` | surely \\| above " +
		"<3> |\n| **fail** | b | `ttft>9` | n too small |\n" +
		"| pass | b | `tpot>9` | fine |\n\n| metric | a | spread % | b | spread % | change % |\n| --- | ---: | ---: | ---: | ---: | ---: |\n" +
		"| tpot ms | 8.50 | 0.2 | 9.00 |  | +5.9 |\n\n- a note\n"
	if got := string(Markdown(judged)); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

func TestGateLine(t *testing.T) {
	if c := GateLine(judged.Gate[0]); c.Role != Bad || c.Text != "fail  b  tpot>+3%  surely | above <3>" {
		t.Errorf("%+v", c)
	}
	if c := GateLine(judged.Gate[2]); c.Role != Good {
		t.Errorf("%+v", c)
	}
}
