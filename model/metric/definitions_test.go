package metric

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"shardeck/model"
)

// No line of the file is lost on the way: every key of it is a field.
func TestDefinitionsAreReadWhole(t *testing.T) {
	dec := json.NewDecoder(strings.NewReader(string(definitions)))
	dec.DisallowUnknownFields()
	var all []Definition
	if err := dec.Decode(&all); err != nil || len(all) == 0 {
		t.Fatalf("%d definitions, %v", len(all), err)
	}
}

func TestDefinitionsAreComplete(t *testing.T) {
	families := map[string]bool{"latency": true, "throughput": true, Serving: true, "communication": true, "device": true,
		"skew": true, "energy": true}
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
		if !slices.Contains([]Better{NoBetter, Lower, Higher}, d.Better) || d.Decimals < 0 || d.Decimals > 3 {
			t.Errorf("%s: better %q, decimals %d", d.Name, d.Better, d.Decimals)
		}
		if d.Title == "" || d.Unit == "" || len(d.Text) < 40 || !families[d.Family] {
			t.Errorf("%s: incomplete: %+v", d.Name, d)
		}
	}
}

// A word of the field that is not measured names its nearest metric, and its text tells the two apart.
func TestUnmeasuredWordsNameTheirNearest(t *testing.T) {
	for _, d := range unmeasured {
		if near, ok := Define(d.Near); !ok || !strings.Contains(d.Text, near.Name) || !strings.Contains(d.Text, "ot measured") {
			t.Errorf("%s: its text does not tell it from %q", d.Name, d.Near)
		}
		for _, name := range append([]string{d.Name}, d.Aliases...) {
			if _, measured := Define(name); measured {
				t.Errorf("%s is measured", name)
			}
			if got, err := Explain(strings.ToUpper(strings.ReplaceAll(name, "_", "-"))); err != nil || got.Name != d.Name {
				t.Errorf("Explain(%q) = %q, %v", name, got.Name, err)
			}
			if _, err := Find(name); err == nil || !strings.Contains(err.Error(), "the nearest is "+d.Near) {
				t.Errorf("Find(%q): %v", name, err)
			}
		}
	}
	if d, err := Explain("tpot"); err != nil || d.Near != "" {
		t.Errorf("tpot is measured: %+v, %v", d, err)
	}
	if _, err := Explain("godput"); err == nil || !strings.Contains(model.FixOf(err), "goodput") {
		t.Errorf("godput: %v", err)
	}
}

func TestSeedNamesAreDefined(t *testing.T) {
	for _, name := range []string{"throughput_tokens_sec", "iteration_wall_clock", "comm_overhead", "coll_call_num", "coll_cal_num",
		"ttft", "TPOT", "straggler"} {
		if _, ok := Define(name); !ok {
			t.Errorf("%s has no definition", name)
		}
	}
	if _, ok := Define("nonsense"); ok {
		t.Error("nonsense has a definition")
	}
}
