package model

import (
	"slices"
	"strconv"
	"testing"
	"unicode/utf8"
)

func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"plain text":                "plain text",
		"a\tb":                      "a b",
		"\x1b[31mred\x1b[0m":        "red",
		"\x1b]0;title\x07after":     "after",
		"\x1b]8;;x\x1b\\link":       "link",
		"bell\x07 del\x7f":          "bell del",
		"é, 日本":                     "é, 日本",
		"bad \xff byte":             "bad \ufffd byte",
		"turn\u202earound":          "turnaround",
		"open \x1b[31":              "open ",
		"c1 \u009b31m":              "c1 31m",
		"\x1b[3\nkept":              " kept",
		"line one\r\nline two\x1b":  "line one line two",
		"\x1bPdevice string\x1b\\x": "x",
	} {
		if got := Printable(in); got != want {
			t.Errorf("Printable(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzPrintable(f *testing.F) {
	f.Add("a\x1b[31mb\x9b")
	f.Fuzz(func(t *testing.T, s string) {
		got := Printable(s)
		if !utf8.ValidString(got) || Printable(got) != got {
			t.Fatalf("%q became %q", s, got)
		}
		for _, r := range got {
			if hidden(r) {
				t.Fatalf("%q kept %q in %q", s, r, got)
			}
		}
	})
}

func TestCompareNatural(t *testing.T) {
	want := []string{"", "E1.1", "E1.2", "E1.02b", "E1.10", "E2", "E10", "a", "a1", "aa"}
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortFunc(got, CompareNatural)
	if !slices.Equal(want, got) {
		t.Errorf("%q, want %q", got, want)
	}
}

// Releases are compared as far as both say: 0.14 is every 0.14.x; what is no release is not older.
func TestOlder(t *testing.T) {
	for _, tt := range []struct {
		release, than string
		want          bool
	}{
		{"0.10.2", "0.11.0", true}, {"0.11.0", "0.11.1", true}, {"0.11.1", "0.11.0", false}, {"0.9", "0.10", true}, {"0.14", "0.14.1", false},
		{"0.14.1", "0.14", false}, {"0.6.3.post1", "0.8", true}, {"2.8.0+cu128", "2.8.1", true}, {"0.11.0rc2", "0.11.0", false},
		{"dev", "0.8", false}, {"", "0.8", false}, {"0.8", "", false}, {"1", "2", false},
	} {
		if got := Older(tt.release, tt.than); got != tt.want {
			t.Errorf("Older(%q, %q) = %v", tt.release, tt.than, got)
		}
	}
}

func TestThroughStopsAtAnError(t *testing.T) {
	parse := func(text string) (int, error) { return strconv.Atoi(text) }
	if got, err := Through([]string{"1", "2"}, parse); err != nil || !slices.Equal(got, []int{1, 2}) {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := Through([]string{"1", "x", "3"}, parse); err == nil || !slices.Equal(got, []int{1}) {
		t.Errorf("after an error: %v, %v", got, err)
	}
}
