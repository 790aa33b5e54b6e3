package sweep

import (
	"cmp"
	"time"

	"shardeck/model"
)

// Cost is how long the parts of a job take.
type Cost struct {
	Start    time.Duration // until an engine serves: import, weights, compile, graphs
	Point    time.Duration // warm-up, timed and traced iterations of one point, and writing its traces
	Measured bool          // of a run of the same engine; else estimated
}

// What an estimate rests on, where no run tells. Efficiencies and starts are what our own recordings of vLLM 0.25 on H100
// show, made worse by half: a job that ends early costs nothing, one that is cut costs all.
const (
	vllmStart   = 150 * time.Second // imports, torch.compile, graph capture
	torchStart  = 40 * time.Second
	replayStart = 2 * time.Second
	replayPoint = 30 * time.Second
	tracePass   = 60 * time.Second // of profiling, flush and packing
	benchStart  = 60 * time.Second // of a client that makes a load, for the warm-up and for what is measured
	unknownStep = 20 * time.Second // an iteration of a model or on a GPU that is not known

	loadRate    = 1e9 // bytes a second and GPU, from a parallel file system
	computeUsed = 0.3 // of the peak, in prefill
	memoryUsed  = 0.5 // of the bandwidth, in decode
	stepHost    = 3 * time.Millisecond
)

// Estimate is the cost of a point that no run tells; shape and gpu may be nil.
func Estimate(e model.Experiment, shape *model.Shape, gpu *model.GPU) Cost {
	if e.Engine == model.EngineReplay {
		return Cost{Start: replayStart, Point: replayPoint}
	}
	c := Cost{Start: vllmStart}
	if e.Engine == model.EngineTorch {
		c.Start = torchStart
	}
	step := unknownStep
	if shape != nil && gpu != nil {
		s := shape.WithLayers(e.Model.Layers)
		if e.Model.Weights != "dummy" && e.Engine == model.EngineVLLM {
			c.Start += seconds(2 * float64(s.Params()) / float64(e.Layout.GPUs()) / loadRate)
		}
		if e.Load.On() {
			e.Data.BatchSize = max(e.Load.Concurrency, 1)
		}
		step = iteration(e, s, *gpu)
	}
	if e.Load.On() {
		rounds := 1
		if e.Load.Concurrency > 0 {
			rounds = model.CeilDiv(e.Load.Count(), e.Load.Concurrency)
		}
		c.Point = benchStart + e.Load.Least() + time.Duration(rounds)*step
		return c
	}
	c.Point = time.Duration(e.WarmupIterations+e.ProfileIterations+1) * step
	if e.Profiling.Kineto || e.Profiling.Nsys {
		c.Point += tracePass
	}
	if e.Profiling.ExecutionTrace && e.Engine == model.EngineVLLM {
		c.Point += c.Start / 2 // a second engine, eager
	}
	return c
}

// iteration is the roofline of one batch: its arithmetic, and the weights read once for every output token.
func iteration(e model.Experiment, s model.Shape, gpu model.GPU) time.Duration {
	gpus := float64(e.Layout.GPUs())
	peak := 1e12 * cmp.Or(gpu.Peak[e.Model.Precision], gpu.Peak["bfloat16"])
	token := 2 * float64(s.Params()) / float64(e.Layout.TP) / (1e9 * gpu.HBM * memoryUsed)
	return seconds(s.FLOPs(e.Data, 0)/(gpus*peak*computeUsed)) + time.Duration(e.Data.MaxTokens)*(seconds(token)+stepHost)
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
