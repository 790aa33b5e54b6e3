package sweep

import (
	"cmp"
	"time"

	"shardeck/model"
)

// Cost is how long the parts of a job take.
type Cost struct {
	Start time.Duration // until an engine serves: import, weights, compile, graphs
	Point time.Duration // warm-up, timed and traced iterations of one point, and writing its traces
	Runs  int           // of the same engine here that tell it; 0: it is estimated
}

// Past is what a run of an experiment took here.
type Past struct {
	Experiment model.Experiment
	Whole      time.Duration // from its start to its end; with the start of its engine where that served it first
	First      bool
	Timed      time.Duration // its iterations, or the requests of a load; 0: not known
}

// Pasts are what runs took, by what engine they need.
type Pasts map[string][]Past

// Add takes one in.
func (all Pasts) Add(p Past) {
	key := engineKey(p.Experiment)
	all[key] = append(all[key], p)
}

// enough runs tell what an engine takes.
const enough = 8

// Enough says whether as many runs of an experiment's engine are there as are needed.
func (all Pasts) Enough(e model.Experiment) bool { return len(all[engineKey(e)]) >= enough }

// own is the part of a run that is no start of an engine, as far as its times tell.
func (p Past) own() time.Duration {
	own := p.Timed
	if e := p.Experiment; e.Load.On() {
		own += benchStart
	} else if own = own * time.Duration(e.WarmupIterations+e.ProfileIterations) / time.Duration(max(e.ProfileIterations, 1)); e.Profiling.Kineto && e.Engine != model.EngineReplay {
		own += tracePass
	}
	if !p.First || p.Timed == 0 {
		return p.Whole
	}
	return min(own, p.Whole)
}

// Learn puts what runs of the same engine took in place of what was estimated, the longest where several tell: the start of the
// engine by those that it served first, and a point by those of its workload.
func (c Cost) Learn(e model.Experiment, past Pasts) Cost {
	var start, point time.Duration
	for _, p := range past[engineKey(e)] {
		own, same := p.own(), sameWork(p.Experiment, e)
		if p.First {
			start = max(start, p.Whole-own)
		}
		if same {
			point = max(point, own)
		}
		if same || p.First && p.Whole > own {
			c.Runs++
		}
	}
	c.Start, c.Point = cmp.Or(start, c.Start), cmp.Or(point, c.Point)
	return c
}

// sameWork says whether two experiments of one engine take as long.
func sameWork(a, b model.Experiment) bool {
	return a.Data == b.Data && a.Load == b.Load && a.WarmupIterations == b.WarmupIterations && a.ProfileIterations == b.ProfileIterations &&
		a.Profiling == b.Profiling
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
