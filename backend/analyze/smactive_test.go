package analyze

import (
	"math"
	"strings"
	"testing"

	"shardeck/backend/trace"
)

// TestSMActive: samples outside the steady window count nothing, phases have their own.
func TestSMActive(t *testing.T) {
	sampled := func(rank int, percents ...float32) fake {
		f := newFake(rank).Run(gemm, 0, 10).Run(arKernel, 10, 20).Run(gemm, 20, 30).Run(arKernel, 30, 40).
			Mark("prefill", 10, 20, true).Mark("decode", 20, 40, true)
		for i, p := range percents { // one every 5 µs from 2.5 µs on
			f.SMs = append(f.SMs, trace.Sample{At: int64(i)*5000 + 2500, Percent: p})
		}
		return f
	}
	in := fakeInput(layoutOf(2, 1, 1, 1), sampled(0, 99, 99, 10, 20, 30, 40, 50, 60, 99), sampled(1, 0, 0, 50, 50, 50, 50, 50, 50))
	a, err := Analyse(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	m := a.Metric("sm_active")
	if m.Value == nil || math.Abs(m.PerRank[0]-35) > 1e-9 || m.PerRank[1] != 50 || math.Abs(*m.Value-42.5) > 1e-9 || m.Estimate {
		t.Errorf("%+v", m)
	}
	if math.Abs(m.By.Phases["prefill"]-32.5) > 1e-9 || math.Abs(m.By.Phases["decode"]-47.5) > 1e-9 {
		t.Errorf("by phase: %v", m.By)
	}
	bare, err := Analyse(t.Context(), fakeInput(layoutOf(1, 1, 1, 1), sampled(0)))
	if err != nil {
		t.Fatal(err)
	}
	if m := bare.Metric("sm_active"); m.Value != nil || !strings.Contains(m.Reason, "--gpu-metrics-devices") {
		t.Errorf("without samples: %+v", m)
	}
}
