package list

import "strings"

// Filter is the small language of every list: words that stand somewhere in the row, key:value for one field (tp:4), key:~part
// for a part of it, "!" before any of these for the opposite. All must hold; case does not matter.
type Filter struct {
	Text  string
	terms []term
}

// unknown is the first key that a list with these fields does not have; empty: none.
func (f Filter) unknown(fields map[string]string) string {
	for _, t := range f.terms {
		if _, known := fields[t.key]; t.key != "" && !known {
			return t.key
		}
	}
	return ""
}

type term struct {
	key, value string
	part, not  bool
}

// ParseFilter reads a filter; every text is one.
func ParseFilter(text string) Filter {
	f := Filter{Text: strings.TrimSpace(text)}
	for _, word := range strings.Fields(strings.ToLower(text)) {
		var t term
		word, t.not = strings.CutPrefix(word, "!")
		key, value, keyed := strings.Cut(word, ":")
		if keyed && key != "" {
			t.key = key
			t.value, t.part = strings.CutPrefix(value, "~")
		} else {
			t.value, t.part = word, true
		}
		if t.value != "" {
			f.terms = append(f.terms, t)
		}
	}
	return f
}

// Empty reports whether every row passes.
func (f Filter) Empty() bool { return len(f.terms) == 0 }

// Match asks whether a row passes. Fields holds its values by key; words without one search all.
func (f Filter) Match(fields map[string]string) bool {
	for _, t := range f.terms {
		if t.match(fields) == t.not {
			return false
		}
	}
	return true
}

func (t term) match(fields map[string]string) bool {
	if t.key != "" {
		return t.is(fields[t.key])
	}
	for _, v := range fields {
		if t.is(v) {
			return true
		}
	}
	return false
}

func (t term) is(value string) bool {
	value = strings.ToLower(value)
	if t.part {
		return strings.Contains(value, t.value)
	}
	return value == t.value || strings.HasPrefix(value, t.value+" ")
}
