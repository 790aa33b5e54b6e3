package charts

import (
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
