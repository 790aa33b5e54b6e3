package jsonscan

import (
	"strings"
	"testing"
)

func TestSkip(t *testing.T) {
	for _, c := range []struct {
		name, text string
		end        int // -1: to the last byte but the x
		st         Status
	}{
		{"empty object", `{}x`, -1, Whole},
		{"nested", `{"a": {"b": {}}, "c": [{}, {}]}x`, -1, Whole},
		{"brace in a string", `{"a": "}"}x`, -1, Whole},
		{"braces in strings", `{"{": "}}{", "b}": {"c": "{"}}x`, -1, Whole},
		{"string ends in a brace", `{"a": "{lambda}", "b": 1}x`, -1, Whole},
		{"not closed", `{"a": {"b": 1}`, 0, Short},
		{"string not closed", `{"a": "}`, 0, Short},
		{"string at the end", `{"a": "}"`, 0, Short},
		{"stray quote before a brace", `{"a": "b"c", "d": {"e": 1}}, {"f": 2}`, 0, Broken},
		{"quotes that balance", `{"a": "b"c"d", "e": {}}x`, -1, Whole},
	} {
		want := c.end
		if want < 0 {
			want = len(c.text) - 1
		}
		for _, text := range []string{c.text, c.text + strings.Repeat("x", 200)} {
			if c.st == Short && text != c.text {
				continue
			}
			for name, skip := range map[string]func([]byte, int) (int, Status){"any means": SkipObject, "strings": SkipByStrings} {
				if end, st := skip([]byte(text), 0); st != c.st || st == Whole && end != want {
					t.Errorf("%s by %s: %d, %v; want %d, %v", c.name, name, end, st, want, c.st)
				}
			}
		}
	}
}

func TestSkipWithEscapes(t *testing.T) {
	for _, text := range []string{`{"a": "\"}"}x`, `{"a\\": "b\\\"}{", "c": "\\"}x`, `{"a": "\u007d}\"{"}x`} {
		for _, more := range []string{"", strings.Repeat("x", 100)} {
			end, st := SkipObject([]byte(text+more), 0)
			if st != Whole || end != len(text)-1 {
				t.Errorf("%s: %d, %v", text, end, st)
			}
		}
	}
}
