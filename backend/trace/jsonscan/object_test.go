package jsonscan

import (
	"fmt"
	"strings"
	"testing"
)

// TestEachKey: what is read of an object, and how far: w whole, s short, b broken.
func TestEachKey(t *testing.T) {
	for text, want := range map[string]string{
		`{"a": 1, "b": {"c": [2]}, "d": "}"}x`: `a=1 b={"c": [2]} d="}" w35`,
		"\n { , \"a\" :1,\n}":                  `a=1 w15`,
		`{}`:                                   `w2`,
		`{"a": NaN}`:                           `a=NaN w10`,
		`{"a": 1`:                              `s1`,
		`{"a": 1, "b"`:                         `a=1 s9`,
		`{"a": "b"c"}`:                         `b1`,
		`{"a": 1 2}`:                           `b1`,
		`{"a" 1}`:                              `b1`,
		`{a: 1}`:                               `b1`,
		`[1]`:                                  `b0`,
		``:                                     `s1`,
	} {
		var got []string
		end, st := EachKey([]byte(text), 0, func(key []byte, from, to int) { got = append(got, string(key)+"="+text[from:to]) })
		got = append(got, fmt.Sprint("wsb"[st:st+1], end))
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%s: %s, want %s", text, s, want)
		}
	}
}

func TestElements(t *testing.T) {
	for text, want := range map[string]string{
		`[1, "a]", [2, 3], {"b": [4]}]`: `1|"a]"|[2, 3]|{"b": [4]}`, ` [1,]`: "1", `[]`: "", `[1, 2`: "", `[1 2]`: "", `{"a": 1}`: "", ``: "",
	} {
		var got []string
		for _, v := range Elements([]byte(text)) {
			got = append(got, string(v))
		}
		if s := strings.Join(got, "|"); s != want {
			t.Errorf("%s: %s, want %s", text, s, want)
		}
	}
}

func TestReadKeys(t *testing.T) {
	for _, c := range []struct {
		text  string
		sound bool
		read  int
	}{
		{`{"a": 1, "other": 2}`, true, 1}, {`{}`, true, 0}, {`{"a": 2, "b": 1}`, false, 2}, {`{"b": 1, "a": 1`, false, 1}, {`[1]`, false, 0},
	} {
		read := 0
		one := func(val []byte) bool { read++; return string(val) == "1" }
		if ok := ReadKeys([]byte(c.text), map[string]func([]byte) bool{"a": one, "b": one}); ok != c.sound || read != c.read {
			t.Errorf("%s is sound: %v, %d keys read", c.text, ok, read)
		}
	}
}
