package analyze

import (
	"fmt"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"shardeck/model/metric"
)

func base(file string) string { return filepath.Base(file) }

// set keeps a metric under a defined name, with the unit of its definition. Lists
// and maps are never nil, so that JSON has them.
func (w *world) set(name string, m metric.Metric) {
	d, ok := metric.Define(name)
	if !ok {
		panic("analyze: metric " + name + " has no definition")
	}
	m.Name, m.Unit = d.Name, d.Unit
	if m.Value == nil && m.Reason != "none" {
		m.Note, m.Estimate = "", false // they qualify a value
	}
	if m.PerRank == nil {
		m.PerRank = map[int]float64{}
	}
	if m.Source == nil {
		m.Source = []string{}
	}
	w.metrics[d.Name] = m
}

// none says why metrics have no value.
func (w *world) none(reason string, source []string, names ...string) {
	for _, name := range names {
		w.set(name, metric.Metric{Reason: reason, Source: source})
	}
}

// traceFiles lists the traces that values come from.
func (w *world) traceFiles() []string {
	var out []string
	for _, l := range w.lanes {
		out = append(out, l.file)
	}
	return out
}

// traced reports whether there are kernels at all; if not, it says so for every
// metric named.
func (w *world) traced(names ...string) bool {
	if len(w.lanes) > 0 {
		return true
	}
	reason := "no traces: there is no kineto_trace_<rank>.json in this run; set profiling.kineto: true and run it again"
	switch {
	case len(w.empty) > 0 && len(w.losses) > 0:
		reason = strings.Join(w.empty, ", ") + ": no GPU kernels in what could be read; the warnings say what was lost"
	case len(w.empty) > 0:
		reason = noKernels(strings.Join(w.empty, ", "))
	case w.in.NoTraces != "":
		reason = w.in.NoTraces
	}
	w.none(reason, w.empty, names...)
	return false
}

// values are what one metric is on each rank, and why it is not on others.
type values struct {
	per   map[int]float64
	lacks []string // "rank 1: …"
}

// eachLane asks f of every rank that has a steady window.
func (w *world) eachLane(f func(*lane) (v float64, reason string)) values {
	return w.eachRank(func(l *lane) (float64, string) {
		if l.window.length() == 0 {
			return 0, "its trace ends before all ranks were recorded"
		}
		return f(l)
	})
}

// eachRank asks f of every rank; a reason means there is no value.
func (w *world) eachRank(f func(*lane) (v float64, reason string)) values {
	out := values{per: map[int]float64{}}
	for _, l := range w.lanes {
		v, reason := f(l)
		if reason != "" {
			out.lacks = append(out.lacks, fmt.Sprintf("rank %d: %s", l.rank, reason))
			continue
		}
		out.per[l.rank] = v
	}
	return out
}

// metric is the mean over the ranks that have a value, with least and largest; none
// has: no value, for the reason of the first.
func (v values) metric(source []string) metric.Metric {
	m := metric.Metric{PerRank: v.per, N: len(v.per), Source: source}
	if len(v.per) == 0 {
		m.Reason = strings.Join(short(v.lacks), "; ")
		return m
	}
	mean, lo, hi := meanOf(v.per)
	m.Value = &mean
	if len(v.per) > 1 {
		m.By.Stats = map[metric.Stat]float64{metric.Min: lo, metric.Max: hi}
	}
	if len(v.lacks) > 0 {
		m.Note = "no value for " + strings.Join(short(v.lacks), "; ")
	}
	return m
}

// short keeps a sentence readable when many ranks lack a value for their own reason.
func short(lacks []string) []string {
	if len(lacks) > 2 {
		return append(lacks[:2:2], fmt.Sprintf("and %d more ranks", len(lacks)-2))
	}
	return lacks
}

// meanOf is the mean of the values, which are not none, and the least and largest.
func meanOf(per map[int]float64) (mean, lo, hi float64) {
	lo, hi = math.Inf(1), math.Inf(-1)
	for _, rank := range slices.Sorted(maps.Keys(per)) { // a fixed order: sums of floats depend on it
		v := per[rank]
		lo, hi = min(lo, v), max(hi, v)
		mean += v
	}
	return mean / float64(len(per)), lo, hi
}

// byPhase adds a metric's value in each phase: the mean over the ranks that have
// the phase and, in it, a value.
func (w *world) byPhase(m *metric.Metric, f func(l *lane, part []span) (float64, bool)) {
	m.By.Phases = map[string]float64{}
	for _, p := range phaseNames {
		sum, n := 0.0, 0
		for _, l := range w.lanes {
			if part := l.byPhase[p]; length(part) > 0 {
				if v, ok := f(l, part); ok {
					sum += v
					n++
				}
			}
		}
		if n > 0 {
			m.By.Phases[string(p)] = sum / float64(n)
		}
	}
}

// percent is 100·part/whole.
func percent(part, whole int64) float64 { return 100 * float64(part) / float64(whole) }

func ptr[T any](v T) *T { return &v }
