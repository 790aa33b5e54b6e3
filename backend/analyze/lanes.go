package analyze

import (
	"cmp"
	"context"
	"iter"
	"slices"

	"shardeck/backend/analyze/align"
	"shardeck/backend/analyze/span"
	"shardeck/backend/trace"
	"shardeck/model"
	"shardeck/model/timeline"
	"shardeck/model/xray"
)

// mostKernels is how many kernels of all ranks a timeline holds, 20 bytes each: of a run with more only those of a part.
const mostKernels = 4 << 20

// Lanes is what each rank did, kernel by kernel, with the calls that tie ranks together and the layers of steps. It fails only when
// ctx ends.
func Lanes(ctx context.Context, in Input, part timeline.View) (*timeline.Run, error) {
	t, err := align.Build(ctx, in)
	if err != nil {
		return nil, err
	}
	run, records := &timeline.Run{Ranks: make([]timeline.Rank, len(t.Ranks))}, 0
	for _, r := range t.Ranks {
		run.WindowNS, records = max(run.WindowNS, r.Window.Length()), records+r.Records()
	}
	if run.Kernels = (timeline.View{To: run.WindowNS}); records > mostKernels {
		run.Kernels = part
	}
	names, nodes := nameKernels(run, t.Ranks), nodesOf(t.Ranks)
	t.EachRank(&in, func(i int, r *align.Rank) {
		run.Ranks[i] = timeline.Rank{Number: r.Number, Node: nodes[i], States: statesOf(r), Tracks: tracksOf(r, names[i], run.Kernels),
			Steps: layeredSteps(&in, t, r), TraceStart: r.TraceStart(), Drift: r.Drift}
	})
	run.Calls = callsOf(t)
	return run, ctx.Err()
}

// nodesOf numbers the hosts of ranks, from 0 in the order of the ranks.
func nodesOf(ranks []*align.Rank) (nodes []int) {
	known := map[string]int{}
	for _, r := range ranks {
		if _, ok := known[r.Host]; !ok {
			known[r.Host] = len(known)
		}
		nodes = append(nodes, known[r.Host])
	}
	return nodes
}

// nameKernels gives names of all ranks one number each; of each rank, by its own numbers.
func nameKernels(run *timeline.Run, ranks []*align.Rank) [][]uint32 {
	known := map[string]uint32{}
	return model.Each(ranks, func(r *align.Rank) []uint32 {
		own := make([]uint32, len(r.Names))
		for i, n := range r.Names {
			id, ok := known[n.Full]
			if !ok {
				id = uint32(len(run.Names))
				name := timeline.Name{Full: n.Full, Short: n.Short, Class: n.Class}
				if n.IsCall() {
					name.Short = n.Call.String()
				}
				known[n.Full], run.Names = id, append(run.Names, name)
			}
			own[i] = id
		}
		return own
	})
}

// statesOf is the window of a rank as its split divides it.
func statesOf(r *align.Rank) timeline.States {
	p := partsOf(r)
	var pieces []timeline.Piece
	add := func(kind timeline.Kind, spans iter.Seq[span.Span]) {
		for s := range spans {
			pieces = append(pieces, timeline.Piece{Start: s.Start - r.Window.Start, End: s.End - r.Window.Start, Kind: kind})
		}
	}
	add(timeline.Compute, p.compute)
	add(timeline.Transfer, p.transfer.All())
	add(timeline.Wait, p.wait.All())
	add(timeline.Unmatched, p.unmatched.All())
	add(timeline.Copy, p.copied.All())
	slices.SortFunc(pieces, func(a, b timeline.Piece) int { return cmp.Compare(a.Start, b.Start) })
	return timeline.NewStates(r.Window.Length(), pieces)
}

// tracksOf are the kernels and copies of a rank in a part of its window.
func tracksOf(r *align.Rank, names []uint32, part timeline.View) [2]timeline.Track {
	var out [2]timeline.Track
	r.Activity(func(_ int, s span.Span, sort *trace.Sort) bool {
		k := timeline.Kernel{Start: s.Start - r.Window.Start, End: s.End - r.Window.Start, Name: names[sort.Name]}
		if k.End <= part.From || k.Start >= min(part.To, r.Window.Length()) {
			return k.Start < part.To
		}
		of := timeline.Work
		if sort.Kind == trace.KindKernel && r.Names[sort.Name].IsComm() {
			of = timeline.Comm
		}
		out[of].Add(k)
		return true
	})
	return out
}

// layeredSteps are the steps of a rank in its window, with the layers that the X-ray tells in them.
func layeredSteps(in *Input, t *align.Timeline, r *align.Rank) []timeline.Step {
	steps := timeline.StepsOf(phasesOf(r))[r.Number]
	of, n := make([]int, len(r.Steps)), 0 // which of steps each is; -1: none
	for i, s := range r.Steps {
		of[i] = -1
		if s.Clip(r.Window).Length() > 0 {
			of[i], n = n, n+1
		}
	}
	input := rankInput(in, t, r, Holding{})
	for raw := range rawSteps(in, t, r, trace.Launched{}) {
		if k := of[raw.Index]; k >= 0 && k < len(steps) {
			steps[k].Bounds = model.Each(xray.LayerBounds(&input, raw), func(at int64) int64 { return at - r.Window.Start })
		}
	}
	return steps
}

// callsOf are the matched calls of a run, by when the last rank came.
func callsOf(t *align.Timeline) []timeline.Call {
	place := map[*align.Rank]int{}
	for i, r := range t.Ranks {
		place[r] = i
	}
	out := make([]timeline.Call, 0, len(t.Matches))
	for _, m := range t.Matches {
		c := timeline.Call{Type: m.Calls[0].Type.String(), Bytes: m.Calls[0].Bytes, Inferred: m.Calls[0].Inferred, Number: int(m.Number),
			Parts: make([]timeline.Part, 0, len(m.Calls))}
		first, second := int64(1<<62), int64(-1<<62)
		c.At = second
		for _, own := range m.Calls {
			s := own.Clipped()
			p := timeline.Part{Rank: place[own.Rank], Start: s.Start - own.Rank.Window.Start, End: s.End - own.Rank.Window.Start}
			first = min(first, p.Start)
			if p.Start > c.At {
				c.At, c.Last, second = p.Start, p.Rank, c.At
			} else {
				second = max(second, p.Start)
			}
			c.Parts = append(c.Parts, p)
		}
		if c.SpreadNS = c.At - first; m.Sequence.Type.MeetsAll() && len(c.Parts) > 1 {
			c.LateNS = c.At - second
		}
		slices.SortFunc(c.Parts, func(a, b timeline.Part) int { return a.Rank - b.Rank })
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b timeline.Call) int { return cmp.Or(cmp.Compare(a.At, b.At), a.Last-b.Last) })
	return out
}
