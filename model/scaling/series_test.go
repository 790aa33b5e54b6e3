package scaling

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"shardeck/model"
	"shardeck/model/metric"
)

// ran is a run with a throughput, on a layout of Llama at batch 4.
func ran(name string, throughput float64, change func(*model.Experiment)) Measured {
	e := model.Defaults()
	e.Model.Name, e.Data.BatchSize = "meta-llama/Llama-3.1-8B", 4
	change(&e)
	return Measured{Run: model.Run{Name: name, Experiment: &e}, GPU: "A100-40GB", Analysis: &metric.Analysis{Metrics: []metric.Metric{
		{Name: ThroughputMetric, Value: &throughput, N: 5, Spread: new(20.0)},
	}}}
}

func tp(n int) func(*model.Experiment) { return func(e *model.Experiment) { e.Layout.TP = n } }

func pp(n int) func(*model.Experiment) { return func(e *model.Experiment) { e.Layout.PP = n } }

func batch(n int) func(*model.Experiment) { return func(e *model.Experiment) { e.Data.BatchSize = n } }

// drawnLines says what a chart would show: a line each, "name: run@x run@x".
func drawnLines(all []Series) []string {
	var out []string
	for _, s := range all {
		text := s.Name + ":"
		for _, p := range s.Points {
			text += fmt.Sprintf(" %s@%v", p.Run, p.X)
		}
		out = append(out, text)
	}
	return out
}

