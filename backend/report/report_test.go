package report

import (
	"bytes"
	"flag"
	"image"
	"image/png"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gonum.org/v1/plot"

	"shardeck/model"
	"shardeck/model/figure"
	"shardeck/model/metric"
	"shardeck/model/scaling"
)

var update = flag.Bool("update", false, "write the golden files anew")

func value(v float64) *float64 { return &v }

// twoRuns are one complete run, and one of which only a damaged file was left.
func twoRuns() []Row {
	e := model.Defaults()
	e.ID, e.Model.Name, e.Engine = "E1.2", "meta-llama/Llama-3.1-8B", model.EngineTorch
	e.Layout.TP, e.Data.BatchSize = 2, 4
	return []Row{
		{Run: model.Run{Name: "llama-8b-tp2", Experiment: &e}, GPU: "NVIDIA H100 80GB HBM3", Analysis: &metric.Analysis{Metrics: []metric.Metric{
			{Name: "throughput_tokens_sec", Value: value(15532.25)},
			{Name: "ttft", Value: value(20.5)},
			{Name: "comm_overhead", Value: value(9.615)},
			{Name: "coll_call_num", Value: value(4160), By: metric.Parts{Types: map[string]float64{"all_reduce": 4096, "broadcast": 64}}},
			{Name: "kernel_classes", By: metric.Parts{Classes: map[string]float64{"gemm": 61.5, "embedding and sampling": 0.25}}},
			{Name: "straggler", Reason: "none"},
			{Name: "mfu", Value: value(0)},
		}}},
		{Run: model.Run{Name: "odd, \"name\"", Problem: "no config.yaml", Replay: true}, Analysis: &metric.Analysis{Damaged: true}},
	}
}

var definitions = []metric.Definition{
	{Name: "ttft", Unit: "ms"}, {Name: "throughput_tokens_sec", Unit: "tok/s"}, {Name: "comm_overhead", Unit: "%"},
	{Name: "coll_call_num", Unit: "count"}, {Name: "tpot", Unit: "ms"},
	{Name: "mfu", Unit: "%"}, {Name: "kernel_classes", Unit: "%"}, {Name: "straggler", Unit: "rank"},
	{Name: "iteration_wall_clock", Unit: "s"},
}

func TestCSV(t *testing.T) {
	var out bytes.Buffer
	if err := CSV(&out, twoRuns(), definitions); err != nil {
		t.Fatal(err)
	}
	const golden = "testdata/summary.csv"
	if *update {
		if err := os.WriteFile(golden, out.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), out.String()); diff != "" {
		t.Errorf("summary (-want +got):\n%s", diff)
	}
}

// Runs under different loads have the same batch: the load tells them apart.
func TestCSVOfLoads(t *testing.T) {
	var out bytes.Buffer
	run := model.Run{Name: "r", Experiment: &model.Experiment{ID: "r", Load: model.Load{Rate: 2, Concurrency: 8}}}
	if err := CSV(&out, []Row{{Run: run}}, nil); err != nil || !strings.Contains(out.String(), `,"2/s, 8 at once"`) {
		t.Errorf("%s, %v", out.String(), err)
	}
}

func TestCSVOfNothing(t *testing.T) {
	var out bytes.Buffer
	if err := CSV(&out, nil, definitions); err != nil {
		t.Fatal(err)
	}
	const head = "run,experiment,model,tp,pp,dp,ep,gpus,batch_size,seq_len,max_tokens,throughput_tokens_sec,ttft_ms,tpot_ms,comm_overhead_pct,coll_call_num,"
	if !strings.HasPrefix(out.String(), head) || strings.Count(out.String(), "\n") != 1 {
		t.Errorf("got %q, want only a header", out.String())
	}
}

