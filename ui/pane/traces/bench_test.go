package traces

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/muesli/termenv"

	tl "shardeck/model/timeline"
	"shardeck/ui/pane"
	"shardeck/ui/theme"
)

// sixtyFour is a run of 64 ranks of 16 nodes that did so many kernels each, in steps of 400, with an all-reduce of four ranks
// after every 20.
func sixtyFour(kernels int) *tl.Run {
	run := &tl.Run{Names: []tl.Name{{Full: "gemm", Short: "gemm"}, {Full: "all_reduce", Short: "all_reduce"}}}
	ends := make([]int64, kernels/20*16)
	for n := range 64 {
		random := rand.New(rand.NewPCG(uint64(n), 1))
		r, at, pieces := tl.Rank{Number: n, Node: n / 4}, int64(0), []tl.Piece(nil)
		for i := range kernels {
			took := 2000 + random.Int64N(40_000)
			if i%400 == 0 {
				r.Steps = append(r.Steps, tl.Step{Phase: "decode", Number: i/400 + 1, Start: at, End: at + 400*24_000})
			}
			if i%20 == 19 {
				end := &ends[i/20*16+n/4]
				*end = max(*end, at)
				r.Tracks[tl.Comm].Add(tl.Kernel{Start: at, End: at + took, Name: 1})
				pieces = append(pieces, tl.Piece{Start: at, End: at + took/2, Kind: tl.Wait},
					tl.Piece{Start: at + took/2, End: at + took, Kind: tl.Transfer})
			} else {
				r.Tracks[tl.Work].Add(tl.Kernel{Start: at, End: at + took})
				pieces = append(pieces, tl.Piece{Start: at, End: at + took, Kind: tl.Compute})
			}
			at += took + 500
		}
		r.States = tl.NewStates(at, pieces)
		run.WindowNS, run.Ranks = max(run.WindowNS, at), append(run.Ranks, r)
	}
	for i, at := range ends {
		c := tl.Call{Type: "all_reduce", Number: i/16 + 1, At: at, Last: i % 16 * 4, LateNS: 700, SpreadNS: 900}
		for k := range 4 {
			c.Parts = append(c.Parts, tl.Part{Rank: i%16*4 + k, Start: at - 900, End: at + 5000})
		}
		run.Calls = append(run.Calls, c)
	}
	slices.SortFunc(run.Calls, func(a, b tl.Call) int { return int(a.At - b.At) })
	run.Kernels = tl.View{To: run.WindowNS}
	return run
}

// aPane is one that shows a run, without a backend.
func aPane(run *tl.Run) *lanes {
	return &lanes{env: env{Env: pane.Env{Theme: theme.New(termenv.ANSI256, false)}}, dialog: &pane.Dialog{},
		sides: []*side{{run: "many", lanes: run}}}
}

// BenchmarkPannedFrame is a frame of a timeline of 64 ranks of 20,000 kernels after a step along it, at 140x45: folded by node, where all
// ranks are drawn, and each rank by itself; in all of the window, and where kernels are drawn one by one.
func BenchmarkPannedFrame(b *testing.B) {
	run := sixtyFour(20_000)
	for _, c := range []struct {
		name     string
		unfolded bool
		share    int64
	}{{"nodes/half", false, 2}, {"nodes/hundredth", false, 100}, {"ranks/half", true, 2}, {"ranks/kernels", true, 2000}} {
		b.Run(c.name, func(b *testing.B) {
			t := aPane(run)
			t.unfolded, t.view = c.unfolded, tl.View{To: run.WindowNS / c.share}
			by := 0.02
			for b.Loop() {
				if t.pan(by); t.view.To == run.WindowNS || t.view.From == 0 {
					by = -by
				}
				if len(t.draw(140, 43)) < 20 {
					b.Fatal("no picture")
				}
			}
		})
	}
}
