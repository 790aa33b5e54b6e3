package analyze

import (
	"strings"
	"testing"

	"shardeck/backend/trace"
	"shardeck/model"
	"shardeck/model/metric"
)

// timed is a run of which only timing is there.
func timed(layout model.Layout, times ...trace.Timing) Input {
	in := fakeInput(layout)
	for i := range times {
		times[i].File = "timing_stats_" + string(rune('0'+i)) + ".json"
		in.Timing[i] = &times[i]
	}
	return in
}

func untraced(t trace.Times) trace.Timing { return trace.Timing{Untraced: t} }

func TestTimingOfTheSweep(t *testing.T) {
	a := analyse(t, load(t, large(t, "sweep.txz", "sweep/tp2-b16-s2048")))
	n := a.Metric("iteration_wall_clock")
	if n.N != 3 || n.By.Stats[metric.Min] > *n.Value || n.By.Stats[metric.Max] < *n.Value {
		t.Errorf("iteration_wall_clock: %+v", n)
	}
	near(t, "throughput", value(t, a, "throughput_tokens_sec"), 16*(2048+64) / *n.Value, 6)
	near(t, "output", value(t, a, "output_tokens_sec"), 16*64 / *n.Value, 6)
	near(t, "per GPU", value(t, a, "tokens_sec_per_gpu"), 16*(2048+64) / *n.Value / 2, 6)
	if m := a.Metric("mfu"); m.Value != nil || m.Reason != "no trace or run.json says which GPU this was measured on" {
		t.Errorf("mfu: %+v", m)
	}
	if m := a.Metric("comm_overhead"); m.Value != nil || !strings.HasPrefix(m.Reason, "no traces") {
		t.Errorf("comm_overhead: %+v", m)
	}
}

func TestLowestRankIsRead(t *testing.T) {
	in := timed(layoutOf(2, 1, 1, 1),
		untraced(trace.Times{Iterations: []float64{1, 3}, TTFT: [][]float64{{0.1, 0.2, 0.6}, {0.5, 0.9}}, TPOT: [][]float64{{0.01}, {0.02}}}),
		untraced(trace.Times{Iterations: []float64{9, 9}, TTFT: [][]float64{{9}, {9}}, TPOT: [][]float64{{9}}}))
	a := analyse(t, in)
	near(t, "iteration", value(t, a, "iteration_wall_clock"), 2, 9)
	near(t, "ttft", value(t, a, "ttft"), 500, 6) // of the means 300 and 700
	near(t, "ttft spread", *a.Metric("ttft").Spread, 80, 6)
	for stat, want := range map[metric.Stat]float64{metric.P50: 500, metric.P99: 888, metric.Min: 100, metric.Max: 900, metric.MeanStat: 460} {
		near(t, "ttft "+string(stat), a.Metric("ttft").By.Stats[stat], want, 6) // of the requests
	}
	near(t, "tpot", value(t, a, "tpot"), 15, 6)
	near(t, "a user", value(t, a, "tokens_sec_per_user"), 1000/15., 6)
	if m := a.Metric("ttft"); m.N != 2 || len(m.Source) != 1 || m.Source[0] != "timing_stats_0.json" ||
		m.Note != "5 requests in 2 iterations" {
		t.Errorf("ttft: %+v", m)
	}
}

func TestColdStartIsSaid(t *testing.T) {
	for _, c := range []struct {
		iterations []float64
		want       string
	}{
		{[]float64{1.855, 0.557, 0.427}, "the first timed iteration took 1.85 s, the others 0.492 s in the middle: the engine was not warm yet"},
		{[]float64{0.42, 0.41, 0.43}, ""},
		{[]float64{0.42, 0.43, 1.9}, ""},
		{[]float64{1.9, 0.4}, ""},
	} {
		a := analyse(t, timed(layoutOf(1, 1, 1, 1), untraced(trace.Times{Iterations: c.iterations})))
		got := strings.Join(a.Warnings, "\n")
		if (c.want == "") == strings.Contains(got, "not warm") || !strings.Contains(got, c.want) {
			t.Errorf("%v: %q", c.iterations, got)
		}
	}
}

func TestReplicasArePooled(t *testing.T) {
	in := timed(layoutOf(1, 1, 2, 1),
		untraced(trace.Times{Iterations: []float64{1, 4}, TTFT: [][]float64{{0.1}}}),
		untraced(trace.Times{Iterations: []float64{2, 3}, TTFT: [][]float64{{0.3}}}))
	a := analyse(t, in)
	near(t, "iterations last as long as the slowest replica", value(t, a, "iteration_wall_clock"), 3, 9)
	near(t, "ttft over all requests", value(t, a, "ttft"), 200, 6)
	near(t, "throughput", value(t, a, "throughput_tokens_sec"), 2*(8+2)/3., 9)
	delete(in.Timing, 1)
	if m := analyse(t, in).Metric("ttft"); m.Note != "timing of 1 data-parallel replica only" {
		t.Errorf("note %q", m.Note)
	}
}

