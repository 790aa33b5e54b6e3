package measure_test

import (
	"bytes"
	"errors"
	"image/png"
	"os"
	"strings"
	"testing"

	"shardeck/backend/app"
	"shardeck/backend/app/apptest"
	"shardeck/backend/measure"
	"shardeck/model"
	"shardeck/model/scaling"
)

func drawn() scaling.Chart {
	return scaling.Chart{Quantity: "throughput", Unit: "tok/s", Axis: scaling.AxisGPUs, Across: "GPUs", Of: "Llama-3.1-8B · batch 4",
		Ideal: true, Nodes: []float64{4},
		Series: []scaling.ChartSeries{{Name: "batch 4", Points: []scaling.ChartPoint{
			{Point: scaling.Point{Run: "a", Layout: "TP1", X: 1, N: 5, Speedup: 1, Efficiency: 100, Serial: -1}, Value: 11279.25,
				Spread: 0.2, Ideal: 11279.25},
			{Point: scaling.Point{Run: "b", Layout: "TP8", X: 8, N: 0, Speedup: 4, Efficiency: 50, Serial: 0.125, Unsure: "few"},
				Value: 45117, Ideal: 0},
		}}}}
}

func TestExportChart(t *testing.T) {
	b := apptest.New(t)
	path, err := b.ExportChart(t.Context(), drawn(), measure.FormatCSV)
	if err != nil || path != "experiments/chart_throughput_gpus_llama-3-1-8b-batch-4.csv" {
		t.Fatalf("%q, %v", path, err)
	}
	got, err := os.ReadFile(b.Path(path))
	if err != nil {
		t.Fatal(err)
	}
	want := "series,run,layout,gpus,throughput_tok_s,spread_pct,n,speedup,efficiency_pct,serial_fraction,ideal_throughput_tok_s,unsure,config_changed\n" +
		"batch 4,a,TP1,1,11279.25,0.2,5,1,100,,11279.25,,\n" +
		"batch 4,b,TP8,8,45117,,,4,50,0.125,,few,\n"
	if string(got) != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	for _, log := range []bool{false, true} {
		c := drawn()
		c.Log = log
		path, err = b.ExportChart(t.Context(), c, measure.FormatPNG)
		if err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(b.Path(path))
		if err != nil {
			t.Fatal(err)
		}
		if img, err := png.Decode(bytes.NewReader(data)); err != nil || img.Bounds().Dx() < 1000 {
			t.Errorf("log %t: %v", log, err)
		}
	}
}

func TestExportChartRefuses(t *testing.T) {
	b := apptest.New(t)
	if _, err := b.ExportChart(t.Context(), drawn(), "pdf"); err == nil || !strings.Contains(err.Error(), "pdf") {
		t.Errorf("pdf: %v", err)
	}
	b.Open(t, app.Options{ReadOnly: true})
	if _, err := b.ExportChart(t.Context(), drawn(), measure.FormatCSV); !errors.Is(err, model.ErrReadOnly) {
		t.Errorf("read-only: %v", err)
	}
}
