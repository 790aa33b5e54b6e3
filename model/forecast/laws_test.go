package forecast

import (
	"math"
	"slices"
	"strings"
	"testing"

	"shardeck/model"
	"shardeck/model/modeltest"
	"shardeck/model/xray"
)

var h100 = model.GPU{Key: "h100-80gb", Title: "H100-80GB", Names: []string{"NVIDIA H100 80GB HBM3"}, HBM: 3350, NVLink: 450,
	Peak: map[string]float64{"bfloat16": 989}}

// table is a small table of priors: the engine torch, and vLLM.
func table() *Priors {
	p := &Priors{Engines: []Engine{
		{Name: "torch", SmallKernels: 27, Launches: 27, WholePasses: 10, RopePasses: 13, FFNPasses: 5, HeadWhole: true,
			WholeCache: true, ExpertLaunches: 4.5,
			MoELaunches: 45, Graph: "dense", Schedule: "whole"},
		{Name: "vllm", SmallKernels: 6, Launches: 13, WholePasses: 8, RopePasses: 4, FFNPasses: 3, FusedExperts: true,
			CustomAllReduce: true, Graph: "all", Schedule: "chunked"},
	}, Collectives: []Collective{
		{Type: "all_reduce", Group: 2, Pieces: []LinkPart{{T0: 6}, {Above: 4096, T0: 7, GBs: 146}, {Above: 1 << 20, T0: 19, GBs: 304}}},
		{Type: "all_reduce", Backend: "custom", Group: 2, Pieces: []LinkPart{{T0: 4, GBs: 265}}},
		{Type: "broadcast", Group: 2, Pieces: []LinkPart{{T0: 5}}}, {Type: "all_gather", Group: 2, Pieces: []LinkPart{{T0: 6, GBs: 200}}},
		{Type: "send_recv", Group: 2, Pieces: []LinkPart{{T0: 10, GBs: 150}}},
		{Type: "all_to_all", Group: 2, Pieces: []LinkPart{{T0: 8, GBs: 200}}},
	}}
	for name, v := range map[string]float64{"gemm_start": 5, "small_start": 2, "sustained": 0.01, "alone_small": 1,
		"attention_start": 9, "attention_half": 900, "expert_start": 50, "gap": 0.3, "comm_gap": 1.5,
		"host_launch": 10, "host_call": 60, "step_host": 30, "first_decode": 1500, "first_token": 1000, "comm_latency": 1,
		"comm_transfer": 1, "traced": 1} {
		p.Constants = append(p.Constants, Prior{Name: name, Value: v, Factor: 1.3, Source: "test"})
	}
	for _, name := range []string{"gemm_bandwidth", "attention_bandwidth", "small_bandwidth", "split_bandwidth", "expert_bandwidth"} {
		p.Constants = append(p.Constants, Prior{Name: name, Of: "hbm", Value: 0.8, Factor: 1.2, Source: "test"})
	}
	for _, name := range []string{"gemm_rate", "attention_rate"} {
		p.Constants = append(p.Constants, Prior{Name: name, Of: "peak", Value: 0.7, Factor: 1.2, Source: "test"})
	}
	return p
}

// config is Llama-8B on an engine, with a layout and a workload.
func config(engine model.Engine, tp, batch, prompt, output int) Config {
	e := modeltest.Baseline()
	e.Engine, e.Layout.TP = engine, tp
	e.Data = model.Workload{BatchSize: batch, SeqLen: prompt, MaxTokens: output}
	return Config{Experiment: e, Shape: modeltest.Llama8B, GPU: h100, Batched: 8192}
}

func machineFor(t testing.TB, c Config) machine {
	t.Helper()
	m, ok := table().machineOf(string(c.Experiment.Engine), "bfloat16", h100, "", nil)
	if !ok {
		t.Fatal("no machine")
	}
	return m
}

// measuredBy is a run whose times are those of given constants.
func measuredBy(t testing.TB, c Config, v values, name string) Run {
	t.Helper()
	m := machineFor(t, c)
	p := newWorker(c, &m).planOf(false)
	r := Run{Name: name, Config: c}
	sums, _ := p.time(&v)
	for q, to := range []*float64{&r.TTFT, &r.TPOT, &r.Iteration} {
		*to = sums[q].sum() / units[q].scale
	}
	return r
}

