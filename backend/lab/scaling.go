package lab

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"shardeck/model"
	"shardeck/model/metric"
	"shardeck/model/scaling"
)

// throughputMetric is what speed-up and efficiency are made of, whatever is drawn.
const throughputMetric = "throughput_tokens_sec"

// figure is a run with what a chart needs of it.
type figure struct {
	run      model.Run
	e        model.Experiment
	analysis *metric.Analysis
	gpu      string
}

// Scaling groups the runs into comparable series: y is a metric's name. It reads no
// trace: a metric of traces shows for runs that were analysed before. Of each
// experiment the newest run counts.
func (l *Lab) Scaling(ctx context.Context, x Axis, y string) ([]Series, error) {
	if _, ok := axes[x]; !ok {
		return nil, invalid(fmt.Sprintf("a chart cannot have the axis %q", x), "axes are gpus, tp, pp, ep, batch and seq")
	}
	if _, err := Define(y); err != nil {
		return nil, err
	}
	runs, err := l.ws.Runs()
	if err != nil {
		return nil, kinded(err)
	}
	var all []figure
	for _, run := range runs {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if a := l.quick(ctx, run); a != nil {
			all = append(all, l.figureOf(run, a)...)
		}
	}
	l.assumeGPU(all)
	series := l.seriesOf(all, x, y)
	l.judge(ctx, series, y)
	return series, ctx.Err()
}

// assumeGPU gives runs whose traces nobody has read yet, which tell the GPU, that of the
// other runs of their model where those agree: reading a trace parts no series.
func (l *Lab) assumeGPU(all []figure) {
	known := map[scaling.ScalingKey][]string{}
	key := func(f figure) scaling.ScalingKey {
		k := l.comparable(f.e, "")
		k.BatchSize, k.SeqLen, k.MaxTokens = 0, 0, 0
		return k
	}
	for _, f := range all {
		if k := key(f); f.gpu != "" && !slices.Contains(known[k], f.gpu) {
			known[k] = append(known[k], f.gpu)
		}
	}
	for i, f := range all {
		if gpus := known[key(f)]; f.gpu == "" && len(gpus) == 1 {
			all[i].gpu = gpus[0]
		}
	}
}

// figureOf is none for a run whose layout is not known, and for an older run: a
// newer one of the same experiment stands in the charts.
func (l *Lab) figureOf(run model.Run, a *metric.Analysis) []figure {
	if run.Experiment == nil || a == nil || strings.Contains(run.Name, model.OldMark) {
		return nil
	}
	return []figure{{run: run, e: *run.Experiment, analysis: a, gpu: l.gpuTitle(gpuOf(a))}}
}

// gpuTitle is the short name of a GPU, where it is known.
func (l *Lab) gpuTitle(name string) string {
	if g := l.gpuByName(name); g != nil {
		return g.Title
	}
	return name
}

// comparable is what must be equal for runs to be compared. A depth that is the model's
// own is no depth of its own.
func (l *Lab) comparable(e model.Experiment, gpu string) scaling.ScalingKey {
	k := scaling.KeyOf(e, gpu)
	if s := l.world.Shape(e.Model.Name); s != nil && s.Layers == k.Layers {
		k.Layers = 0
	}
	return k
}

// gpuOf is the GPU as the traces name it; empty: not known.
func gpuOf(a *metric.Analysis) string {
	if a == nil || a.Trace == nil || len(a.Trace.Ranks) == 0 {
		return ""
	}
	return a.Trace.Ranks[0].Device
}

// axis says where a run lies on an axis and what the series then leaves open.
type axis struct {
	at   func(model.Experiment) int
	free func(*scaling.ScalingKey, *model.Layout) // clears what the axis counts
	gpus bool                                     // more of it means more GPUs: speed-up has a meaning
}

var axes = map[Axis]axis{
	AxisGPUs: {func(e model.Experiment) int { return e.Layout.GPUs() },
		func(_ *scaling.ScalingKey, l *model.Layout) { *l = model.Layout{} }, true},
	AxisTP: {func(e model.Experiment) int { return e.Layout.TP },
		func(_ *scaling.ScalingKey, l *model.Layout) { l.TP = 0 }, true},
	AxisPP: {func(e model.Experiment) int { return e.Layout.PP },
		func(_ *scaling.ScalingKey, l *model.Layout) { l.PP = 0 }, true},
	AxisEP: {func(e model.Experiment) int { return e.Layout.EP }, // EP re-uses the TP × DP ranks, so they go with it
		func(_ *scaling.ScalingKey, l *model.Layout) { l.EP, l.TP, l.DPReplicate, l.DPShard = 0, 0, 0, 0 }, true},
	AxisBatch: {func(e model.Experiment) int { return e.Data.BatchSize },
		func(k *scaling.ScalingKey, _ *model.Layout) { k.BatchSize = 0 }, false},
	AxisSeq: {func(e model.Experiment) int { return e.Data.SeqLen },
		func(k *scaling.ScalingKey, _ *model.Layout) { k.SeqLen = 0 }, false},
}

// group is what all points of a series have in common.
type group struct {
	key    scaling.ScalingKey
	layout model.Layout
	replay bool
}

