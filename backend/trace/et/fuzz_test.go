package et

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"shardeck/backend/trace/jsonscan"
)

// FuzzOpen: any bytes give an error or a trace that holds together; valid JSON gives
// what encoding/json finds in it, and a block size changes nothing.
func FuzzOpen(f *testing.F) {
	for _, text := range schemas {
		f.Add([]byte(text), uint16(1000))
		f.Add([]byte(text[:len(text)/2]), uint16(64))
	}
	for _, x := range faulty {
		if len(x.text) < 1<<16 {
			f.Add([]byte(x.text), uint16(100))
		}
	}
	f.Fuzz(func(t *testing.T, text []byte, block uint16) {
		tr, err := parse(text, len(text)+1)
		small, smallErr := parse(text, 32+int(block)%4096)
		if (err == nil) != (smallErr == nil) {
			t.Fatalf("whole: %v; in blocks of %d: %v", err, block, smallErr)
		}
		if err != nil {
			return
		}
		if !slices.Equal(tr.lines(), small.lines()) {
			t.Fatalf("blocks of %d change the nodes", block)
		}
		holdsTogether(t, tr)
		agrees(t, tr, text)
	})
}

func parse(text []byte, block int) (*Trace, error) {
	r := newReader(jsonscan.NewWindow(bytes.NewReader(text), block))
	err := r.Read()
	r.finish()
	return r.t, err
}

// agrees holds a trace without damage to what encoding/json finds in it.
func agrees(t *testing.T, tr *Trace, text []byte) {
	t.Helper()
	var ref struct {
		Nodes []struct {
			Name string `json:"name"`
		} `json:"nodes"`
	}
	if len(tr.Damage) > 0 || !strings.HasPrefix(tr.Schema, "1.") || json.Unmarshal(text, &ref) != nil {
		return
	}
	if len(ref.Nodes) != len(tr.Nodes) {
		t.Fatalf("%d nodes, encoding/json finds %d", len(tr.Nodes), len(ref.Nodes))
	}
}

func holdsTogether(t *testing.T, tr *Trace) {
	t.Helper()
	for _, n := range tr.Nodes {
		if int(n.Name) >= len(tr.Names) || int(n.Call) >= len(tr.Calls) {
			t.Fatalf("node %+v points nowhere", n)
		}
		if n.RF != 0 {
			if _, ok := tr.ByRF(n.RF); !ok {
				t.Fatalf("record function %d is not found", n.RF)
			}
		}
		tr.Path(n)
	}
	for _, c := range tr.Calls {
		if int(c.Coll) >= len(tr.Colls) {
			t.Fatalf("call %+v points nowhere", c)
		}
	}
	calls := 0
	for _, c := range tr.Collectives() {
		calls += c.Calls
	}
	if calls != len(tr.Calls) {
		t.Fatalf("%d calls in sums, %d in all", calls, len(tr.Calls))
	}
}
