package kineto

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"shardeck/backend/trace"
	"shardeck/backend/trace/jsonscan"
)

// readLinks reads links by encoding/json: kernels and operators in the file's order.
func readLinks(t *testing.T, text []byte) (launches []Launch, ops map[int64]string, rf map[int64]uint64) {
	t.Helper()
	var doc struct {
		TraceEvents []struct {
			Cat, Name string
			Dur       json.Number
			Args      struct {
				Op   *int64 `json:"External id"`
				RF   uint64 `json:"Record function id"`
				Corr *int64 `json:"correlation"`
			}
		}
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	or := func(v *int64) int64 {
		if v == nil {
			return -1
		}
		return *v
	}
	ops, rf = map[int64]string{}, map[int64]uint64{}
	for _, e := range doc.TraceEvents {
		switch e.Cat {
		case "kernel":
			dur, _ := jsonscan.Micros([]byte(e.Dur))
			launches = append(launches, Launch{or(e.Args.Op), dur, or(e.Args.Corr)})
		case "cpu_op":
			ops[*e.Args.Op], rf[*e.Args.Op] = e.Name, e.Args.RF
		}
	}
	return launches, ops, rf
}

func TestLinksAgreeWithReference(t *testing.T) {
	for _, f := range recordings(t) {
		t.Run(shortName(f), func(t *testing.T) {
			t.Parallel()
			l, err := OpenLinks(context.Background(), f, nil)
			if err != nil || l.Damaged {
				t.Fatal(l, err)
			}
			launches, ops, rf := readLinks(t, readText(t, f))
			if d := cmp.Diff(launches, l.Launches); d != "" {
				t.Errorf("launches (-reference +links):\n%.2000s", d)
			}
			if thinned := strings.Contains(f, "vllm-"); len(l.Ops) != len(ops) || len(ops) == 0 && !thinned {
				t.Errorf("%d operators, want %d", len(l.Ops), len(ops))
			}
			for id, name := range ops {
				if op, ok := l.Op(id); !ok || l.Names[op.Name] != name || op.RF != rf[id] {
					t.Fatalf("operator %d is %+v, %v; want %s with id %d", id, op, ok, name, rf[id])
				}
			}
		})
	}
}

func TestLinksOfOddEvents(t *testing.T) {
	events := []string{
		`{"ph": "X", "cat": "kernel", "name": "k", "dur": 1.5, "args": {"correlation": 7}}`,
		`{"ph": "X", "cat": "kernel", "name": "k", "args": {"External id": 3}}`,
		`{"ph": "X", "cat": "kernel", "name": "k", "dur": -1, "args": {"External id": "3", "correlation": null}}`,
		`{"name": "aten::\"mm", "args": {"Record function id": 9, "External id": 3}, "cat": "cpu_op"}`,
		`{"name": "second", "args": {"Record function id": 1, "External id": 3}, "cat": "cpu_op"}`,
		`{"name": "no id", "cat": "cpu_op", "args": []}`,
	}
	path := write(t, "kineto_trace_0.json", []byte(wholeDocument(events...)))
	l, err := OpenLinks(context.Background(), path, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []Launch{{-1, 1500, 7}, {3, 0, -1}}
	if d := cmp.Diff(want, l.Launches); d != "" {
		t.Error(d)
	}
	if op, ok := l.Op(3); !ok || l.Names[op.Name] != `aten::"mm` || op.RF != 9 {
		t.Errorf("operator 3 is %+v, %v", op, ok)
	}
	for _, id := range []int64{-1, 0, 4} {
		if op, ok := l.Op(id); ok {
			t.Errorf("operator %d is %+v", id, op)
		}
	}
	cut := write(t, "kineto_trace_1.json", []byte(strings.TrimSuffix(wholeDocument(events...), tail)))
	if l, err := OpenLinks(context.Background(), cut, nil); err != nil || !l.Damaged || len(l.Launches) != 2 {
		t.Errorf("cut off: %+v, %v", l, err)
	}
	if _, err := OpenLinks(context.Background(), path+"x", nil); err == nil {
		t.Error("a missing file is no error")
	}
}

// FuzzLinks holds that reading links never panics and does not depend on the blocks
// that the text is read in.
func FuzzLinks(f *testing.F) {
	seeds(f)
	read := func(text []byte, block int) (Links, error) {
		r := linkReader{names: trace.NewNames()}
		d := newReader(jsonscan.NewWindow(bytes.NewReader(text), block))
		d.scan.everyEvent = r.event
		err := d.Read()
		return r.links, err
	}
	f.Fuzz(func(t *testing.T, text []byte, block uint16) {
		want, wantErr := read(text, blockSize)
		got, err := read(text, 1+int(block))
		if d := cmp.Diff(want, got); d != "" || (err == nil) != (wantErr == nil) {
			t.Fatalf("block %d: %v, in one piece %v (-one piece +block):\n%s", block, err, wantErr, d)
		}
	})
}
