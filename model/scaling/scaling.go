// Package scaling says how runs compare: which may stand in one series and what more
// GPUs bring (scaling.go), what differs between the traces of two runs (tracediff.go),
// and where the time went that a layout did not win (loss.go).
package scaling

import (
	"fmt"
	"strings"

	"shardeck/model"
)

// ScalingKey says which runs may be compared: those with the same key. The layout
// is what differs between them. It is comparable, so it serves as a map's key.
type ScalingKey struct {
	Model                        string
	Layers                       int // 0: the model's own
	Precision                    string
	BatchSize, SeqLen, MaxTokens int
	GPU                          string // name as the run found it; empty: not known
	Engine                       model.Engine
	Replay                       bool // a recording played back is no measurement of this machine
}

// KeyOf is the key of a run of an experiment on a kind of GPU. Replays differ from what
// they re-emit, and from each other by the engine that was recorded. A depth that is the
// model's own, which its shape tells where it is known, is no depth of its own.
func KeyOf(e model.Experiment, shape *model.Shape, gpu string) ScalingKey {
	k := ScalingKey{
		Model: e.Model.Name, Layers: e.Model.Layers, Precision: e.Model.Precision,
		BatchSize: e.Data.BatchSize, SeqLen: e.Data.SeqLen, MaxTokens: e.Data.MaxTokens,
		GPU: gpu, Engine: recordedEngine(e), Replay: e.Engine == model.EngineReplay,
	}
	if shape != nil && shape.Layers == k.Layers {
		k.Layers = 0
	}
	return k
}

func recordedEngine(e model.Experiment) model.Engine {
	if e.Engine == model.EngineReplay && e.Replay.Engine != "" {
		return e.Replay.Engine
	}
	return e.Engine
}

// Equal reports whether two runs may be compared, and if not names what differs, the
// first of the list in metrics.md.
func (k ScalingKey) Equal(o ScalingKey) (bool, string) {
	for _, part := range []struct {
		name string
		a, b any
	}{
		{"model", k.Model, o.Model}, {"layers", k.Layers, o.Layers}, {"precision", k.Precision, o.Precision},
		{"batch size", k.BatchSize, o.BatchSize}, {"prompt length", k.SeqLen, o.SeqLen}, {"output length", k.MaxTokens, o.MaxTokens},
		{"GPU", k.GPU, o.GPU}, {"engine", k.Engine, o.Engine}, {"replay", k.Replay, o.Replay},
	} {
		if part.a != part.b {
			return false, fmt.Sprintf("%s differs: %v and %v", part.name, part.a, part.b)
		}
	}
	return true, ""
}

// String names a series: "Llama-3.1-8B · batch 4 · 2048+512 · vllm · A100-40GB".
func (k ScalingKey) String() string {
	parts := []string{model.ShortModel(k.Model), fmt.Sprintf("batch %d", k.BatchSize),
		fmt.Sprintf("%d+%d", k.SeqLen, k.MaxTokens), string(k.Engine)}
	if k.Layers > 0 {
		parts[0] += fmt.Sprintf(" (%d layers)", k.Layers)
	}
	if k.Precision != "" && k.Precision != "bfloat16" {
		parts = append(parts, k.Precision)
	}
	if k.GPU != "" {
		parts = append(parts, k.GPU)
	}
	return strings.Join(parts, " · ")
}

// Scale is how a run did against a smaller one of the same series.
type Scale struct {
	Speedup    float64 // throughput(n) / throughput(base)
	Efficiency float64 // %: speed-up × n_base / n
	Serial     float64 // Karp–Flatt serial fraction; only if HasSerial
	HasSerial  bool    // false where the GPUs are those of the base, or fewer
}

// ScaleOf compares the throughput of n GPUs with that of base GPUs. It is not ok
// where a number is missing or not positive.
//
//	e = (1/S − 1/p) / (1 − 1/p), p = n / n_base
func ScaleOf(throughput float64, n int, baseThroughput float64, base int) (s Scale, ok bool) {
	if !(throughput > 0) || !(baseThroughput > 0) || n <= 0 || base <= 0 {
		return Scale{}, false
	}
	p := float64(n) / float64(base)
	s.Speedup = throughput / baseThroughput
	s.Efficiency = 100 * s.Speedup / p
	if p > 1 {
		s.Serial = (1/s.Speedup - 1/p) / (1 - 1/p)
		s.HasSerial = true
	}
	return s, true
}
