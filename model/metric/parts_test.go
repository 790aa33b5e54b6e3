package metric

import (
	"encoding/json"
	"reflect"
	"testing"
)

// Parts of every sort are one flat object in JSON, and come back as what they were.
func TestPartsInJSON(t *testing.T) {
	v := 7.5
	for _, tt := range []struct {
		name  string
		parts Parts
		want  string
	}{
		{"mfu", Parts{}, `{}`},
		{"ttft", Parts{Stats: map[Stat]float64{Min: 1, Max: 4, P50: 2, P99: 3}}, `{"max":4,"min":1,"p50":2,"p99":3}`},
		{"comm_wait", Parts{Stats: map[Stat]float64{Min: 1, Max: 4}, Phases: map[string]float64{Prefill: 2, Decode: 3, Mixed: 4},
			Types: map[string]float64{"all_reduce": 5, "send": 6}}, `{"all_reduce":5,"decode":3,"max":4,"min":1,"mixed":4,"prefill":2,"send":6}`},
		{"kernel_classes", Parts{Classes: map[string]float64{"gemm": 60.25, "embedding": 1}}, `{"embedding":1,"gemm":60.25}`},
		{"top_kernels", Parts{Kernels: map[string]float64{"min": 1, "decode": 2, "stage_1": 3}}, `{"decode":2,"min":1,"stage_1":3}`},
		{"bubble", Parts{Idle: &v, Stages: map[int]Stage{0: {Bubble: 1, Idle: 2}, 11: {Bubble: 3, Idle: 4}}},
			`{"idle":7.5,"stage_0":1,"stage_0_idle":2,"stage_11":3,"stage_11_idle":4}`},
		{"straggler", Parts{Late: map[int]float64{0: 1, 12: 2}, Latest: &Latest{Total: 2, Device: 0.5}},
			`{"device_ms":0.5,"lateness_ms":2,"rank_0_lateness_ms":1,"rank_12_lateness_ms":2}`},
	} {
		wrote := Metric{Name: tt.name, Unit: "u", Value: &v, PerRank: map[int]float64{3: 1}, By: tt.parts, Source: []string{"a"}, N: 2, Note: "n"}
		text, err := json.Marshal(wrote)
		if err != nil {
			t.Fatal(err)
		}
		var flat struct {
			By json.RawMessage `json:"by"`
		}
		if err := json.Unmarshal(text, &flat); err != nil || string(flat.By) != tt.want {
			t.Errorf("%s: %s, want %s (%v)", tt.name, flat.By, tt.want, err)
		}
		var read Metric
		if err := json.Unmarshal(text, &read); err != nil || !reflect.DeepEqual(read, wrote) {
			t.Errorf("%s came back as %+v, want %+v (%v)", tt.name, read, wrote, err)
		}
	}
	var m Metric
	if err := json.Unmarshal([]byte(`{"name": "ttft", "by": {"p50": "two"}}`), &m); err == nil {
		t.Error("a part that is no number was read")
	}
}

func TestPartsAreListedByTheirSize(t *testing.T) {
	got := Parts{Types: map[string]float64{"send": 1, "recv": 1, "all_reduce": 3}}.List()
	if want := []Part{{"all_reduce", 3}, {"recv", 1}, {"send", 1}}; !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
