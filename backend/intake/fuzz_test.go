package intake

import (
	"testing"

	"shardeck/backend/trace/kineto"
	"shardeck/model"
)

// Whatever a file is called and holds: it is of one kind or said to be none, and what it tells of its world can be.
func FuzzSight(f *testing.F) {
	f.Add("rank-0.json", []byte(traceAt(info(0, 2), day)), []byte(`"distributedInfo": {"rank": 1}}`))
	f.Add("dp0_pp0_tp1_dcp0_ep1_rank1.1773709742341309560.pt.trace.json", []byte(`[{"ph": "X", "ts": 1.5}]`), []byte(nil))
	f.Add("a.csv", []byte("Start (ns),Duration (ns),Name,Device\n"), []byte(`"baseTimeNanoseconds": 17`))
	f.Fuzz(func(t *testing.T, name string, head, tail []byte) {
		kind, why := kindOf(name, head)
		if (kind == "") == (why == "") {
			t.Errorf("%q is %q, and not for %q", name, kind, why)
		}
		if n := nameOf(table().Files, name); n.number("rank") < -1 {
			t.Errorf("%q: rank %d", name, n.number("rank"))
		}
		w, start, end := kineto.Glance(head, tail)
		if w.Rank < -1 || w.WorldSize < 0 || start < 0 || end < start || (start == 0) != (end == 0) {
			t.Errorf("%+v, %d to %d", w, start, end)
		}
		if own := OwnName(model.RunFile{Kind: kind, Path: name, Rank: 3}); own == "" && kind != "" {
			t.Errorf("no name for %q", kind)
		}
	})
}
