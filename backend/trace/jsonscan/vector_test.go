package jsonscan

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// launch is a kernel as Kineto writes it.
func launch(name string, n int) string {
	return fmt.Sprintf("{\n    \"ph\": \"X\", \"cat\": \"kernel\", \"name\": \"%s\", \"pid\": 0, \"tid\": 7,\n"+
		"    \"ts\": %d.000, \"dur\": 1.000,\n    \"args\": {\n      \"device\": 0, \"stream\": 7, \"correlation\": %d\n    }\n  }", name, n, n)
}

// skips are the ways to see the end of an object at once, where this processor has them.
func skips() map[string]func([]byte, int) int {
	list := map[string]func([]byte, int) int{"parity": skipParity}
	if vector {
		list["vector"] = skipVector
	}
	return list
}

// skipIsRight holds that a skip to end, if it was one, is where SkipByStrings comes to.
func skipIsRight(t *testing.T, name string, text []byte, i, end int) {
	t.Helper()
	if end == 0 {
		return
	}
	if want, st := SkipByStrings(text, i); st != Whole || end != want {
		t.Fatalf("%s skips from %d to %d, string by string it is %d, %v: %q", name, i, end, want, st, text)
	}
}

// objects end at their last byte; eyed says whether that can be seen at once.
var objects = []struct {
	text string
	eyed bool
}{
	{`{}`, true},
	{`{"a": 1}`, true},
	{`{"a": {"b": {}}, "c": [{}, {}]}`, true},
	{`{"a": "{{{", "b": {"{": {}}}`, true},
	{`{"a":{"b":{"c":{"d":{"e":{}}}}}}`, true},
	{`{"a": {"b": 1}` + strings.Repeat(" ", 70) + `, "c": {` + strings.Repeat("\n", 64) + `}}`, true},
	{`{"a": "` + strings.Repeat("x", 300) + `", "b": {"c": {}}}`, true},
	{`{"a": "}"}`, false},
	{`{"a": "` + strings.Repeat("x", 63) + `}"}`, false},
	{`{"a": "\""}`, false},
	{`{"a": "\\", "b": "` + strings.Repeat("x", 200) + `"}`, false},
}

// TestSkips looks at objects at every place of a vector, with little and much text
// behind them, none of which may be read beyond its end.
func TestSkips(t *testing.T) {
	page := edge(t)
	for name, skip := range skips() {
		for _, o := range objects {
			for before := range 70 {
				for _, after := range []int{0, 1, 31, 63, 64, 65, 200} {
					text := page([]byte(strings.Repeat("}", before) + o.text + strings.Repeat(`"`, after)))
					end := skip(text, before)
					skipIsRight(t, name, text, before, end)
					if o.eyed && (name == "parity" || after >= 64) && end == 0 || !o.eyed && end != 0 {
						t.Fatalf("%s: %s with %d bytes behind it ends at %d", name, o.text, after, end)
					}
				}
			}
		}
	}
}

// FuzzSkips holds that no skip differs from going string by string.
func FuzzSkips(f *testing.F) {
	for _, o := range objects {
		f.Add([]byte(o.text + launch("gemm {x}", 1) + strings.Repeat(" ", 64)))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		for name, skip := range skips() {
			for i, c := range text {
				if c == '{' {
					skipIsRight(t, name, text, i, skip(text, i))
				}
			}
		}
	})
}

// sameMatch holds that the Pattern matches b[i:] alike by either means, and gives
// what it says.
func sameMatch(t *testing.T, p *Pattern, b []byte, i int) (end int, at [MaxNumbers]Span) {
	t.Helper()
	end = matchPlain(b, i, p.pieces, &at)
	for k := range len(p.pieces) - 1 {
		if end != 0 {
			sameValues(t, b, at[k])
		}
	}
	if vector {
		for range 2 { // with the lengths of the text before, and of this one
			var got [MaxNumbers]Span
			to := matchVector(b, i, p.pieces, &got, &p.digits)
			if to == 0 && i+p.reach > len(b) {
				return end, at // too near the end to see
			}
			if to != end || end != 0 && got != at {
				t.Fatalf("%q at %d of %q: %d %v, plainly %d %v", p.pieces, i, b, to, got, end, at)
			}
		}
	}
	return end, at
}

// TestMatch matches texts of many lengths with their patterns, Whole and with each
// byte changed.
func TestMatch(t *testing.T) {
	page := edge(t)
	rng := rand.New(rand.NewPCG(7, 8))
	for range 300 {
		pieces := make([]string, 1+rng.IntN(MaxNumbers+1))
		var text, want []byte
		var at [MaxNumbers]Span
		for k := range pieces {
			pieces[k] = strings.Repeat("abcdefg\n", 20)[:1+rng.IntN(1+rng.IntN(150))]
			text = append(text, pieces[k]...)
			if k < len(pieces)-1 {
				from := len(text)
				text = append(text, "0123456789.0123456789.123456789"[:1+rng.IntN(maxNumber)]...)
				at[k] = Span{int32(from), int32(len(text))}
			}
		}
		p := NewPattern(pieces)
		want = slices.Clone(text)
		for _, after := range []int{0, 1, 31, 32, p.reach} {
			b := page(append(slices.Clone(want), strings.Repeat("z", after)...))
			if end, got := sameMatch(t, &p, b, 0); end != len(want) || got != at {
				t.Fatalf("%q in %q: %d %v, want %d %v", pieces, b, end, got, len(want), at)
			}
		}
		b := page(append(slices.Clone(want), strings.Repeat("z", p.reach)...))
		for i := range want {
			was := b[i]
			b[i] = "x5./-"[rng.IntN(5)]
			sameMatch(t, &p, b, 0)
			b[i] = was
		}
	}
}

