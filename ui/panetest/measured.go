package panetest

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Timing is what a run measured without a profiler: the mean times of its iterations in
// milliseconds, each of 64 output tokens, and how far they lie apart.
type Timing struct {
	TTFT, TPOT float64
	Iterations int     // 0: five
	Spread     float64 // percent, from the least to the greatest
}

// File is the text of a timing_stats file.
func (m Timing) File() string {
	n := max(m.Iterations, 1)
	if m.Iterations == 0 {
		n = 5
	}
	list := func(mean float64) []float64 {
		all := make([]float64, n)
		for i := range all {
			all[i] = mean / 1000 * (1 + m.Spread/100*(float64(i)/float64(max(n-1, 1))-0.5))
		}
		return all
	}
	text, err := json.Marshal(map[string][]float64{"unprofiled_ttft": list(m.TTFT), "unprofiled_tpot": list(m.TPOT),
		"unprofiled_iteration_times": list(m.TTFT + 63*m.TPOT)})
	if err != nil {
		panic(err)
	}
	return string(text) + "\n"
}

// measured are the runs of the workspace: how old, by which job, with which config, and
// what the ranks measured.
var measured = []struct {
	name   string
	age    time.Duration
	job    string
	config string // a file of experiments/configs; empty: it brings its own, or has none
	ranks  int
	timing Timing
	trace  Trace
}{
	{"llama-8b-tp2", 2 * time.Hour, "3141570", "E1.2_llama8b_tp2.yaml", 2, Timing{TTFT: 61.2, TPOT: 6.64, Spread: 0.2}, LlamaTP2},
	{"llama-8b-tp1", 3 * time.Hour, "3141560", "E1.1_llama8b_baseline.yaml", 1,
		Timing{TTFT: 95.4, TPOT: 8.51, Spread: 0.4}, LlamaTP1},
	{"deepseek-v2-lite-ep2", 5 * time.Hour, "3141550", "E3.2_deepseek_v2_lite_ep2.yaml", 2,
		Timing{TTFT: 120.7, TPOT: 14.2, Spread: 0.3}, DeepSeekEP2},
	{"llama-8b-tp2@3141500", 26 * time.Hour, "", "", 1, Timing{TTFT: 70.3, TPOT: 7.15, Spread: 0.4}, Trace{}},
	{"llama-8b-tp4-old", 28 * time.Hour, "3141490", "E1.3_llama8b_tp4.yaml", 4, Timing{TTFT: 41, TPOT: 4.1, Spread: 0.8}, Trace{}},
	{"tp1-b1-s512", 30 * time.Hour, "", "", 1, Timing{TTFT: 20.3, TPOT: 7.9, Spread: 0.3}, Trace{}},
}

const ms = time.Millisecond

// The traces of three of the runs.
var (
	LlamaTP1 = Trace{Ranks: 1, Layers: 4, Decodes: 16, Prefill: 95 * ms, Decode: 8500 * time.Microsecond, Tokens: 8192, Norm: fusedNorm}
	LlamaTP2 = Trace{Ranks: 2, Layers: 4, Decodes: 16, Prefill: 61 * ms, Decode: 6600 * time.Microsecond, Tokens: 8192, Norm: fusedNorm,
		Collective: allReduce, Elements: 8192 * 4096, Skew: 401 * ms, Late: nowAndThen}
	DeepSeekEP2 = Trace{Ranks: 2, Layers: 4, Decodes: 16, Prefill: 121 * ms, Decode: 14200 * time.Microsecond, Tokens: 4096, Norm: plainNorm,
		Collective: allToAll}
)

// nowAndThen is late by some microseconds, rank 0 to most calls, rank 1 to every fourth;
// a few times by much more, of which computing is a part.
func nowAndThen(rank, call int) (compute, host time.Duration) {
	if (call%4 == 0) != (rank == 1) {
		return 0, 0
	}
	host = time.Duration(5+call*37%60) * time.Microsecond
	switch call {
	case 70:
		host = ms
	case 60:
		return 250 * time.Microsecond, 250 * time.Microsecond
	}
	return 0, host
}

const runInfo = `{"schema": 1, "runner": "vllm_profiler.py", "engine": "vllm", "status": "complete", "gpu": "NVIDIA A100-SXM4-40GB",
 "job_id": %q, "world_size": %d, "timed_iterations": 5, "traced_iterations": %d, "traced_tokens": %d}
`

// results are the files of the runs by path, given those of the archive.
func results(files map[string]string) map[string]string {
	out := map[string]string{}
	for _, m := range measured {
		dir := "trace_collection/" + m.name + "/"
		if m.config != "" {
			out[dir+"config.yaml"] = files["experiments/configs/"+m.config]
			out[dir+"run.json"] = fmt.Sprintf(runInfo, m.job, m.ranks, min(m.trace.Ranks, 1), m.trace.Decodes+1)
		}
		for rank := range m.ranks {
			out[dir+fmt.Sprintf("timing_stats_%d.json", rank)] = m.timing.File()
		}
		if m.trace.Ranks > 0 {
			for name, text := range m.trace.Files() {
				out[dir+name] = text
			}
		}
	}
	return out
}

// Measure makes a run, or measures one anew: by the config of an experiment, parts of which
// are replaced (old, new, old, new …), or for an empty id by the config that is there.
func (w *Workspace) Measure(name, experiment string, m Timing, replace ...string) {
	w.T.Helper()
	dir := "trace_collection/" + name + "/"
	if experiment != "" {
		w.Write(dir+"config.yaml", strings.NewReplacer(replace...).Replace(w.Read(w.Config(experiment))))
	}
	w.Write(dir+"timing_stats_0.json", m.File())
}

// Trace gives a run other traces.
func (w *Workspace) Trace(name string, t Trace) {
	w.T.Helper()
	for file, text := range t.Files() {
		w.Write("trace_collection/"+name+"/"+file, text)
	}
}
