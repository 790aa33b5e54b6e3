package report

import (
	"bytes"
	"strings"
	"testing"

	"shardeck/model/figure"
	"shardeck/model/metric"
	"shardeck/model/page"
	"shardeck/model/scaling"
)

// small is a page with a text, a table, a figure and a timeline.
func small() page.Page {
	return page.Page{Schema: page.Schema, Program: "v1", Title: `<b>"x"`, Answer: []string{"a < b"}, Runs: []page.Run{
		{Name: "r", Metrics: []metric.Metric{{Name: "ttft", Value: value(20.5), N: 3}}}},
		Sections: []page.Section{{ID: "s", Title: "S",
			Strips: []page.Strip{{Rank: 1, WindowMS: 5, Parts: map[string][]int{"compute": {90, 90, 10}, "wait": {0, 20, 20}}}},
			Tables: []page.Table{{ID: "s-1", Columns: []page.Column{{Title: "run"}, {Title: "TTFT", Unit: "ms", Right: true}},
				Rows: [][]page.Cell{{{Text: "r</script>"}, {Text: "20.5", Why: `n = 3 · "median"`}}}}},
			Figures: []figure.Figure{{Name: "f", Panels: []figure.Panel{{X: "GPUs", Y: "tok/s",
				Series: []scaling.ChartSeries{line("A&B", 1, 2, 4, 7), line("B", 1, 3)}},
				{Bars: []figure.Bar{{Name: "rank 0", Parts: []figure.Part{{Name: "compute", To: 3, Text: "3"}}}}}}}}}}}
}

func written(t *testing.T, p page.Page) string {
	t.Helper()
	var out bytes.Buffer
	if err := WritePage(&out, p); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// TestPage is the same each time, escapes what it is told, gives each series colours of its own that the page sets, and reads itself back.
func TestPage(t *testing.T) {
	text := written(t, small())
	if text != written(t, small()) {
		t.Fatal("a page is not the same twice")
	}
	for _, want := range []string{"&lt;b&gt;", "a &lt; b", "A&amp;B", "r&lt;/script&gt;", "--s1:#E69F00", `var(--s0)`, `var(--r1)`,
		`class="pt s1"`, "M0 10H2V90H3V100H0Z", `style="fill:var(--wait)"`} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if standIn.MatchString(text) {
		t.Errorf("a colour of no page: %s", standIn.FindString(text))
	}
	own, err := ReadPage([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if found, err := Compare([]byte(text), own, small()); err != nil || len(found) > 0 {
		t.Errorf("%v, %v", found, err)
	}
}

// TestCompare finds each way in which a page may not be what its runs say, and where.
func TestCompare(t *testing.T) {
	text := written(t, small())
	for _, c := range []struct{ old, new, where string }{
		{">20.5<", ">21.5<", "text S, r</script>, TTFT ms"},
		{"n = 3 ·", "n = 4 ·", "text S, r</script>, TTFT ms, behind it"},
		{`"value":20.5`, `"value":21.5`, "data.runs.r.metrics.ttft.value"},
		{`data-k="answer-0">a`, `data-k="answer-0">c`, "text answer-0"},
		{"M0 10H2", "M0 20H2", "line "},
		{"tok/s 7", "tok/s 9", "text f, "},
		{`<td class="right " data-k="s-1-0-1"`, `<td data-k="s-1-0-1">9</td><td class="right " data-k="s-1-0-1"`, "text S, r</script>, TTFT ms"},
		{"</h2>", " 9</h2>", "line "},
	} {
		edited := strings.Replace(text, c.old, c.new, 1)
		own, err := ReadPage([]byte(edited))
		if err != nil || edited == text {
			t.Fatal(c.old, err)
		}
		newer := small()
		newer.Program = "v2" // what is found does not depend on the version that a page says of itself
		found, err := Compare([]byte(edited), own, newer)
		if err != nil || len(found) == 0 || !strings.HasPrefix(found[0].Where, c.where) {
			t.Errorf("%s: %v, %v", c.new, found, err)
		}
	}
	if _, err := ReadPage([]byte("<html>")); err == nil {
		t.Error("this is no page of ours")
	}
}
