package trace

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"

	"shardeck/backend/trace/jsonscan"
)

// gz packs texts as members of one file.
func gz(level int, texts ...string) []byte {
	var out bytes.Buffer
	for _, text := range texts {
		z, _ := gzip.NewWriterLevel(&out, level)
		_, _ = io.WriteString(z, text)
		_ = z.Close()
	}
	return out.Bytes()
}

// readBoth reads a file by the members and as one piece.
func readBoth(packed []byte) (text []byte, fault error, want []byte, wanted error) {
	z, wanted := gzip.NewReader(bytes.NewReader(packed))
	if wanted == nil {
		want, wanted = io.ReadAll(z)
	}
	r, fault := newMemberReader(bytes.NewReader(packed))
	if fault == nil {
		text, fault = io.ReadAll(r)
	}
	return text, fault, want, wanted
}

// Whatever the members are, and whatever is wrong with one, text and fault are those of reading one after the other.
func TestMembersAreOneText(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	var parts []string
	rng := rand.New(rand.NewPCG(1, 2))
	for k := range 20 {
		parts = append(parts, strings.Repeat(fmt.Sprintf("part %d of a text, %d\n", k, rng.Uint64()), 1+rng.IntN(20_000)))
	}
	many := gz(6, parts...)
	random := make([]byte, 3*mostPacked/2)
	for i := range random {
		random[i] = byte(rng.Uint32())
	}
	changed := bytes.Clone(many)
	changed[len(changed)/2] ^= 1
	for name, packed := range map[string][]byte{
		"many": many, "one": gz(6, parts[0]), "none": gz(6, ""), "empty ones between": gz(6, "a", "", "", "b", ""),
		"cut":                            many[:len(many)*2/3],
		"cut by a byte":                  many[:len(many)-1],
		"changed":                        changed,
		"rubbish at the end":             append(bytes.Clone(many), "no gzip"...),
		"zeros at the end":               append(bytes.Clone(many), make([]byte, 512)...),
		"what looks like members inside": gz(0, parts[1], string(many), parts[2]),
		"larger than is kept":            gz(6, parts[3], string(random), string(random), parts[4]),
		"more text than is kept":         gz(6, parts[5], strings.Repeat("a", mostText+1), parts[6]),
		"no gzip":                        []byte("\x1f\x8bno"),
	} {
		t.Run(name, func(t *testing.T) {
			text, fault, want, wanted := readBoth(packed)
			if !bytes.Equal(text, want) || fmt.Sprint(fault) != fmt.Sprint(wanted) {
				t.Errorf("%d bytes, %v; want %d, %v", len(text), fault, len(want), wanted)
			}
		})
	}
	r, err := newMemberReader(bytes.NewReader(many))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, io.LimitReader(r, int64(len(parts[0])+10))); err != nil || r.rest != nil || len(r.ahead) < 2 {
		t.Errorf("%v; %d members are read ahead of the second", err, len(r.ahead))
	}
}

// Where every other core is busy, whoever reads inflates all members, and waits for nobody.
func TestReaderInflatesToo(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	r, err := newMemberReader(bytes.NewReader(gz(6, "one, ", "two, ", "three, ", "four")))
	if err != nil {
		t.Fatal(err)
	}
	r.hands.Store(1) // nobody comes to help
	if text, err := io.ReadAll(r); string(text) != "one, two, three, four" || err != nil {
		t.Errorf("%q, %v", text, err)
	}
}

// throughWindow reads a file as readers of JSON do: what is left of one piece of text, little or much, comes before the next.
func throughWindow(packed []byte) (text []byte, fault error) {
	r, fault := newMemberReader(bytes.NewReader(packed))
	if fault != nil {
		return nil, fault
	}
	w, rng := jsonscan.NewWindow(r, 1000), rand.New(rand.NewPCG(5, 6))
	for w.More() {
		left := min(rng.IntN(1<<rng.IntN(18)), len(w.Buf))
		w.Pos = len(w.Buf) - left
		text = append(text, w.Buf[:w.Pos]...)
	}
	return append(text, w.Rest()...), w.Broken()
}

