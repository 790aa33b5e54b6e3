package intake

import (
	"maps"
	"testing"
)

// Every row of templates/tracenames.yaml is whole, gives what it says, and no earlier row takes its example.
func TestHabits(t *testing.T) {
	for kind, rows := range map[string][]habit{"files": table().Files, "steps": table().Steps, "engines": table().Engines,
		"folders": table().Folders} {
		for i, h := range rows {
			if h.Whose == "" || h.Source == "" || h.Example == "" {
				t.Errorf("%s %d: %q lacks whose, source or example", kind, i, h.Pattern)
			}
			got := first(rows, h.Example)
			if got.habit != &rows[i] || !maps.Equal(got.parts, h.Gives) {
				t.Errorf("%s %d: %s gives %v by %v, want %v", kind, i, h.Example, got.parts, got.habit, h.Gives)
			}
		}
	}
}

// Kind: names of one habit with other numbers, packed or not, and names of none.
func TestRankOfName(t *testing.T) {
	for name, want := range map[string]int{
		"kineto_trace_12.json.gz": 12, "rank3_trace.json": 3, "rank-7.json": 7, "RANK_0.json.gz": 0, "mtia_rank_0.json.gz": 0,
		"dp1_pp0_tp1_dcp0_ep3_rank1.1773709742341309560.pt.trace.json.gz": 1, "vllm-abc-rank-5.1773709742341309560.pt.trace.json.gz": 5,
		"profile_step_10_rank_2.json": 2, "trace-1.json": 1, "bs_32_rank0.json.gz": 0, "execution_trace_rank_4.json": 4, "pytorch_et_0.json": 0,
		"report_rank3.nsys-rep": 3,
		"report1.nsys-rep":      -1, "nid001_1234.1773709742341309550.pt.trace.json": -1, "prank.json": -1, "frankfurt_7b.json": -1,
		"trace.json":            -1,
		"Qwen__1016005.json.gz": -1, "libkineto_activities_1074.json": -1, "graph_execution.json": -1,
	} {
		if got := nameOf(table().Files, name).number("rank"); got != want {
			t.Errorf("%s: rank %d, want %d", name, got, want)
		}
	}
	if n := nameOf(table().Files, "profile_step_10_rank_2.json"); n.number("step") != 10 {
		t.Errorf("no step in %v", n.parts)
	}
}
