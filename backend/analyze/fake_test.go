package analyze

import (
	"shardeck/backend/trace"
	"shardeck/backend/trace/tracetest"
	"shardeck/model"
)

type fake = tracetest.Trace

const (
	arKernel = tracetest.AllReduce
	bcKernel = tracetest.Broadcast
	srKernel = tracetest.SendRecv
	agKernel = tracetest.AllGather
	gemm     = tracetest.GEMM
)

var newFake, twoRanks, layoutOf = tracetest.New, tracetest.TwoRanks, tracetest.Layout

// fakeInput is a run of those traces under a layout.
func fakeInput(l model.Layout, ranks ...fake) Input {
	return Input{Run: "fake", Experiment: tracetest.Experiment(l), GPUsPerNode: 4, Ranks: tracetest.Ranks(ranks...),
		Timing: map[int]*trace.Timing{}}
}