func TestTracedTimesAreMarked(t *testing.T) {
	mean := 0.5
	in := timed(layoutOf(1, 1, 1, 1), trace.Timing{
		Untraced: trace.Times{Iterations: []float64{1}},
		Traced:   trace.Times{Iterations: []float64{7}, TTFTMean: &mean, TTFTP99: &mean},
	})
	a := analyse(t, in)
	if m := a.Metric("iteration_wall_clock"); *m.Value != 1 || m.Note != "" {
		t.Errorf("iteration_wall_clock: %+v", m)
	}
	if m := a.Metric("ttft"); m.Value == nil || *m.Value != 500 || !strings.HasPrefix(m.Note, "traced; mean as the file gives it") ||
		m.N != 0 {
		t.Errorf("ttft: %+v", m)
	}
	if m := a.Metric("tpot"); m.Value != nil || m.Reason != "timing_stats_0.json: no tpot in it" || m.Note != "" {
		t.Errorf("tpot: %+v", m)
	}
	in.Experiment.Data.MaxTokens = 1
	if m := analyse(t, in).Metric("tpot"); m.Reason != "max_tokens is 1: there is no second token to time" {
		t.Errorf("tpot: %+v", m)
	}
}

func TestRecordedTokensComeFirst(t *testing.T) {
	in := timed(layoutOf(1, 1, 1, 1), untraced(trace.Times{Iterations: []float64{2}, InputTokens: []float64{30}, OutputTokens: []float64{10}}))
	a := analyse(t, in)
	near(t, "throughput", value(t, a, "throughput_tokens_sec"), 20, 9)
	near(t, "output", value(t, a, "output_tokens_sec"), 5, 9)
	in.Experiment = nil
	near(t, "without a config", value(t, analyse(t, in), "throughput_tokens_sec"), 20, 9)
}

func TestMFU(t *testing.T) {
	r := newFake(0).Run(gemm, 0, 10)
	in := fakeInput(layoutOf(1, 1, 1, 1), r)
	in.Timing[0] = &trace.Timing{Untraced: trace.Times{Iterations: []float64{0.5}}}
	in.Shape = shape(t, "meta-llama/Llama-3.1-8B")
	in.GPU = gpus(t)
	in.Experiment.Data = model.Workload{BatchSize: 2, SeqLen: 100, MaxTokens: 1}
	// By hand: 8,030,261,248 parameters − 525,336,576 of the embedding, 200 tokens, and
	// 32 layers × 32 heads × 256 over 2 × (1 + … + 100) positions.
	flops := 2*(8030261248.-525336576)*200 + 2*32*32*256*10100
	near(t, "mfu", value(t, analyse(t, in), "mfu"), 100*flops/(0.5*989e12), 9)

	for _, c := range []struct {
		change func(in *Input)
		want   string
	}{
		{func(in *Input) { in.Experiment.Model.Precision = "fp4" }, "H100-80GB has no known peak for fp4"},
		{func(in *Input) { in.GPU = nil }, `the peak of GPU "NVIDIA H100 80GB HBM3" is not known; add it to gpus.yaml`},
		{func(in *Input) { in.Shape = nil }, `the shape of model "" is not known; add it to models.yaml`},
		{func(in *Input) { in.Experiment.Data.SeqLen = 0; in.Experiment.Data.MaxTokens = 0 }, "make an iteration"},
		{func(in *Input) { in.Experiment = nil }, "no config.yaml that can be read"},
	} {
		broken := in
		e := *in.Experiment
		broken.Experiment = &e
		c.change(&broken)
		if m := analyse(t, broken).Metric("mfu"); m.Value != nil || !strings.Contains(m.Reason, c.want) {
			t.Errorf("want %q, got %+v", c.want, m)
		}
	}
}

// TestPlainListOfRequests: a list of the requests of all iterations, one after another, is divided among them.
func TestPlainListOfRequests(t *testing.T) {
	for name, c := range map[string]struct {
		list [][]float64
		n    int
		want float64
	}{
		"one an iteration": {[][]float64{{0.1}, {0.2}, {0.9}}, 3, 200},
		"two an iteration": {[][]float64{{0.1}, {0.3}, {0.2}, {0.6}, {0.1}, {0.1}}, 3, 200},
		"no telling":       {[][]float64{{0.1}, {0.3}, {0.2}, {0.6}}, 4, 250},
		"nested":           {[][]float64{{0.1, 0.3}, {0.2, 0.6}, {0.1, 0.1}}, 3, 200},
	} {
		a := analyse(t, alone(trace.Times{Iterations: []float64{1, 1, 1}, TTFT: c.list}))
		near(t, name, value(t, a, "ttft"), c.want, 6)
		if m := a.Metric("ttft"); m.N != c.n {
			t.Errorf("%s: n %d, want %d", name, m.N, c.n)
		}
	}
}

// TestSpreadOfEachSampled: the spread is of the metric's own samples, the whole range over the median.
func TestSpreadOfEachSampled(t *testing.T) {
	a := analyse(t, alone(trace.Times{Iterations: []float64{1, 2, 4}}))
	near(t, "iterations", *a.Metric("iteration_wall_clock").Spread, 150, 9)
	near(t, "throughput", *a.Metric("throughput_tokens_sec").Spread, 150, 9)
	if m := analyse(t, alone(trace.Times{Iterations: []float64{1, 0}})).Metric("iteration_wall_clock"); m.N != 1 || m.Spread != nil {
		t.Errorf("an iteration that took no time: %+v", m)
	}
	if m := analyse(t, alone(trace.Times{TPOT: [][]float64{{0}}})).Metric("tokens_sec_per_user"); m.Value != nil ||
		m.Reason != "tokens took no time" {
		t.Errorf("tokens in no time: %+v", m)
	}
}

// alone is a run of one GPU of which only timing is there.
func alone(t trace.Times) Input { return timed(layoutOf(1, 1, 1, 1), untraced(t)) }
