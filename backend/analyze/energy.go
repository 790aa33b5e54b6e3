package analyze

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	"shardeck/backend/trace"
	"shardeck/model/metric"
	"shardeck/model/present/unit"
)

// energyNames are the metrics of this family.
var energyNames = []string{"energy_j_per_token", "energy_per_iteration", "gpu_power", "gpu_clock"}

// counterStep is the longest time, in s, between two movements of a GPU's energy counter: 20 to 100 ms are seen.
const counterStep = 0.1

// mostGap is how many times longer than its iterations the part that the counter covers may be before it is said.
const mostGap = 1.05

// noEnergy says why no energy is known: every rank must have it, since a run costs what all its GPUs use.
func noEnergy(f *facts) string {
	if len(f.in.Timing) == 0 {
		return "no timing: there is no timing_stats_<rank>.json in this run"
	}
	for _, rank := range slices.Sorted(maps.Keys(f.in.Timing)) {
		t := f.in.Timing[rank]
		switch e := t.Energy; {
		case e.Reason != "":
			return fmt.Sprintf("%s: %s", filepath.Base(t.File), e.Reason)
		case e.Joules <= 0 || e.Seconds <= 0:
			return filepath.Base(t.File) + ": no energy in it: its runner read no counters of GPUs"
		}
	}
	if n := f.Layout.GPUs(); len(f.in.Timing) < n {
		return fmt.Sprintf("energy of %d of %s only: the timing of the others is missing", len(f.in.Timing), unit.Plural(n, "GPU"))
	}
	return ""
}

// used is the energy of all ranks together.
type used struct {
	source          []string
	joules, seconds float64   // of all; the longest that a counter covers
	iterations      []float64 // J of each, of all ranks
	power, clock    perRank   // W, MHz
}

func energyMetrics(f *facts) []metric.Metric {
	u := used{power: perRank{values: map[int]float64{}}, clock: perRank{values: map[int]float64{}}}
	for _, rank := range slices.Sorted(maps.Keys(f.in.Timing)) {
		u.add(rank, f.in.Timing[rank])
	}
	p := f.iterations()
	durations := p.durations()
	_, output, recorded, reason := iterationTokens(f, p)
	if output *= float64(len(durations)); output <= 0 && reason == "" {
		reason = "no output token was counted"
	}
	token, each := metric.Metric{Source: u.source, N: len(durations), Reason: reason}, sampled{Metric: metric.Metric{Source: u.source}}
	if reason == "" {
		token.Value, token.Note = new(u.joules/output), joinNotes(recorded, u.note(metric.Mean(durations)*float64(len(durations))))
	}
	if each.Reason = "the energy of single iterations is not recorded"; len(u.iterations) > 0 {
		each.take(metric.Median(u.iterations), u.iterations)
		each.Reason, each.Note = "", within(u.seconds/float64(len(u.iterations)))
	}
	all := []metric.Metric{token, each.Metric, u.power.metric(u.source), u.clock.metric(u.source)}
	for i, name := range energyNames {
		all[i] = defined(name, all[i])
	}
	return all
}

func (u *used) add(rank int, t *trace.Timing) {
	e := t.Energy
	u.source = append(u.source, filepath.Base(t.File))
	u.joules, u.seconds = u.joules+e.Joules, max(u.seconds, e.Seconds)
	u.power.values[rank] = e.Joules / e.Seconds
	u.power.list = append(u.power.list, e.Joules/e.Seconds)
	if len(e.Clocks) > 0 {
		u.clock.values[rank] = metric.Median(e.Clocks)
		u.clock.list = append(u.clock.list, metric.Median(e.Clocks))
	} else {
		u.clock.lacks = append(u.clock.lacks, fmt.Sprintf("rank %d: its clock is not recorded", rank))
	}
	if len(u.iterations) == 0 && len(u.source) == 1 {
		u.iterations = slices.Clone(e.Iterations)
	}
	u.iterations = u.iterations[:min(len(u.iterations), len(e.Iterations))]
	for k := range u.iterations {
		if len(u.source) > 1 {
			u.iterations[k] += e.Iterations[k]
		}
	}
}

// note says how exact the whole is, and what of it lies between iterations, which lasted so many s.
func (u used) note(timed float64) string {
	text := within(u.seconds)
	if timed > 0 && u.seconds > mostGap*timed {
		text = joinNotes(text, fmt.Sprintf("%.0f %% of the time lies between iterations", 100*(1-timed/u.seconds)))
	}
	return text
}

// within is how exact an energy over so many s is: the counter may be a step late at either end.
func within(seconds float64) string {
	return fmt.Sprintf("within %s %%: the counter moves in steps of up to %.0f ms", unit.Significant(100*counterStep/seconds), 1e3*counterStep)
}
