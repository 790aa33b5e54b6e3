package align

import (
	"slices"
	"strings"
	"testing"

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

func build(t *testing.T, in Input) *Timeline {
	t.Helper()
	got, err := Build(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// said reports whether a warning or a loss holds these words.
func said(t *Timeline, words string) bool {
	return slices.ContainsFunc(slices.Concat(t.Losses, t.Warnings), func(w string) bool { return strings.Contains(w, words) })
}

// packed is a trace as newRank takes it.
func packed(f fake) *trace.Rank {
	f.Pack()
	return f.Rank
}
