package kineto

import (
	"context"
	"slices"

	"shardeck/backend/trace"
	"shardeck/backend/trace/stepname"
)

// stepRanges is what a linkReader is asked for: annotations of steps.
const stepRanges = "step"

// onCPUAlone says that there are steps among the marks, all on the CPU's time line.
func onCPUAlone(marks []trace.Mark) bool {
	has := func(gpu bool) bool {
		return slices.ContainsFunc(marks, func(m trace.Mark) bool { return m.GPU == gpu && stepname.Of(m.Name).Kind == stepname.OfStep })
	}
	return has(false) && !has(true)
}

// placeSteps gives r its steps on the device's time line too, which many profilers leave out: from the start of the first
// to the end of the last thing that was launched inside a step. The file is read once more for it. It fails only when ctx
// ends.
func placeSteps(ctx context.Context, r *trace.Rank) error {
	l := newLinkReader(stepRanges)
	d, err := openReader(ctx, r.File, nil, blockSize, splitting{}, l.event)
	if err != nil {
		return ctx.Err()
	}
	l.order()
	placed := map[int32]int{} // index into r.Marks, by range
	for i := range r.Records {
		k := &r.Records[i]
		c, _ := l.launchOf(kernelRun{corr: int64(k.Corr), start: k.Start - d.baseTime})
		if c == nil || c.around < 0 {
			continue
		}
		n, seen := placed[c.around]
		if !seen {
			n = len(r.Marks)
			placed[c.around] = n
			r.Marks = append(r.Marks, trace.Mark{Name: l.names.List[l.ranges[c.around].name], Start: k.Start, GPU: true})
		}
		m := &r.Marks[n]
		end := max(m.Start+m.Dur, k.End())
		m.Start = min(m.Start, k.Start)
		m.Dur = end - m.Start
	}
	return nil
}
