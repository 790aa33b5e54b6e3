package analyze

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"shardeck/model"
)

// maxWorld is more ranks than any run has. A number beyond it, in a config, a file
// name or a damaged trace, is none.
const maxWorld = 1 << 14

// resolveLayout decides how the ranks lie: as the config says, unless the traces
// are of another number of ranks. Then the traces win, and all of them are taken
// for one tensor-parallel group, which is what a run without a config is too.
func (w *world) resolveLayout() {
	traced := w.tracedWorld()
	if w.in.Experiment == nil {
		w.layout = flat(max(1, traced, len(w.in.Timing)), 1)
		return
	}
	var ok bool
	if w.layout, ok = sound(w.in.Experiment.Layout); !ok {
		w.warn("the config's layout (%s) cannot be: each part must be 1 or more, and the run at most %s", w.in.Experiment.Layout, ranks(maxWorld))
		w.layout = flat(max(1, traced, len(w.in.Timing)), 1)
	}
	gpus := w.layout.GPUs()
	switch n := len(w.in.Ranks); {
	case n == 0:
	case traced != gpus:
		w.warn("the config says %s (%s), the traces are of %s: the traces win, so groups that they do not name are guessed", ranks(gpus), w.layout, ranks(traced))
		w.layout = flat(traced, w.layout.EP)
	case n < gpus:
		w.warn("no trace of rank %s: the run has %s, and only %d are measured", key(w.untraced(gpus)), ranks(gpus), n)
	}
}

// tracedWorld is the number of ranks the traces speak of: the files, and what they,
// the timing files beside them and run.json say of their world where that is more;
// 0 without traces.
func (w *world) tracedWorld() int {
	n := len(w.in.Ranks)
	if n == 0 {
		return 0
	}
	more := func(m int) {
		if m <= maxWorld {
			n = max(n, m)
		}
	}
	for rank, r := range w.in.Ranks {
		more(rank + 1)
		more(r.Info.WorldSize)
		for i := range r.Colls {
			for _, peer := range r.Colls[i].GroupRanks {
				more(peer + 1)
			}
		}
	}
	for rank := range w.in.Timing {
		more(rank + 1)
	}
	if w.in.Info != nil {
		more(w.in.Info.WorldSize)
	}
	return n
}

// untraced lists the ranks of a world of n that have no trace, the first ones.
func (w *world) untraced(n int) []int {
	var out []int
	for r := range n {
		if w.in.Ranks[r] == nil && len(out) < 8 {
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

// sound is the layout with every part at least 1: parts left out count as 1. ok is
// false if a part is negative or the whole is no number of ranks.
func sound(l model.Layout) (out model.Layout, ok bool) {
	gpus := 1
	for _, part := range []*int{&l.TP, &l.PP, &l.DPReplicate, &l.DPShard} {
		if *part < 0 || *part > maxWorld {
			return l, false
		}
		*part = max(1, *part)
		gpus = min(gpus**part, maxWorld+1)
	}
	l.EP = max(1, l.EP)
	return l, gpus <= maxWorld
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
	w.warnNameless()
	w.warnIterations()
	if w.in.Info != nil {
		w.warnings = append(append(w.warnings, w.in.Info.Missing...), w.in.Info.Notes...)
	}
}

// warnNameless names the traces of a run of several that do not say which rank they
// are: nobody can tell then whether their names are right. A report of nsys never does,
// and holds all ranks of a node.
func (w *world) warnNameless() {
	var files, reports []string
	for _, rank := range slices.Sorted(maps.Keys(w.in.Ranks)) {
		r := w.in.Ranks[rank]
		switch {
		case r.Info.Rank >= 0 || len(w.in.Ranks) == 1 || len(r.Damage) > 0:
		case w.shared(r.File):
			reports = append(reports, base(r.File))
		default:
			files = append(files, base(r.File))
		}
	}
	if len(files) > 0 {
		w.warn("%s: no rank in the trace (distributedInfo); the file name is believed", names(short(files)))
	}
	if reports = slices.Compact(reports); len(reports) > 0 {
		w.warn("%s: a report does not say which process is which rank; they are numbered in the order of their GPUs", names(short(reports)))
	}
}

// shared says whether several ranks come from one file.
func (w *world) shared(file string) bool {
	n := 0
	for _, r := range w.in.Ranks {
		if r.File == file {
			n++
		}
	}
	return file != "" && n > 1
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
