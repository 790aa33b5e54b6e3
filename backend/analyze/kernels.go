package analyze

import (
	"cmp"
	"slices"

	"shardeck/backend/analyze/align"
	"shardeck/backend/analyze/kernelname"
	"shardeck/backend/trace"
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
	shares map[string]float64 // % of their time, by class
}

// sumKernels walks once over the kernels of every rank.
func sumKernels(t *align.Timeline) kernelSums {
	s := kernelSums{ranks: map[int]rankKernels{}}
	byName, total := map[string]*metric.KernelStat{}, int64(0)
	for _, r := range t.Ranks {
		own, sums := rankKernels{shares: map[string]float64{}}, statsOf(r)
		for _, k := range sums {
			own.count += k.Count
			total += k.TotalNS
			all := getOrAdd(byName, k.Name)
			k.TotalNS, k.Count = k.TotalNS+all.TotalNS, k.Count+all.Count
			if all.Count > 0 {
				k.MinNS, k.MaxNS = min(k.MinNS, all.MinNS), max(k.MaxNS, all.MaxNS)
			}
			*all = k
		}
		for _, c := range sumClasses(sums) {
			own.shares[c.Name] = c.Share
		}
		s.ranks[r.Number] = own
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
	slices.SortFunc(out, func(a, b metric.KernelClass) int {
		return cmp.Or(cmp.Compare(b.TotalNS, a.TotalNS), cmp.Compare(a.Name, b.Name))
	})
	return out
}

// KernelsBetween is what a rank's device did from one moment of its trace's clock to
// another, one by one, by their starts; at most so many, and whether there were more.
func KernelsBetween(r *trace.Rank, from, to int64, most int) (out []metric.KernelSpan, more bool) {
	device, _ := align.BusiestDevice(r.Records)
	names := map[uint32]kernelname.Name{} // of the few that occur
	for _, k := range r.Records {
		if k.Device == device && k.Start < to && k.End() > from {
			n, seen := names[k.Name]
			if !seen {
				n = kernelname.Of(r.Names[k.Name])
				names[k.Name] = n
			}
			s := metric.KernelSpan{Name: n.Full, Short: n.Short, Class: n.Class, StartNS: k.Start - from, DurNS: k.Dur, Stream: k.Stream}
			if k.Kind != trace.KindKernel {
				s.Class = "copy"
			}
			out = append(out, s)
		}
	}
	slices.SortStableFunc(out, func(a, b metric.KernelSpan) int { return cmp.Compare(a.StartNS, b.StartNS) })
	return out[:min(len(out), most)], len(out) > most
}
