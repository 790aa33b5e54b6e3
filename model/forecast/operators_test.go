package forecast

import (
	"math"
	"testing"

	"shardeck/model/metric"
	"shardeck/model/xray"
)

// tracedBy is a decode step and a prefill as a machine of given constants takes them, operator by operator.
func tracedBy(t testing.TB, c Config, v values) []xray.Step {
	t.Helper()
	m := machineFor(t, c)
	w := newWorker(c, &m)
	d := c.Experiment.Data
	var steps []xray.Step
	for _, s := range []xray.Step{
		{Phase: metric.Decode, Tokens: d.BatchSize, Requests: d.BatchSize, Context: int64(d.BatchSize * (d.SeqLen + 1))},
		{Phase: metric.Prefill, Tokens: d.BatchSize * d.SeqLen, Requests: d.BatchSize, Context: int64(d.BatchSize * d.SeqLen)},
	} {
		b, ok := w.batchOf(s)
		if !ok {
			t.Fatalf("no batch of %+v", s)
		}
		whole := w.step(b)[0]
		add := func(name string, k work) {
			k.prompt, k.graph = whole.prompt, whole.graph
			took := k.device(&v)
			s.Operators = append(s.Operators, xray.Operator{Name: name, NS: int64(1e3 * took.sum()), Certain: true})
		}
		for name, k := range w.products(b) {
			add(name, k)
		}
		add("attention", work{decode: whole.decode, prefill: whole.prefill, short: whole.short, heads: whole.heads})
		if s.Phase == metric.Decode {
			add("norm", work{small: whole.small, whole: whole.whole, split: whole.split})
		} else {
			add("norm", work{whole: whole.whole})
			add("activation", work{split: whole.split})
		}
		s.Repeats = 31
		steps = append(steps, s)
	}
	return steps
}

// A trace tells what timings cannot: how much of a step is reading weights, and how much is the start of its kernels.
func TestTraceTellsConstants(t *testing.T) {
	want := truth(t)
	want[gemmStart], want[attentionHalf] = 4, 700
	c := config("torch", 1, 4, 2048, 64)
	run := measuredBy(t, c, want, "traced")
	timed := Fit(table(), nil, []Run{run}).groups[0].all
	run.Steps = tracedBy(t, c, want)
	traced := Fit(table(), nil, []Run{run}).groups[0].all
	for _, k := range []constant{gemmStart, gemmBandwidth, gemmRate, attentionBandwidth, smallStart, splitBandwidth} {
		before, after := math.Abs(math.Log(timed.at[k]/want[k])), math.Abs(math.Log(traced.at[k]/want[k]))
		if after > 0.08 || after > before+0.02 {
			t.Errorf("%s: %.4g with the trace, %.4g without, want %.4g", constantNames[k][0], traced.at[k], timed.at[k], want[k])
		}
		if traced.priorShare(k) >= timed.priorShare(k) {
			t.Errorf("%s: the trace told nothing", constantNames[k][0])
		}
	}
}

// Operators that are not certain, mixed steps and steps without a period tell nothing; nor do stages of a pipeline.
func TestWhatTellsNothing(t *testing.T) {
	c := config("torch", 1, 4, 2048, 64)
	r := measuredBy(t, c, truth(t), "traced")
	r.Steps = tracedBy(t, c, truth(t))
	m := machineFor(t, c)
	f := &fitted{machine: m}
	if n := len(f.operators(&r)); n < 10 {
		t.Errorf("%d observations of two whole steps", n)
	}
	for i := range r.Steps[0].Operators {
		r.Steps[0].Operators[i].Certain = false
	}
	r.Steps[1].Repeats = 0
	mixed := r.Steps[0]
	mixed.Phase = metric.Mixed
	r.Steps = append(r.Steps, mixed)
	if got := f.operators(&r); len(got) != 0 {
		t.Errorf("%d observations of what nobody is certain of", len(got))
	}
}
