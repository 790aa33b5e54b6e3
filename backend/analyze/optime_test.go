package analyze

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"shardeck/backend/trace"
	"shardeck/backend/trace/et"
	"shardeck/model/metric"
)

// executionTrace reads nodes given as name, id, parent and record-function id.
func executionTrace(t *testing.T, nodes ...string) *et.Trace {
	t.Helper()
	var list []string
	for _, n := range nodes {
		var name string
		var id, parent, rf int
		if _, err := fmt.Sscan(n, &name, &id, &parent, &rf); err != nil {
			t.Fatal(err)
		}
		list = append(list, fmt.Sprintf(`{"id": %d, "name": %q, "ctrl_deps": %d, "attrs": [{"name": "rf_id", "type": "uint64", "value": %d}]}`, id, name, parent, rf))
	}
	path := filepath.Join(t.TempDir(), "torch_et_0.json")
	text := `{"schema": "1.1.0-chakra.0.0.4", "pid": 1, "start_ts": 1, "nodes": [` + strings.Join(list, ",\n") + `], "finish_ts": 2}`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	found, err := et.Open(context.Background(), path, nil)
	if err != nil || len(found.Damage) > 0 {
		t.Fatal(found, err)
	}
	return found
}

func TestOpTimes(t *testing.T) {
	ops := executionTrace(t,
		"[pytorch|profiler|execution_trace|process] 1 1 0", "[pytorch|profiler|execution_trace|thread] 2 1 0", "decode 3 2 10",
		"aten::linear 4 3 11", "aten::mm 5 4 12", "aten::matmul 6 3 13", "aten::mm 7 6 14", "aten::mul 8 3 15")
	links := &trace.Links{
		Names: []string{"aten::mm", "aten::mul", "decode", "not in the trace", "replayed by a graph", "launched outside"},
		By: map[string][]trace.Launch{metric.Operator: {
			// mm, the last not in the execution trace
			{Name: 0, Dur: 200, RF: 12, Count: 1}, {Name: 0, Dur: 100, RF: 14, Count: 1}, {Name: 0, Dur: 500, RF: 99, Count: 1},
			{Name: 1, Dur: 50, RF: 15, Count: 1}, {Name: 1, Dur: 50, Count: 1}, // mul
			{Name: 2, Dur: 10, RF: 10, Count: 1}, // an annotation
			{Dur: 30, Name: 3, Missing: true, Count: 1}, {Dur: 40, Name: 4, Missing: true, Count: 2}, {Dur: 20, Name: 5, Missing: true, Count: 3},
		}, metric.Module: {{Name: 2, Dur: 1000, Count: 12}}},
	}
	o := NewOpTimes(metric.Operator)
	o.Add(links, ops)
	want := metric.OpTimes{
		KernelNS: 1000, AttributedNS: 910, JoinedNS: 360, Warnings: []string{},
		Ops: []metric.OpTime{
			{Name: "aten::mm", TotalNS: 800, Count: 3, Share: 80, Within: "aten::linear"},
			{Name: "aten::mul", TotalNS: 100, Count: 2, Share: 10},
			{Name: "decode", TotalNS: 10, Count: 1, Share: 1},
		},
		Rest: []metric.OpRest{
			{Reason: "replayed by a graph", TotalNS: 40, Count: 2, Share: 4},
			{Reason: "not in the trace", TotalNS: 30, Count: 1, Share: 3},
			{Reason: "launched outside", TotalNS: 20, Count: 3, Share: 2},
		},
	}
	if d := cmp.Diff(want, o.Times()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}

	o.Add(links, nil) // a rank without an execution trace
	got := o.Times()
	if got.KernelNS != 2000 || got.JoinedNS != 360 || got.Ops[0].TotalNS != 1600 || got.Ops[0].Share != 80 ||
		got.Ops[0].Within != "aten::linear" {
		t.Errorf("two ranks: %+v", got)
	}
}

func TestOpTimesOfNothing(t *testing.T) {
	o := NewOpTimes(metric.Operator)
	o.Add(&trace.Links{Names: []string{"no events"}, By: map[string][]trace.Launch{metric.Operator: {{Missing: true, Count: 1}}}}, nil)
	got := o.Times()
	if got.KernelNS != 0 || len(got.Ops) != 0 || len(got.Rest) != 1 || got.Rest[0].Share != 0 {
		t.Errorf("%+v", got)
	}
}