// seriesOf groups and names; the series with most points come first, of equals that
// of the first run.
func (l *Lab) seriesOf(all []figure, x Axis, y string) []Series {
	groups, order := map[group][]figure{}, []group{}
	for _, f := range all {
		g := l.groupOf(f, axes[x])
		if x == AxisEP && !l.experts(f.e) {
			continue
		}
		if groups[g] == nil {
			order = append(order, g)
		}
		groups[g] = append(groups[g], f)
	}
	var out []Series
	for _, g := range order {
		for _, line := range linesOf(groups[g], x) {
			points := pointsOf(line.figures, x, y)
			if len(points) > 0 {
				out = append(out, Series{Kin: g.kin(line), Name: g.name(x) + line.suffix, Points: points})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Series) int { return cmp.Compare(len(b.Points), len(a.Points)) })
	return out
}

// experts reports whether a model is a mixture of experts.
func (l *Lab) experts(e model.Experiment) bool {
	s := l.world.Shape(e.Model.Name)
	return e.Layout.EP > 1 || s != nil && s.MoE != nil
}

func (l *Lab) groupOf(f figure, a axis) group {
	g := group{key: l.comparable(f.e, f.gpu), layout: f.e.Layout, replay: f.run.Replay}
	a.free(&g.key, &g.layout)
	return g
}

// name is that of the key; with what the axis leaves of the layout, and on an axis of the
// workload without what it counts.
func (g group) name(x Axis) string {
	parts := strings.Split(g.key.String(), " · ")
	switch x {
	case AxisBatch:
		parts = slices.DeleteFunc(parts, func(p string) bool { return p == "batch 0" })
	case AxisSeq:
		for i, p := range parts {
			if rest, ok := strings.CutPrefix(p, "0+"); ok {
				parts[i] = "output " + rest
			}
		}
	}
	if text := g.layout.Short(); x == AxisBatch || x == AxisSeq || text != model.OneGPU {
		parts = append(parts, text)
	}
	if g.replay && g.key.Engine != model.EngineReplay {
		parts = append(parts, "replay")
	}
	return strings.Join(parts, " · ")
}

// kin is what a line of a group has in common with those of other layouts; empty for a
// second run of a layout, which says nothing of another.
func (g group) kin(l line) string {
	if l.again {
		return ""
	}
	g.layout = model.Layout{}
	return fmt.Sprint(g)
}

// line is the runs that one line of a chart joins.
type line struct {
	suffix  string
	figures []figure
	again   bool // of a run at a place that another run of its kind has
}

// linesOf divides comparable runs so that a line never joins unlike things: on the
// axis of GPUs each way of using them (TP, PP …) has its line from the common base;
// a second experiment at the same place has a line of its own, named for its run.
func linesOf(figures []figure, x Axis) []line {
	slices.SortStableFunc(figures, func(a, b figure) int {
		return cmp.Or(cmp.Compare(axes[x].at(a.e), axes[x].at(b.e)), cmp.Compare(a.run.Name, b.run.Name))
	})
	kinds := kindsOf(figures, x)
	var out []line
	for _, kind := range kinds {
		members := ofKind(figures, kind, x)
		suffix := ""
		if len(kinds) > 1 {
			suffix = " · " + kind
		}
		first, others := split(members, x)
		out = append(out, line{suffix: suffix, figures: first})
		for _, f := range others {
			out = append(out, line{" · " + f.run.Name, withBase(first, f, x), true})
		}
	}
	return out
}

// kindsOf are the ways of using GPUs among runs, in order of size; one word where
// only the base or a single way is there.
func kindsOf(figures []figure, x Axis) []string {
	var kinds []string
	for _, f := range figures {
		if k := kindOf(f.e.Layout, x); k != "" && !slices.Contains(kinds, k) {
			kinds = append(kinds, k)
		}
	}
	if len(kinds) == 0 {
		return []string{""}
	}
	return kinds
}

// kindOf is the parts of a layout that exceed one: "TP", "TP+PP"; empty for one GPU,
// and on every axis but that of GPUs, which counts a single part anyway.
func kindOf(l model.Layout, x Axis) string {
	if x != AxisGPUs {
		return ""
	}
	var parts []string
	for _, p := range []struct {
		word string
		n    int
	}{{"TP", l.TP}, {"PP", l.PP}, {"DP", l.DP()}, {"EP", l.EP}} {
		if p.n > 1 {
			parts = append(parts, p.word)
		}
	}
	return strings.Join(parts, "+")
}

// ofKind are the runs of a kind, and those on one GPU, the base of every kind.
func ofKind(figures []figure, kind string, x Axis) []figure {
	var out []figure
	for _, f := range figures {
		if k := kindOf(f.e.Layout, x); k == kind || k == "" {
			out = append(out, f)
		}
	}
	return out
}

// split keeps the first run at each place for the line, and gives back the others.
func split(figures []figure, x Axis) (first, others []figure) {
	for _, f := range figures {
		if n := len(first); n > 0 && axes[x].at(first[n-1].e) == axes[x].at(f.e) {
			others = append(others, f)
			continue
		}
		first = append(first, f)
	}
	return first, others
}

// withBase is the line from the base of another to a run; the run alone if it lies
// at the base itself.
func withBase(first []figure, f figure, x Axis) []figure {
	if axes[x].at(first[0].e) == axes[x].at(f.e) {
		return []figure{f}
	}
	return []figure{first[0], f}
}