func TestMatchKnowsNumbers(t *testing.T) {
	p := NewPattern([]string{"a ", " b"})
	for text, ok := range map[string]bool{
		"1": true, "12.5": true, "5.": true, ".": false, ".5": false, strings.Repeat("9", maxNumber): true,
		"": false, strings.Repeat("9", maxNumber+1): false, strings.Repeat("9", 70): false, "-1": false, "1e5": false, "1/2": false, "1:": false,
	} {
		b := []byte("a " + text + " b" + strings.Repeat(" ", p.reach))
		if end, at := sameMatch(t, &p, b, 0); (end != 0) != ok || ok && string(at[0].Of(b)) != text {
			t.Errorf("%q: matched to %d, number %q", text, end, at[0].Of(b))
		}
	}
}

// FuzzMatch makes a Pattern of one text and holds it against another.
func FuzzMatch(f *testing.F) {
	f.Add([]byte(launch("gemm", 1)), []byte(launch("gemm", 23456)), uint8(0))
	f.Add([]byte("a 1 b 2.5 c"), []byte("a 12345 b 2.75 c"), uint8(3))
	f.Fuzz(func(t *testing.T, from, text []byte, i uint8) {
		var pieces []string
		rest := from
		for len(pieces) < MaxNumbers {
			n := bytes.IndexAny(rest, "0123456789")
			if n < 0 {
				break
			}
			end := len(rest) - len(bytes.TrimLeft(rest[n:], "0123456789.-+eE"))
			pieces, rest = append(pieces, string(rest[:n])), rest[end:]
		}
		p := NewPattern(append(pieces, string(rest)))
		text = append(text, strings.Repeat(" ", int(i)%100)...)
		sameMatch(t, &p, text, min(int(i), len(text)))
		sameMatch(t, &p, append(text, strings.Repeat("x", p.reach)...), min(int(i), len(text)))
	})
}

// sameValues holds the readers of many numbers to one another, with the number at a place first and last.
func sameValues(t *testing.T, b []byte, at Span) {
	t.Helper()
	all, got, want := [MaxNumbers]Span{at, {0, 1}, at}, [MaxNumbers]Value{}, [MaxNumbers]Value{}
	valuesPlain(b, &all, 3, &want)
	if vector {
		if valuesVector(b, &all, 3, &got); got != want {
			t.Errorf("%q: values %v, want %v", at.Of(b), got, want)
		}
	}
	n, whole := want[2].Whole()
	if right, ok := Integer(at.Of(b)); whole && (!ok || n != right) {
		t.Errorf("%q is %d", at.Of(b), n)
	}
	n, exact := want[2].Thousandths()
	if right, ok := Micros(at.Of(b)); exact && (!ok || n != right) {
		t.Errorf("%q is %d ns", at.Of(b), n)
	}
	if text := string(at.Of(b)); at.To > 16 && len(text) > 0 && len(text) <= 16 && strings.Trim(text, "0123456789") == "" && !whole {
		t.Errorf("%q is no number", text)
	}
}

// The fast readers of numbers are right or give up.
func TestFastNumbers(t *testing.T) {
	check := func(text string) {
		t.Helper()
		b := []byte("       \"correlation\": " + text + ",")
		at := Span{int32(len(b) - 1 - len(text)), int32(len(b) - 1)}
		v, ok := ReadMicros(b, at)
		if want, wantOK := Micros([]byte(text)); ok != wantOK || ok && v != want {
			t.Errorf("%s µs are %d, %v; want %d, %v", text, v, ok, want, wantOK)
		}
		v, ok = ReadWhole(b, at)
		if want, wantOK := Integer([]byte(text)); ok && (!wantOK || v != want) {
			t.Errorf("%s is %d, %v; want %d, %v", text, v, ok, want, wantOK)
		}
		sameValues(t, b, at)
		if plain := strings.Trim(text, "0123456789") == "" && text != "" && len(text) <= 16; ok != plain {
			t.Errorf("%s is a whole number: %v", text, ok)
		}
	}
	for _, text := range []string{
		"0", "7", "0.000", "1.234", ".123", "1.", "1.2", "1.2345", "1..23", "1.2.345", "12:4.345", "1234/678", "9999999.999",
		"1234567890123.456", "12345678901234.567", "4568996211054.376", "1234567890123456", "12345678901234567", "99999999",
		"100000000", ".", "....",
	} {
		check(text)
	}
	rng := rand.New(rand.NewPCG(11, 12))
	for range 20_000 {
		v := rng.Uint64() >> rng.IntN(64)
		check(fmt.Sprint(v))
		check(fmt.Sprintf("%d.%03d", v>>rng.IntN(64), rng.IntN(1000)))
		text := []byte(fmt.Sprintf("%d.%03d", v>>20, rng.IntN(1000)))
		text[rng.IntN(len(text))] = byte(rng.UintN(256))
		if !bytes.ContainsAny(text, "-+eE") {
			check(string(text))
		}
	}
}
