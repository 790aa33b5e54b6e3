package explain

import (
	"cmp"
	"slices"

	"shardeck/model/xray"
)

// WhatIf is what a run would take at best if something were otherwise: a bound, by its assumption.
type WhatIf struct {
	Name    string  `json:"name"` // no_straggler, fast_link, overlap, no_gaps, floor
	Assumes string  `json:"assumes"`
	Unknown string  `json:"unknown"` // why there are no bounds; empty: there are
	Bounds  []Bound `json:"bounds"`
}

// Bound is a metric of a run, and what it would be at best, in its unit.
type Bound struct {
	Name string  `json:"name"`
	Unit string  `json:"unit"`
	Now  float64 `json:"now"`
	Best float64 `json:"best"`
}

// whatIfs are the questions, each with what some steps would be shorter by.
var whatIfs = []struct {
	name, assumes string
	saves         func(s *side, of *sum, steps []int) float64
	tells         func(s *side) bool // a run of it
	unknown       string             // why one that does not has no bounds
}{
	{"no_straggler", "the slowest rank of a stage takes as long as the median of the others, and nobody waits for it",
		func(s *side, _ *sum, steps []int) float64 { return s.straggling(steps) }, (*side).compared,
		"no stage of it has a second traced rank to be compared with"},
	{"fast_link", "every transfer between ranks takes half its time, its latency too; waits stay",
		func(_ *side, of *sum, _ []int) float64 { return of.total(Transfer) / 2 }, (*side).talks, silent},
	{"overlap", "transfers and waits run beside the rest of the step, whichever takes longer; nothing depends on them",
		func(_ *side, of *sum, _ []int) float64 {
			talk := max(0, of.total(Transfer)+of.total(Wait))
			return min(talk, of.ns-talk)
		}, (*side).talks, silent},
	{"no_gaps", "kernels follow one another without a pause, within steps and between them",
		func(_ *side, of *sum, _ []int) float64 { return of.total(Gap) + of.total(Between) }, func(*side) bool { return true }, ""},
	{"floor", "every operator with a known floor runs at the GPU's peak or bandwidth: see shardeck xray",
		func(_ *side, of *sum, _ []int) (ns float64) {
			for _, p := range of.parts {
				ns += p.gain
			}
			return ns
		}, func(s *side) bool { return s.Steps.GPU != "" },
		"the GPU is not known: there are no floors"},
}

const silent = "it runs on one GPU: nothing is sent"

func (s *side) talks() bool { return s.Steps.Layout.GPUs() > 1 }

// compared reports whether a stage has a rank beside the one that the others wait for.
func (s *side) compared() bool {
	return slices.ContainsFunc(s.Steps.Ranks, func(k xray.Rank) bool {
		return len(k.Steps) > 0 && k.Stage < len(s.stages) && s.stages[k.Stage].Rank != k.Rank
	})
}

// straggling is how much longer steps are for the slowest rank of each stage: the steps of the prompts by their places, or where there
// are none the decode step.
func (s *side) straggling(at []int) (ns float64) {
	for stage, k := range s.stages {
		steps := []*xray.Step{like(k, s.stages[0].Kinds()[0])}
		if at != nil {
			steps = nil
		}
		for _, i := range at {
			if same := s.sameStep(i); stage < len(same) {
				steps = append(steps, same[stage])
			}
		}
		for _, x := range steps {
			ns += s.lateness(k, x)
		}
	}
	return ns
}

// lateness is how much longer a step is than without the slowest rank, at the pace of the median of the others.
func (s *side) lateness(of *xray.Rank, x *xray.Step) float64 {
	var all []float64
	for _, k := range s.Steps.Ranks {
		for i := range k.Steps {
			if y := &k.Steps[i]; k.Stage == of.Stage && y.Index == x.Index && !y.Cut {
				all = append(all, pace(y))
			}
		}
	}
	if len(all) < 2 {
		return 0
	}
	slices.Sort(all)
	return max(0, float64(x.WallNS+max(0, x.NextNS))-all[(len(all)-2)/2])
}

// pace is how long a step takes a rank that waits for nobody: what it does, or its host takes to launch that, until the next step.
func pace(x *xray.Step) float64 {
	ns := busy(x) + float64(max(0, x.NextNS))
	if x.PitchNS != nil && !x.Graph {
		ns = max(ns, float64(*x.PitchNS)*float64(x.Kernels))
	}
	return min(ns, float64(x.WallNS+max(0, x.NextNS)))
}

// WhatIfs are the bounds of a run. It is an error where it has no step to take apart.
func WhatIfs(r Run) ([]WhatIf, error) {
	s, err := newSide(&r)
	if err != nil {
		return nil, err
	}
	s.takeApart()
	all := []WhatIf{}
	for _, w := range whatIfs {
		out := WhatIf{Name: w.name, Assumes: w.assumes, Bounds: []Bound{}}
		if !w.tells(s) {
			out.Unknown = w.unknown
		}
		for _, q := range quantities {
			if !q.there(s) || out.Unknown != "" {
				continue
			}
			now, traced, saved := q.of(&r), q.traced(s), 0.0
			if n := q.decodes(s); n > 0 {
				saved += n * w.saves(s, s.decode, nil)
			}
			if q.prompts > 0 {
				saved += w.saves(s, s.prompt, s.at)
			}
			now, saved = cmp.Or(now, traced), saved/q.ns
			best := now - saved
			if saved > now/2 { // a profiler that slows the host makes gaps longer, not kernels
				best = min(now, traced-saved)
			}
			out.Bounds = append(out.Bounds, Bound{q.name, q.unit, now, max(0, best)})
		}
		all = append(all, out)
	}
	return all, nil
}

// traced is a quantity by its steps alone.
func (q *quantity) traced(s *side) float64 {
	ns := q.decodes(s)*s.decode.ns + q.schedule(s)
	if q.prompts > 0 {
		ns += s.prompt.ns
	}
	return ns / q.ns
}
