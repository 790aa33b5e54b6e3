package analyze

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"shardeck/model"
)

// resolveLayout decides how the ranks lie: as the config says, unless the traces
// are of another number of ranks. Then the traces win, and all of them are taken
// for one tensor-parallel group, which is what a run without a config is too.
func (w *world) resolveLayout() {
	traced := w.tracedWorld()
	if w.in.Experiment == nil {
		w.layout = flat(max(1, traced, len(w.in.Timing)), 1)
		return
	}
	w.layout = sound(w.in.Experiment.Layout)
	gpus := w.layout.GPUs()
	switch n := len(w.in.Ranks); {
	case n == 0:
		if t := len(w.in.Timing); t > 0 && t < gpus && w.layout.DP() > 1 {
			w.warn("the config says %s (%s), and %s", ranks(gpus), w.layout, "timing files are there for "+ranks(t))
		}
	case traced != gpus:
		w.warn("the config says %s (%s), the traces are of %s: the traces win, so groups that they do not name are guessed", ranks(gpus), w.layout, ranks(traced))
		w.layout = flat(traced, w.layout.EP)
	case n < gpus:
		w.warn("no trace of rank %s: the run has %s, and only %d are measured", key(w.untraced(gpus)), ranks(gpus), n)
	}
}

// tracedWorld is the number of ranks the traces speak of: the files, and what they
// and run.json say of their world where that is more; 0 without traces.
func (w *world) tracedWorld() int {
	n := 0
	for rank, r := range w.in.Ranks {
		n = max(n, rank+1, r.Info.WorldSize)
	}
	if n > 0 && w.in.Info != nil {
		n = max(n, w.in.Info.WorldSize)
	}
	return n
}

// untraced lists the ranks of a world of n that have no trace.
func (w *world) untraced(n int) []int {
	var out []int
	for r := range n {
		if w.in.Ranks[r] == nil {
			out = append(out, r)
		}
	}
	return out
}

// flat is n ranks in one tensor-parallel group.
func flat(n, ep int) model.Layout {
	l := model.Layout{TP: n, PP: 1, DPReplicate: 1, DPShard: 1, EP: 1}
	if ep > 1 {
		l.EP = n
	}
	return l
}

// sound is the layout with every part at least 1.
func sound(l model.Layout) model.Layout {
	for _, part := range []*int{&l.TP, &l.PP, &l.DPReplicate, &l.DPShard, &l.EP} {
		*part = max(1, *part)
	}
	return l
}

func ranks(n int) string {
	if n == 1 {
		return "1 rank"
	}
	return fmt.Sprintf("%d ranks", n)
}

// worldWarnings says where config and traces disagree about anything else.
func (w *world) worldWarnings() {
	for _, rank := range slices.Sorted(maps.Keys(w.in.Ranks)) {
		r := w.in.Ranks[rank]
		if inside := r.Info.Rank; inside >= 0 && inside != rank {
			w.warn("%s: the trace says it is rank %d; the file name is believed", base(r.File), inside)
		}
	}
	w.warnIterations()
	if w.in.Info != nil {
		w.warnings = append(w.warnings, w.in.Info.Missing...)
	}
}

// warnIterations compares the prefill steps in the traces with the iterations
// that they should hold. Only plain annotations count one an iteration; vLLM may
// cut a prompt into chunks.
func (w *world) warnIterations() {
	want, from := w.tracedIterations()
	for _, l := range w.lanes {
		seen := 0
		for _, m := range w.in.Ranks[l.rank].Marks {
			if m.GPU && m.Name == string(prefill) {
				seen++
			}
		}
		if seen > 0 && want > 0 && seen != want {
			w.warn("%s: %d prefill steps, but %s says %d traced iterations; calls per iteration may be wrong", l.file, seen, from, want)
		}
	}
}

// names joins file names for a sentence.
func names(files []string) string { return strings.Join(files, ", ") }
