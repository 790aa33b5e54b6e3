package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"shardeck/tools/bench/tiling"
)

// pair is a run of two ranks that meet in every collective, each tiled to the big size.
type pair struct {
	Dir     string
	Kernels int // of both
	Bytes   int64
}

// pairOf are the recordings of ranks 0 and 1 of the last run of a mix that has both;
// nil if none has.
func (m mix) pairOf() []string {
	for _, p := range slices.Backward(m.paths) {
		dir, file := filepath.Split(p)
		_, ext, _ := strings.Cut(file, ".")
		ranks := []string{dir + "kineto_trace_0." + ext, dir + "kineto_trace_1." + ext}
		_, err0 := os.Stat(ranks[0])
		_, err1 := os.Stat(ranks[1])
		if err0 == nil && err1 == nil {
			return ranks
		}
	}
	return nil
}

// pairOrder asks for a pair, or a run of N ranks.
type pairOrder struct {
	Ranks []string
	Dir   string
	Size  int64
	N     int
}

func (o pairOrder) run() (pair, error) {
	made, err := tiling.Run(o.Dir, o.Ranks, o.N, o.Size)
	return pair{o.Dir, made.Kernels, made.Bytes}, err
}

// measurePair measures `shardeck metrics` on the pair of a mix, if it has one.
func (m *measured) measurePair(o options, x mix, dir string, prog program) (err error) {
	ranks := x.pairOf()
	if ranks == nil {
		return nil
	}
	dir = filepath.Join(dir, x.name+"-pair")
	defer os.RemoveAll(dir)
	if m.Pair, _, err = ask[pair]("pair", pairOrder{ranks, dir, o.big, len(ranks)}, 2); err != nil {
		return err
	}
	m.PairMetrics, m.PairRSS, err = prog.metrics(dir, o.rounds)
	return err
}

// pairMemory is memory for the pair, whose kernels are those of both ranks.
func pairMemory(m measured) verdict {
	if m.PairRSS == 0 {
		return verdict{}
	}
	return memoryOf(m.PairRSS, m.Pair.Kernels)
}
