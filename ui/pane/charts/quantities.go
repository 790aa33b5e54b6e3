package charts

import (
	"math"

	"shardeck/model/scaling"
)

// axes are what a chart can have below it, in the order of the key x.
var axes = []struct {
	axis             scaling.Axis
	title, head, one string // in the title, over the column, one step of it
}{
	{scaling.AxisGPUs, "GPUs", "GPUs", "number of GPUs"},
	{scaling.AxisTP, "tensor parallelism", "TP", "TP"},
	{scaling.AxisPP, "pipeline parallelism", "PP", "PP"},
	{scaling.AxisEP, "expert parallelism", "EP", "EP"},
	{scaling.AxisBatch, "batch size", "batch", "batch size"},
	{scaling.AxisSeq, "prompt length", "prompt", "prompt length"},
}

// quantity is what a chart can show, in the order of the key y.
type quantity struct {
	title, unit string
	metric      string // that the series are asked for
	decimals    int
	of          func(scaling.Point) (float64, bool)
	ideal       func(scaling.Point) float64 // where the point would be if all scaled perfectly; nil: nothing is ideal
}

var quantities = []quantity{
	{"throughput", "tok/s", "throughput_tokens_sec", 0, measured, func(p scaling.Point) float64 { return p.Y * 100 / p.Efficiency }},
	{"iteration time", "s", "iteration_wall_clock", 3, measured, func(p scaling.Point) float64 { return p.Y * p.Efficiency / 100 }},
	{"TTFT", "ms", "ttft", 1, measured, nil},
	{"TPOT", "ms", "tpot", 2, measured, nil},
	{"speed-up", "×", "throughput_tokens_sec", 2, speedup, func(p scaling.Point) float64 { return p.Speedup * 100 / p.Efficiency }},
	{"efficiency", "%", "throughput_tokens_sec", 1, efficiency, func(scaling.Point) float64 { return 100 }},
	{"communication share", "%", "comm_overhead", 1, measured, nil},
}

func measured(p scaling.Point) (float64, bool)   { return p.Y, true }
func speedup(p scaling.Point) (float64, bool)    { return p.Speedup, p.Speedup > 0 }
func efficiency(p scaling.Point) (float64, bool) { return p.Efficiency, p.Efficiency > 0 }

// spread is that of a measured value; of what is computed from two there is none.
func (q quantity) spread(p scaling.Point) float64 {
	if q.title == "speed-up" || q.title == "efficiency" {
		return 0
	}
	return p.Spread
}

// idealAt is where a point would be if all scaled perfectly; NaN: nothing says.
func (q quantity) idealAt(p scaling.Point) float64 {
	if q.ideal == nil || p.Efficiency <= 0 {
		return math.NaN()
	}
	return q.ideal(p)
}
