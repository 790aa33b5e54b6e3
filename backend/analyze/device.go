package analyze

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"shardeck/backend/analyze/align"
	"shardeck/backend/analyze/kernelname"
	"shardeck/backend/analyze/span"
	"shardeck/model"
	"shardeck/model/metric"
	"shardeck/model/present/unit"
)

func deviceMetrics(f *facts) []metric.Metric {
	busy := overTime(f, func(r *align.Rank, phase string, part span.List) (float64, string) {
		return percent(exposedTime(r, part)+r.ComputedIn[phase], part.Length()), ""
	})
	coverage := overTime(f, func(r *align.Rank, phase string, _ span.List) (float64, string) {
		return f.kernels.ranks[r.Number].coverage[phase].percent()
	})
	coverage.Estimate = coverage.Value != nil
	return append([]metric.Metric{defined("gpu_busy", busy), defined("sm_coverage", coverage), smActive(f)}, kernelMetrics(f)...)
}

// coverage is the launch geometry's upper bound of SM use over the kernels inside a part of the window, weighted by time.
type coverage struct {
	inside       span.Cursor
	all, covered float64 // ns
}

func (c *coverage) add(ns int64, blocks float32) {
	c.all += float64(ns)
	c.covered += float64(ns) * min(1, float64(blocks))
}

func (c *coverage) percent() (pct float64, reason string) {
	if c.all == 0 {
		return 0, "kernels carry no \"blocks per SM\""
	}
	return 100 * c.covered / c.all, ""
}

// smActive is the mean of the samples of multiprocessors' activity, which Nsight Systems alone records.
func smActive(f *facts) metric.Metric {
	const unsampled = "not sampled: only Nsight Systems does, with --gpu-metrics-devices=all where the driver allows it"
	if !slices.ContainsFunc(f.Ranks, func(r *align.Rank) bool { return len(r.Samples) > 0 }) {
		return defined("sm_active", metric.Metric{Reason: unsampled, Source: f.Files()})
	}
	return defined("sm_active", overTime(f, func(r *align.Rank, _ string, part span.List) (float64, string) {
		if len(r.Samples) == 0 {
			return 0, unsampled
		}
		inside, sum, n := span.Cursor(part), 0.0, 0
		for _, s := range r.Samples { // at a fixed rate, so that each stands for as much time
			if inside.Within(span.Span{Start: s.At, End: s.At + 1}) > 0 {
				sum += float64(s.Percent)
				n++
			}
		}
		if n == 0 {
			return 0, "no sample of its multiprocessors lies in the steady window"
		}
		return sum / float64(n), ""
	}))
}

// topCount is how many kernels the metric lists; the trace summary has all.
const topCount = 20

func kernelMetrics(f *facts) []metric.Metric {
	k := f.kernels
	if len(k.names) == 0 {
		const reason = "no kernel lies in a steady window: the traces do not cover the same time"
		return withoutValue(reason, f.Files(), "kernel_classes", "top_kernels")
	}
	largest := k.classes[0]
	classes := metric.Metric{Value: &largest.Share, N: len(k.names), Source: f.Files(), Note: "largest: " + largest.Name}
	if others := metric.OtherNames(k.names); others != "" {
		classes.Note = joinNotes(classes.Note, "other: "+others)
	}
	classes.By.Classes, classes.PerRank = map[string]float64{}, map[int]float64{}
	for _, c := range k.classes {
		classes.By.Classes[c.Name] = c.Share
	}
	for rank, own := range k.ranks {
		if own.count > 0 {
			classes.PerRank[rank] = own.shares[largest.Name]
		}
	}
	return []metric.Metric{defined("kernel_classes", classes), topKernels(f)}
}

// topKernels are the distinct kernels that took longest, in ms of a rank: the mean over the ranks.
func topKernels(f *facts) metric.Metric {
	names, ranks := f.kernels.names, len(f.Ranks)
	labels := metric.Telling(model.Each(names, func(k metric.KernelStat) string { return k.Distinct }))
	milliseconds := func(ns int64, ranks int) float64 { return float64(ns) / float64(ranks) / 1e6 }
	top := names[0]
	m := metric.Metric{Value: new(milliseconds(top.TotalNS, ranks)), N: (top.Count + ranks/2) / ranks, Source: f.Files(), Note: labels[0]}
	m.By.Kernels, m.PerRank = map[string]float64{}, map[int]float64{}
	for i, s := range names[:min(topCount, len(names))] {
		m.By.Kernels[labels[i]] += milliseconds(s.TotalNS, ranks)
	}
	for rank, own := range f.kernels.ranks {
		m.PerRank[rank] = 0
		for _, k := range own.stats {
			if k.Name == top.Name {
				m.PerRank[rank] = milliseconds(k.TotalNS, 1)
			}
		}
	}
	return defined("top_kernels", m)
}

func alsoComputing(f *facts) (out []string) {
	for _, s := range f.kernels.names {
		if s.Also != "" {
			out = append(out, fmt.Sprintf("%s holds a %s too: its time counts as communication, %.1f %% of kernel time",
				s.Short, s.Also, s.Share))
		}
	}
	return out
}

