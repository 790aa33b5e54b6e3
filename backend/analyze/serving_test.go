package analyze

import (
	"context"
	"math"
	"strings"
	"testing"

	"shardeck/backend/trace"
	"shardeck/model"
	"shardeck/model/metric"
)

// loaded is a run under load: vLLM 0.25.1 on two cores of a processor, a model of four layers, 30 requests at 4 a second.
func loaded(t *testing.T) Input {
	t.Helper()
	s, err := trace.OpenServing("../../templates/demo/serving/tiny-rate4/bench_serve.json")
	if err != nil {
		t.Fatal(err)
	}
	e := model.Defaults()
	e.Load, e.SLO = model.Load{Rate: 4, Requests: 30}, model.SLO{TTFT: 200, TPOT: 20}
	return Input{Run: "serve", Experiment: &e, Serving: s}
}

func analysed(t *testing.T, in Input) *metric.Analysis {
	t.Helper()
	a, err := Analyse(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// Every number is the one that the generator of the load gives itself, in its own file.
func TestServingAgainstItsFile(t *testing.T) {
	in := loaded(t)
	a := analysed(t, in)
	for _, c := range []struct {
		name string
		stat metric.Stat
		own  string
	}{
		{"ttft", "", "median_ttft_ms"}, {"ttft", metric.MeanStat, "mean_ttft_ms"}, {"ttft", metric.P99, "p99_ttft_ms"},
		{"tpot", "", "median_tpot_ms"}, {"tpot", metric.P99, "p99_tpot_ms"}, {"tpot", metric.P50, "p50_tpot_ms"},
		{"itl", "", "median_itl_ms"}, {"itl", metric.P99, "p99_itl_ms"}, {"itl", metric.MeanStat, "mean_itl_ms"},
		{"e2e", "", "median_e2el_ms"}, {"e2e", metric.P99, "p99_e2el_ms"},
		{"throughput_tokens_sec", "", "total_token_throughput"}, {"output_tokens_sec", "", "output_throughput"},
		{"requests_sec", "", "request_throughput"}, {"goodput", "", "request_goodput"},
	} {
		m := a.Metric(c.name)
		if c.stat != "" {
			m = m.Only(c.stat)
		}
		if own, ok := in.Serving.Own[c.own]; !ok || m.Value == nil || math.Abs(*m.Value-own) > 1e-3*own {
			t.Errorf("%s %s is %v, the file's %s %v", c.name, c.stat, m.Value, c.own, own)
		}
	}
	if m := a.Metric("tokens_sec_per_user"); m.Value == nil || math.Abs(*m.Value**a.Metric("tpot").Value-1000) > 1e-6 {
		t.Errorf("tokens_sec_per_user %v", m.Value)
	}
	in.Experiment.Layout.TP = 2
	if m := analysed(t, in).Metric("tokens_sec_per_gpu"); m.Value == nil || *m.Value != *a.Metric("throughput_tokens_sec").Value/2 {
		t.Errorf("tokens_sec_per_gpu of two %v", m.Value)
	}
	if m := a.Metric("iteration_wall_clock"); m.Value != nil || !strings.Contains(m.Reason, "no iterations") {
		t.Errorf("iteration_wall_clock %+v", m)
	}
	if m := a.Metric("ttft"); m.N != 30 || m.Note != "30 requests, 4/s" || m.Source[0] != "bench_serve.json" {
		t.Errorf("ttft %+v", m)
	}
	if samples, err := Samples(context.Background(), in); err != nil || len(samples) > 0 {
		t.Errorf("requests of one server are no samples: %v, %v", samples, err)
	}
}

// A file without lists (no --save-detailed) gives its own numbers, and says so; without limits nothing is good.
func TestServingWithoutLists(t *testing.T) {
	in := loaded(t)
	in.Serving.Requests, in.Serving.Gaps = nil, nil
	a := analysed(t, in)
	if m := a.Metric("e2e"); m.Value == nil || *m.Value != in.Serving.Own["median_e2el_ms"] ||
		!strings.Contains(m.Note, "without its requests") {
		t.Errorf("e2e %+v", m)
	}
	if m := a.Metric("goodput"); m.Value == nil || *m.Value != in.Serving.Own["request_goodput"] {
		t.Errorf("goodput %+v", m)
	}
	in.Experiment.SLO = model.SLO{}
	if m := analysed(t, in).Metric("goodput"); m.Value != nil || !strings.Contains(m.Reason, "set slo") {
		t.Errorf("goodput without limits %+v", m)
	}
}

// A request is good where it keeps every limit that there is.
func TestGoodput(t *testing.T) {
	in := loaded(t)
	in.Serving.Duration = 2
	in.Serving.Requests = []trace.Served{{TTFT: 0.1, TPOT: 0.01, E2E: 0.5, Tokens: 9}, {TTFT: 0.3, TPOT: 0.01, E2E: 0.5, Tokens: 9},
		{TTFT: 0.1, TPOT: 0.05, E2E: 0.5, Tokens: 9}, {TTFT: 0.1, E2E: 0.1, Tokens: 1}, {TTFT: 0.2, TPOT: 0.02, E2E: 3, Tokens: 9}}
	for slo, want := range map[model.SLO]float64{{TTFT: 200, TPOT: 20}: 1.5, {TTFT: 200}: 2, {E2E: 600}: 2, {TPOT: 1}: 0.5} {
		in.Experiment.SLO = slo
		if m := analysed(t, in).Metric("goodput"); m.Value == nil || *m.Value != want {
			t.Errorf("%+v: %+v, want %g", slo, m, want)
		}
	}
}

// A server that is sent more than it serves is said to be, since its TTFT is then that of the number of requests.
func TestOverload(t *testing.T) {
	in := loaded(t)
	said := func() bool { return strings.Contains(strings.Join(analysed(t, in).Warnings, "\n"), "the queue grew") }
	if said() {
		t.Error("30 requests at 4 a second were served as they came")
	}
	if in.Experiment.Load.Rate = 16; !said() {
		t.Error("not said of a server that serves a quarter of what comes")
	}
	if in.Experiment.Load.Concurrency = 4; said() {
		t.Error("with a bound the rate is none that is promised")
	}
}

func TestNoServing(t *testing.T) {
	a := analysed(t, Input{Run: "x"})
	if m := a.Metric("goodput"); m.Value != nil || !strings.Contains(m.Reason, "only a run under load") {
		t.Errorf("%+v", m)
	}
}
