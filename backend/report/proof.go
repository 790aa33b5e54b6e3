package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"math"
	"regexp"
	"slices"
	"strings"

	"shardeck/model"
	"shardeck/model/page"
)

// Difference is a place where a page does not say what its runs do.
type Difference struct {
	Where string `json:"where"` // in words: "results-1, llama-8b-tp2, TTFT"
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
		return p, model.Failed(fmt.Sprintf("the page is of schema %d, and this program knows %d", p.Schema, page.Schema), nil, "take a newer shardeck")
	}
	return p, nil
}

// Compare holds the HTML of a page against the page that its runs give today: its data, the texts and numbers that a reader sees, and, where
// the same program writes it, all the rest of it. own is its data, as ReadPage found them.
func Compare(text []byte, own, fresh page.Page) ([]Difference, error) {
	var out []Difference
	was, err := tree(own)
	is, errFresh := tree(fresh)
	if err != nil || errFresh != nil {
		return nil, fmt.Errorf("cannot compare the page's data: %w", errFresh)
	}
	var want bytes.Buffer
	if err := WritePage(&want, fresh); err != nil {
		return out, err
	}
	out = unlikeTexts(text, want.Bytes(), fresh)
	unlike("data", was, is, func(d Difference) {
		seen := func(o Difference) bool { return o.Page == d.Page && o.Runs == d.Runs }
		if !strings.HasPrefix(d.Where, "data.sections") || !slices.ContainsFunc(out, seen) { // the text is made of them
			out = append(out, d)
		}
	})
	if len(out) == 0 && own.Program == fresh.Program && !bytes.Equal(text, want.Bytes()) {
		out = append(out, elsewhere(text, want.Bytes()))
	}
	return out, nil
}

func tree(p page.Page) (v any, err error) {
	p.Program = "" // another version may write the same numbers
	text, err := json.Marshal(p)
	if err == nil {
		err = json.Unmarshal(text, &v)
	}
	return v, err
}

// unlike tells of every value that differs between two trees of JSON; numbers may differ in their last digits.
func unlike(where string, was, is any, tell func(Difference)) {
	switch w := was.(type) {
	case map[string]any:
		n, _ := is.(map[string]any)
		for _, key := range sortedKeys(w, n) {
			unlike(where+"."+key, w[key], n[key], tell)
		}
		return
	case []any:
		n, _ := is.([]any)
		for i := range max(len(w), len(n)) {
			var a, b any
			if i < len(w) {
				a = w[i]
			}
			if i < len(n) {
				b = n[i]
			}
			unlike(where+"."+named(a, b, i), a, b, tell)
		}
		return
	case float64:
		if n, ok := is.(float64); ok && math.Abs(w-n) <= 1e-9*math.Max(math.Abs(w), math.Abs(n)) {
			return
		}
	}
	if fmt.Sprint(was) != fmt.Sprint(is) {
		tell(differing(where, valueWords(was), valueWords(is)))
	}
}

func sortedKeys(a, b map[string]any) (all []string) {
	for key := range a {
		all = append(all, key)
	}
	for key := range b {
		if _, both := a[key]; !both {
			all = append(all, key)
		}
	}
	slices.Sort(all)
	return all
}

// named is an element of a list by its name, where it has one.
func named(a, b any, i int) string {
	for _, v := range []any{a, b} {
		m, _ := v.(map[string]any)
		for _, key := range []string{"run", "name", "id"} {
			if name, ok := m[key].(string); ok && name != "" {
				return name
			}
		}
	}
	return fmt.Sprint(i)
}

func valueWords(v any) string {
	switch x := v.(type) {
	case nil:
		return "nothing"
	case map[string]any, []any:
		return "something else"
	default:
		return fmt.Sprint(x)
	}
}

// unlikeTexts compares what a reader sees, place by place.
func unlikeTexts(text, want []byte, fresh page.Page) (out []Difference) {
	told := map[string][2]string{}
	for _, m := range keyed.FindAllSubmatch(text, -1) {
		told[string(m[1])] = [2]string{html.UnescapeString(string(m[3])), html.UnescapeString(string(m[2]))}
	}
	say := func(key, was, is string) {
		if was != is {
			out = append(out, differing("text "+placeWords(key, fresh), was, is))
		}
	}
	for _, m := range keyed.FindAllSubmatch(want, -1) {
		key := string(m[1])
		was, there := told[key]
		if !there {
			was[0] = "nothing"
		}
		say(key, was[0], html.UnescapeString(string(m[3])))
		say(key+behind, was[1], html.UnescapeString(string(m[2])))
		delete(told, key)
	}
	for _, key := range sortedKeys(anyOf(told), nil) {
		say(key, told[key][0], "nothing")
	}
	return out
}

func anyOf[T any](m map[string]T) map[string]any {
	out := map[string]any{}
	for k, v := range m {
		out[k] = v
	}
	return out
}

// behind marks what stands behind a number.
const behind = ", behind it"

// placeWords says where a place of a page is: of a cell its table, the first cell of its row and its column.
func placeWords(key string, p page.Page) string {
	key, title := strings.CutSuffix(key, behind)
	for _, s := range p.Sections {
		for _, t := range s.Tables {
			var row, column int
			rest, ok := strings.CutPrefix(key, t.ID+"-")
			if n, _ := fmt.Sscanf(rest, "%d-%d", &row, &column); ok && n == 2 && row < len(t.Rows) && column < len(t.Rows[row]) {
				return strings.Join([]string{s.Title, t.Rows[row][0].Text, strings.TrimSpace(t.Columns[column].Title + " " + t.Columns[column].Unit)}, ", ") +
					map[bool]string{true: behind}[title]
			}
		}
	}
	return key
}

// elsewhere is the first line that differs, where neither data nor texts do: in a figure, the style or the script.
func elsewhere(text, want []byte) Difference {
	have, should := strings.Split(string(text), "\n"), strings.Split(string(want), "\n")
	for i := range max(len(have), len(should)) {
		a, b := lineAt(have, i), lineAt(should, i)
		if a != b {
			return differing(fmt.Sprintf("line %d", i+1), a, b)
		}
	}
	return Difference{}
}

func lineAt(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return ""
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
