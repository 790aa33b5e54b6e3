package main

import (
	"encoding/json"
	"regexp"
	"testing"
)

func TestDelayMovesWhatComesAfter(t *testing.T) {
	var events []map[string]json.RawMessage
	text := `[{"ph":"X","cat":"kernel","name":"norm","ts":10,"dur":2.5},{"ph":"X","cat":"kernel","name":"gemm","ts":12.500,"dur":3},
		{"ph":"X","cat":"cpu_op","name":"step","ts":1700000000000000.001,"dur":1},{"ph":"X","cat":"cpu_op","name":"all","ts":5,"dur":20}]`
	if err := json.Unmarshal([]byte(text), &events); err != nil {
		t.Fatal(err)
	}
	if n := delay(events, regexp.MustCompile("norm"), 20_000); n != 1 {
		t.Fatalf("%d kernels, want 1", n)
	}
	for i, want := range [][2]string{{"10.000", "22.500"}, {"32.500", "3.000"}, {"1700000000000020.001", "1.000"}, {"5.000", "40.000"}} {
		if string(events[i]["ts"]) != want[0] || string(events[i]["dur"]) != want[1] {
			t.Errorf("event %d is at %s for %s, want %v", i, events[i]["ts"], events[i]["dur"], want)
		}
	}
}
