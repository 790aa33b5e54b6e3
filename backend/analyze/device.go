package analyze

import (
	"cmp"
	"slices"

	"shardeck/backend/analyze/align"
	"shardeck/backend/analyze/span"
	"shardeck/model/metric"
)

// deviceMetrics finds what the devices did.
func deviceMetrics(f *facts) []metric.Metric {
	busy := shareOfTime(f, func(r *align.Rank, part span.List) int64 {
		return exposedTime(r, part) + span.Overlap(r.Compute(), part)
	}, wholeTime)
	coverage := overTime(f, smCoverage)
	coverage.Estimate = coverage.Value != nil
	return append([]metric.Metric{defined("gpu_busy", busy), defined("sm_coverage", coverage), smActive(f)}, kernelMetrics(f)...)
}

// smCoverage is the launch geometry's upper bound of SM use, weighted by time, over the
// kernels inside some part of the window.
func smCoverage(r *align.Rank, part span.List) (pct float64, reason string) {
	inside := span.Cursor(part)
	var all, covered float64
	for s, k := range r.Kernels() {
		if k.Blocks < 0 {
			continue
		}
		d := float64(inside.Within(s))
		all += d
		covered += d * min(1, float64(k.Blocks))
	}
	if all == 0 {
		return 0, "kernels carry no \"blocks per SM\""
	}
	return 100 * covered / all, ""
}

// smActive is the mean of the samples of multiprocessors' activity, which Nsight
// Systems alone records.
func smActive(f *facts) metric.Metric {
	const unsampled = "not sampled: only Nsight Systems does, with --gpu-metrics-devices=all where the driver allows it"
	if !slices.ContainsFunc(f.Ranks, func(r *align.Rank) bool { return len(r.Samples) > 0 }) {
		return defined("sm_active", metric.Metric{Reason: unsampled, Source: f.Files()})
	}
	return defined("sm_active", overTime(f, func(r *align.Rank, part span.List) (float64, string) {
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

// kernelMetrics are the shares of the classes, and the kernels that took longest.
func kernelMetrics(f *facts) []metric.Metric {
	k := f.kernels
	if len(k.names) == 0 {
		const reason = "no kernel lies in a steady window: the traces do not cover the same time"
		return withoutValue(reason, f.Files(), "kernel_classes", "top_kernels")
	}
	largest := k.classes[0]
	classes := metric.Metric{Value: &largest.Share, N: len(k.names), Source: f.Files(), Note: "largest: " + largest.Name}
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

func topKernels(f *facts) metric.Metric {
	total, n := map[string]int64{}, map[string]int{}
	var order []string
	for _, s := range f.kernels.names { // template variants of a function add up
		if n[s.Short] == 0 {
			order = append(order, s.Short)
		}
		total[s.Short] += s.TotalNS
		n[s.Short] += s.Count
	}
	slices.SortStableFunc(order, func(a, b string) int { return cmp.Compare(total[b], total[a]) })
	milliseconds := func(name string) float64 { return float64(total[name]) / 1e6 }
	top := order[0]
	m := metric.Metric{Value: new(milliseconds(top)), N: n[top], Source: f.Files(), Note: top}
	m.By.Kernels = map[string]float64{}
	for _, name := range order[:min(topCount, len(order))] {
		m.By.Kernels[name] = milliseconds(name)
	}
	return defined("top_kernels", m)
}
