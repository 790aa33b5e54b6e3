package analyze

import (
	"cmp"
	"maps"
	"slices"

	"shardeck/model/metric"
)

// deviceMetrics finds what the devices did.
func deviceMetrics(w *world) {
	if !w.traced("gpu_busy", "sm_coverage", "sm_active", "kernel_classes", "top_kernels") {
		return
	}
	w.share("gpu_busy", func(l *lane, part []span) (int64, int64) {
		return overlap(l.comm, part) + overlapping(l.compute(), part) - overlap(l.hidden, part), length(part)
	})
	w.smCoverage()
	w.smActive()
	stats := w.kernelStats()
	w.kernelClasses(stats)
	w.topKernels(stats)
}

// smCoverage is the launch geometry's upper bound of SM use, weighted by time.
func (w *world) smCoverage() {
	v := w.eachLane(func(l *lane) (float64, string) {
		cover, ok := l.coverage([]span{l.window})
		if !ok {
			return 0, "kernels carry no \"blocks per SM\""
		}
		return cover, ""
	})
	m := v.metric(w.traceFiles())
	m.Estimate = m.Value != nil
	w.byPhase(&m, func(l *lane, part []span) (float64, bool) { return l.coverage(part) })
	w.set("sm_coverage", m)
}

// coverage sums over kernels inside some part of the window; ok is false where no
// kernel says how many blocks it launched.
func (l *lane) coverage(part []span) (pct float64, ok bool) {
	inside := newCover(part)
	var all, covered float64
	for s, r := range l.launches() {
		if r.Blocks < 0 {
			continue
		}
		d := float64(inside.within(s))
		all += d
		covered += d * min(1, float64(r.Blocks))
	}
	if all == 0 {
		return 0, false
	}
	return 100 * covered / all, true
}

// kernelStats sums the launches of each kernel name over all ranks, inside their
// windows, the longest first.
func (w *world) kernelStats() []metric.KernelStat {
	byName := map[string]*metric.KernelStat{}
	var total int64
	for _, l := range w.lanes {
		for s, r := range l.launches() {
			d := s.clip(l.window).length()
			if d == 0 {
				continue
			}
			total += d
			count(byName, &l.names[r.Name], d)
		}
	}
	out := make([]metric.KernelStat, 0, len(byName))
	for _, s := range byName {
		s.Share = percent(s.TotalNS, total)
		out = append(out, *s)
	}
	slices.SortFunc(out, func(a, b metric.KernelStat) int {
		return cmp.Or(cmp.Compare(b.TotalNS, a.TotalNS), cmp.Compare(a.Name, b.Name))
	})
	return out
}

func count(byName map[string]*metric.KernelStat, n *kernelName, d int64) {
	s := byName[n.full]
	if s == nil {
		s = &metric.KernelStat{Name: n.full, Short: n.short, Class: string(n.class), MinNS: d}
		byName[n.full] = s
	}
	s.TotalNS += d
	s.Count++
	s.MinNS, s.MaxNS = min(s.MinNS, d), max(s.MaxNS, d)
}

// classes sums kernels by class: every class is there, the largest first.
func classes(stats []metric.KernelStat) []metric.KernelClass {
	byName := map[string]*metric.KernelClass{}
	var out []metric.KernelClass
	var total int64
	for _, c := range classNames {
		byName[string(c)] = &metric.KernelClass{Name: string(c)}
	}
	for _, s := range stats {
		c := byName[s.Class]
		c.TotalNS += s.TotalNS
		c.Count += s.Count
		total += s.TotalNS
	}
	for _, c := range byName {
		c.Share = percent(c.TotalNS, max(1, total))
		out = append(out, *c)
	}
	slices.SortFunc(out, func(a, b metric.KernelClass) int {
		return cmp.Or(cmp.Compare(b.TotalNS, a.TotalNS), cmp.Compare(a.Name, b.Name))
	})
	return out
}

const noWindow = "no kernel lies in a steady window: the traces do not cover the same time"

func (w *world) kernelClasses(stats []metric.KernelStat) {
	if len(stats) == 0 {
		w.none(noWindow, w.traceFiles(), "kernel_classes")
		return
	}
	all := classes(stats)
	m := metric.Metric{Value: ptr(all[0].Share), N: len(stats), Source: w.traceFiles(), Note: "largest: " + all[0].Name}
	m.By.Classes = map[string]float64{}
	for _, c := range all {
		m.By.Classes[c.Name] = c.Share
	}
	m.PerRank = w.classOnRanks(class(all[0].Name))
	w.set("kernel_classes", m)
}

// classOnRanks is the share of one class on each rank.
func (w *world) classOnRanks(c class) map[int]float64 {
	out := map[int]float64{}
	for _, l := range w.lanes {
		var all, part int64
		for s, r := range l.launches() {
			d := s.clip(l.window).length()
			all += d
			if l.names[r.Name].class == c {
				part += d
			}
		}
		if all > 0 {
			out[l.rank] = percent(part, all)
		}
	}
	return out
}

// topCount is how many kernels the metric lists; the trace summary has all.
const topCount = 20

func (w *world) topKernels(stats []metric.KernelStat) {
	if len(stats) == 0 {
		w.none(noWindow, w.traceFiles(), "top_kernels")
		return
	}
	total, n := map[string]int64{}, map[string]int{}
	var order []string
	for _, s := range stats { // template variants of a function add up
		if n[s.Short] == 0 {
			order = append(order, s.Short)
		}
		total[s.Short] += s.TotalNS
		n[s.Short] += s.Count
	}
	slices.SortStableFunc(order, func(a, b string) int { return cmp.Compare(total[b], total[a]) })
	top := order[0]
	m := metric.Metric{Value: ptr(float64(total[top]) / 1e6), N: n[top], Source: w.traceFiles(), Note: top}
	m.By.Kernels = map[string]float64{}
	for _, name := range order[:min(topCount, len(order))] {
		m.By.Kernels[name] = float64(total[name]) / 1e6
	}
	w.set("top_kernels", m)
}

// phaseMetrics says how long each phase is.
func phaseMetrics(w *world) {
	if !w.traced("phase_time") {
		return
	}
	v := w.eachLane(func(l *lane) (float64, string) {
		if len(l.steps) == 0 {
			return 0, w.noSteps(l)
		}
		return float64(l.window.length()) / 1e6, ""
	})
	m := v.metric(w.traceFiles())
	w.byPhase(&m, func(l *lane, part []span) (float64, bool) { return float64(length(part)) / 1e6, true })
	for _, l := range w.lanes {
		m.Note = joinNotes(m.Note, phaseSteps(l))
		break
	}
	w.set("phase_time", m)
}

// noSteps says why a lane's time is not divided into phases.
func (w *world) noSteps(l *lane) string {
	if countSteps(w.in.Ranks[l.rank].Marks) > 0 {
		return "step annotations are on the CPU's time line only: they cover launches, not kernels"
	}
	return "no step annotations (prefill, decode, execute_context_…) in the trace"
}

// phaseSteps counts a lane's steps in words.
func phaseSteps(l *lane) string {
	n := map[phase]int{}
	for _, s := range l.steps {
		n[s.phase]++
	}
	text := ""
	for _, p := range slices.Sorted(maps.Keys(n)) {
		text = joinNotes(text, plural(n[p], string(p)+" step"))
	}
	return text
}