func TestPNG(t *testing.T) {
	three := line("a", 1, 100, 2, 170, 64, 90000)
	one := line("b", 1, 80)
	for name, panels := range map[string][]figure.Panel{
		"nothing":   nil,
		"all empty": {{Title: "Throughput", Empty: "no run yet"}, {Title: "Time", Series: []scaling.ChartSeries{{Name: "a"}}}},
		"one point": {{Title: "Throughput", Ideal: true, Series: []scaling.ChartSeries{one}}},
		"equal":     {{Series: []scaling.ChartSeries{line("a", 1, 5, 1, 5)}}},
		"zero":      {{Ideal: true, Series: []scaling.ChartSeries{line("a", 1, 0, 2, 0)}}},
		"wide": {{Ideal: true, Series: []scaling.ChartSeries{three, one}},
			{Kind: figure.Time, Ideal: true, Series: []scaling.ChartSeries{three}},
			{Kind: figure.Efficiency, Ideal: true, Series: []scaling.ChartSeries{one}}},
		"many series": {{Series: many(60)}},
	} {
		t.Run(name, func(t *testing.T) {
			img := render(t, panels)
			if b := img.Bounds(); b.Dx() != 1800 || b.Dy() < 100 {
				t.Errorf("the picture is %d × %d, want 1800 wide", b.Dx(), b.Dy())
			}
		})
	}
}

// TestPNGShowsSeries looks for each series' colour, in the chart and in the legend.
func TestPNGShowsSeries(t *testing.T) {
	img := render(t, []figure.Panel{{Title: "Throughput", X: "GPUs", Y: "tokens/s", Ideal: true, Series: []scaling.ChartSeries{
		line("a", 1, 100, 2, 170),
		line("b", 1, 80, 2, 140),
	}}})
	for i := range 2 {
		if n := count(img, hues[i]); n < 500 {
			t.Errorf("%d pixels of series %d, want a line, marks and a legend", n, i)
		}
	}
	if n := count(img, hues[2]); n != 0 {
		t.Errorf("%d pixels of a third series, there are two", n)
	}
}

func many(n int) []scaling.ChartSeries {
	all := make([]scaling.ChartSeries, n)
	for i := range all {
		all[i] = line(strings.Repeat("x", i+1), 1, float64(i+1), 2, float64(2*i))
	}
	return all
}

// line is a series through points, given as X and value; the first has a spread of 20 %.
func line(name string, xy ...float64) scaling.ChartSeries {
	s := scaling.ChartSeries{Name: name}
	for i := 0; i < len(xy); i += 2 {
		s.Points = append(s.Points, scaling.ChartPoint{Point: scaling.Point{X: xy[i]}, Value: xy[i+1], Spread: float64(20 * max(1-i, 0))})
	}
	return s
}

func render(t *testing.T, panels []figure.Panel) image.Image {
	t.Helper()
	var out bytes.Buffer
	if err := PNG(&out, "Scaling", "of a test", panels); err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(&out)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func count(img image.Image, hue interface{ RGBA() (r, g, b, a uint32) }) int {
	n := 0
	wr, wg, wb, _ := hue.RGBA()
	for y := img.Bounds().Min.Y; y < img.Bounds().Max.Y; y++ {
		for x := img.Bounds().Min.X; x < img.Bounds().Max.X; x++ {
			if r, g, b, _ := img.At(x, y).RGBA(); r == wr && g == wg && b == wb {
				n++
			}
		}
	}
	return n
}

func TestTicks(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 0.25: "0.25", 2: "2", 1500: "1 500", 45000: "45 000", 1234567: "1 234 567"} {
		if got := short(v); got != want {
			t.Errorf("short(%v) = %q, want %q", v, got, want)
		}
	}
	if got := short(math.Copysign(0, -1)); got != "0" {
		t.Errorf("minus zero is %q", got)
	}
	labels := ""
	for _, at := range apart(plot.Axis{Min: 0, Max: 64, Scale: plot.LinearScale{}}, []float64{1, 2, 3, 16, 17, 64}) {
		labels += at.Label + ","
	}
	if labels != "1,,,16,,64," {
		t.Errorf("labels %q, want those that have room", labels)
	}
	for _, r := range [][2]float64{{0, 1}, {0, 0.07}, {0, 115}, {0, 50000}, {0, 8.3}} {
		if n := len(round(r[0], r[1])); n < 4 || n > 10 {
			t.Errorf("%d ticks between %v and %v, want 4 to 10", n, r[0], r[1])
		}
	}
	if n := len(decades(30, 90000)); n < 8 {
		t.Errorf("%d ticks over three decades and a half", n)
	}
}