// truth is a machine that differs from the table.
func truth(t testing.TB) values {
	m := machineFor(t, config("torch", 1, 1, 1, 1))
	v := m.start()
	v[gemmBandwidth] *= 1.15
	v[gemmRate] *= 0.9
	v[attentionBandwidth] *= 0.9
	v[smallStart] *= 1.2
	v[splitBandwidth] *= 0.8
	return v
}

func tp1Runs(t testing.TB, engine model.Engine) (runs []Run) {
	for _, w := range [][2]int{{1, 2048}, {4, 512}, {4, 2048}, {4, 8192}, {16, 512}, {16, 2048}, {64, 512}, {64, 2048}} {
		c := config(engine, 1, w[0], w[1], 64)
		runs = append(runs, measuredBy(t, c, truth(t), c.Experiment.Layout.Short()+" "+strings.Repeat("x", len(runs)+1)))
	}
	runs[2].Steps = []xray.Step{{}}
	return runs
}

// Laws fitted to runs of one GPU say what two will take, where the machine keeps the laws; the parts add up, and the interval holds it.
func TestForecastOfTwoGPUsFromOne(t *testing.T) {
	l := Fit(table(), nil, tp1Runs(t, "torch"))
	for _, w := range [][2]int{{1, 2048}, {4, 2048}, {16, 512}, {64, 2048}} {
		c := config("torch", 2, w[0], w[1], 64)
		want := measuredBy(t, c, truth(t), "two").measured()
		f := l.Forecast(c, false)
		if f.Refused != "" || len(f.Metrics) != 4 {
			t.Fatalf("%v: %+v", w, f)
		}
		for q, m := range f.Metrics[:3] {
			real := want[q] / units[q].scale
			if off := math.Abs(m.Value/real - 1); off > 0.05 || real < m.Low || real > m.High {
				t.Errorf("%v %s: %.4g (%.4g to %.4g), measured %.4g", w, m.Name, m.Value, m.Low, m.High, real)
			}
			sum := 0.0
			for _, v := range m.Parts {
				sum += v
			}
			if math.Abs(sum/m.Value-1) > 1e-9 {
				t.Errorf("%s: parts add up to %v of %v", m.Name, sum, m.Value)
			}
			if !slices.ContainsFunc(m.RestsOn, func(s string) bool {
				return strings.HasPrefix(s, "prior h100-80gb (") && strings.Contains(s, "comm_")
			}) {
				t.Errorf("%s: nobody measured a collective: %q", m.Name, m.RestsOn)
			}
		}
		if tokens := f.Metrics[3]; math.Abs(tokens.Value*f.Metrics[2].Value-float64(w[0]*(w[1]+64))) > 1 || tokens.Low > tokens.Value {
			t.Errorf("throughput %+v", tokens)
		}
	}
}

// A run of the same point is left out of its forecast, and named; the same question has the same answer.
func TestForecastDoesNotKnowItsOwnRun(t *testing.T) {
	runs := tp1Runs(t, "torch")
	own := measuredBy(t, config("torch", 2, 4, 2048, 64), truth(t), "own")
	own.TPOT *= 3
	c := own.Config
	with, without := Fit(table(), nil, append(slices.Clone(runs), own)).Forecast(c, false), Fit(table(), nil, runs).Forecast(c, false)
	if with.Measured != "own" || without.Measured != "" {
		t.Errorf("measured %q, %q", with.Measured, without.Measured)
	}
	for i, m := range with.Metrics {
		if math.Abs(m.Value/without.Metrics[i].Value-1) > 0.005 {
			t.Errorf("%s: %v with its own run, %v without", m.Name, m.Value, without.Metrics[i].Value)
		}
	}
	again := Fit(table(), nil, runs).Forecast(c, false)
	for i, m := range again.Metrics {
		if m.Value != without.Metrics[i].Value || m.Low != without.Metrics[i].Low {
			t.Errorf("%s differs from one time to the next", m.Name)
		}
	}
}