// phaseMetrics says how long each phase is, in ms.
func phaseMetrics(f *facts) []metric.Metric {
	m := overTime(f, func(r *align.Rank, _ string, part span.List) (float64, string) {
		return float64(part.Length()) / 1e6, r.NoSteps()
	})
	m.Note = joinNotes(m.Note, stepCounts(f.Ranks[0]))
	if slices.ContainsFunc(f.Ranks[0].Steps, func(s align.Step) bool { return s.Phase == metric.Step }) {
		m.Note = joinNotes(m.Note, f.Ranks[0].UnknownStep) // an engine's, inside a profiler's
	}
	return []metric.Metric{defined("phase_time", m)}
}

func stepCounts(r *align.Rank) string {
	n := map[string]int{}
	for _, s := range r.Steps {
		n[s.Phase]++
	}
	text := ""
	for _, phase := range slices.Sorted(maps.Keys(n)) {
		text = joinNotes(text, unit.Plural(n[phase], strings.TrimPrefix(phase+" step", "step ")))
	}
	return text
}

type kernelSums struct {
	names   []metric.KernelStat  // of all ranks, by name, the longest first
	classes []metric.KernelClass // every class, the largest first
	ranks   map[int]rankKernels  // by rank
}

type rankKernels struct {
	count    int
	shares   map[string]float64   // % of their time, by class
	coverage map[string]*coverage // by phase, and of the whole window
	stats    []metric.KernelStat  // by name, without shares
}

func sumKernels(t *align.Timeline, walks []rankKernels) kernelSums {
	s := kernelSums{ranks: map[int]rankKernels{}}
	byName, total := map[string]*metric.KernelStat{}, int64(0)
	for i, r := range t.Ranks {
		own := walks[i]
		for _, k := range own.stats {
			own.count += k.Count
			total += k.TotalNS
			all := getOrAdd(byName, k.Name)
			k.TotalNS, k.Count = k.TotalNS+all.TotalNS, k.Count+all.Count
			if all.Count > 0 {
				k.MinNS, k.MaxNS = min(k.MinNS, all.MinNS), max(k.MaxNS, all.MaxNS)
			}
			*all = k
		}
		own.shares = map[string]float64{}
		for _, c := range sumClasses(own.stats) {
			own.shares[c.Name] = c.Share
		}
		s.ranks[r.Number] = own
	}
	s.names = make([]metric.KernelStat, 0, len(byName))
	for _, k := range byName {
		k.Share = percent(k.TotalNS, total)
		s.names = append(s.names, *k)
	}
	slices.SortFunc(s.names, func(a, b metric.KernelStat) int { return longestFirst(a.TotalNS, b.TotalNS, a.Name, b.Name) })
	s.classes = sumClasses(s.names)
	return s
}

func walkKernels(r *align.Rank) rankKernels {
	sums, whole := make([]metric.KernelStat, len(r.Names)), &coverage{}
	out := rankKernels{coverage: map[string]*coverage{align.WholeWindow: whole}}
	var phases []*coverage
	for phase, part := range r.Phases {
		out.coverage[phase] = &coverage{inside: span.Cursor(part)}
		phases = append(phases, out.coverage[phase])
	}
	for s, k := range r.Kernels() {
		d := s.Clip(r.Window).Length()
		if d == 0 && (s.Start != s.End || s.Start < r.Window.Start || s.End > r.Window.End) {
			continue // one that took less than the clock's tick is a launch, too
		}
		addLaunch(&sums[k.Name], &r.Names[k.Name], d)
		if k.Blocks >= 0 {
			whole.add(d, k.Blocks)
			for _, c := range phases {
				c.add(c.inside.Within(s), k.Blocks)
			}
		}
	}
	out.stats = slices.DeleteFunc(sums, func(s metric.KernelStat) bool { return s.Count == 0 })
	return out
}

func addLaunch(sum *metric.KernelStat, n *kernelname.Name, ns int64) {
	if sum.Count == 0 {
		*sum = metric.KernelStat{Name: n.Full, Short: n.Short, Distinct: n.Distinct, Class: n.Class, Also: n.Also, MinNS: ns}
	}
	sum.TotalNS, sum.Count = sum.TotalNS+ns, sum.Count+1
	sum.MinNS, sum.MaxNS = min(sum.MinNS, ns), max(sum.MaxNS, ns)
}

func sumClasses(stats []metric.KernelStat) []metric.KernelClass {
	out := make([]metric.KernelClass, len(kernelname.Classes()))
	var total int64
	for i, class := range kernelname.Classes() {
		out[i].Name = class
		for _, s := range stats {
			if s.Class == class {
				out[i].TotalNS, out[i].Count = out[i].TotalNS+s.TotalNS, out[i].Count+s.Count
			}
		}
		total += out[i].TotalNS
	}
	for i := range out {
		out[i].Share = percent(out[i].TotalNS, total)
	}
	slices.SortFunc(out, func(a, b metric.KernelClass) int { return longestFirst(a.TotalNS, b.TotalNS, a.Name, b.Name) })
	return out
}
