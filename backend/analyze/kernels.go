package analyze

import (
	"cmp"
	"slices"

	"shardeck/backend/analyze/align"
	"shardeck/backend/analyze/kernelname"
	"shardeck/model/metric"
)

// kernelSums are the launches inside the steady windows, summed.
type kernelSums struct {
	names   []metric.KernelStat  // of all ranks, by name, the longest first
	classes []metric.KernelClass // every class, the largest first
	ranks   map[int]rankKernels  // by rank
}

// rankKernels are the launches of one rank.
type rankKernels struct {
	count  int
	ns     int64
	shares map[string]float64 // % of ns, by class
}

// sumKernels walks once over the kernels of every rank.
func sumKernels(t *align.Timeline) kernelSums {
	s := kernelSums{ranks: map[int]rankKernels{}}
	byName, total := map[string]*metric.KernelStat{}, int64(0)
	for _, r := range t.Ranks {
		own, sums := rankKernels{shares: map[string]float64{}}, statsOf(r)
		for _, k := range sums {
			own.count, own.ns = own.count+k.Count, own.ns+k.TotalNS
			if all := byName[k.Name]; all == nil {
				byName[k.Name] = &k
			} else {
				all.TotalNS, all.Count = all.TotalNS+k.TotalNS, all.Count+k.Count
				all.MinNS, all.MaxNS = min(all.MinNS, k.MinNS), max(all.MaxNS, k.MaxNS)
			}
		}
		for _, c := range sumClasses(sums) {
			own.shares[c.Name] = c.Share
		}
		s.ranks[r.Number] = own
		total += own.ns
	}
	s.names = make([]metric.KernelStat, 0, len(byName))
	for _, k := range byName {
		k.Share = percent(k.TotalNS, total)
		s.names = append(s.names, *k)
	}
	slices.SortFunc(s.names, func(a, b metric.KernelStat) int {
		return cmp.Or(cmp.Compare(b.TotalNS, a.TotalNS), cmp.Compare(a.Name, b.Name))
	})
	s.classes = sumClasses(s.names)
	return s
}

// statsOf sums the launches of one rank by name, without shares.
func statsOf(r *align.Rank) []metric.KernelStat {
	sums := make([]metric.KernelStat, len(r.Names))
	for s, k := range r.Kernels() {
		d := s.Clip(r.Window).Length()
		if d == 0 {
			continue
		}
		sum := &sums[k.Name]
		if sum.Count == 0 {
			n := &r.Names[k.Name]
			*sum = metric.KernelStat{Name: n.Full, Short: n.Short, Class: n.Class, MinNS: d}
		}
		sum.TotalNS, sum.Count = sum.TotalNS+d, sum.Count+1
		sum.MinNS, sum.MaxNS = min(sum.MinNS, d), max(sum.MaxNS, d)
	}
	return slices.DeleteFunc(sums, func(s metric.KernelStat) bool { return s.Count == 0 })
}

// sumClasses sums kernels by class.
func sumClasses(stats []metric.KernelStat) []metric.KernelClass {
	out := make([]metric.KernelClass, len(kernelname.Classes))
	var total int64
	for i, class := range kernelname.Classes {
		out[i].Name = class
		for _, s := range stats {
			if s.Class == class {
				out[i].TotalNS, out[i].Count = out[i].TotalNS+s.TotalNS, out[i].Count+s.Count
			}
		}
		total += out[i].TotalNS
	}
	for i := range out {
		out[i].Share = percent(out[i].TotalNS, max(1, total))
	}
	slices.SortFunc(out, func(a, b metric.KernelClass) int {
		return cmp.Or(cmp.Compare(b.TotalNS, a.TotalNS), cmp.Compare(a.Name, b.Name))
	})
	return out
}
