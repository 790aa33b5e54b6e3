package list

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"shardeck/ui/widget"
)

// Filter is the small language of every list: words that stand somewhere in the row; key:value for one field (tp:4), where a column's
// title is a key as well; key:~part for a part of it; key>number, and >= < <= != (tok/s>50000); "!" before any of these for the
// opposite. All must hold; case does not matter.
type Filter struct {
	Text  string
	terms []term
}

type term struct {
	key, value string
	part, not  bool
	than       string  // >, >=, < or <=: the number in value is compared; empty: the text
	number     float64 // of value
}

// Lookup is what a row has under a key; false: no row has that.
type Lookup func(key string) (value string, known bool)

// keyed is a word with a key: its key, sign and value.
var keyed = regexp.MustCompile(`^([^:=<>!]+)(>=|<=|!=|[:=<>])(.*)$`)

// ParseFilter reads a filter; every text is one.
func ParseFilter(text string) Filter {
	f := Filter{Text: strings.TrimSpace(text)}
	for _, word := range strings.Fields(strings.ToLower(text)) {
		if t := parseTerm(word); t.value != "" {
			f.terms = append(f.terms, t)
		}
	}
	return f
}

func parseTerm(word string) (t term) {
	word, t.not = strings.CutPrefix(word, "!")
	t.value, t.part = word, true
	m := keyed.FindStringSubmatch(word)
	if m == nil {
		return t
	}
	t.key, t.part = m[1], false
	switch sign := m[2]; sign {
	case "!=":
		t.not = !t.not
		fallthrough
	case ":", "=":
		t.value, t.part = strings.CutPrefix(m[3], "~")
	default:
		t.than, t.value = sign, m[3]
		var ok bool
		if t.number, ok = numberOf(m[3]); !ok {
			t.value = "" // is being typed
		}
	}
	return t
}

// numberOf reads a number as people and tables write it: 50 000, 50_000, 50k.
func numberOf(text string) (float64, bool) {
	text = strings.NewReplacer(" ", "", "\u00a0", "", "\u202f", "", "_", "", ",", "").Replace(strings.ToLower(text))
	times := 1.0
	if rest, thousand := strings.CutSuffix(text, "k"); thousand {
		text, times = rest, 1000
	}
	number, err := strconv.ParseFloat(text, 64)
	return number * times, err == nil
}

// unknown is the first key that a list does not have; empty: none.
func (f Filter) unknown(has func(key string) bool) string {
	for _, t := range f.terms {
		if t.key != "" && !has(t.key) {
			return t.key
		}
	}
	return ""
}

// Asks reports whether a filter asks for a key.
func (f Filter) Asks(key string) bool {
	return slices.ContainsFunc(f.terms, func(t term) bool { return t.key == key })
}

// Empty reports whether every row passes.
func (f Filter) Empty() bool { return len(f.terms) == 0 }

// Match asks whether a row passes. Words without a key search all fields.
func (f Filter) Match(fields map[string]string, of Lookup) bool {
	return !slices.ContainsFunc(f.terms, func(t term) bool { return t.match(fields, of) == t.not })
}

func (t term) match(fields map[string]string, of Lookup) bool {
	if t.key != "" {
		value, _ := of(t.key)
		return t.is(value)
	}
	for _, v := range fields {
		if t.is(v) {
			return true
		}
	}
	return false
}

// is whether a value is the one asked for; of several, a line each, whether one of them is.
func (t term) is(value string) bool {
	if t.than != "" {
		n, ok := numberOf(value)
		return ok && map[string]bool{">": n > t.number, ">=": n >= t.number, "<": n < t.number, "<=": n <= t.number}[t.than]
	}
	return slices.ContainsFunc(strings.Split(strings.ToLower(value), "\n"), func(v string) bool {
		if t.part {
			return strings.Contains(v, t.value)
		}
		return v == t.value || strings.HasPrefix(v, t.value+" ")
	})
}

// lookup is what a row has under a key: one of its fields, else what stands under the title of a column.
func (l *cursor[T]) lookup(i int) Lookup {
	return func(key string) (string, bool) {
		if value, known := l.fieldsOf(i)[key]; known {
			return value, true
		}
		for c, column := range l.titled() {
			if titleKey(column) != key || column.Title == "" {
				continue
			}
			if c >= len(l.cells[i]) {
				return "", true
			}
			return l.cells[i][c].Text, true
		}
		return "", false
	}
}

// titled are the columns, whatever Fit has made of their titles.
func (l *cursor[T]) titled() []widget.Column {
	if l.of.Columns != nil {
		return l.of.Columns
	}
	return l.Table.Columns
}

func titleKey(c widget.Column) string { return strings.ReplaceAll(strings.ToLower(c.Title), " ", "-") }