// One run far off the others, as by a slow card, hardly moves the laws.
func TestOutliersCountLess(t *testing.T) {
	runs := tp1Runs(t, "torch")
	c := config("torch", 2, 4, 512, 64)
	before := Fit(table(), nil, runs).Forecast(c, false)
	runs[3].TPOT, runs[3].Iteration = runs[3].TPOT*2, runs[3].Iteration*1.5
	after := Fit(table(), nil, runs).Forecast(c, false)
	if off := math.Abs(after.Metrics[1].Value/before.Metrics[1].Value - 1); off > 0.05 {
		t.Errorf("one bad run moved tpot by %.1f %%", 100*off)
	}
	if after.Metrics[1].High-after.Metrics[1].Low <= before.Metrics[1].High-before.Metrics[1].Low {
		t.Error("a bad run did not widen the interval")
	}
}

func TestRefusals(t *testing.T) {
	runs := tp1Runs(t, "torch")
	moe := config("torch", 1, 4, 512, 64)
	moe.Shape = modeltest.V2Lite
	vllm, a100, eager, far, invalid, unknown, nodes := config("vllm", 2, 4, 2048, 64), config("torch", 2, 4, 2048, 64),
		config("torch", 2, 4, 2048, 64),
		config("torch", 2, 512, 512, 64), config("torch", 2, 4, 2048, 64), config("torch", 2, 4, 2048, 64), config("torch", 2, 4, 2048, 64)
	a100.GPU = model.GPU{Key: "a100-80gb", Title: "A100-80GB", HBM: 2039, Peak: map[string]float64{"bfloat16": 312}}
	eager.Experiment.VLLM = map[string]any{"enforce_eager": true}
	invalid.Faults = []string{"TP=3 is not possible"}
	unknown.GPU = model.GPU{}
	nodes.GPUsPerNode = 1
	for want, c := range map[string]Config{
		"no run of engine vllm on H100-80GB": vllm, "no run of engine torch on A100-80GB": a100, "every run here decoded in CUDA graphs": eager,
		"512 requests of a replica are beyond 4 times": far, "TP=3 is not possible": invalid, "the GPU is not known": unknown,
		"latent attention and experts": moe, "lies on 2 nodes": nodes,
	} {
		f := Fit(table(), nil, runs).Forecast(c, false)
		if !strings.Contains(f.Refused, want) || len(f.Metrics) != 0 {
			t.Errorf("%q, want %q; %d metrics", f.Refused, want, len(f.Metrics))
		}
		forced := Fit(table(), nil, runs).Forecast(c, true)
		if never := len(c.Faults) > 0 || c.GPU.Key == ""; never != (len(forced.Metrics) == 0) {
			t.Errorf("%s: with priors %d metrics", want, len(forced.Metrics))
			continue
		}
		for _, m := range forced.Metrics {
			if !forced.Prior || m.High/m.Low < 1.5 {
				t.Errorf("%s: by priors alone %s is %v to %v", want, m.Name, m.Low, m.High)
			}
		}
	}
	for i := range runs {
		runs[i].Steps = nil
	}
	if f := Fit(table(), nil, runs).Forecast(config("torch", 2, 4, 2048, 64), false); !strings.Contains(f.Refused, "no trace") {
		t.Errorf("without a trace: %q", f.Refused)
	}
	if f := Fit(table(), nil, nil).Forecast(vllm, false); !strings.Contains(f.Refused, "there are none yet") {
		t.Errorf("without runs: %q", f.Refused)
	}
}

// What the host launches too slowly is said, has a wide interval, and no time below that of the device.
func TestLaunchBound(t *testing.T) {
	f := Fit(table(), nil, tp1Runs(t, "torch")).Forecast(config("torch", 2, 1, 128, 64), false)
	first := f.Metrics[0]
	if first.High/first.Low < 1.8 || first.Parts["launch"] == 0 ||
		!slices.ContainsFunc(f.Notes, func(s string) bool { return strings.Contains(s, "launch-bound") }) {
		t.Errorf("%+v %q", first, f.Notes)
	}
}

