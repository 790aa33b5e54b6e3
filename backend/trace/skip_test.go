package trace

import (
	"strings"
	"testing"
)

func TestSkip(t *testing.T) {
	for _, c := range []struct {
		name, text string
		end        int // -1: to the last byte but the x
		st         status
	}{
		{"empty object", `{}x`, -1, whole},
		{"nested", `{"a": {"b": {}}, "c": [{}, {}]}x`, -1, whole},
		{"brace in a string", `{"a": "}"}x`, -1, whole},
		{"braces in strings", `{"{": "}}{", "b}": {"c": "{"}}x`, -1, whole},
		{"string ends in a brace", `{"a": "{lambda}", "b": 1}x`, -1, whole},
		{"not closed", `{"a": {"b": 1}`, 0, short},
		{"string not closed", `{"a": "}`, 0, short},
		{"string at the end", `{"a": "}"`, 0, short},
		{"stray quote before a brace", `{"a": "b"c", "d": {"e": 1}}, {"f": 2}`, 0, broken},
		{"quotes that balance", `{"a": "b"c"d", "e": {}}x`, -1, whole},
	} {
		want := c.end
		if want < 0 {
			want = len(c.text) - 1
		}
		for _, text := range []string{c.text, c.text + strings.Repeat("x", 200)} {
			if c.st == short && text != c.text {
				continue
			}
			for name, skip := range map[string]func([]byte, int) (int, status){"any means": skip, "strings": skipStrings} {
				if end, st := skip([]byte(text), 0); st != c.st || st == whole && end != want {
					t.Errorf("%s by %s: %d, %v; want %d, %v", c.name, name, end, st, want, c.st)
				}
			}
		}
	}
}

func TestSkipWithEscapes(t *testing.T) {
	for _, text := range []string{`{"a": "\"}"}x`, `{"a\\": "b\\\"}{", "c": "\\"}x`, `{"a": "\u007d}\"{"}x`} {
		for _, more := range []string{"", strings.Repeat("x", 100)} {
			end, st := skip([]byte(text+more), 0)
			if st != whole || end != len(text)-1 {
				t.Errorf("%s: %d, %v", text, end, st)
			}
		}
	}
}

// TestShortNeverReadsPastTheEnd gives every beginning of an event to every reader of
// events: each must ask for more.
func TestShortNeverReadsPastTheEnd(t *testing.T) {
	text := kernelEvent("gemm {lambda}", 3)[2:]
	s := newScanner()
	if _, st := s.event([]byte(text), 0, 0); st != whole || len(s.shapes.list) != 1 {
		t.Fatalf("%v, %d shapes learned", st, len(s.shapes.list))
	}
	for n := range text {
		if n == 0 {
			continue
		}
		if _, st := s.event([]byte(text)[:n:n], 0, 0); st != short {
			t.Fatalf("the first %d bytes are %v", n, st)
		}
	}
	if len(s.records) != 1 {
		t.Errorf("%d records from beginnings", len(s.records)-1)
	}
}
