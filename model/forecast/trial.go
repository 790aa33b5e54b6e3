package forecast

import (
	"fmt"
	"math"
	"slices"
)

// Trial is a run that was forecast from others, beside what it measured.
type Trial struct {
	Mode     string  `json:"mode"` // ByOne or ByOthers
	Run      string  `json:"run"`
	Point    string  `json:"point"`   // engine, layout and workload: trials of one are not independent
	Refused  string  `json:"refused"` // why there is no forecast; empty: there is
	Metric   Metric  `json:"forecast"`
	Measured float64 `json:"measured"`
	Error    float64 `json:"error_pct"` // of the forecast, % of what was measured
	Inside   bool    `json:"inside"`    // the interval holds what was measured
}

// How trials are made: runs of several GPUs from those of one GPU and one trace of these for each family alone; and every run from
// all others but those of the same point.
const (
	ByOne    = "one GPU"
	ByOthers = "leave one out"
	Before   = "before its run" // kept, and held against a run that came later
)

// CrossValidate forecasts every run that it may from others, and judges no answer by itself.
func CrossValidate(priors *Priors, calibrations []Calibration, runs []Run) (all []Trial) {
	one := Fit(priors, calibrations, ofOneGPU(runs))
	others := Fit(priors, calibrations, runs)
	for _, r := range runs {
		if r.Config.Experiment.Layout.GPUs() > 1 {
			all = append(all, trials(ByOne, r, one.Forecast(r.Config, false))...)
		}
	}
	for _, r := range runs {
		all = append(all, trials(ByOthers, r, others.Forecast(r.Config, false))...)
	}
	return all
}

// ofOneGPU is the runs of one GPU, of each family and machine one with its trace.
func ofOneGPU(runs []Run) (some []Run) {
	traced := map[string]bool{}
	for _, r := range runs {
		if r.Config.Experiment.Layout.GPUs() > 1 {
			continue
		}
		key := machineKey(r.Config) + family(r.Config.Shape)
		if traced[key] {
			r.Steps = nil
		}
		traced[key] = traced[key] || len(r.Steps) > 0
		some = append(some, r)
	}
	return some
}

// trials are the metrics of one forecast beside those of its run; a throughput is its iteration's time again, and left out.
func trials(mode string, r Run, f Forecast) (all []Trial) {
	d := r.Config.Experiment.Data
	t := Trial{Mode: mode, Run: r.Name, Refused: f.Refused,
		Point: fmt.Sprintf("%s %s %s %d×%d", r.Config.Experiment.Engine, r.Config.Shape.Short, r.Config.Experiment.Layout.Short(), d.BatchSize,
			d.SeqLen)}
	if f.Refused != "" {
		return []Trial{t}
	}
	for _, m := range f.Metrics {
		q := slices.IndexFunc(units[:], func(u quantityUnit) bool { return u.name == m.Name })
		if q < 0 || r.measured()[q] == 0 {
			continue
		}
		t.Metric, t.Measured = m, r.measured()[q]/units[q].scale
		t.Error = 100 * (m.Value/t.Measured - 1)
		t.Inside = m.Low <= t.Measured && t.Measured <= m.High
		all = append(all, t)
	}
	return all
}

// Summary is what trials of one way come to, of one metric or of all.
type Summary struct {
	Mode, Metric string  // Metric "all": ttft, tpot and iteration_wall_clock together
	N            int     // forecasts
	Bound        int     // of these launch-bound, whose errors count in Coverage alone
	Mean, Worst  float64 // of the sizes of the others' errors, %
	Coverage     float64 // of intervals that held what was measured, %
	HalfWidth    float64 // median of half the interval, % of the forecast
	P            float64 // how often chance alone makes a coverage as far from Level; forecasts of one point count as one
}

// Summaries sums trials up by how they were made and by metric, in the order of their making.
func Summaries(trials []Trial) (all []Summary) {
	for _, mode := range []string{ByOne, ByOthers, Before, "all"} {
		for _, name := range []string{units[tpot].name, units[ttft].name, units[iteration].name, "all"} {
			some := slices.DeleteFunc(slices.Clone(trials), func(t Trial) bool {
				return t.Refused != "" || mode != "all" && t.Mode != mode || name != "all" && t.Metric.Name != name
			})
			if len(some) > 0 && (mode != "all" || some[0].Mode != some[len(some)-1].Mode) {
				all = append(all, summary(mode, name, some))
			}
		}
	}
	return all
}

func summary(mode, name string, trials []Trial) Summary {
	s := Summary{Mode: mode, Metric: name, N: len(trials)}
	var halves []float64
	points := map[string]bool{}
	inside := 0.0
	for _, t := range trials {
		if off := math.Abs(t.Error); t.Metric.LaunchBound {
			s.Bound++
		} else {
			s.Mean, s.Worst = s.Mean+off, max(s.Worst, off)
		}
		halves = append(halves, 50*(t.Metric.High-t.Metric.Low)/t.Metric.Value)
		if points[t.Point] = true; t.Inside {
			inside++
		}
	}
	s.Mean /= float64(max(len(trials)-s.Bound, 1))
	slices.Sort(halves)
	s.HalfWidth = halves[len(halves)/2]
	share := inside / float64(len(trials))
	s.Coverage = 100 * share
	n := float64(len(points)) // forecasts of one point go together: they count as one
	s.P = chance(share*n, n)
	return s
}

// chance is how often chance alone moves so many held intervals of n as far from Level, to either side.
func chance(held, n float64) float64 {
	z := max(0, math.Abs(held-n*Level)-0.5) / math.Sqrt(n*Level*(1-Level))
	return math.Erfc(z / math.Sqrt2)
}
