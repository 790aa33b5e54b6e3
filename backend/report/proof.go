package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"shardeck/model"
	"shardeck/model/page"
)

// Difference is a place where a page does not say what its runs do.
type Difference struct {
	Where string `json:"where"` // in words: "text Results, llama-8b-tp2, TTFT ms"
	Page  string `json:"page"`  // what stands there
	Runs  string `json:"runs"`  // what the runs give
}

var (
	pageData = regexp.MustCompile(`(?s)<script type="application/json" id="data">(.*?)</script>`)
	keyed    = regexp.MustCompile(`data-k="([^"]*)"(?: title="([^"]*)")?>([^<]*)<`)
)

// ReadPage finds the data of a page in its HTML.
func ReadPage(text []byte) (p page.Page, err error) {
	found := pageData.FindSubmatch(text)
	if found == nil {
		return p, model.Invalid("this is no report of shardeck: it holds no data", "shardeck report RUN… -o FILE.html makes one")
	}
	if err := json.Unmarshal(found[1], &p); err != nil {
		return p, model.Failed("the data in the page are no JSON any more", err, "make the page again")
	}
	if p.Schema > page.Schema {
		text := fmt.Sprintf("the page is of schema %d, and this program knows %d", p.Schema, page.Schema)
		return p, model.Failed(text, nil, "take a newer shardeck")
	}
	return p, nil
}

// Compare holds the HTML of a page against the page that its runs give today: its data, the texts and numbers that a reader sees and, where
// these are the same, the first line that is not. own is its data, as ReadPage found them.
func Compare(text []byte, own, fresh page.Page) (out []Difference, err error) {
	var want bytes.Buffer
	fresh.Program = own.Program
	was, err := dataOf(own)
	is, errFresh := dataOf(fresh)
	for _, err := range []error{err, errFresh, WritePage(&want, fresh)} {
		if err != nil {
			return nil, fmt.Errorf("cannot compare the page: %w", err)
		}
	}
	out = unlike(textsOf(text), textsOf(want.Bytes()), func(key string) string { return "text " + placeWords(key, fresh) })
	for _, d := range unlike(was, is, func(key string) string { return "data" + key }) {
		seen := func(o Difference) bool { return o.Page == d.Page && o.Runs == d.Runs }
		if !strings.HasPrefix(d.Where, "data.sections") || !slices.ContainsFunc(out, seen) { // the text is made of them
			out = append(out, d)
		}
	}
	if string(text) != want.String() && len(out) == 0 {
		lines, should := strings.Split(string(text), "\n"), strings.Split(want.String(), "\n")
		at := 0
		for at < min(len(lines), len(should))-1 && lines[at] == should[at] {
			at++
		}
		out = append(out, differing(fmt.Sprintf("line %d", at+1), lines[at], should[at]))
	}
	return out, nil
}

// dataOf are the values of a page's data by their paths, but for the program that wrote them. Numbers have the digits that any
// machine gives.
func dataOf(p page.Page) (map[string]string, error) {
	p.Program = ""
	text, err := json.Marshal(p)
	var tree any
	if err == nil {
		err = json.Unmarshal(text, &tree)
	}
	out := map[string]string{}
	flatten("", tree, out)
	return out, err
}

func flatten(path string, v any, out map[string]string) {
	switch x := v.(type) {
	case map[string]any:
		for key, e := range x {
			flatten(path+"."+key, e, out)
		}
	case []any:
		for i, e := range x {
			name := strconv.Itoa(i)
			m, _ := e.(map[string]any)
			for _, key := range []string{"id", "name", "run"} {
				if text, ok := m[key].(string); ok && text != "" {
					name = text
				}
			}
			if _, taken := m["points"]; taken { // series of equal names stand in several panels
				name += "#" + strconv.Itoa(i)
			}
			flatten(path+"."+name, e, out)
		}
	case float64:
		out[path] = strconv.FormatFloat(x, 'g', 10, 64)
	default:
		out[path] = fmt.Sprint(x)
	}
}

// behind marks what stands behind a number.
const behind = ", behind it"

// textsOf are the texts of a page by their places, and what stands behind them.
func textsOf(text []byte) map[string]string {
	out := map[string]string{}
	for _, m := range keyed.FindAllSubmatch(text, -1) { // what stands twice in a place, or in several panels of a figure, is one text
		key := html.UnescapeString(string(m[1]))
		out[key], out[key+behind] = out[key]+html.UnescapeString(string(m[3])), out[key+behind]+html.UnescapeString(string(m[2]))
	}
	return out
}

// unlike are the places in which two sets differ.
func unlike(was, is map[string]string, words func(key string) string) (out []Difference) {
	all := maps.Clone(is)
	maps.Copy(all, was)
	for _, key := range slices.SortedFunc(maps.Keys(all), model.CompareNatural) {
		a, there := was[key]
		b, still := is[key]
		switch {
		case !there:
			a = "nothing"
		case !still:
			b = "nothing"
		}
		if a != b {
			out = append(out, differing(words(key), a, b))
		}
	}
	return out
}

// placeWords says where a place of a page is: of a cell its table, the first cell of its row and its column.
func placeWords(key string, p page.Page) string {
	place, title := strings.CutSuffix(key, behind)
	for _, s := range p.Sections {
		for _, t := range s.Tables {
			var row, column int
			rest, ok := strings.CutPrefix(place, t.ID+"-")
			if n, _ := fmt.Sscanf(rest, "%d-%d", &row, &column); ok && n == 2 && row < len(t.Rows) && column < len(t.Rows[row]) {
				place = s.Title + ", " + t.Rows[row][0].Text + ", " + strings.TrimSpace(t.Columns[column].Title+" "+t.Columns[column].Unit)
				return place + map[bool]string{true: behind}[title]
			}
		}
	}
	return key
}

// differing is a difference, of long texts the part in which they differ.
func differing(where, a, b string) Difference {
	const before, most = 20, 80
	at := 0
	for at < min(len(a), len(b)) && a[at] == b[at] {
		at++
	}
	clip := func(s string) string {
		if len(s) <= most {
			return s
		}
		from := max(0, at-before)
		return strings.ToValidUTF8("…"+s[min(from, len(s)):min(from+most, len(s))]+"…", "")
	}
	return Difference{where, clip(a), clip(b)}
}