// A calibration of the machine stands before the table.
func TestCalibrationBeforePriors(t *testing.T) {
	c := Calibration{Setting: Setting{GPU: h100.Names[0]}}
	for i := 1.0; i <= 4; i++ {
		c.Samples = append(c.Samples, Sample{Law: DecodeGEMM, Group: 1, Nodes: 1, Bytes: i * 1e8, Seconds: 4e-6 + i*1e8/3.1e12},
			Sample{Law: AllReduce, Group: 2, Nodes: 1, Bytes: i * 1e6, Seconds: 9e-6 + i*1e6/99e9})
	}
	l := Fit(table(), []Calibration{c}, tp1Runs(t, "torch"))
	m := l.groups[0].m
	if p := m.priors[gemmBandwidth]; math.Abs(p.Value-3100) > 1 || p.Source != "calibration" || math.Abs(m.priors[gemmStart].Value-4) > 0.01 {
		t.Errorf("%+v", p)
	}
	if fixed, moving, row := m.transfer("all_reduce", "", 2, 1, 3e6); math.Abs(fixed-9) > 0.01 || math.Abs(moving-3e6/99e3) > 0.1 ||
		row.Source != "calibration" {
		t.Errorf("all-reduce: %v + %v by %+v", fixed, moving, row)
	}
}

// An engine whose traces show decode steps launched one kernel at a time has no graphs here, whatever it usually has: the same is then
// expected of what is forecast.
func TestEagerByItsTraces(t *testing.T) {
	run := measuredBy(t, config("torch", 1, 4, 512, 64), truth(t), "one")
	run.Steps = []xray.Step{{Phase: "decode", Bound: new(true), Repeats: 31}}
	f := Fit(table(), nil, []Run{run}).Forecast(config("torch", 2, 4, 512, 64), false)
	if f.Refused != "" || !f.Metrics[1].LaunchBound || f.Metrics[1].High/f.Metrics[1].Low < 1.8 {
		t.Errorf("decode steps launched by the host: %+v", f)
	}
	run.Steps[0].Graph = true
	if f := Fit(table(), nil, []Run{run}).Forecast(config("torch", 2, 4, 512, 64), false); f.Metrics[1].LaunchBound {
		t.Error("decode steps in graphs are launch-bound")
	}
}

// What the host may take longer shows above the forecast alone, where the device is slower than the host as it is.
func TestHostDoubtIsOneSided(t *testing.T) {
	f := fitRuns(machineFor(t, config("torch", 1, 1, 1, 1)), nil, nil, nil)
	below, above := f.spread(ttft, doubts{0.01, 0.01, 1}, 0.02, 0.6)
	low, high := f.spread(ttft, doubts{0.01, 0.01, 1}, 0, 0.6)
	if math.Abs(below-low) > 0.01 || above < high+0.1 || below >= 0 || high <= 0 {
		t.Errorf("%v to %v with a host near the device, %v to %v without", below, above, low, high)
	}
}

// A layout that no run had is told with the width that sealed forecasts of such needed; one that a run had by its residuals.
func TestWidthElsewhere(t *testing.T) {
	one, two := config("torch", 1, 4, 512, 64), config("torch", 2, 4, 512, 64)
	f := fitRuns(machineFor(t, one), []Run{{Config: one}}, make([]plan, 1), nil)
	if a, b := f.layoutScale(one), f.layoutScale(two); a != 1 || b != elsewhere {
		t.Errorf("%v of the layout of the run, %v of another", a, b)
	}
	wide, narrow := 0.0, 0.0
	for _, d := range []doubts{{0.02, 0.01, 1}, {0.02, 0.01, elsewhere}} {
		below, above := f.spread(tpot, d, 0, 0.6)
		wide, narrow = max(wide, above-below), above-below
	}
	if math.Abs(narrow-elsewhere*wide) > 1e-9 {
		t.Errorf("%v and %v", narrow, wide)
	}
}

// Arguments of vLLM that make steps of another kind are refused; those that change nothing are not.
func TestOtherSchedules(t *testing.T) {
	for _, c := range []struct {
		key     string
		value   any
		refused bool
	}{
		{"max_num_seqs", 2, true}, {"max_num_seqs", 4, false}, {"max_num_batched_tokens", 0, true}, {"max_num_batched_tokens", 512, false},
		{"speculative_config", map[string]any{"num_speculative_tokens": 2}, true}, {"cpu_offload_gb", 4, true}, {"cpu_offload_gb", 0, false},
		{"enable_chunked_prefill", false, true}, {"enable_chunked_prefill", true, false}, {"speculative_config", nil, false},
	} {
		x := config("vllm", 1, 4, 512, 64)
		x.Experiment.VLLM = map[string]any{c.key: c.value}
		if why := x.otherSchedule(); (why != "") != c.refused || c.refused && !strings.Contains(why, c.key) {
			t.Errorf("%s: %v: %q", c.key, c.value, why)
		}
	}
}
