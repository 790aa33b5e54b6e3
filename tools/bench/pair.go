package main

import (
	"fmt"
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

// pairOrder asks for a pair.
type pairOrder struct {
	Ranks []string
	Dir   string
	Size  int64
}

func (o pairOrder) run() (p pair, err error) {
	p.Dir = o.Dir
	var sources []*tiling.Source
	for _, path := range o.Ranks {
		s, err := tiling.Load(path)
		if err != nil {
			return p, err
		}
		sources = append(sources, s)
	}
	tiling.Align(sources...)
	if err := os.MkdirAll(o.Dir, 0o755); err != nil {
		return p, err
	}
	copies, size := 1, o.Size
	for i, s := range sources {
		to := filepath.Join(o.Dir, fmt.Sprintf("kineto_trace_%d.json", i))
		made, err := tiling.File(to, slices.Repeat([]*tiling.Source{s}, copies), size, tiling.Large)
		if err != nil {
			return p, err
		}
		copies, size = made.Copies, 0 // the other as often, whatever its size
		p.Kernels += made.Kernels
		p.Bytes += made.Bytes
	}
	return p, nil
}

// measurePair measures `shardeck metrics` on the pair of a mix, if it has one.
func (m *measured) measurePair(o options, x mix, dir string, prog program) (err error) {
	ranks := x.pairOf()
	if ranks == nil {
		return nil
	}
	dir = filepath.Join(dir, x.name+"-pair")
	defer os.RemoveAll(dir)
	if m.Pair, _, err = ask[pair]("pair", pairOrder{ranks, dir, o.big}, 2); err != nil {
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