// What is left of one member and all of the next are one text, also where that is longer than the room for it, or the rest is no member.
func TestMembersAreLent(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	var parts []string
	for k := range 60 {
		parts = append(parts, strings.Repeat(fmt.Sprintf("part %d, ", k), k*k%5000))
	}
	many := gz(6, parts...)
	for name, packed := range map[string][]byte{
		"many": many, "cut": many[:len(many)*2/3], "one": gz(6, strings.Join(parts, "")),
		"more text than is kept": gz(6, parts[5], strings.Repeat("ab", mostText), parts[6]),
		"rubbish at the end":     append(bytes.Clone(many), "no gzip"...),
	} {
		_, _, want, wanted := readBoth(packed)
		if text, fault := throughWindow(packed); !bytes.Equal(text, want) || fmt.Sprint(fault) != fmt.Sprint(wanted) {
			t.Errorf("%s: %d bytes, %v; want %d, %v", name, len(text), fault, len(want), wanted)
		}
	}
	r, err := newMemberReader(bytes.NewReader(many))
	if err != nil {
		t.Fatal(err)
	}
	if text, err := r.Lend(nil); err != nil || len(text) == 0 || &text[0] != &r.now.room[mostTail] {
		t.Errorf("a member's text was copied: %d bytes, %v", len(text), err)
	}
}

func FuzzMembers(f *testing.F) {
	f.Add(gz(6, "one", "two", strings.Repeat("three ", 1000)))
	f.Add(gz(0, "one", string(gz(6, "two")), "three"))
	f.Add(gz(6, "one", "two")[:30])
	f.Fuzz(func(t *testing.T, packed []byte) {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
		text, fault, want, wanted := readBoth(packed)
		if !bytes.Equal(text, want) || fmt.Sprint(fault) != fmt.Sprint(wanted) {
			t.Errorf("%q, %v; want %q, %v", text, fault, want, wanted)
		}
		if text, fault := throughWindow(packed); !bytes.Equal(text, want) || fmt.Sprint(fault) != fmt.Sprint(wanted) {
			t.Errorf("through a window: %q, %v; want %q, %v", text, fault, want, wanted)
		}
	})
}

// What was taken from the disk ahead of the text tells nothing of how many records there will be.
func TestExpectCountsWhatWasInflated(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	random, rng := make([]byte, 4<<20), rand.New(rand.NewPCG(3, 4))
	for i := range random {
		random[i] = byte(rng.Uint32())
	}
	src, err := OpenSource(t.Context(), writeFile(t, "one.json.gz", gz(6, string(random))), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	if _, err := io.CopyN(io.Discard, src, 1<<20); err != nil {
		t.Fatal(err)
	}
	if n := src.Expect(100); n < 400 || n > 600 { // a quarter is read
		t.Errorf("100 in a quarter of the text, %d expected in all", n)
	}
}

// TestBombIsNotUnpacked: text that no recording could be packed so small from is read as far as it may be one, with one member or many,
// and what is said tells so; well packed text that could be one is read whole.
func TestBombIsNotUnpacked(t *testing.T) {
	size := 3 * ratioFrom
	long := strings.Repeat("x", size)
	steps := strings.Repeat(fmt.Sprintf(`{"ph":"X","name":"%x"},`, rand.NewPCG(1, 2).Uint64()), 40_000)
	many := make([]string, 24)
	for i := range many {
		many[i] = long[:size/24]
	}
	for name, c := range map[string]struct {
		packed []byte
		whole  bool
	}{"one": {gz(9, long), false}, "many": {gz(9, many...), false}, "small": {gz(9, long[:ratioFrom]), true}, "steps": {gz(6, steps), true}} {
		src, err := OpenSource(t.Context(), writeFile(t, "x.json.gz", c.packed), nil)
		if err != nil {
			t.Fatal(err)
		}
		n, err := io.Copy(io.Discard, src)
		src.Close()
		if c.whole != (err == nil) || n > ratioFrom+mostText || err != nil && !strings.Contains(ReadFault(err), "which no recording does") {
			t.Errorf("%s: %d bytes, %v", name, n, err)
		}
	}
}
