package jsondoc

import (
	"strings"
	"testing"

	"shardeck/backend/trace"
	"shardeck/backend/trace/jsonscan"
	"shardeck/model/present/unit"
)

// read reads text, whose list holds objects, in blocks of the given size. It returns how many
// of them there are, the value of the key "size", and what was wrong.
func read(text string, block int, bare bool) (items int, size string, damage []trace.Damage, err error) {
	d := &Document{
		Window: jsonscan.NewWindow(strings.NewReader(text), block), DamageCounter: trace.CountDamage([]trace.Fault{{"word", "words", "them"}}),
		Format: Format{Name: "a box", File: "box", List: "things", Item: "thing", Bare: bare},
		Keys: map[string]func([]byte) bool{"size": func(val []byte) bool {
			size = string(val)
			return size != "NaN"
		}},
		SoFar: func() string { return unit.Int(items) + " counted" },
	}
	item := func() {
		if _, st := d.Value(); st != jsonscan.Whole {
			d.EndInList()
			d.Drain()
			return
		}
		items++
	}
	broken := func() {
		d.Count(0, d.Offset())
		d.Pos = min(d.Pos+1, len(d.Buf))
	}
	d.ReadList = func() { d.EachItem(item, broken) }
	err = d.Read()
	return items, size, d.Damage(), err
}

func TestDamage(t *testing.T) {
	for _, c := range []struct {
		name, text string
		items      int
		size       string
		damage     string // of the first
		bare       bool
	}{
		{name: "sound", text: `{"size": 3, "other": [{"things": [{}]}, "]"], "things": [{}, {"a": [1]}]}`, items: 2, size: "3"},
		{name: "byte order mark", text: "\ufeff" + `{"size": 3, "things": [{}]}`, items: 1, size: "3"},
		{name: "keys after the list, and commas to spare", text: `{,"things": [,{},,],"size": 3,}`, items: 1, size: "3"},
		{name: "bare list", text: ` [{}, {}]`, items: 2, bare: true},
		{name: "bare list, cut", text: `[{}, `, items: 1, bare: true,
			damage: "ended before the list of things was closed, at byte 5; lost: everything after the last whole thing (1 counted)"},
		{name: "no item", text: `{"things": [{}, x, {}]}`, items: 2, damage: "1 word, at byte 16; lost: them"},
		{name: "cut in an item", text: `{"things": [{}, {"a"`, items: 1, damage: "ended before the list of things was closed"},
		{name: "cut behind the list", text: `{"things": [{}]`, items: 1, damage: "ended before the document was closed"},
		{name: "cut before the list", text: `{"size": 3, "thin`, size: "3",
			damage: "ended before the list of things began, at byte 17; lost: all things"},
		{name: "second list", text: `{"things": [{}], "things": [{}, {}]}`, items: 1, damage: "a second list of things"},
		{name: "text behind the end", text: `{"things": [{}]} {`, items: 1, damage: "text after the end of the document"},
		{name: "broken before the list", text: `{"log": "said "hello" twice", "things": [{}]}`, items: 1,
			damage: "not JSON from here, at byte 15; lost: what the keys before the things say"},
		{name: "broken inside a value that nobody asks for", text: `{"log": ["said "hello" twice"], "things": [{}]}`, items: 1,
			damage: "not JSON from here"},
		{name: "broken behind the list", text: `{"things": [{}], oops`, items: 1,
			damage: "not JSON from here, at byte 17; lost: what the keys after the things say"},
		{name: "value that is not as it should be", text: `{"size": NaN, "things": []}`, size: "NaN",
			damage: "the value of size is not as it should be, at byte 9; lost: what size says"},
	} {
		for _, block := range []int{64, 1 << 16} {
			items, size, damage, err := read(c.text, block, c.bare)
			if err != nil || items != c.items || size != c.size {
				t.Errorf("%s: %d items, size %q, %v; want %d, %q", c.name, items, size, err, c.items, c.size)
			}
			if c.damage == "" != (len(damage) == 0) || c.damage != "" && !strings.HasPrefix(damage[0].String(), c.damage) {
				t.Errorf("%s: damage %v, want %q", c.name, damage, c.damage)
			}
		}
	}
}

func TestForeign(t *testing.T) {
	for text, want := range map[string]string{
		"":                             "not a box but an empty document; expected JSON with a list named things (box_<rank>.json)",
		" \n":                          "an empty document",
		`[{}]`:                         `(it begins with "[{}]")`,
		"hello":                        "something that is not JSON",
		"SQLite format 3\x00":          "an SQLite file",
		`{"a": 1}`:                     "JSON of another kind (no things in it)",
		`{"a": 1`:                      "JSON of another kind, or one cut off at its beginning",
		`{"things": {}}`:               "JSON whose things is no list",
		`{"a": 1, oops}`:               "something that is not JSON (at byte 9)",
		`{"traceEvents": []}`:          "a Kineto trace",
		`{"schema": "1", "nodes": []}`: "a PyTorch execution trace",
		`{"ttft_avg": 1}`:              "a timing file",
		`{"job_id": "1"}`:              "the description of a run",
	} {
		if _, _, _, err := read(text, 64, false); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}
