package forecast

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"time"

	"shardeck/model"
	"shardeck/model/metric"
	"shardeck/model/xray"
)

// Kept is a forecast that was given, to be held against a run that comes later.
type Kept struct {
	Key      string    `json:"key"`
	At       time.Time `json:"at"`
	Point    string    `json:"point"` // PointOf its config
	Forecast Forecast  `json:"forecast"`
}

// Keep makes a forecast one that is kept; ok is false of one that says nothing.
func Keep(f Forecast, at time.Time) (k Kept, ok bool) {
	if f.Refused != "" || f.Point == "" {
		return k, false
	}
	text, err := json.Marshal(f.Metrics)
	sum := sha256.Sum256(fmt.Append(text, f.Point)) // the same said again is one
	return Kept{Key: fmt.Sprintf("%x", sum[:10]), At: at, Point: f.Point, Forecast: f}, err == nil
}

// PointOf names what a config measures: runs of one point measure the same.
func PointOf(c Config) string {
	e := c.Experiment
	return fmt.Sprintf("%s/%s/%d %s %d×%d+%d %s", machineKey(c), c.Shape.Name, c.Shape.Layers, e.Layout, e.Data.BatchSize,
		e.Data.SeqLen, e.Data.MaxTokens, e.Comm.AllReduce)
}

// PartError is one part of a forecast beside the traced step of the run that came later, both in ms.
type PartError struct {
	Run      string  `json:"run"`
	Metric   string  `json:"metric"`
	Part     string  `json:"part"` // one of PartNames
	Forecast float64 `json:"forecast"`
	Measured float64 `json:"measured"`
	OfWhole  float64 `json:"error_pct"` // forecast less measured, % of the metric
}

// Score is forecasts that were given before their runs, beside these.
type Score struct {
	Trials  []Trial     `json:"trials"`
	Parts   []PartError `json:"parts"`
	Waiting int         `json:"waiting"` // points that were forecast and not run since
	Kept    int         `json:"kept"`
}

// ScoreOf holds every run against the last forecast of its point that was given before it.
func ScoreOf(kept []Kept, runs []Run) Score {
	s := Score{Trials: []Trial{}, Parts: []PartError{}, Kept: len(kept)}
	scored, points := map[string]bool{}, map[string]bool{}
	slices.SortStableFunc(runs, func(a, b Run) int { return a.At.Compare(b.At) })
	for _, r := range runs {
		var last *Kept
		for i := range kept {
			if k := &kept[i]; k.Point == PointOf(r.Config) && k.At.Before(r.At) && (last == nil || k.At.After(last.At)) {
				last = k
			}
		}
		if last != nil {
			scored[last.Point] = true
			s.Trials = append(s.Trials, trials(Before, r, last.Forecast)...)
			s.Parts = append(s.Parts, partErrors(r, last.Forecast)...)
		}
	}
	for _, k := range kept {
		points[k.Point] = true
	}
	s.Waiting = len(points) - len(scored)
	return s
}

// partErrors are the parts of a time per output token beside those of the usual decode step, and of a first token beside the step that
// takes all prompts. Parts of the host are not told by a trace, whose profiler slows it.
func partErrors(r Run, f Forecast) (all []PartError) {
	if len(r.Steps) == 0 || r.Config.Experiment.Layout.PP > 1 {
		return nil
	}
	rank := xray.Rank{Steps: r.Steps}
	for name, phase := range map[string]string{units[tpot].name: metric.Decode, units[ttft].name: metric.Prefill} {
		m, k := f.Metric(name), model.First(rank.Kinds(), func(k xray.Kind) bool {
			return k.Phase == phase && k.Requests == int(r.Config.Experiment.RequestsPerReplica())
		})
		if m.Value == 0 || k == nil {
			continue
		}
		for part, ms := range tracedParts(k.Median) {
			name := PartNames[part]
			if v := m.Parts[name]; v > 0 || ms > 0 {
				all = append(all, PartError{r.Name, m.Name, name, v, ms, 100 * (v - ms) / m.Value})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b PartError) int {
		return slices.Compare([]string{b.Metric, a.Part}, []string{a.Metric, b.Part})
	})
	return all
}

// tracedParts are the parts of a step that a trace tells, in ms; calls without their waits.
func tracedParts(s *xray.Step) (ms [Launch]float64) {
	for _, o := range s.Operators {
		part, ns := Small, float64(o.NS)
		switch {
		case o.WaitNS != nil:
			part, ns = Communication, max(0, ns-float64(*o.WaitNS))
		case o.Name == "attention":
			part = Attention
		case slices.Contains([]string{"qkv", "o", "gate_up", "down", "experts", "shared", "router", "head"}, o.Name):
			part = GEMM
		}
		ms[part] += ns / 1e6
	}
	for _, g := range s.Gaps {
		if g.Cause != "host" {
			ms[Gaps] += float64(g.NS) / 1e6
		}
	}
	return ms
}

// Failing is the part of a metric whose law is furthest off over all runs, and by how much of the metric in the mean, %; ok is false where no
// part is off by more than 2 %.
func (s Score) Failing(name string) (part string, percent float64, runs int, ok bool) {
	sums, n := map[string]float64{}, map[string]int{}
	for _, p := range s.Parts {
		if p.Metric == name {
			sums[p.Part], n[p.Part] = sums[p.Part]+p.OfWhole, n[p.Part]+1
		}
	}
	for _, p := range PartNames {
		if n[p] > 0 && math.Abs(sums[p]/float64(n[p])) > math.Abs(percent) {
			part, percent, runs = p, sums[p]/float64(n[p]), n[p]
		}
	}
	return part, percent, runs, math.Abs(percent) > 2
}
