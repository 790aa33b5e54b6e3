package forecast

import (
	"math"
	"testing"

	"shardeck/model/modeltest"
)

// counted is a plan's weights in words: how often its metrics count steps of prompts and of decoding.
func counted(p plan) (prompts, decodes [quantities]float64) {
	for _, t := range p.terms {
		for q := range t.weight {
			if t.prefill > 0 {
				prompts[q] += t.weight[q]
			} else {
				decodes[q] += t.weight[q]
			}
		}
	}
	return prompts, decodes
}

// Prompts beyond the budget of a step come in several: a request's first token after its own, and those before decode meanwhile.
func TestSchedule(t *testing.T) {
	for _, c := range []struct {
		name                   string
		config                 Config
		ragged                 bool
		first, decode, iterate float64 // steps to the mean first token; to the mean later one; of the iteration
	}{
		{"one step", config("vllm", 1, 4, 2048, 64), false, 1, 1, 64},
		{"the whole batch at once", config("torch", 1, 16, 2048, 64), false, 1, 1, 64},
		// 4 of 8 requests have their first token after one step; these decode in the next, which leaves room for 3 and most of the
		// last, whose end comes in a third.
		{"three steps", config("vllm", 1, 8, 2048, 64), false, (4*1 + 3*2 + 1*3) / 8.0, 1, 66},
		{"one prompt in two parts", config("vllm", 1, 1, 16384, 64), false, 2, 1, 65},
		{"one token", config("vllm", 1, 4, 2048, 1), false, 1, 0, 1},
		// All 4 are there in half of the cases, 1, 2 or 3 in a sixth each; the others come a step later.
		{"one by one", config("vllm", 1, 4, 2048, 64), true, (1.75+1.5+1.25)/6 + 0.5, 1, (65 + 64) / 2.0},
	} {
		m := machineFor(t, c.config)
		prompts, decodes := counted(newWorker(c.config, &m).planOf(c.ragged))
		for q, want := range map[quantity]float64{ttft: c.first, tpot: c.decode, iteration: c.iterate} {
			if got := prompts[q] + decodes[q]; math.Abs(got-want) > 0.01*want {
				t.Errorf("%s: %s counts %v steps, want %v", c.name, units[q].name, got, want)
			}
		}
	}
}

// The work of a step is that of the shapes: bytes of weights and of the cache, FLOPs, calls.
func TestWork(t *testing.T) {
	c := config("torch", 2, 4, 2048, 64)
	m := machineFor(t, c)
	w := newWorker(c, &m)
	decode := w.step(batch{decode: 4, context: 2112})[0]
	sum := 0.0
	for _, g := range decode.gemms {
		sum += g.n * g.bytes
	}
	layers, head := 6979321856.0, 128256*4096*2.0 // parameters of all layers' matrices, of the head whole on each rank
	if math.Abs(sum-layers-head) > 1 {
		t.Errorf("a decode step reads %.0f bytes of weights, want %.0f", sum, layers+head)
	}
	if want := 4 * 2112 * 2 * 4 * 128 * 2.0; decode.decode.bytes != want || decode.decode.n != 32 {
		t.Errorf("attention reads %+v, want %.0f bytes in each of 32 layers", decode.decode, want)
	}
	if decode.calls != 65 || math.Abs(decode.fixed-64*7-5) > 0.01 || !decode.graph {
		t.Errorf("%v calls of %v µs, in a graph: %v", decode.calls, decode.fixed, decode.graph)
	}
	prefill := w.step(batch{prompts: []chunk{{2048, 0}, {1024, 1024}}})[0]
	if want := 32 * 2 * 16 * 256.0 * (2048*1024 + 1024*1024 + 1024*512); math.Abs(prefill.prefill-want) > 1 || prefill.graph {
		t.Errorf("attention of prompts computes %.0f, want %.0f", prefill.prefill, want)
	}
	c.Shape.KVHeads = 1 // repeated on both ranks
	if got := newWorker(c, &m).step(batch{decode: 4, context: 2112})[0].decode.bytes; got != 4*2112*2*128*2 {
		t.Errorf("one key-value head on two ranks: %v bytes", got)
	}
}

// Experts: how many are touched, by tokens that go to some of them evenly; with EP those of all replicas meet, on a part of the experts.
func TestWorkOfExperts(t *testing.T) {
	c := config("torch", 1, 8, 512, 4)
	c.Shape = modeltest.V2Lite
	m := machineFor(t, c)
	touched := func(c Config) (n float64) {
		for _, g := range newWorker(c, &m).step(batch{decode: int(c.Experiment.RequestsPerReplica()), context: 512})[0].gemms {
			if g.bytes == 1408*2048*2 {
				n += g.n / 26
			}
		}
		return n
	}
	if want := 64 * (1 - math.Pow(1-1.0/64, 48)); math.Abs(touched(c)-want) > 1e-9 {
		t.Errorf("%v experts have a token, want %v", touched(c), want)
	}
	c.Experiment.Layout.DPShard, c.Experiment.Layout.EP = 2, 2
	if want := 32 * (1 - math.Pow(1-1.0/64, 48)); math.Abs(touched(c)-want) > 1e-9 {
		t.Errorf("%v experts of a rank have a token, want %v", touched(c), want)
	}
	if calls := newWorker(c, &m).step(batch{decode: 4, context: 512})[0].calls; calls != 3*26 {
		t.Errorf("%v calls, want three for each layer with experts", calls)
	}
}
