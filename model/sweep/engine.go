package sweep

import (
	"cmp"
	"encoding/json"
	"slices"

	"shardeck/model"
)

// Member is a point with the experiment that it is.
type Member struct {
	Point
	Experiment model.Experiment
}

// Engine is the points that one start of the engine serves, one after the other.
type Engine struct {
	Size   model.Experiment // what the engine is started for: the largest of every workload
	Points []Member         // in the order in which they run
}

// Engines groups points by the engine that they need, in the order of their first points. Points share one when they differ
// in nothing but what it takes while it runs: the workload, the iterations and what is traced. isolate gives each its own.
func Engines(points []Member, isolate bool) []Engine {
	var all []Engine
	at := map[string]int{}
	for _, p := range points {
		key := engineKey(p.Experiment)
		i, known := at[key]
		if !known || isolate || !shares(p.Experiment) {
			at[key], i = len(all), len(all)
			all = append(all, Engine{Size: p.Experiment})
		}
		all[i].Points = append(all[i].Points, p)
		all[i].Size = larger(all[i].Size, p.Experiment)
	}
	return all
}

// shares says whether an engine of this experiment may serve others: nsys records the whole life of its processes.
func shares(e model.Experiment) bool { return !e.WantsNsys() }

// engineKey is equal for experiments that one engine can serve.
func engineKey(e model.Experiment) string {
	e.ID, e.Description, e.OutputDir = "", "", ""
	if e.SLO = (model.SLO{}); e.Load.On() {
		e.Load = model.Load{Concurrency: 1} // a server takes any
	}
	e.Data, e.WarmupIterations, e.ProfileIterations = model.Workload{}, 0, 0
	e.Profiling = model.Profiling{Nsys: e.WantsNsys()}
	e.Replay = model.Replay{Factor: cmp.Or(e.Replay.Factor, 1)} // every workload has a recording of its own
	key, _ := json.Marshal(e)                                   // of plain values: it can be written
	return string(key)
}

// larger is an engine's size with room for another workload too.
func larger(size, e model.Experiment) model.Experiment {
	for _, d := range []struct{ size, e *int }{{&size.Data.BatchSize, &e.Data.BatchSize}, {&size.Data.SeqLen, &e.Data.SeqLen},
		{&size.Data.MaxTokens, &e.Data.MaxTokens}, {&size.Load.Concurrency, &e.Load.Concurrency}} {
		*d.size = max(*d.size, *d.e)
	}
	size.Profiling.Kineto = size.Profiling.Kineto || e.Profiling.Kineto
	size.Profiling.ExecutionTrace = size.Profiling.ExecutionTrace || e.Profiling.ExecutionTrace
	return size
}

// ModelLen is the longest sequence that the engine must take: the longest of its points, not their longest prompt and output.
func (g Engine) ModelLen() int {
	return slices.Max(model.Each(g.Points, func(m Member) int { return m.Experiment.ModelLen() }))
}
