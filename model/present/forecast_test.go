package present

import (
	"strings"
	"testing"

	"shardeck/model/forecast"
)

// A forecast shows parts that some metric has a hundredth of, and says in words what it stands on.
func TestForecastTable(t *testing.T) {
	f := forecast.Forecast{ID: "E1.2", Measured: "own", Notes: []string{"a note"}, Metrics: []forecast.Metric{
		{Name: "tpot", Unit: "ms", Value: 5.1234, Low: 4.8, High: 5.5, Parts: map[string]float64{"gemm": 3, "communication": 1, "gaps": 0.01},
			RestsOn: []string{"run a", "run b", "run c", "run d", "run e", "prior h100-80gb (gap, comm_latency)"}},
		{Name: "gpu_memory", Unit: "GiB", Value: 20, Low: 18, High: 22, Parts: map[string]float64{"weights": 20}},
	}}
	table := Forecast(f)
	var titles, cells []string
	for i, c := range table.Columns {
		titles, cells = append(titles, c.Title), append(cells, table.Rows[0].Cells[i].Lead+table.Rows[0].Cells[i].Text)
	}
	if got := strings.Join(titles, " "); got != "metric forecast interval unit gemm comm" {
		t.Error(got)
	}
	if got := strings.Join(cells, " "); got != "tpot ≈5.12 4.80–5.50 ms 75 25" {
		t.Error(got)
	}
	if memory := table.Rows[1].Cells; memory[4].Text != "" {
		t.Errorf("memory has a part %q of time", memory[4].Text)
	}
	words := strings.Join(ForecastWords(f), "\n")
	for _, want := range []string{"a note", "runs a, b, c, d, 1 more", "public constants for comm_latency, gap:",
		"measured already by own", "80 of 100"} {
		if !strings.Contains(words, want) {
			t.Errorf("%q is not said in\n%s", want, words)
		}
	}
}

func TestTrialsTable(t *testing.T) {
	all := Trials([]forecast.Trial{{Mode: forecast.ByOne, Run: "r", Refused: "no trace"},
		{Mode: forecast.ByOne, Run: "s", Measured: 6, Error: -15, Metric: forecast.Metric{Name: "tpot", Value: 5.1, Low: 4.8, High: 5.5}}})
	if rows := all[0].Rows; rows[0].Cells[7].Text != "no trace" ||
		rows[1].Cells[6].Text != "-15.0" && rows[1].Cells[6].Text != "−15.0" || rows[1].Cells[7].Text != "no" ||
		rows[1].Cells[7].Role != Warn {
		t.Errorf("%+v", rows)
	}
	if sums := all[1].Rows; sums[0].Cells[1].Text != "tpot" || sums[0].Cells[4].Text != "15.0" {
		t.Errorf("%+v", sums)
	}
}
