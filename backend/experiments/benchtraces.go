package experiments

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"shardeck/backend/analyze/kernelname"
	"shardeck/backend/trace"
	"shardeck/backend/trace/kineto"
	"shardeck/backend/trace/stepname"
	"shardeck/model"
	"shardeck/model/present/unit"
	"shardeck/model/timeline"
)

// Steps as upstream's tools know them begin with stepPrefix; those that are added do with addedStep, which stepname knows for no step.
const stepPrefix, addedStep = "execute_context_", "execute_context_shardeck"

// benchTrace is a trace for ccl-bench, with what is added to it.
type benchTrace struct {
	rank     int
	steps    []float64 // what upstream takes for steps, in s
	device   int16     // of its kernels
	visible  int       // devices that its process saw
	add      kineto.Additions
	added    int // calls that were given metadata
	original string
}

// benchTraceOf reads a trace for what upstream's tools look for in it. Steps that its engine marks in other words are added: where they
// run on the device, else on the host.
func benchTraceOf(ctx context.Context, f model.RunFile) (*benchTrace, error) {
	rank, err := kineto.Open(ctx, f.Path, nil)
	if err != nil {
		return nil, err
	}
	t := &benchTrace{rank: f.Rank, original: f.Path, visible: len(rank.Info.Devices), add: kineto.Additions{By: "shardeck export",
		Call: func(string, int64) *trace.Coll { return nil }}}
	if len(rank.Records) > 0 {
		t.device = rank.Records[0].Device
	}
	theirs := func(m trace.Mark) bool { return !m.GPU && strings.HasPrefix(m.Name, stepPrefix) }
	isStep := func(m trace.Mark) bool { return stepname.Of(m.Name).Kind == stepname.OfStep }
	marks := stepsOf(rank.Marks, theirs)
	if len(marks) == 0 {
		marks = stepsOf(rank.Marks, func(m trace.Mark) bool { return m.GPU && isStep(m) })
		if len(marks) == 0 {
			marks = stepsOf(rank.Marks, isStep)
		}
		for _, m := range marks {
			t.add.Marks = append(t.add.Marks, trace.Mark{Name: addedStep + "(" + m.Name + ")", Start: m.Start, Dur: m.Dur})
		}
	}
	t.steps = model.Each(marks, func(m trace.Mark) float64 { return float64(m.Dur) / 1e9 })
	return t, nil
}

// stepsOf are marks in order; of those on the device one that begins in another is part of it, as on a second stream.
func stepsOf(marks []trace.Mark, wanted func(trace.Mark) bool) (out []trace.Mark) {
	marks = slices.DeleteFunc(slices.Clone(marks), func(m trace.Mark) bool { return !wanted(m) })
	slices.SortStableFunc(marks, func(a, b trace.Mark) int { return cmp.Compare(a.Start, b.Start) })
	for _, m := range marks {
		if n := len(out); m.GPU && n > 0 && m.Start < out[n-1].Start+out[n-1].Dur {
			out[n-1].Dur = max(out[n-1].Dur, m.Start+m.Dur-out[n-1].Start)
			continue
		}
		out = append(out, m)
	}
	return out
}

// perNode is how many GPUs of a node the ranks use; 0: not known, as where each process sees one device alone.
func perNode(traces []*benchTrace) int {
	used := map[int16]bool{}
	for _, t := range traces {
		if used[t.device] = true; t.visible < min(2, len(traces)) {
			return 0
		}
	}
	return len(used)
}

// addCalls adds what the timeline knows of the calls whose kernels have no metadata: type, bytes and ranks.
func addCalls(traces []*benchTrace, run *timeline.Run) {
	type place struct {
		rank  int
		start int64 // on the clock of its own trace
	}
	known := map[place]*trace.Coll{}
	for _, c := range run.Calls {
		coll := &trace.Coll{Name: c.Type, DType: "Byte", InElems: c.Bytes, GroupSize: len(c.Parts),
			GroupRanks: model.Each(c.Parts, func(p timeline.Part) int { return run.Ranks[p.Rank].Number })}
		if c.Type == "all_gather" { // of which Bytes are what comes out
			coll.InElems /= int64(len(c.Parts))
		}
		for _, p := range c.Parts {
			if r := &run.Ranks[p.Rank]; c.Bytes >= 0 {
				known[place{r.Number, r.InTrace(p.Start)}] = coll
			}
		}
	}
	for _, t := range traces {
		t.add.Call = func(kernel string, start int64) *trace.Coll {
			if name := kernelname.Builtin.Of(kernel); !name.IsCall() {
				return nil
			}
			for _, off := range []int64{0, -1, 1, -2, 2} { // where clocks were corrected
				if c := known[place{t.rank, start + off}]; c != nil {
					t.added++
					return c
				}
			}
			return nil
		}
	}
}

// added says what was put into the traces.
func added(traces []*benchTrace) (out []string) {
	marks, calls := 0, 0
	for _, t := range traces {
		marks, calls = marks+len(t.add.Marks), calls+t.added
	}
	if marks > 0 {
		out = append(out, unit.Plural(marks, "range")+" of steps added to the traces, where the engine marks them in other words: "+addedStep+"(…)")
	}
	if calls > 0 {
		out = append(out, unit.Plural(calls, "call")+` given type, bytes and ranks, as the ranks' matched calls tell them: "Added by" in their args`)
	}
	return out
}
