package metric

import "testing"

func TestDefinitionsAreComplete(t *testing.T) {
	families := map[string]bool{"latency": true, "throughput": true, "communication": true, "device": true, "skew": true}
	seen := map[string]bool{}
	for _, d := range Definitions {
		for _, name := range append([]string{d.Name}, d.Aliases...) {
			if seen[name] {
				t.Errorf("%s is defined twice", name)
			}
			seen[name] = true
			if got, ok := Define(name); !ok || got.Name != d.Name {
				t.Errorf("Define(%q) = %q, %v", name, got.Name, ok)
			}
		}
		if d.Title == "" || d.Unit == "" || len(d.Text) < 40 || !families[d.Family] {
			t.Errorf("%s: incomplete: %+v", d.Name, d)
		}
	}
}

func TestSeedNamesAreDefined(t *testing.T) {
	for _, name := range []string{"throughput_tokens_sec", "iteration_wall_clock", "comm_overhead", "coll_call_num", "coll_cal_num", "ttft", "TPOT", "straggler"} {
		if _, ok := Define(name); !ok {
			t.Errorf("%s has no definition", name)
		}
	}
	if _, ok := Define("nonsense"); ok {
		t.Error("nonsense has a definition")
	}
}
