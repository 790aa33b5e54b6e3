package jsonscan

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestValueEnd(t *testing.T) {
	for _, c := range []struct {
		text string
		end  int
		st   Status
	}{
		{`"a\"b\\" x`, 8, Whole}, {`"a\"`, 0, Short}, {`""`, 2, Whole}, {`"`, 0, Short}, {``, 0, Short},
		{`12.5e3,`, 6, Whole}, {`12`, 0, Short}, {`NaN]`, 3, Whole}, {`N/A}`, 3, Whole}, {`,`, 0, Broken}, {`a"b",`, 0, Broken},
		{`a:1,`, 0, Broken},
		{`{"a": [1, {"}": "]"}]}]`, 22, Whole}, {`[1, [2]`, 0, Short}, {`[]`, 2, Whole}, {`["\\"]`, 6, Whole},
	} {
		if end, st := ValueEnd([]byte(c.text), 0); st != c.st || st == Whole && end != c.end {
			t.Errorf("%s: %d, %v; want %d, %v", c.text, end, st, c.end, c.st)
		}
	}
}

// TestWindow reads values through windows of every size, from sources that give what
// they like.
func TestWindow(t *testing.T) {
	text := ` [1, 22, "three \" 3"]  {"four": 4}` + "\n" + `"` + strings.Repeat("5", 300) + `" `
	want := strings.SplitAfterN(text, "\n", 2)
	list := []string{`[1, 22, "three \" 3"]`, `{"four": 4}`, strings.TrimSpace(want[1])}
	for block := 1; block < 100; block++ {
		for name, src := range map[string]io.Reader{
			"at once": strings.NewReader(text), "byte by byte": iotest.OneByteReader(strings.NewReader(text)),
			"with the end": iotest.DataErrReader(strings.NewReader(text)),
		} {
			w := NewWindow(src, block)
			for _, value := range list {
				if _, ok := w.Peek(); !ok {
					t.Fatalf("block %d, %s: no value", block, name)
				}
				at := strings.Index(text, value)
				if w.Offset() != int64(at) {
					t.Fatalf("block %d, %s: %s at %d, want %d", block, name, value, w.Offset(), at)
				}
				if got, st := w.Value(); st != Whole || string(got) != value {
					t.Fatalf("block %d, %s: %s, %v; want %s", block, name, got, st, value)
				}
			}
			if _, ok := w.Peek(); ok || w.More() || w.Broken() != nil || w.Offset() != int64(len(text)) {
				t.Fatalf("block %d, %s: not at the end, but at %d", block, name, w.Offset())
			}
		}
	}
}

// lent is a source that lends what it can: text with room before it for so much.
type lent struct {
	io.Reader
	room, piece int
}

func (l *lent) Lend(tail []byte) ([]byte, error) {
	if len(tail) > l.room {
		return nil, nil
	}
	text := make([]byte, len(tail)+l.piece)
	n, err := l.Read(text[copy(text, tail):])
	return text[:len(tail)+n], err
}

// What a source lends and what has to be read follow one another, whatever the room.
func TestWindowBorrows(t *testing.T) {
	text := ` [1, 22, "three \" 3"]  {"four": 4}` + "\n" + `"` + strings.Repeat("5", 300) + `" `
	for room := range 40 {
		for piece := range 30 {
			w, got := NewWindow(&lent{strings.NewReader(text), room, piece}, 7), ""
			for _, ok := w.Peek(); ok; _, ok = w.Peek() {
				val, _ := w.Value()
				got += string(val) + "|"
			}
			if want := `[1, 22, "three \" 3"]|{"four": 4}|"` + strings.Repeat("5", 300) + `"|`; got != want || w.Offset() != int64(len(text)) {
				t.Fatalf("room %d, pieces of %d: %s, ends at %d", room, piece, got, w.Offset())
			}
		}
	}
}

func TestWindowBreaks(t *testing.T) {
	fault := errors.New("the disk is gone")
	w := NewWindow(io.MultiReader(strings.NewReader(`{"a": `), iotest.ErrReader(fault)), 4)
	if _, st := w.Value(); st != Short || w.Broken() != fault {
		t.Errorf("%v, %v", st, w.Broken())
	}
	giant := NewWindow(strings.NewReader(`"`+strings.Repeat("x", MaxPiece+100)+`"`), 1<<20)
	if _, st := giant.Value(); st != Broken || !giant.Full() || len(giant.Buf) > MaxPiece+1<<20 {
		t.Errorf("a giant is %v, with %d bytes in memory", st, len(giant.Buf))
	}
}

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