func TestSeries(t *testing.T) {
	const name = "Llama-3.1-8B · batch 4 · 2048+512 · vllm · A100-40GB"
	one, two, four := ran("one", 100, tp(1)), ran("two", 180, tp(2)), ran("four", 300, tp(4))
	for title, c := range map[string]struct {
		all  []Measured
		x    Axis
		want []string
	}{
		"one line by rising GPUs": {[]Measured{four, one, two}, AxisGPUs, []string{name + ": one@1 two@2 four@4"}},
		"each way of using GPUs has its line from the base": {[]Measured{one, two, ran("stages", 120, pp(2))}, AxisGPUs,
			[]string{name + " · PP: one@1 stages@2", name + " · TP: one@1 two@2"}},
		"a second experiment at one place stands apart": {[]Measured{one, two, ran("two-slow", 150, tp(2))}, AxisGPUs,
			[]string{name + ": one@1 two@2", name + " · two-slow: one@1 two-slow@2"}},
		"another workload is another series": {[]Measured{one, two, ran("big", 500, batch(16))}, AxisGPUs,
			[]string{name + ": one@1 two@2", "Llama-3.1-8B · batch 16 · 2048+512 · vllm · A100-40GB: big@1"}},
		"the axis of TP keeps PP apart": {[]Measured{one, two, ran("stages", 120, pp(2))}, AxisTP,
			[]string{name + ": one@1 two@2", name + " · PP2: stages@1"}},
		"the axis of batch joins workloads of one layout": {[]Measured{one, two, ran("big", 500, batch(16))}, AxisBatch,
			[]string{"Llama-3.1-8B · 2048+512 · vllm · A100-40GB · 1 GPU: one@4 big@16", "Llama-3.1-8B · 2048+512 · vllm · A100-40GB · TP2: two@4"}},
		"dense models have no experts to scale": {[]Measured{one, two}, AxisEP, nil},
		"nothing":                               {nil, AxisGPUs, nil},
	} {
		t.Run(title, func(t *testing.T) {
			if diff := cmp.Diff(c.want, drawnLines(SeriesOf(c.all, c.x, ThroughputMetric))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestPointsAreComparedWithTheBase(t *testing.T) {
	series := SeriesOf([]Measured{ran("one", 100, tp(1)), ran("four", 300, tp(4))}, AxisGPUs, ThroughputMetric)
	p := series[0].Points[1]
	if p.Layout != "TP4" || p.N != 5 || p.Y != 300 || p.Speedup != 3 || p.Efficiency != 75 || p.Spread != 20 ||
		math.Abs(p.Serial-1.0/9) > 1e-9 {
		t.Errorf("got %+v, want speed-up 3, efficiency 75 %%, spread 20 %%, serial part 1/9", p)
	}
	if base := series[0].Points[0]; base.Speedup != 1 || base.Efficiency != 100 || base.Serial >= 0 {
		t.Errorf("the base is %+v", base)
	}
}

func TestReadingATracePartsNoSeries(t *testing.T) {
	one, two, four := ran("one", 100, tp(1)), ran("two", 180, tp(2)), ran("four", 300, tp(4))
	two.GPU, four.GPU = "", ""
	all := []Measured{one, two, four}
	if got := SeriesOf(all, AxisGPUs, ThroughputMetric); len(got) != 1 || len(got[0].Points) != 3 {
		t.Errorf("series %v", drawnLines(got))
	}
	four.GPU = "H100-80GB"
	all = []Measured{one, two, four}
	if all = assumeGPUs(all); all[1].GPU != "" {
		t.Errorf("took %s for the GPU where runs disagree", all[1].GPU)
	}
}

// TestSpreadOfPoints: the spread of a point is that of its metric; of what has none, or of a quotient, there is none.
func TestSpreadOfPoints(t *testing.T) {
	one, two := ran("one", 100, tp(1)), ran("two", 180, tp(2))
	spread := 2.5
	for i := range two.Analysis.Metrics {
		two.Analysis.Metrics[i].Spread = &spread
	}
	points := SeriesOf([]Measured{one, two}, AxisGPUs, ThroughputMetric)[0].Points
	if points[0].Spread != 20 || points[1].Spread != 2.5 {
		t.Errorf("%+v", points)
	}
	if p := (ChartPoint{Point: points[1], Value: 200, Spread: 2.5}); p.HalfRange() != 2.5 {
		t.Errorf("a bar of 2.5 %% of 200 goes %v up and down", p.HalfRange())
	}
}

func TestKinDifferInTheLayoutAlone(t *testing.T) {
	all := SeriesOf([]Measured{ran("one", 100, tp(1)), ran("two", 180, tp(2)), ran("two-again", 150, tp(2)),
		ran("stages", 120, pp(2)), ran("big", 500, batch(16))}, AxisGPUs, ThroughputMetric)
	kin := map[string][]string{}
	for _, s := range all {
		kin[s.Kin] = append(kin[s.Kin], s.Points[len(s.Points)-1].Run)
		if len(s.Points) == 1 && (s.Points[0].Speedup != 0 || s.Points[0].Efficiency != 0) {
			t.Errorf("%s is alone, and compared: %+v", s.Name, s.Points)
		}
	}
	if len(kin) != 3 || !cmp.Equal(kin[""], []string{"two-again"}) {
		t.Errorf("%v", kin)
	}
	for _, runs := range kin {
		if len(runs) == 2 && !cmp.Equal(runs, []string{"stages", "two"}) {
			t.Errorf("kin of another kind: %v", runs)
		}
	}
}

// TestRunsOfAChangedConfigStandApart: what the key and the layout do not tell parts a run from those of the config as it is
// now; what they tell has parted it already.
func TestRunsOfAChangedConfigStandApart(t *testing.T) {
	name := "Llama-3.1-8B · batch 4 · 2048+512 · vllm · A100-40GB"
	for _, c := range []struct {
		change model.Change
		want   []string
	}{
		{model.Change{Path: "comm.all_reduce", Was: "auto", Now: "nccl"},
			[]string{name + ": one@1", name + " · before all_reduce auto → nccl: two@2"}},
		{model.Change{Path: "env.X", Was: "", Now: "1"}, []string{name + ": one@1", name + " · before env.X none → 1: two@2"}},
		{model.Change{Path: "data.batch_size", Was: "4", Now: "8"}, []string{name + ": one@1 two@2"}},
	} {
		two := ran("two", 180, tp(2))
		two.Run.Changed = model.Changes{c.change}
		all := SeriesOf([]Measured{ran("one", 100, tp(1)), two}, AxisGPUs, ThroughputMetric)
		if diff := cmp.Diff(c.want, drawnLines(all)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if p := all[len(all)-1].Points; !strings.HasPrefix(p[len(p)-1].Changed, "config changed since this run: ") {
			t.Errorf("%+v", p)
		}
	}
}

// TestDoubtedPoints: a run whose own config is not known is marked where it is drawn.
func TestDoubtedPoints(t *testing.T) {
	two := ran("two", 180, tp(2))
	two.Run.Assumed = true
	points := SeriesOf([]Measured{ran("one", 100, tp(1)), two}, AxisGPUs, ThroughputMetric)[0].Points
	const want = "its own config was not recorded, and the one that writes there may have changed since"
	if p := points[len(points)-1]; p.Run != "two" || p.Changed != want {
		t.Errorf("%+v", p)
	}
}

// TestKeyIsOfTheEngineThatRan: a run by another engine than its config says, a replay and one of another GPU are unlike.
func TestKeyIsOfTheEngineThatRan(t *testing.T) {
	change := func(change func(*Measured)) Measured { m := ran("b", 100, tp(2)); change(&m); return m }
	for name, c := range map[string]struct {
		m    Measured
		want string
	}{
		"alike":          {ran("b", 100, tp(2)), ""},
		"another engine": {change(func(m *Measured) { m.Run.Engine = model.EngineTorch }), "engine differs: vllm and torch"},
		"replay":         {change(func(m *Measured) { m.Run.Replay = true }), "replay differs: false and true"},
		"GPU":            {change(func(m *Measured) { m.GPU = "H100-80GB" }), "GPU differs: A100-40GB and H100-80GB"},
		"GPU not known":  {change(func(m *Measured) { m.GPU = "" }), ""},
		"no config":      {change(func(m *Measured) { m.Run.Experiment = nil }), "the config of one of them is not known"},
	} {
		base := ran("a", 100, tp(1))
		if got := c.m.Unlike(base); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		if c.m.Run.Experiment != nil && (len(Alike([]Measured{base, c.m})) == 1) != (c.want == "") {
			t.Errorf("%s: grouped otherwise", name)
		}
	}
}
